"""Two processes give what one gives, bit for bit."""

import json
import os
import socket
import subprocess
import sys

import pytest

from .two_ranks import evaluate


@pytest.mark.slow
def test_two_processes_equal_one_bit_for_bit(tmp_path, root):
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port = str(sock.getsockname()[1])
    env = dict(
        os.environ,
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=port,
        WORLD_SIZE='2',
        OMP_NUM_THREADS='1',
    )
    command = [
        sys.executable,
        '-m',
        'tests.test_evaluation.two_ranks',
        str(tmp_path),
    ]
    processes = [
        subprocess.Popen(
            command,
            cwd=root,
            env={**env, 'RANK': str(rank)},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for rank in range(2)
    ]
    try:
        outputs = [
            process.communicate(timeout=120)[0] for process in processes
        ]
    finally:
        for process in processes:
            process.kill()
    for process, output in zip(processes, outputs):
        assert process.returncode == 0, output[-4000:]

    one = evaluate(tmp_path / 'truth.json')
    assert 0 < one['coco/bbox_mAP_at50'] < one['coco/bbox_mAP_at100']
    assert one['count/MAE_at0.5'] > one['count/oracle_MAE'] > 0
    for rank in range(2):
        assert json.loads((tmp_path / f'rank{rank}.json').read_text()) == one
