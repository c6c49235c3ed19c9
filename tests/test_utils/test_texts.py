"""Texts of any program, and JSON by type."""

import json
import math

import msgspec
import pytest

from dense_scene.utils.texts import decode_json, read_json, read_text

ENCODINGS = ['utf-8', 'utf-8-sig', 'utf-16', 'utf-16-le', 'utf-16-be']


@pytest.mark.parametrize('encoding', [*ENCODINGS, 'utf-32'])
def test_texts_of_any_program_are_read(tmp_path, encoding):
    path = tmp_path / 'a.txt'
    path.write_bytes('a größe\r\n货架\n'.encode(encoding))
    assert read_text(path) == 'a größe\n货架\n'
    path.write_bytes(b'')
    assert read_text(path) == ''


@pytest.mark.parametrize('encoding', [*ENCODINGS, 'utf-32'])
def test_json_of_any_program_is_read(tmp_path, encoding):
    path = tmp_path / 'a.json'
    path.write_bytes('{"größe": "货架"}'.encode(encoding))
    assert read_json(path) == {'größe': '货架'}


@pytest.mark.parametrize('read', [read_text, read_json])
@pytest.mark.parametrize(
    'text, encoding', [('"瓶子"', 'gb18030'), ('"Gemüse, Öl"', 'cp1252')]
)
def test_other_encodings_are_refused(tmp_path, read, text, encoding):
    path = tmp_path / 'a.json'
    path.write_bytes(text.encode(encoding))
    with pytest.raises(ValueError, match='a.json must be .*UTF-8') as error:
        read(path)
    line = str(error.value)
    assert 'cp1252, GB18030' in line and '\n' not in line


class _Row(msgspec.Struct):
    number: float
    flag: bool | int | None = None


@pytest.mark.parametrize(
    'text, row',
    [
        ('{"number": "1.5", "flag": "0"}', _Row(1.5, 0)),
        ('{"number": 2, "flag": "false"}', _Row(2.0, False)),
        ('{"number": Infinity}', _Row(math.inf)),
    ],
)
def test_values_are_taken_by_type(text, row):
    assert decode_json(text.encode(), _Row) == row


def test_nan_is_read_as_python_writes_it(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps([{'number': math.nan}]))
    assert math.isnan(read_json(path, list[_Row])[0].number)


@pytest.mark.parametrize(
    'data, fault',
    [
        (b'', 'breaks off'),
        (b'{"number": tru', 'breaks off'),
        (b'{"number": "x"}', 'number must be float, but got str'),
        (b'{}', 'must have .*number'),
        # Python 3.14 counts the bytes of its stack instead of the levels.
        (b'{"more": ' + b'[' * 100_000, 'nested too deeply|breaks off'),
        (b'{"more": [NaN, ' + b'[' * 100_000, 'nested too deeply'),
        (b'{"number": ' + b'9' * 5000 + b'}', 'number'),
        (b'[NaN, ' + b'9' * 5000 + b']', '.'),
        (b'\xff\xfe{', 'UTF-16'),
        (b'\x80abc', 'cp1252'),
        (b'{"number": 1}x', 'malformed'),
    ],
)
def test_a_fault_is_one_line_with_the_file_and_the_place(
    tmp_path, data, fault
):
    path = tmp_path / 'a.json'
    path.write_bytes(data)
    with pytest.raises(ValueError, match=fault) as error:
        read_json(path, _Row, 'a row')
    line = str(error.value)
    assert line.startswith(f'{path} must be a row, but ')
    assert '\n' not in line and len(line) < 500
