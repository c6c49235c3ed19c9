"""XML that other programs wrote."""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from ...utils.texts import read_text


def parse_xml(path: Path) -> ElementTree.Element:
    """The root of a file; a document type could expand or fetch entities."""
    content: str | bytes = path.read_bytes()
    if b'\0' in content:  # UTF-16, which could hide the letters
        content = read_text(path)
    if ('<!DOCTYPE' if isinstance(content, str) else b'<!DOCTYPE') in content:
        raise ValueError(f'{path} must be XML without a document type.')
    try:
        # Of bytes, the XML itself says the encoding.
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise ValueError(f'{path} must be XML, but fails: {error}.') from error


def line_of(path: Path, tag: str, number: int) -> str:
    """'file, line 12', where the element of this number (from 0) begins."""
    text = path.read_bytes().decode(errors='replace')
    starts = [match.start() for match in re.finditer(f'<{tag}[\\s>]', text)]
    start = starts[number] if number < len(starts) else 0
    return f'{path}, line {text.count(chr(10), 0, start) + 1}'


def read_side(text: str | None, place: str) -> int:
    """A side of an image in pixels; 0 where nothing is said."""
    text = (text or '0').strip()
    # Ten digits fit into 64 bits; what is too large is found with its name.
    if not (text.isdecimal() and len(text) <= 10):
        wanted = f'{place}: width and height must be integers'
        raise ValueError(f'{wanted}, but got {text[:40]!r}.')
    return int(text)
