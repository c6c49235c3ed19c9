"""Distributed training and evaluation, without a GPU."""

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chain import SMOKE, environment

pytestmark = pytest.mark.slow


def _free_port() -> str:
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        return str(sock.getsockname()[1])


def test_two_processes_train_and_evaluate(tmp_path):
    from shelf_scenes.write import write_shelves

    for split, count in (('train', 8), ('val', 3)):  # 3: an uneven split
        write_shelves(
            tmp_path / 'data', count, split=split, size=256, objects=(10, 20)
        )
    env = environment(
        SHELVES_ROOT=str(tmp_path / 'data'),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=_free_port(),
        WORLD_SIZE='2',
    )
    script = Path(__file__).with_name('two_processes.py')
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), str(SMOKE), str(tmp_path / 'out')],
            env={**env, 'RANK': str(rank), 'LOCAL_RANK': str(rank)},
            cwd=tmp_path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for rank in range(2)
    ]
    try:
        outputs = [p.communicate(timeout=300)[0] for p in processes]
    finally:
        for process in processes:
            process.kill()
    for process, output in zip(processes, outputs):
        assert process.returncode == 0, output[-4000:]

    sums = {o.split('parameters ')[1].split()[0] for o in outputs}
    assert len(sums) == 1, f'the ranks hold different weights: {sums}'
    # 8 images, 2 processes, batches of 2
    assert 'Epoch(train) [1][2/2]' in outputs[0]
    scalars = next((tmp_path / 'out').glob('2*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in scalars.read_text().splitlines()]
    assert any('coco/bbox_mAP_at300' in row for row in rows)
    assert (tmp_path / 'out' / 'epoch_1.pth').is_file()
