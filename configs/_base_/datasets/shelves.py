# Rendered shelves: tools/dataset_converters/render_shelves.py writes them.
_base_ = './dense_coco.py'
# SHELVES_ROOT holds train/, val/ and annotations/{train,val}.json (COCO).
data_root = '{{$SHELVES_ROOT:data/shelves/}}'

train_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/train.json',
        data_prefix=dict(img='train/'),
    )
)
# There is no third split: what is validated on is what is reported.
val_dataloader = dict(
    dataset=dict(
        data_root=data_root,
        ann_file='annotations/val.json',
        data_prefix=dict(img='val/'),
    )
)
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + '/annotations/val.json')
test_evaluator = val_evaluator
