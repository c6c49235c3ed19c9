# Table 2, Faster R-CNN SENet154-FPN, PaddleDetection's vd form (paper: 0.384)
# Weights: nobody publishes this form for PyTorch; --cfg-options
# model.backbone.init_cfg=None model.backbone.frozen_stages=-1 starts without.
_base_ = './faster-rcnn_senet154_fpn_1xb2-6e_sku110k-sub.py'

weights = '{{$SENET154_VD_WEIGHTS:checkpoints/senet154-vd.pth}}'
model = dict(backbone=dict(form='vd', init_cfg=dict(checkpoint=weights)))
del weights
