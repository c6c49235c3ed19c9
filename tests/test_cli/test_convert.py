"""``dense-scene convert``."""

from dense_scene.testing import tiny_coco

FORMATS = '--from', 'coco', '--to', 'csv'


def test_it_says_what_was_written(cli, tmp_path):
    source, out = tiny_coco(tmp_path), tmp_path / 'out.csv'
    status, output, _ = cli(
        'convert', source, out, *['--from', 'coco', '--to', 'csv']
    )
    assert status == 0
    # Two images with two rows of three objects.
    assert '2 images, 12 boxes' in output
    assert out.read_text().count('\n') == 1 + 12


def test_detections_need_their_ground_truth(cli, files):
    out = files / 'out.csv'
    formats = ['--from', 'detections', '--to', 'csv']
    command = 'convert', files / 'b.npz', out, *formats
    status, _, error = cli(*command)
    assert status == 1 and 'ground truth' in error and not out.exists()
