"""``dense-scene errors``."""

import json


def test_table_numbers_and_gallery(cli, files):
    truth = '--ann-file', files / 'truth.json', '--max-dets', 50
    out = '--out', files / 'report.json'
    gallery = '--images', files, '--gallery', files / 'gallery', '--worst', 2
    status, output, _ = cli('errors', files / 'a.json', *truth, *out, *gallery)
    assert status == 0
    assert 'AP50@50' in output and 'missed_occluded' in output
    assert 50 in json.loads((files / 'report.json').read_text()).values()
    assert len(list((files / 'gallery').glob('0[12]_*.png'))) == 2


def test_gallery_needs_images(cli, files):
    truth = '--ann-file', files / 'truth.json'
    gallery = '--gallery', files / 'gallery'
    status, _, error = cli('errors', files / 'a.json', *truth, *gallery)
    assert status == 1 and 'must be given together' in error
