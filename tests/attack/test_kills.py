"""A training that is killed at any moment loses nothing that was finished."""

import random
import shutil
import time

import pytest
import torch

from dense_scene.engine.checkpoints.loading import load_from_file

from . import tiny_run

EPOCHS = 3
# Epoch 2 is the best of three.
SCORES = (1, 3, 2)


def weights(folder, name=f'epoch_{EPOCHS}.pth'):
    loaded = load_from_file(folder / name)
    return torch.cat([v.flatten() for v in loaded['state_dict'].values()])


@pytest.fixture(scope='module')
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp('kills') / 'undisturbed'
    code, printed = tiny_run.train(folder, scores=SCORES)
    assert code == 0, printed
    return folder


def files(folder):
    return sorted(path.name for path in folder.glob('*.pth*'))


def check_whole(folder):
    """Whatever is there under its own name loads."""
    for path in folder.glob('*.pth'):
        load_from_file(path)


def check_finished(folder, undisturbed):
    """Files, best and weights are those of a run that was not killed."""
    assert files(folder) == files(undisturbed)
    assert torch.equal(weights(folder), weights(undisturbed))
    best = 'best_tiny_score_epoch_2.pth'
    assert torch.equal(weights(folder, best), weights(undisturbed, best))
    info = load_from_file(folder / 'epoch_3.pth')['message_hub']
    assert info['runtime_info']['best_score'] == max(SCORES)
    assert (folder / 'last_validated').read_text() == '12'  # 3 epochs of 4


def test_what_a_run_leaves(undisturbed):
    best = 'best_tiny_score_epoch_2.pth'
    assert files(undisturbed) == [best, 'epoch_2.pth', 'epoch_3.pth']


# Writes: epoch 1, best 1, epoch 1 again, epoch 2, best 2, epoch 2 again,
# epoch 3. Removals: best 1 after best 2, epoch 1 after epoch 3.
MOMENTS = [
    *(('write', n) for n in range(1, 8)),
    *(('written', n) for n in range(1, 8)),
    ('pointer', 1),
    ('pointer', 4),
    ('remove', 1),
    ('remove', 2),
    *(('val', n) for n in range(1, 4)),
    *(('val_end', n) for n in range(1, 4)),
    ('iter', 6),
]
# In `make test`: those that lost something with the stock hook, and one more.
FEW = [
    ('write', 5),
    ('write', 6),
    ('remove', 1),
    ('val', 2),
    ('val', 3),
    ('iter', 6),
]


def kill_and_resume(folder, undisturbed, moment):
    code, printed = tiny_run.train(folder, scores=SCORES, die=moment)
    assert code == 9, printed
    check_whole(folder)
    if moment[0] == 'write' and moment[1] > 4:
        # Of the best before, or the new one: never none.
        assert list(folder.glob('best_*.pth'))
    code, printed = tiny_run.train(folder, scores=SCORES, resume=True)
    assert code == 0, printed
    check_finished(folder, undisturbed)
    return printed


@pytest.mark.parametrize('moment', FEW, ids=str)
def test_killed_at_a_bad_moment(tmp_path, undisturbed, moment):
    printed = kill_and_resume(tmp_path / 'run', undisturbed, moment)
    if moment[0] == 'val':
        assert 'saved and not validated' in printed


@pytest.mark.slow_systems
@pytest.mark.parametrize(
    'moment', [m for m in MOMENTS if m not in FEW], ids=str
)
def test_killed_at_every_other_moment(tmp_path, undisturbed, moment):
    kill_and_resume(tmp_path / 'run', undisturbed, moment)


@pytest.mark.slow_systems
@pytest.mark.parametrize('seed', range(20))
def test_killed_at_random(tmp_path, undisturbed, seed):
    """By SIGKILL, three times, soon after it has begun to save something."""
    folder, rng = tmp_path / 'run', random.Random(seed)
    for _ in range(3):
        resume = (folder / 'last_checkpoint').exists()
        arguments = dict(scores=SCORES, resume=resume)
        child = tiny_run.start(folder, **arguments)
        lines = rng.randint(1, 3)
        log = folder.with_name('run.log')
        while child.is_alive():
            if log.read_text().count('INFO - Epoch(') >= lines:
                time.sleep(rng.uniform(0, 0.3))
                child.kill()
                child.join()
                break
            time.sleep(0.01)
        check_whole(folder)
    code, printed = tiny_run.train(folder, scores=SCORES, resume=True)
    assert code == 0, printed
    check_finished(folder, undisturbed)


@pytest.fixture
def stopped(tmp_path, undisturbed):
    """A copy of the finished run."""
    folder = tmp_path / 'run'
    shutil.copytree(undisturbed, folder)
    return folder


@pytest.mark.parametrize('content', [b'', b'half'])
def test_the_newest_whole_checkpoint_is_taken_and_named(
    stopped, undisturbed, content
):
    size = (stopped / 'epoch_3.pth').stat().st_size // 2
    half = (stopped / 'epoch_3.pth').read_bytes()[:size]
    (stopped / 'epoch_3.pth').write_bytes(content and half)
    code, printed = tiny_run.train(stopped, scores=SCORES, resume=True)
    assert code == 0, printed
    said = 'is cut short' if content else 'is empty'
    assert f'{stopped}/epoch_3.pth {said}' in printed
    assert f'goes on from {stopped}/epoch_2.pth instead' in printed
    check_finished(stopped, undisturbed)


@pytest.mark.parametrize('pointer', ['', '/elsewhere/epoch_2.pth', None])
def test_a_folder_that_was_moved_goes_on(stopped, undisturbed, pointer):
    (stopped / 'epoch_3.pth').unlink()
    (stopped / 'last_checkpoint').unlink()
    if pointer is not None:
        (stopped / 'last_checkpoint').write_text(pointer)
    code, printed = tiny_run.train(stopped, scores=SCORES, resume=True)
    assert code == 0, printed
    assert 'resumed epoch: 2' in printed and 'epoch_2.pth' in printed
    check_finished(stopped, undisturbed)


def test_a_copy_leaves_the_original_alone(stopped, undisturbed):
    """Its checkpoint names the best by the path of the original."""
    before = files(undisturbed)
    arguments = dict(scores=(*SCORES, 9), epochs=4, resume=True)
    code, printed = tiny_run.train(stopped, **arguments)
    assert code == 0, printed
    assert f'from the latest checkpoint {stopped}/epoch_3.pth' in printed
    assert files(undisturbed) == before
    best = 'best_tiny_score_epoch_4.pth'
    assert files(stopped) == [best, 'epoch_3.pth', 'epoch_4.pth']


def test_no_whole_checkpoint_is_one_line(stopped):
    for path in stopped.glob('epoch_*.pth'):
        path.write_bytes(b'')
    code, printed = tiny_run.train(stopped, resume=True)
    (line,) = [x for x in printed.splitlines() if x.startswith('FAILED')]
    assert 'is empty' in line and 'start without --resume' in line


def test_one_checkpoint_is_enough(tmp_path):
    """max_keep_ckpts=1: the old one stays until the new one is there."""
    arguments = dict(scores=SCORES, keep=1, best=None)
    code, printed = tiny_run.train(
        tmp_path / 'run', die=('write', 2), **arguments
    )
    assert code == 9, printed
    assert files(tmp_path / 'run')[0] == 'epoch_1.pth'
    code, printed = tiny_run.train(tmp_path / 'run', resume=True, **arguments)
    assert code == 0, printed
    assert files(tmp_path / 'run') == ['epoch_3.pth']


def test_a_validated_epoch_is_not_validated_again(stopped):
    code, printed = tiny_run.train(stopped, scores=SCORES, resume=True)
    assert code == 0 and 'Epoch(val)' not in printed, printed


def test_a_fresh_run_forgets_what_was_validated(stopped):
    arguments = dict(scores=SCORES, die=('val', 1))
    assert tiny_run.train(stopped, **arguments)[0] == 9
    code, printed = tiny_run.train(stopped, scores=SCORES, resume=True)
    assert code == 0 and 'resumed epoch: 1,' in printed, printed
    assert printed.count('Epoch(val) [1]') == 1


def test_epochs_without_validation_stay_without(tmp_path):
    arguments = dict(scores=SCORES, val_interval=3)
    code, printed = tiny_run.train(
        tmp_path / 'run', die=('iter', 10), **arguments
    )
    assert code == 9, printed
    code, printed = tiny_run.train(tmp_path / 'run', resume=True, **arguments)
    assert code == 0 and printed.count('Epoch(val)') == 1, printed
