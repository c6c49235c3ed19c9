"""The learned detection policies of Zoph et al. 2019 (arXiv:1906.11172).

Each is a list of sub-policies, each of those a list of (operation,
probability, level). They are the policies of the authors' TensorFlow code;
v0 is the one of the paper, v1 the one that PaddleDetection trains with.
"""

_V0 = [
    [('TranslateX_BBox', .6, 4), ('Equalize', .8, 10)],
    [('TranslateY_Only_BBoxes', .2, 2), ('Cutout', .8, 8)],
    [('Sharpness', 0., 8), ('ShearX_BBox', .4, 0)],
    [('ShearY_BBox', 1., 2), ('TranslateY_Only_BBoxes', .6, 6)],
    [('Rotate_BBox', .6, 10), ('Color', 1., 6)],
]

_V1 = _V0 + [
    [('Color', 0., 0), ('ShearX_Only_BBoxes', .8, 4)],
    [('ShearY_Only_BBoxes', .8, 2), ('Flip_Only_BBoxes', 0., 10)],
    [('Equalize', .6, 10), ('TranslateX_BBox', .2, 2)],
    [('Color', 1., 10), ('TranslateY_Only_BBoxes', .4, 6)],
    [('Rotate_BBox', .8, 10), ('Contrast', 0., 10)],
    [('Cutout', .2, 2), ('Brightness', .8, 10)],
    [('Color', 1., 6), ('Equalize', 1., 2)],
    [('Cutout_Only_BBoxes', .4, 6), ('TranslateY_Only_BBoxes', .8, 2)],
    [('Color', .2, 8), ('Rotate_BBox', .8, 10)],
    [('Sharpness', .4, 4), ('TranslateY_Only_BBoxes', 0., 4)],
    [('Sharpness', 1., 4), ('SolarizeAdd', .4, 4)],
    [('Rotate_BBox', 1., 8), ('Sharpness', .2, 8)],
    [('ShearY_BBox', .6, 10), ('Equalize_Only_BBoxes', .6, 8)],
    [('ShearX_BBox', .2, 6), ('TranslateY_Only_BBoxes', .2, 10)],
    [('SolarizeAdd', .6, 8), ('Brightness', .8, 10)],
]

_V2 = [
    [('Color', 0., 6), ('Cutout', .6, 8), ('Sharpness', .4, 8)],
    [('Rotate_BBox', .4, 8), ('Sharpness', .4, 2), ('Rotate_BBox', .8, 10)],
    [('TranslateY_BBox', 1., 8), ('AutoContrast', .8, 2)],
    [('AutoContrast', .4, 6), ('ShearX_BBox', .8, 8), ('Brightness', 0., 10)],
    [('SolarizeAdd', .2, 6), ('Contrast', 0., 10), ('AutoContrast', .6, 0)],
    [('Cutout', .2, 0), ('Solarize', .8, 8), ('Color', 1., 4)],
    [('TranslateY_BBox', 0., 4), ('Equalize', .6, 8), ('Solarize', 0., 10)],
    [('TranslateY_BBox', .2, 2), ('ShearY_BBox', .8, 8),
     ('Rotate_BBox', .8, 8)],
    [('Cutout', .8, 8), ('Brightness', .8, 8), ('Cutout', .2, 2)],
    [('Color', .8, 4), ('TranslateY_BBox', 1., 6), ('Rotate_BBox', .6, 6)],
    [('Rotate_BBox', .6, 10), ('BBox_Cutout', 1., 4), ('Cutout', .2, 8)],
    [('Rotate_BBox', 0., 0), ('Equalize', .6, 6), ('ShearY_BBox', .6, 8)],
    [('Brightness', .8, 8), ('AutoContrast', .4, 2), ('Brightness', .2, 2)],
    [('TranslateY_BBox', .4, 8), ('Solarize', .4, 6), ('SolarizeAdd', .2, 10)],
    [('Contrast', 1., 10), ('SolarizeAdd', .2, 8), ('Equalize', .2, 4)],
]

_V3 = [
    [('Posterize', .8, 2), ('TranslateX_BBox', 1., 8)],
    [('BBox_Cutout', .2, 10), ('Sharpness', 1., 8)],
    [('Rotate_BBox', .6, 8), ('Rotate_BBox', .8, 10)],
    [('Equalize', .8, 10), ('AutoContrast', .2, 10)],
    [('SolarizeAdd', .2, 2), ('TranslateY_BBox', .2, 8)],
    [('Sharpness', 0., 2), ('Color', .4, 8)],
    [('Equalize', 1., 8), ('TranslateY_BBox', 1., 8)],
    [('Posterize', .6, 2), ('Rotate_BBox', 0., 10)],
    [('AutoContrast', .6, 0), ('Rotate_BBox', 1., 6)],
    [('Equalize', 0., 4), ('Cutout', .8, 10)],
    [('Brightness', 1., 2), ('TranslateY_BBox', 1., 6)],
    [('Contrast', 0., 2), ('ShearY_BBox', .8, 0)],
    [('AutoContrast', .8, 10), ('Contrast', .2, 10)],
    [('Rotate_BBox', 1., 10), ('Cutout', 1., 10)],
    [('SolarizeAdd', .8, 6), ('Equalize', .8, 8)],
]

POLICIES = dict(v0=_V0, v1=_V1, v2=_V2, v3=_V3)
