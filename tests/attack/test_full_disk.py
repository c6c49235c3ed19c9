"""A full disk destroys nothing that was there, and is no success."""

import subprocess

import pytest

from dense_scene.engine.checkpoints.loading import load_from_file
from dense_scene.utils.files import whole_file, write_text
from shelf_scenes.write import write_shelves

from . import tiny_run
from .test_kills import SCORES, files, weights


@pytest.fixture
def disk(tmp_path):
    """A file system of 600 kB of its own."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=600k', 'tmpfs', folder]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f'a tmpfs needs root: {error}')
    yield folder
    subprocess.run(['umount', '-l', folder], check=True)


def fill(disk, spare=0):
    """Take all but so many bytes; returns the file that takes them."""
    filler = disk / 'filler'
    with open(filler, 'wb', buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            file.truncate(max(0, file.tell() - spare))
    return filler


def test_a_file_stays_as_it_was(disk):
    write_text(disk / 'a.txt', ['old'])
    fill(disk)
    with pytest.raises(OSError, match='No space'):
        write_text(disk / 'a.txt', ['new' * 10_000])
    with (
        pytest.raises(OSError, match='No space'),
        whole_file(disk / 'b.bin') as part,
    ):
        part.write_bytes(bytes(10_000))
    assert (disk / 'a.txt').read_text() == 'old'
    assert {p.name for p in disk.iterdir()} == {'a.txt', 'filler'}


@pytest.mark.parametrize(
    'spare',
    [
        16_384,
        pytest.param(0, marks=pytest.mark.slow_systems),
        pytest.param(40_960, marks=pytest.mark.slow_systems),
    ],
)
def test_a_training_stops_and_goes_on(tmp_path, disk, spare):
    """The space ends at several points of what an epoch writes."""
    assert tiny_run.train(tmp_path / 'free', scores=SCORES)[0] == 0
    folder = disk / 'run'
    assert tiny_run.train(folder, scores=SCORES, epochs=1)[0] == 0
    before = {path.name: path.read_bytes() for path in folder.glob('*.pth')}
    (disk / 'run.log').unlink()
    filler = fill(disk, spare)
    code, _ = tiny_run.train(folder, scores=SCORES, resume=True)
    assert code == 1
    for path in folder.glob('*.pth'):
        load_from_file(path)
    assert before.keys() <= set(files(folder))
    filler.unlink()
    code, printed = tiny_run.train(folder, scores=SCORES, resume=True)
    assert code == 0, printed
    assert files(folder) == files(tmp_path / 'free')
    assert (weights(folder) == weights(tmp_path / 'free')).all()


def test_a_rendering_stops_and_goes_on(tmp_path, disk):
    arguments = dict(size=200, objects=(5, 12), progress=False, workers=1)
    write_shelves(tmp_path / 'free', 4, **arguments)
    filler = fill(disk, spare=16_384)
    with pytest.raises((OSError, ValueError), match='No space'):
        write_shelves(disk / 'set', 4, **arguments)
    filler.unlink()
    write_shelves(disk / 'set', 4, **arguments)
    for path in (tmp_path / 'free').rglob('*.*'):
        relative = path.relative_to(tmp_path / 'free')
        assert (disk / 'set' / relative).read_bytes() == path.read_bytes()
    assert not list(disk.rglob('*.tmp'))
