# Shelves for the small models: batches of four at the native scale, flips
# alone, since so short a run does not profit from more.
_base_ = './shelves.py'

train_dataloader = dict(batch_size=4)
_base_.train_dataloader.dataset.pipeline = [
    dict(type='LoadCheckedImage'),
    dict(type='LoadAnnotations', with_bbox=True),
    dict(type='RandomFlip', prob=0.5),
    dict(type='PackDetInputs'),
]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (512, 512)
del loader
# All objects of every image count at 400.
val_evaluator = dict(max_dets=(100, 300, 400))
test_evaluator = val_evaluator
