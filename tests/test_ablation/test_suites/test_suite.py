"""A suite says in one line what is wrong with it."""

import pytest

from dense_scene.ablation.suites.suite import read_suite
from tests.test_ablation.fakes import SUITE, write_suite


def test_a_good_suite_is_read_as_it_is_written(tmp_path):
    suite = read_suite(write_suite(tmp_path))
    assert suite.title == 'Fake' and suite.seeds == (0, 1)
    one, two = suite.rows
    assert (one.paper, two.paper, two.parent) == (0.4, None, 'one')
    assert one.config == str(tmp_path / 'fake.py')
    assert two.options == {'model.factor': 37}


def test_seeds_can_be_others(tmp_path):
    suite = read_suite(write_suite(tmp_path))
    assert suite.with_seeds([3]).seeds == (3,)
    assert suite.with_seeds(None) is suite
    for seeds, words in (
        ([0, 0], 'seeds must differ, but 0 stands there twice'),
        ([1, -1], 'seeds must be 0 or more, but got -1'),
        ([], 'seeds must hold at least one'),
    ):
        with pytest.raises(ValueError, match=words):
            suite.with_seeds(seeds)
    with pytest.raises(ValueError, match="metrics must differ, but 'a'"):
        suite.with_metrics(['a', 'a'])


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('seeds:', 'seed:', "unknown key 'seed'.*mean 'seeds'"),
        ('paper: 0.4', 'papr: 0.4', "row one .* 'papr'.*mean 'paper'"),
        ('paper: 0.4', 'paper: good', r'Expected `float'),
        ('name: two', 'name: one', "rows must differ, but 'one'"),
        ('name: two', 'name: +One', "share the folder 'one'"),
        ('name: two', "name: '+'", 'must hold a letter'),
        ('[0, 1]', '[0, 0]', 'seeds must differ, but 0'),
        ('[0, 1]', '[]', 'seeds must hold at least one'),
        ('[0, 1]', '[-1]', 'seeds must be 0 or more'),
        ('parent: one', 'parent: oen', "is 'oen'. Did you mean 'one'"),
        ('title: Fake', 'title: a\ntitle: b', "'title' stands there twice"),
        ('title: Fake', 'title: !!python/name:os.system', 'must be YAML'),
        ('title: Fake', 'title: [', 'must be YAML'),
        (
            'title: Fake',
            'title: a\ndata: {model.factor: 1}',
            "keys of data must begin with .* 'model.factor'",
        ),
    ],
)
def test_a_fault_is_one_line(tmp_path, old, new, message):
    assert old in SUITE
    path = write_suite(tmp_path, SUITE.replace(old, new, 1))
    with pytest.raises(ValueError, match=message) as error:
        read_suite(path)
    assert '\n' not in str(error.value)
    assert str(path) in str(error.value)


def test_what_is_no_mapping_is_refused(tmp_path):
    with pytest.raises(ValueError, match='must be a mapping'):
        read_suite(write_suite(tmp_path, '- a\n'))
    with pytest.raises(FileNotFoundError, match='a suite must be a file'):
        read_suite(tmp_path / 'none.yml')
