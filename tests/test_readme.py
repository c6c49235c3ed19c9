"""Every command of README.md runs, in order, in a folder of its own."""

import re
import shlex
from pathlib import Path
from string import Template

import pytest

from dense_scene.testing import tiny_sku110k
from tests.chain import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / 'README.md').read_text()

# The SKU-110K commands need the data set, ImageNet weights and a GPU. Here
# they run the same model for two iterations on four drawn images.
SHRINK = [
    'model.backbone.init_cfg=None',
    'train_cfg.max_epochs=1',
    'train_dataloader.dataset.manifest=None',
    'train_dataloader.dataset.pipeline.0.scales=[(160,128)]',
    'val_dataloader.dataset.manifest=None',
    'val_dataloader.dataset.pipeline.1.scale=(160,128)',
    'test_dataloader.dataset.manifest=None',
    'test_dataloader.dataset.pipeline.1.scale=(160,128)',
    'model.train_cfg.rpn_proposal.max_per_img=100',
    'model.train_cfg.rcnn.0.sampler.num=64',
    'model.train_cfg.rcnn.1.sampler.num=64',
    'model.train_cfg.rcnn.2.sampler.num=64',
    'model.test_cfg.rpn.max_per_img=100',
]


def _blocks(language: str) -> list[str]:
    return re.findall(rf'```{language}\n(.*?)```', README, re.S)


def _commands() -> list[str]:
    text = '\n'.join(_blocks('bash')).replace('\\\n', ' ')
    lines = [line.split('  #')[0].strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith('#')]


def test_commands_fit_the_page():
    for block in _blocks('bash') + _blocks('python'):
        for line in block.splitlines():
            assert len(line) <= 100, line


def test_every_link_into_the_repository_exists():
    links = re.findall(r'\]\((?!https?://)([^)#]+)', README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link


@pytest.fixture(scope='module')
def cwd(tmp_path_factory) -> Path:
    """A folder that looks like the checkout but takes what is written."""
    folder = tmp_path_factory.mktemp('readme')
    for name in (
        'configs',
        'tools',
        'Makefile',
        'requirements.txt',
        'constraints.txt',
        'pyproject.toml',
        'setup.py',
        'projects',
        'benchmarks',
    ):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.slow
def test_every_command_runs(cwd):
    commands = _commands()
    starts = ('mim ', 'dense-scene train', 'dense-scene test')
    assert sum(c.startswith(starts) for c in commands) >= 4
    names = {}
    for command in commands:
        command = Template(command).safe_substitute(names)
        if match := re.fullmatch(r'(CFG|BASE)=(\S+)', command):
            names[match[1]] = match[2]
            continue
        if command.startswith('export '):
            name, _ = command[len('export ') :].split('=', 1)
            assert name == 'SKU110K_ROOT', 'a variable this test knows'
            names[name] = str(tiny_sku110k(cwd / 'SKU110K_fixed'))
            continue
        words = shlex.split(command)
        if words[0] == 'make':
            # Installing and training again would take minutes; the demo
            # and the tests have tests of their own.
            words.insert(1, '--dry-run')
        elif 'sku110k' in command:
            words += ['--cfg-options', *SHRINK]
        run(words, cwd, **names)


@pytest.mark.slow
def test_python_blocks_run(cwd):
    """After the commands: they use the checkpoint that was trained there."""
    for block in _blocks('python'):
        if block.startswith('# my_'):  # a config of the reader's own
            name = block.split()[1]
            path = cwd / name
            text = block.replace('/path/to/repository', str(ROOT))
            path.write_text(text)
            run(['mim', 'run', 'mmdet', 'print_config', name], cwd)
        else:
            run(['python', '-c', block], cwd)
