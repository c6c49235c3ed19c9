"""Text of whatever program: opened in its encoding, JSON read by type."""

import codecs
import io
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import msgspec

# The longest first: UTF-32's mark begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: 'utf-32',
    codecs.BOM_UTF32_BE: 'utf-32',
    codecs.BOM_UTF16_LE: 'utf-16',
    codecs.BOM_UTF16_BE: 'utf-16',
}
_SHOWN = 120  # bytes of a file in a message
# JavaScript's and Python's, which are no JSON but are written as such.
_NO_NUMBERS = re.compile(rb'[\[:,\s](?:NaN|-?Infinity)[\],}\s]')


@contextmanager
def open_text(path: str | os.PathLike) -> Iterator[TextIO]:
    """Open a text of whatever program: UTF-8, or UTF-16 or 32 by its mark.

    A byte order mark is skipped; all line ends become line feeds. ValueError
    if it is in another encoding, also while it is read.
    """
    with open(path, 'rb') as file:
        encoding = find_encoding(file.peek(4)[:4])
        try:
            yield io.TextIOWrapper(file, encoding)
        except UnicodeDecodeError as error:
            fault = _explain_encoding(error)
            raise ValueError(f'{path} must be text, but {fault}.') from None


def read_text(path: str | os.PathLike) -> str:
    """All of a text, by :func:`open_text`."""
    with open_text(path) as file:
        return file.read()


def find_encoding(start: bytes) -> str:
    """The encoding of a text that begins with these four bytes or more."""
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    # Without a mark: every second byte of Latin letters is zero.
    if start[1:2] == b'\0' != start[:1]:
        return 'utf-16-le'
    if start[:1] == b'\0' != start[1:2]:
        return 'utf-16-be'
    return 'utf-8-sig'


def read_json(
    path: str | os.PathLike, kind: Any = Any, what: str = 'JSON'
) -> Any:
    """Read a JSON file in any of the encodings of :func:`open_text`.

    Numbers and flags may be written as text, NaN and Infinity as Python
    writes them. ValueError of one line for everything else, with the path
    and the place in the file.

    Args:
        path: The file.
        kind: A type that msgspec knows, such as ``list[dict]``.
        what: What the file must be, for the message.
    """
    with open(path, 'rb') as file:
        return decode_json(file.read(), kind, f'{path} must be {what}')


def decode_json(
    data: bytes, kind: Any = Any, wanted: str = 'JSON', nan: bool = True
) -> Any:
    """Of :func:`read_json`, for bytes.

    ``wanted`` begins the message; without ``nan`` there is no NaN in JSON.
    """
    try:
        data = to_utf8(data)
        try:
            return msgspec.json.decode(data, type=kind, strict=False)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            if not (nan and _NO_NUMBERS.search(data)):
                data.decode()  # perhaps it is the encoding
                raise
            return msgspec.convert(json.loads(data), kind, strict=False)
    except (ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f'{wanted}, but {explain(error, data)}.') from None


def to_utf8(data: bytes) -> bytes:
    """A text in any of the encodings of :func:`open_text`, without a mark."""
    encoding = find_encoding(data[:4])
    if encoding == 'utf-8-sig':
        return data.removeprefix(codecs.BOM_UTF8)
    return data.decode(encoding).encode()


def explain(error: Exception, data: bytes = b'') -> str:
    """``'bbox[0] must be float, but got str'`` of what msgspec says."""
    if isinstance(error, UnicodeDecodeError):
        return _explain_encoding(error)
    if isinstance(error, RecursionError):
        return 'it is nested too deeply'
    text, _, place = str(error).replace('`', '').partition(' - at $')
    text = text.replace('Object missing required field', 'must have')
    text = text.replace('Expected', 'must be').replace(', got', ', but got')
    text = text.replace('JSON is malformed', 'it is malformed')
    text = text.replace('Input data was truncated', 'it breaks off')
    if byte := re.search(r'\(byte (\d+)\)', text):
        start = max(0, int(byte[1]) - 20)
        near = show(data[start : start + 40])
        text += f', near {near}'
        if 'NaN' in near or 'Infinity' in near:
            text += ', which is no number of JSON'
    if not text:
        return f'it cannot be parsed ({type(error).__name__})'
    return ' '.join(f'{place.lstrip(".")} {text}'.split())


def show(text: bytes) -> str:
    """A piece of a file for a message: readable and on one line."""
    line = ' '.join(text[:_SHOWN].decode(errors='replace').split())
    return ''.join(c if c.isprintable() else '\ufffd' for c in line)


def _explain_encoding(error: UnicodeDecodeError) -> str:
    """What a text could be in that is not in what it should be in."""
    if error.encoding.replace('_', '-').lower() not in ('utf-8', 'utf8'):
        return f'it is not whole {error.encoding.upper()}: {error.reason}'
    near = show(error.object[max(0, error.start - 20) : error.start + 20])
    return (
        f'byte 0x{error.object[error.start]:02x} near {near!r} is not UTF-8: '
        'it may be cp1252, GB18030 or another of Windows. Save it as UTF-8'
    )
