# Nuclei for the small models: batches of four at one scale, flips alone,
# since so short a run does not profit from more.
_base_ = './nuclei.py'

train_dataloader = dict(batch_size=4)
_base_.train_dataloader.dataset.pipeline[2].scales = [(640, 256)]
for loader in (_base_.val_dataloader, _base_.test_dataloader):
    loader.dataset.pipeline[1].scale = (640, 256)
del loader
# All objects of every image count at 400.
val_evaluator = dict(max_dets=(100, 300, 400))
test_evaluator = val_evaluator
