# Not in the paper: recipe + IN, R18 of half width on nuclei, recipe + instance normalization
_base_ = './cascade-rcnn_r18-scratch_fpn_recipe_1xb1-3e_nuclei.py'

# In training it is what batch normalization does with one image. That tests with running
# means over all images, which fit none where these differ, as nuclei under two stains do.
model = dict(
    backbone=dict(norm_cfg=dict(_delete_=True, type='IN', affine=True))
)
