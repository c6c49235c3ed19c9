"""Files of users, damaged: the same ones for the same seed."""

import json
import random
from collections.abc import Iterator

# What a value of JSON is replaced by.
VALUES = (
    None,
    True,
    0,
    -1,
    1.5,
    2**31,
    2**63,
    2**127,
    -(10**30),
    1e39,
    1e306,
    float('nan'),
    float('inf'),
    '',
    '0',
    '7',
    'nan',
    'größe',
    '\0',
    '../../x',
    '/etc/passwd',
    'a' * 5000,
    [],
    [1],
    {},
    {'id': 1},
    [[[[[[[[1]]]]]]]],
)
# What a piece of text is replaced by.
PIECES = (
    b'',
    b'\0',
    b'\xff\xfe',
    b'\xef\xbb\xbf',
    b'"',
    b"'",
    b'\n',
    b'\r',
    b',',
    b';',
    b'\t',
    b'[' * 3000,
    b'{' * 3000,
    b'9' * 5000,
    b'-',
    b'1e999',
    b'nan',
    b'inf',
    b'<!DOCTYPE a>',
    b'</',
    b'<![CDATA[',
    b'&#0;',
    b'\xe7\x93\xb6',
    b'../',
    b'NaN',
)


def damaged(content: bytes, seed: int) -> bytes:
    """The file of this seed: of bytes, or, where it is JSON, of its values."""
    rng = random.Random(seed)
    if content[:1] in b'[{' and rng.random() < 0.6:
        tree = json.loads(content)
        for _ in range(rng.randint(1, 3)):
            _change_value(tree, rng)
        return json.dumps(tree).encode(errors='surrogatepass')
    for _ in range(rng.randint(1, 4)):
        content = _change_bytes(content, rng)
    if rng.random() < 0.05:
        content = content.decode(errors='replace').encode(
            rng.choice(['utf-16', 'utf-16-le', 'utf-32', 'utf-7', 'cp1252']),
            errors='replace',
        )
    return content


def _change_bytes(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    end = min(len(content), start + rng.choice([0, 1, 1, 2, 8, 64, 10**9]))
    kind = rng.randrange(6)
    if kind == 0:  # one bit
        flipped = bytearray(content)
        if content:
            flipped[start - 1] ^= 1 << rng.randrange(8)
        return bytes(flipped)
    if kind == 1:  # a piece again
        return content[:end] + content[start:end] * 2 + content[end:]
    if kind == 2:
        return content[:start]
    if kind == 3:
        return content[:start] + rng.randbytes(end - start) + content[end:]
    return content[:start] + rng.choice(PIECES) + content[end:]


def _change_value(tree, rng: random.Random) -> None:
    places = list(_places(tree))
    if not places:
        return
    parent, key = rng.choice(places)
    kind = rng.randrange(4)
    if kind == 0 and isinstance(parent, dict):
        del parent[key]
    elif kind == 1:
        other, at = rng.choice(places)
        parent[key] = json.loads(json.dumps(other[at]))
    elif kind == 2 and isinstance(parent, list):
        parent.append(json.loads(json.dumps(parent[key])))
    else:
        parent[key] = rng.choice(VALUES)


def _places(tree) -> Iterator[tuple]:
    keys = tree if isinstance(tree, dict) else range(len(tree))
    for key in list(keys):
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from _places(tree[key])
