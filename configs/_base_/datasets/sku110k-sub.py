# SKU-110K, the paper's subset of 3,828 images (docs/paper-notes.md: which).
_base_ = './dense_coco.py'
# SKU110K_ROOT holds images/ and annotations/annotations_*.csv as published.
data_root = '{{$SKU110K_ROOT:data/SKU110K_fixed/}}'

# Validation is on val (191 images), the figures are of test (956).
train_dataloader = dict(
    dataset=dict(
        type='SKU110KDataset',
        data_root=data_root,
        ann_file='annotations/annotations_train.csv',
        manifest='sku110k-sub_train.txt',
    )
)
val_dataloader = dict(
    dataset=dict(
        type='SKU110KDataset',
        data_root=data_root,
        ann_file='annotations/annotations_val.csv',
        manifest='sku110k-sub_val.txt',
    )
)
test_dataloader = dict(
    dataset=dict(
        type='SKU110KDataset',
        data_root=data_root,
        ann_file='annotations/annotations_test.csv',
        manifest='sku110k-sub_test.txt',
    )
)
