"""Reading policies, and the gates of their operations."""

import numpy as np
import pytest
from mmengine.config import ConfigDict

from dense_scene.datasets.transforms.auto_augment.policies import POLICIES
from dense_scene.datasets.transforms.auto_augment.steps import (
    OPERATION_NAMES,
    Step,
    parse_policy,
)

from .helpers import noise, run


def test_the_learned_policies():
    # Pairs of operations; in v2 one pair and 14 triples.
    sizes = {name: len(parse_policy(name)) for name in POLICIES}
    assert sizes == dict(v0=5, v1=20, v2=15, v3=15)
    steps = {name: sum(map(len, p)) for name, p in POLICIES.items()}
    assert steps == dict(v0=10, v1=40, v2=44, v3=30)
    assert POLICIES['v1'][:5] == POLICIES['v0']
    boxes_only = [any('Only' in step[0] for step in p) for p in POLICIES['v1']]
    assert sum(boxes_only) == 9
    assert len(OPERATION_NAMES) == len(set(OPERATION_NAMES)) == 25


def test_all_ways_to_write_a_step():
    step = Step('Color', 0.5, 6.0)
    for written in (
        ('Color', 0.5, 6),
        ['Color', 0.5, 6],
        dict(type='Color', prob=0.5, level=6),
        ConfigDict(type='Color', prob=0.5, level=6),
        ('Color', np.float32(0.5), np.int64(6)),
    ):
        for policy in ([[written]], ([written],), ((written,),)):
            assert parse_policy(policy) == [[step]]
    assert parse_policy([[]]) == [[]]  # a sub-policy that does nothing


@pytest.mark.parametrize(
    'policy,words',
    [
        (
            'v4',
            "one of v0, v1, v2, v3 or a list of sub-policies.*but got 'v4'",
        ),
        (None, 'but got None'),
        ([], 'list of sub-policies'),
        (dict(type='Color'), 'list of sub-policies'),
        (
            [('Color', 0.5, 6)],
            r'policy\[0\]\[0\] must be \(operation, probability, level\)'
            r".*'Color'",
        ),
        ([[('Color', 0.5, 6)], 'Color'], r"list of sub-pol.*, 'Color'\]"),
        ([[('Color', 0.5)]], r'policy\[0\]\[0\] must be'),
        ([[dict(type='Color', prob=0.5)]], 'dict.type=.*level='),
        ([[dict(type='Color', prob=0.5, level=1, magnitude=2)]], 'magnitude'),
        (
            [[('Colour', 0.5, 6)]],
            "'AutoContrast', .*'Cutout_Only_BBoxes', but got 'Colour'",
        ),
        ([[(3, 0.5, 6)]], 'but got 3'),
        ([[('Color', 1.5, 6)]], r'in \[0, 1\], but got 1.5'),
        ([[('Color', -0.1, 6)]], r'in \[0, 1\], but got -0.1'),
        ([[('Color', True, 6)]], r'in \[0, 1\], but got True'),
        ([[('Color', '1', 6)]], r"in \[0, 1\], but got '1'"),
        (
            [[('Color', 1, 11)]],
            r'level of Color in policy\[0\]\[0\] .*in \[0, 10\], but got 11',
        ),
        ([[('Color', 1, float('nan'))]], r'in \[0, 10\], but got nan'),
        ([[('Color', 1, None)]], r'in \[0, 10\], but got None'),
    ],
)
def test_errors_are_one_clear_line(policy, words):
    with pytest.raises(ValueError, match=words) as caught:
        parse_policy(policy)
    assert '\n' not in str(caught.value)


def test_every_operation_has_its_own_probability():
    image = noise(3, 4)
    for prob in (0, 0.2, 0.8, 1):
        changed = np.mean(
            [
                run(image, [], ('Solarize', prob, 0), seed=s).image
                is not image
                for s in range(1000)
            ]
        )
        # Five standard deviations of 1,000 draws are .064 at most.
        assert abs(changed - prob) <= 0.064 * (0 < prob < 1)


def test_operations_are_drawn_apart():
    # Solarize at threshold 0 inverts; SolarizeAdd by 110 brightens 0 to 110.
    image = np.zeros((1, 1, 3), np.uint8)
    seen = {
        int(
            run(
                image,
                [],
                ('Solarize', 0.5, 0),
                ('SolarizeAdd', 0.5, 10),
                seed=s,
            ).image[0, 0, 0]
        )
        for s in range(40)
    }
    # Neither; only the second; only the first, or both: 255 stays.
    assert seen == {0, 110, 255}
