# Not in the paper: recipe, R18 of half width on shelves, baseline + single images, one anchor
# What of it helps, and what did not: docs/results/recipe.md
_base_ = './cascade-rcnn_r18-scratch_fpn_1xb4-3e_shelves.py'

# Four times as many updates in the same time, at the same learning rate.
train_dataloader = dict(batch_size=1)
# In place of three ratios.
model = dict(rpn_head=dict(anchor_generator=dict(ratios=[1.0])))
