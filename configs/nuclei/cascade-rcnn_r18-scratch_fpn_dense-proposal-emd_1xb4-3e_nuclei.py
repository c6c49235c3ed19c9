# Not in the paper: dense sampling, R18 of half width on nuclei, + two boxes for each proposal, set NMS
# Chu et al. 2020, arXiv 2003.09163: what the paper builds its case on
_base_ = './cascade-rcnn_r18-scratch_fpn_dense-proposal_1xb4-3e_nuclei.py'

model = _base_.deltas.emd.model

for head in _base_.model.roi_head.bbox_head:
    head.merge(_base_.deltas.emd.head)
for stage in _base_.model.train_cfg.rcnn:
    stage.sampler.merge(_base_.deltas.emd.sampler)
del head, stage
