"""tools/dataset_converters/prepare_sku110k.py, as a user runs it."""

import pytest

from dense_scene.testing import tiny_sku110k
from tools.dataset_converters import prepare_sku110k as tool


@pytest.fixture
def command(tmp_path):
    root = tiny_sku110k(tmp_path / 'SKU110K_fixed', num_images=1)
    return [str(root), '--out', str(tmp_path / 'out'), '--workers', '1']


def test_status_tells_whether_there_are_faults(command, tmp_path, capsys):
    # tiny_sku110k writes the same first rows into every split, not the same
    # pictures: nothing is wrong.
    assert tool.main(command) == 0
    assert 'report.html' in ''.join(capsys.readouterr().out.split())
    (tmp_path / 'SKU110K_fixed/images/val_0.jpg').write_bytes(b'')
    assert tool.main(command) == 1
    said = capsys.readouterr().out
    assert '1  unreadable: image that cannot be read whole\n' in said
    assert '2 of 3 images have not changed' in ' '.join(said.split())


def test_wrong_usage_is_one_line(command, tmp_path, capsys):
    assert tool.main([*command, '--limit', '0']) == 2
    said = capsys.readouterr().err
    assert said.startswith('error: limit must be') and said.count('\n') == 1
    assert tool.main([str(tmp_path / 'no'), *command[1:]]) == 2
    assert 'there is no' in capsys.readouterr().err


def test_interruption_says_how_to_go_on(command, monkeypatch, capsys):
    def stop(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(tool, 'prepare_sku110k', stop)
    assert tool.main(command) == 130
    assert 'the same command goes on' in capsys.readouterr().err
