"""An override that changes nothing, or the wrong thing, is refused."""

import pytest
from mmengine.config import Config

from dense_scene.ablation.suites.overrides import override


@pytest.fixture
def cfg():
    return Config(
        dict(
            model=dict(
                num=1,
                ratio=0.5,
                flag=True,
                shape=(1, 2),
                nothing=None,
                loss=dict(type='A', beta=1.0),
                stages=[dict(num=1, parts=[1, 2]), dict(num=2)],
            ),
            deltas=dict(a=1),
        )
    )


def test_values_arrive_where_they_belong(cfg):
    lines = override(
        cfg,
        {
            'model.num': 5,
            'model.shape': [3, 4],
            'model.stages.1.num': 7,
            'model': {'ratio': 1, 'nothing': 'x'},
            '+model.new': 2,
            'model.loss': {'_delete_': True, 'type': 'B'},
        },
        'row',
    )
    model = cfg.model
    assert (model.num, model.shape, model.ratio) == (5, (3, 4), 1)
    assert (model.stages[0].num, model.stages[1].num) == (1, 7)
    assert (model.nothing, model.new, model.loss) == ('x', 2, dict(type='B'))
    assert 'model.num: 1 -> 5' in lines
    assert 'model.new: (new) -> 2' in lines


def test_a_new_mapping_is_one_value(cfg):
    norm = {'type': 'IN', 'affine': True}
    lines = override(
        cfg, {'+model.norm': norm, '+model.loss': {'alpha': 2}}, 'row'
    )
    assert cfg.model.norm == norm
    assert cfg.model.loss == dict(type='A', beta=1.0, alpha=2)
    assert lines == [
        f'model.norm: (new) -> {norm}',
        'model.loss.alpha: (new) -> 2',
    ]
    with pytest.raises(ValueError, match='model.norm.type exists'):
        override(cfg, {'+model.norm': norm}, 'row')


def test_a_star_is_every_place(cfg):
    override(cfg, {'model.stages.*.num': 9, '+model.stages.*.b': True}, 'row')
    assert [(s.num, s.b) for s in cfg.model.stages] == [(9, True)] * 2


@pytest.mark.parametrize(
    ('key', 'value', 'message'),
    [
        ('model.nmu', 1, "model has no 'nmu'. Did you mean 'num'?"),
        ('model.stages.2.num', 1, "model.stages has no '2'"),
        ('model.num.x', 1, "model.num has no 'x'"),
        ('model.nope.*.num', 1, "model has no 'nope'"),
        ('deltas.a', 2, "the runner does not read 'deltas'"),
        ('modle.num', 2, "Did you mean 'model'?"),
        ('+model.num', 2, 'model.num exists. Write it without the +'),
        ('+model.a.b', 2, "model has no 'a'"),
        ('model.num', '1', "a number like 1, but got '1'"),
        ('model.ratio', '1e-3', 'YAML wants a point in 1.0e-3'),
        ('model.flag', 1, 'true or false like True, but got 1'),
        ('model.num', True, 'a number like 1, but got True'),
        ('model.stages', 1, 'a list like'),
    ],
)
def test_a_fault_is_named(cfg, key, value, message):
    before = cfg.to_dict()
    with pytest.raises(ValueError, match='^row: ') as error:
        override(cfg, {key: value}, 'row')
    assert message in str(error.value)
    assert cfg.to_dict() == before


def test_an_option_of_a_row_must_change_something(cfg):
    for key, value in (('model.num', 1), ('model.shape', [1, 2])):
        override(cfg, {key: value}, 'row')
        with pytest.raises(ValueError, match=f'{key} would change nothing'):
            override(cfg, {key: value}, 'row', must_change=True)
    override(cfg, {'+model.b': 1}, 'row', must_change=True)
