"""XML that other programs wrote."""

import codecs
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from ...utils.texts import read_text

# What expat reads itself.
_EXPAT = frozenset(('', 'utf-8', 'utf8', 'us-ascii', 'iso-8859-1'))


def parse_xml(path: Path) -> ElementTree.Element:
    """The root of a file; a document type could expand or fetch entities."""
    content: str | bytes = path.read_bytes()
    if b'\0' in content:  # UTF-16, which could hide the letters
        content = read_text(path)
    elif encoding := _foreign_encoding(content):
        content = _decode(content, encoding, path)
    if ('<!DOCTYPE' if isinstance(content, str) else b'<!DOCTYPE') in content:
        raise ValueError(f'{path} must be XML without a document type.')
    try:
        # Of bytes, the XML itself says the encoding.
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ValueError(f'{path} must be XML, but fails: {error}.') from error


def _foreign_encoding(content: bytes) -> str:
    """The encoding that the XML says, if expat itself does not know it."""
    said = re.match(rb'\s*<\?xml[^>]*encoding=["\']([\w.-]+)', content[:200])
    name = said[1].decode().lower() if said else ''
    return '' if name in _EXPAT else name


def _decode(content: bytes, encoding: str, path: Path) -> str:
    try:
        text = codecs.decode(content, encoding)
    except (LookupError, TypeError, UnicodeError) as error:
        fault = f'it says that it is {encoding}: {error}'
        raise ValueError(f'{path} must be XML, but {fault}.') from None
    if not isinstance(text, str):  # rot13 and the like are codecs, too
        raise ValueError(f'{path} must be XML, but is {encoding}.')
    # What is decoded already must not be decoded again.
    return text.partition('?>')[2]


def line_of(path: Path, tag: str, number: int) -> str:
    """'file, line 12', where the element of this number (from 0) begins."""
    text = path.read_bytes().decode(errors='replace')
    starts = [match.start() for match in re.finditer(f'<{tag}[\\s>]', text)]
    start = starts[number] if number < len(starts) else 0
    return f'{path}, line {text.count(chr(10), 0, start) + 1}'


def read_side(text: str | None, place: str) -> int:
    """A side of an image in pixels; 0 where nothing is said."""
    text = (text or '').strip() or '0'
    # Ten digits fit into 64 bits; what is too large is found with its name.
    if not re.fullmatch(r'[0-9]{1,10}(\.0*)?', text):
        wanted = f'{place}: width and height must be integers'
        raise ValueError(f'{wanted}, but got {text[:40]!r}.')
    return int(float(text))
