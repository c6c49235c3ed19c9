"""The commands of a run, and where it takes place."""

import os
from pathlib import Path

import pytest
import torch

from dense_scene.ablation.queue import devices as devices_module
from dense_scene.ablation.queue.devices import device_environment, find_devices
from dense_scene.ablation.queue.launcher import Launcher, free_port

WHERE = Path('a.py'), Path('work')


def test_without_a_launcher_the_stock_scripts_run():
    train, test = Launcher().steps(*WHERE)
    assert Path(train['argv'][0]).parts[-4:] == (
        'mmdet',
        '.mim',
        'tools',
        'train.py',
    )
    assert train['argv'][1:] == ['a.py', '--work-dir', 'work', '--resume']
    assert test['argv'][1:3] == ['a.py', '{checkpoint}']
    assert Path(test['argv'][0]).is_file()


def test_with_one_mim_gets_what_it_needs():
    train, test = Launcher('slurm', 16, 8, 4, 'gpu', '--qos=x').steps(*WHERE)
    line = ' '.join(train['argv'])
    assert ' -m mim train mmdet a.py --launcher slurm --gpus 16 ' in line
    assert ' --gpus-per-node 8 --cpus-per-task 4 --partition gpu ' in line
    assert ' --srun-args --qos=x --work-dir work --resume' in line
    assert '--checkpoint {checkpoint}' in ' '.join(test['argv'])
    assert train['command'] and test['command']
    pair = Launcher('pytorch', 2).steps(*WHERE)
    ports = [step['argv'][step['argv'].index('--port') + 1] for step in pair]
    assert all(1024 < int(port) < 65536 for port in ports)
    assert free_port() != 0


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('mpi',), "one of 'none', 'pytorch', 'slurm'"),
        (('none', 2), 'gpus must be 1 without a launcher'),
        (('slurm', 8), 'Give --partition'),
        (('pytorch', 0), 'gpus must be a positive integer'),
    ],
)
def test_faults_of_a_launcher(arguments, message):
    with pytest.raises(ValueError, match=message):
        Launcher(*arguments)


def test_devices(monkeypatch):
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 4)
    assert find_devices(None, 1, 'none') == ['0', '1', '2', '3']
    assert find_devices(None, 2, 'pytorch') == ['0,1', '2,3']
    assert find_devices(['3', '1', '0'], 2, 'pytorch') == ['3,1']
    assert find_devices(None, 64, 'slurm') == ['slurm']
    assert find_devices(['cpu'], 2, 'pytorch') == ['cpu']
    for names, gpus, message in (
        (['4'], 1, 'GPUs below 4'),
        (['0', '0'], 1, 'devices must differ'),
        (['0'], 2, 'needs as many devices'),
    ):
        with pytest.raises(ValueError, match=message):
            find_devices(names, gpus, 'pytorch')
    monkeypatch.setattr(torch.cuda, 'device_count', lambda: 0)
    assert find_devices(None, 1, 'none') == ['cpu']


def test_a_process_sees_its_device_alone(monkeypatch):
    monkeypatch.setattr(devices_module, 'available_cores', lambda: 16)
    env = device_environment('1', {'CUDA_VISIBLE_DEVICES': '4,6'}, 10)
    assert env == {'CUDA_VISIBLE_DEVICES': '6', 'OMP_NUM_THREADS': '1'}
    env = device_environment('0,1', {'OMP_NUM_THREADS': '3'}, 2)
    assert env == {'CUDA_VISIBLE_DEVICES': '0,1', 'OMP_NUM_THREADS': '3'}
    env = device_environment('cpu', {}, 2)
    assert env == {'CUDA_VISIBLE_DEVICES': '-1', 'OMP_NUM_THREADS': '8'}
    assert device_environment('slurm', {}, 20)['OMP_NUM_THREADS'] == '1'
    assert os.environ.get('CUDA_VISIBLE_DEVICES') != '-1'
