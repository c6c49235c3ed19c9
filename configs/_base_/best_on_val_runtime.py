# For data with splits for training, validation and testing: the checkpoint
# that is best on val is kept too. Where val is what is reported (nuclei,
# shelves) dense_scene_runtime.py reports the last epoch instead.
_base_ = './dense_scene_runtime.py'

default_hooks = dict(
    checkpoint=dict(save_best='coco/bbox_mAP_at300', rule='greater')
)
