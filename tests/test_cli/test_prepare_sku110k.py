"""``dense-scene prepare-sku110k``."""

import pytest

from dense_scene.testing import tiny_sku110k


@pytest.fixture
def arguments(tmp_path):
    root = tiny_sku110k(tmp_path / 'SKU110K_fixed', num_images=1)
    return root, '--out', tmp_path / 'out', '--workers', 1


def test_exit_code_tells_whether_there_are_faults(arguments, tmp_path, cli):
    # tiny_sku110k writes the same first rows into every split, not the same
    # pictures: nothing is wrong.
    status, output, _ = cli('prepare-sku110k', *arguments)
    assert status == 0 and 'report.html' in ''.join(output.split())
    (tmp_path / 'SKU110K_fixed/images/val_0.jpg').write_bytes(b'')
    status, output, _ = cli('prepare-sku110k', *arguments)
    assert status == 3
    assert '1  unreadable: image that cannot be read whole\n' in output
    assert '2 of 3 images have not changed' in ' '.join(output.split())


def test_what_cannot_be_checked_is_an_error(arguments, tmp_path, cli):
    status, _, error = cli('prepare-sku110k', *arguments, '--limit', 0)
    assert status == 1 and 'limit must be' in error
    status, _, error = cli('prepare-sku110k', tmp_path / 'no', *arguments[1:])
    assert status == 1 and error.startswith('error: ')
