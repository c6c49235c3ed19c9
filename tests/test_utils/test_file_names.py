"""Names of files: refused, found, and found under another name."""

import unicodedata

import pytest

from dense_scene.utils.file_names import (
    ImageFolder,
    describe_missing,
    name_fault,
)


@pytest.mark.parametrize(
    'name',
    [
        '',
        '/etc/passwd',
        '../x.jpg',
        'a/../../x.jpg',
        '..\\x.jpg',
        'C:\\x.jpg',
        'c:/x.jpg',
        '\\\\host\\x.jpg',
        'a\0.jpg',
        '\ud800.jpg',
        'a' * 2000,
    ],
)
def test_names_that_lead_elsewhere_have_a_fault(name):
    assert name_fault(name)


@pytest.mark.parametrize(
    'name',
    ['a.jpg', 'a/b.jpg', '#1.jpg', '..a', 'a..b/c', '货架 1.jpg', 'a:b'],
)
def test_names_below_a_folder_have_none(name):
    assert name_fault(name) == ''


@pytest.fixture
def folder(tmp_path):
    names = ['a.jpg', 'b/c.png', 'b/Größe.jpg', 'twice/x.jpg', 'twice/y/x.jpg']
    for name in [*names, 'a.xml', 'Gemüse #2 50%.jpg']:
        path = tmp_path / unicodedata.normalize('NFC', name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return ImageFolder(tmp_path)


@pytest.mark.parametrize(
    'name, found, word',
    [
        ('b\\c.png', 'b/c.png', 'Windows'),
        ('..\\..\\upload\\a.jpg', 'a.jpg', 'folder'),
        ('C:\\data\\c.png', 'b/c.png', 'folder'),
        ('images/a.jpg', 'a.jpg', 'folder'),
        ('A.JPG', 'a.jpg', 'case'),
        ('a', 'a.jpg', 'suffix'),
        ('a.png', 'a.jpg', 'suffix'),
        ('Gem%C3%BCse%20%232%2050%25.jpg', 'Gemüse #2 50%.jpg', 'percent'),
        (unicodedata.normalize('NFD', 'b/Größe.jpg'), 'b/Größe.jpg', 'form'),
        ('x.jpg', None, ''),  # two fit
        ('other.jpg', None, ''),
    ],
)
def test_the_file_that_is_meant_is_found(folder, name, found, word):
    assert not folder.holds(name)
    result = folder.look_alike(name)
    assert (result and result[0]) == found
    assert word in (result or ('', ''))[1]


def test_what_is_there_is_not_missing(folder):
    names = ['a.jpg', 'b/c.png', 'b/d.png', 'no/a.jpg', '.', 'b', 'a\0']
    assert folder.missing(names) == ['b/d.png', 'no/a.jpg', '.', 'a\0']


def test_a_line_says_what_is_missing_and_what_is_there(folder, tmp_path):
    line = describe_missing(folder, ['A.jpg', 'x.jpg'], 5)
    assert line == (
        f"2 of 5 images are not in {tmp_path}, 'A.jpg' among them; there is "
        "'a.jpg', which differs in its case"
    )
    line = describe_missing(ImageFolder(tmp_path / 'no'), ['a.jpg'], 5)
    assert line.endswith('no, which is not a folder')
