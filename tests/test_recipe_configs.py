"""The recipe is one recipe, on both data sets."""

import pytest

from dense_scene.ablation.suites.suite import read_suite
from tests.config_files import CONFIGS, difference, load

RECIPE = {
    'train_dataloader.batch_size': 1,
    'model.rpn_head.anchor_generator.ratios': [1.0],
}
MODEL = 'cascade-rcnn_r18-scratch_fpn'


def _value(cfg, key):
    for part in key.split('.'):
        cfg = cfg[part]
    return cfg


@pytest.mark.parametrize('family', ['nuclei', 'shelves'])
def test_the_recipe_changes_the_baseline_alike(family):
    folder = CONFIGS / family
    ours = load(folder / f'{MODEL}_recipe_1xb1-3e_{family}.py').to_dict()
    theirs = load(folder / f'{MODEL}_1xb4-3e_{family}.py').to_dict()
    assert difference(ours, theirs) == set(RECIPE)
    assert {key: _value(ours, key) for key in RECIPE} == RECIPE


@pytest.mark.parametrize('family', ['nuclei', 'shelves'])
def test_its_second_step_is_the_norm_of_the_backbone(family):
    folder = CONFIGS / family
    ours = load(folder / f'{MODEL}_recipe-in_1xb1-3e_{family}.py').to_dict()
    theirs = load(folder / f'{MODEL}_recipe_1xb1-3e_{family}.py').to_dict()
    norm = ours['model']['backbone']['norm_cfg']
    assert norm == dict(type='IN', affine=True)
    ours['model']['backbone']['norm_cfg'] = dict(type='BN')
    assert difference(ours, theirs) == set()


@pytest.mark.parametrize('family', ['nuclei', 'shelves'])
def test_equal_time_suites_hold_all_small_systems_and_the_recipe(family):
    suites = {
        name: read_suite(CONFIGS / f'suites/{name}-{family}.yml')
        for name in ('systems', 'equal-time', 'recipe')
    }
    equal = [row.config for row in suites['equal-time'].rows]
    systems = [row.config for row in suites['systems'].rows]
    assert equal[:-1] == systems and '_recipe-in_' in equal[-1]
    rows = [row.config for row in suites['recipe'].rows]
    # Stock, the best row of Table 1, the recipe in two steps
    assert len(rows) == 4 and rows[-1] == equal[-1]
    assert rows[1] in systems and len(suites['recipe'].seeds) == 5
    assert suites['equal-time'].minutes == suites['recipe'].minutes
