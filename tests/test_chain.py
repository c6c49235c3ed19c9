"""The chain that users run: mim, mmdet's tools and DetInferencer.

Everything runs in processes of its own and from another folder, so that the
install is tested and not the checkout.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.chain import SMALL, SMOKE, environment, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def shelves(tmp_path_factory) -> Path:
    """Eight training and four validation scenes."""
    from shelf_scenes.write import write_shelves

    folder = tmp_path_factory.mktemp('shelves')
    for split, count in (('train', 8), ('val', 4)):
        write_shelves(folder, count, split=split, size=256, objects=(10, 20))
    return folder


@pytest.fixture(scope='module')
def trained(shelves, tmp_path_factory) -> Path:
    """A work_dir in which `mim train` has run one epoch."""
    cwd = tmp_path_factory.mktemp('elsewhere')
    run(
        [
            'mim',
            'train',
            'mmdet',
            str(SMOKE),
            '--work-dir',
            'out',
            '--cfg-options',
            *SMALL,
        ],
        cwd,
        SHELVES_ROOT=str(shelves),
    )
    return cwd / 'out'


def test_training_leaves_a_checkpoint_and_metrics(trained):
    assert (trained / 'epoch_1.pth').is_file()
    assert Path((trained / 'last_checkpoint').read_text()).samefile(
        trained / 'epoch_1.pth'
    )
    log = next(trained.glob('2*/2*.log')).read_text()
    assert 'coco/bbox_mAP_at300' in log
    # 8 images in batches of 2
    assert 'Epoch(train) [1][4/4]' in log


def test_mim_test_reads_our_checkpoint(trained, shelves, tmp_path):
    done = run(
        [
            'mim',
            'test',
            'mmdet',
            str(SMOKE),
            '--checkpoint',
            str(trained / 'epoch_1.pth'),
            '--cfg-options',
            *SMALL,
        ],
        tmp_path,
        SHELVES_ROOT=str(shelves),
    )
    assert 'coco/bbox_mAP_at100' in done.stdout


def test_checkpoint_is_plain_in_a_process_without_the_package(
    trained, tmp_path
):
    code = (
        'import sys, torch\n'
        f'c = torch.load({str(trained / "epoch_1.pth")!r}, '
        'weights_only=True)\n'
        'assert "dense_scene" not in sys.modules\n'
        'print(sorted(c))\n'
    )
    done = run([sys.executable, '-c', code], tmp_path)
    assert 'message_hub' in done.stdout and 'state_dict' in done.stdout


@pytest.mark.parametrize('with_config', [True, False])
def test_det_inferencer_needs_no_import_of_ours(
    trained, shelves, tmp_path, with_config
):
    # The config that training dumped, with the options of that run.
    dumped = next(trained.glob('*.py'))
    config = repr(str(dumped)) if with_config else None
    code = (
        'from mmdet.apis import DetInferencer\n'
        f'run = DetInferencer({config}, {str(trained / "epoch_1.pth")!r})\n'
        f'out = run({str(shelves / "val")!r}, out_dir="drawn",\n'
        '          pred_score_thr=0.0)\n'
        'print(len(out["predictions"]), run.model.dataset_meta["classes"])\n'
    )
    done = run([sys.executable, '-c', code], tmp_path)
    assert "4 ('product',)" in done.stdout
    assert len(list((tmp_path / 'drawn' / 'vis').iterdir())) == 4


def test_browse_dataset(shelves, tmp_path):
    run(
        [
            'mim',
            'run',
            'mmdet',
            'browse_dataset',
            str(SMOKE),
            '--not-show',
            '--output-dir',
            'seen',
        ],
        tmp_path,
        SHELVES_ROOT=str(shelves),
    )
    assert len(list((tmp_path / 'seen').rglob('*.jpg'))) == 8


def test_killed_training_goes_on_from_the_last_checkpoint(shelves, tmp_path):
    """SIGKILL in the middle of the second epoch, then --resume."""
    command = [
        'mim',
        'train',
        'mmdet',
        str(SMOKE),
        '--work-dir',
        'out',
        '--cfg-options',
        *SMALL,
        'train_cfg.max_epochs=2',
    ]
    env = environment(SHELVES_ROOT=str(shelves))
    with open(tmp_path / 'log', 'w') as log:
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait_for(tmp_path / 'log', 'Epoch(train) [2][1/4]', process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert not (tmp_path / 'out' / 'epoch_2.pth').exists()

    done = run([*command, '--resume'], tmp_path, SHELVES_ROOT=str(shelves))
    assert 'resumed epoch: 1, iter: 4' in done.stdout
    assert 'Epoch(train) [1]' not in done.stdout
    assert 'Epoch(train) [2][4/4]' in done.stdout
    assert (tmp_path / 'out' / 'epoch_2.pth').is_file()


def _wait_for(log: Path, text: str, process, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while text not in log.read_text():
        assert process.poll() is None, log.read_text()[-4000:]
        assert time.monotonic() < end, f'no {text!r} within {seconds} s'
        time.sleep(0.05)
