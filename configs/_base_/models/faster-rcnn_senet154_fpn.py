# Faster R-CNN SENet154-FPN, one class, numbers for dense scenes.
_base_ = ['mmdet::_base_/models/faster-rcnn_r50_fpn.py', './deltas.py']

_base_.model.merge(_base_.deltas.dense_sampling.model)
model = dict(
    backbone=dict(
        _delete_=True,
        type='SENet154',
        form='std',
        frozen_stages=1,
        norm_eval=True,
        init_cfg=dict(
            type='Pretrained',
            # timm's ImageNet weights, senet154.gluon_in1k, after
            # tools/model_converters/timm_senet154.py
            checkpoint='{{$SENET154_WEIGHTS:checkpoints/senet154.pth}}',
        ),
    ),
    roi_head=dict(bbox_head=dict(type='DenseBBoxHead', num_classes=1)),
    train_cfg=dict(
        rpn=dict(assigner=dict(type='DenseMaxIoUAssigner')),
        rcnn=dict(
            assigner=dict(type='DenseMaxIoUAssigner'),
            sampler=_base_.deltas.dense_sampling.sampler,
        ),
    ),
    test_cfg=dict(rcnn=dict(max_per_img=400)),
)
