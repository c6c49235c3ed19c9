"""The recipes of docs/predict.md for other programs run."""

import re

import pytest


def recipe(root, name):
    text = (root / 'docs/predict.md').read_text()
    return re.search(
        rf'<!-- test: {name} -->\n```python\n(.*?)```', text, re.S
    )[1]


@pytest.mark.parametrize('name', ['supervision', 'sahi'])
def test_a_recipe_counts(
    name, root, save, photos, tmp_path, config_text, capsys
):
    pytest.importorskip(name, reason=f'{name} is not installed')
    (tmp_path / 'tiny.py').write_text(config_text)
    given = dict(
        WEIGHTS=str(save()),
        CONFIG=str(tmp_path / 'tiny.py'),
        IMAGE=str(photos / 'a.png'),
    )
    exec(recipe(root, name), given)
    assert int(capsys.readouterr().out.split()[-1]) > 0
