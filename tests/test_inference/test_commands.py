"""``dense-scene predict`` and ``calibrate`` with a tiny model."""

import csv
import json

import pytest

from dense_scene.inference.threshold import save_threshold
from dense_scene.testing import tiny_coco


def counts(folder):
    with open(folder / 'counts.csv', newline='') as file:
        return list(csv.DictReader(file))


@pytest.fixture
def predict(cli, save, photos, tmp_path):
    weights, out = save(), tmp_path / 'out'

    def _predict(*more):
        return cli(
            'predict', photos, '--weights', weights, '--out', out, *more
        )

    return _predict


def test_from_a_folder_to_a_table_of_counts(predict, tmp_path):
    status, output, error = predict('--pictures', '--batch-size', 3)
    out = tmp_path / 'out'
    table = counts(out)
    assert status == 0 and len(table) == 4
    total = sum(int(row['count']) for row in table)
    assert output.startswith(f'{total} objects in 4 images') and total
    assert 'score above 0.5 (default, not calibrated)' in output
    assert 'images/s' in error
    assert len(list(out.rglob('pictures/**/*.jpg'))) == 4
    # a second time nothing is left to do, and pictures are no input
    status, output, error = predict('--score-thr', '0')
    assert '4 images are finished already' in error
    assert sum(int(row['count']) for row in counts(out)) >= total


def test_results_beside_the_photos(cli, save, photos):
    """Neither the photos nor the pictures of them are taken for the other."""
    given = 'predict', photos, '--weights', save(), '--out', photos
    for _ in range(2):
        status, output, error = cli(*given, '--pictures')
        assert status == 0 and 'in 4 images' in output, error
    assert len(list((photos / 'pictures').rglob('*.jpg'))) == 4


def test_a_broken_image_changes_the_exit_code(predict, photos):
    (photos / 'z.jpg').write_text('text')
    status, output, error = predict()
    assert status == 3 and 'in 4 images' in output
    assert '1 of 5 images passed over: z.jpg' in error


def test_other_settings_need_another_folder(predict):
    assert predict()[0] == 0
    status, _, error = predict('--tiles', '1x2')
    assert status == 1 and "same tiles, '1x2'" in error


def test_tiles(predict):
    assert predict('--tiles', '64')[0] == 0


def test_bad_input_is_one_line(cli, save, photos, tmp_path):
    weights, out = save(), tmp_path / 'out'
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'file').write_text('x')
    for source, place, options, words in (
        (tmp_path / 'empty', out, [], 'at least one image'),
        (photos, tmp_path / 'file/out', [], 'Not a directory'),
        (photos, out, ['--tiles', '0'], 'tiles must be'),
        (photos, out, ['--score-thr', '2'], 'score_thr must be'),
        (photos, out, ['--batch-size', '0'], 'batch_size must be'),
        (photos, out, ['--device', 'abacus'], 'device'),
        (photos, out, ['--device', 'meta'], 'device must be one of this'),
    ):
        given = source, '--weights', weights, '--out', place, *options
        status, output, error = cli('predict', *given)
        last = error.splitlines()[-1]
        assert status == 1 and last.startswith('error: '), error
        assert words in last and 'Traceback' not in error


def test_calibrate_writes_what_predict_reads(
    predict, cli, save, tmp_path
):  # fmt: skip
    truth = tiny_coco(tmp_path / 'val', 2, classes=('thing',))
    weights = save()
    status, output, error = cli(
        *('calibrate', '--weights', weights, '--ann-file', truth),
        *('--images', tmp_path / 'val/images'),
    )
    assert status == 0, error
    values = json.loads((tmp_path / 'tiny.counting.json').read_text())
    assert values['MAE'] <= values['MAE@0.5'] and values['images'] == 2
    assert 'tiny.counting.json' in output
    assert predict()[0] == 0
    row = counts(tmp_path / 'out')[0]
    assert row['score_thr'] == f'{values["score_thr"]:.4g}'
    assert row['chosen_by'].startswith('tiny.counting.json, on ')


@pytest.mark.slow_systems  # to export takes half a minute
def test_export_and_predict(cli, save, photos, tmp_path, config_text):
    (tmp_path / 'tiny.py').write_text(config_text)
    given = tmp_path / 'tiny.py', save()
    status, output, error = cli('export', *given, '--to', 'pt2')
    assert status == 0, error
    assert output.strip() == str(tmp_path / 'tiny.pt2')
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name, reason='needs dense-scene[export]')
    assert cli('export', *given, '--to', 'onnx')[0] == 0
    totals = []
    for name in ('tiny.pth', 'tiny.onnx'):
        weights = tmp_path / name
        out = tmp_path / f'of {name}'
        status, _, error = cli(
            'predict', photos, '--weights', weights, '--out', out
        )
        assert status == 0, error
        totals.append([int(row['count']) for row in counts(out)])
    assert totals[0] == totals[1] and sum(totals[0]) > 0
    status, _, error = cli(
        *('predict', photos, '--weights', tmp_path / 'tiny.onnx', '--half'),
        *('--out', tmp_path / 'half'),
    )
    assert status == 1 and '--half must go with an .xml' in error
    # the threshold of the checkpoint is that of what was exported from it
    values = dict(score_thr=0.7, ann_file='val.json')
    save_threshold(tmp_path / 'tiny.pth', values)
    status, output, error = cli(
        *('predict', photos, '--weights', tmp_path / 'tiny.onnx'),
        *('--out', tmp_path / 'of tiny.onnx', '--device', 'cpu'),
    )
    assert status == 0 and '0.7 (tiny.counting.json, on val.json)' in output
    status, _, error = cli(
        *('predict', photos, '--weights', tmp_path / 'tiny.onnx'),
        *('--out', tmp_path / 'of tiny.onnx', '--device', 'cuda'),
    )
    assert status == 1 and 'without --config and --device' in error
