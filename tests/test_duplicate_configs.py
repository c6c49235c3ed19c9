"""The rows of ``duplicates/`` differ from dense sampling only as they say."""

import pytest

from tests.config_files import CONFIGS, difference, load, sku_row

NMS = 'model.test_cfg.rcnn.nms'
HEAD = 'model.roi_head.bbox_head'
# What each row changes, and the kind of NMS that it tests with.
ROWS = {
    'soft-iou': (
        {f'{NMS}.type', f'{NMS}.iou_threshold'}
        | {f'{HEAD}.type', f'{HEAD}.rank_by'},
        'em_merger',
    ),
    'emd': (
        {f'{NMS}.type', 'model.roi_head.type', f'{HEAD}.type'}
        | {f'{HEAD}.loss_{loss}.reduction' for loss in ('cls', 'bbox')}
        | {'model.train_cfg.rcnn.sampler.type'},
        'set_nms',
    ),
    'soft-nms': ({f'{NMS}.type', f'{NMS}.min_score'}, 'soft_nms'),
    'diou-nms': ({f'{NMS}.type'}, 'diou_nms'),
    'matrix-nms': (
        {
            f'{NMS}.{name}'
            for name in ('type', 'iou_threshold')
            + ('kernel', 'sigma', 'post_thr')
        },
        'matrix_nms',
    ),
}


@pytest.mark.parametrize('family', ['sku110k-sub', 'nuclei', 'shelves'])
@pytest.mark.parametrize('row', ROWS)
def test_differs_from_dense_sampling_as_said(row, family):
    if family == 'sku110k-sub':
        path = sku_row(f'fpn_dense-proposal-{row}')
        parent = sku_row('fpn_dense-proposal')
    else:
        model = 'cascade-rcnn_r18-scratch_fpn_dense-proposal'
        path, parent = (
            CONFIGS / family / f'{model}{part}_1xb4-3e_{family}.py'
            for part in (f'-{row}', '')
        )
    names, kind = ROWS[row]
    ours = load(path)
    assert difference(ours.to_dict(), load(parent).to_dict()) == names
    assert ours.model.test_cfg.rcnn.nms.type == kind
    # No cap is below what 99.5% of SKU-110K's images hold.
    assert ours.model.test_cfg.rcnn.max_per_img >= 356
    assert ours.model.train_cfg.rcnn[0].sampler.num >= 356
