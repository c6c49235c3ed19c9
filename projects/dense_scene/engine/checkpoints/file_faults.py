"""What a file that should be a checkpoint is instead, before it is read."""

import io
import re
import zipfile
from pathlib import Path

# How the legacy format of torch.save begins: protocol, a long, its number.
_LEGACY = b'\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.'
_AGAIN = 'Copy or download it again.'
_KINDS = (
    (b'version https://git-lfs', 'a pointer of Git LFS', 'Run git lfs pull.'),
    (b'\x89HDF', 'an HDF5 file', ''),
    (b'\x1f\x8b', 'compressed with gzip', 'Unpack it.'),
    (b'7z\xbc\xaf', 'compressed with 7z', 'Unpack it.'),
    (b'\xfd7zXZ', 'compressed with xz', 'Unpack it.'),
    (b'(\xb5/\xfd', 'compressed with zstd', 'Unpack it.'),
    (b'\x93NUMPY', 'an array of NumPy', ''),
    (b'\xff\xd8\xff', 'an image (JPEG)', ''),
    (b'\x89PNG', 'an image (PNG)', ''),
    (b'%PDF', 'a PDF', ''),
)


def find_fault(path: str | Path) -> str | None:
    """Why a file is no checkpoint of ``torch.save``, or None if it may be.

    Reads all of it where it holds check sums: the format of torch 1.6 and
    later is a zip archive, whose check sums ``torch.load`` ignores. The
    answer reads on after the file's name: 'is empty. ...'.
    """
    path = Path(path)
    size = path.stat().st_size
    with open(path, 'rb') as file:
        head = file.read(1024)
    if not size:
        return f'is empty. {_AGAIN}'
    if head[:2] == b'PK':
        return _zip_fault(path)
    if head[: len(_LEGACY)] == _LEGACY:
        return None
    if head == bytes(len(head)):
        return f'holds zeros: its writing was cut short. {_AGAIN}'
    for start, kind, advice in _KINDS:
        if head.startswith(start):
            return f'is {kind}, not a checkpoint. {advice}'.rstrip()
    if head[257:262] == b'ustar':
        advice = 'Unpack it, or save it with a newer torch.'
        return f'is a tar archive (or of torch before 0.4). {advice}'
    if _is_safetensors(head, size):
        advice = "Save its tensors with torch.save(dict(state_dict=...), 'f')."
        return f'is a safetensors file, which mmengine does not read. {advice}'
    return _text_fault(head)


def _text_fault(head: bytes) -> str:
    start = head.lstrip(b'\xef\xbb\xbf \t\r\n').lower()
    if start.startswith((b'<!doctype', b'<html', b'<?xml', b'<head')):
        advice = 'Look at it in a browser, and download it again.'
        return f'is a web page (HTML), not a checkpoint. {advice}'
    if re.match(rb'\x80[\x02-\x05]', head):
        advice = "Save its tensors with torch.save(dict(state_dict=...), 'f')."
        return f'is a plain pickle; nothing in it was run. {advice}'
    try:
        # The last character may be cut.
        io.TextIOWrapper(io.BytesIO(head[:-4] or head), 'utf-8').read()
    except UnicodeDecodeError:
        return f'is no file of torch.save, or is damaged. {_AGAIN}'
    if b'\0' in head:
        return f'is no file of torch.save, or is damaged. {_AGAIN}'
    first = head.decode('utf-8', 'replace').split('\n')[0][:40]
    return f'is text ({first!r}...), not a checkpoint. {_AGAIN}'


def _zip_fault(path: Path) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return _archive_fault(archive, path.stat().st_size)
    except zipfile.BadZipFile:
        return f'is cut short: its end is missing. {_AGAIN}'
    except Exception as error:
        # zipfile raises many kinds for damaged headers.
        return f'is damaged ({type(error).__name__} in its index). {_AGAIN}'


def _archive_fault(archive: zipfile.ZipFile, size: int) -> str | None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    ends = {name.split('/', 1)[-1] for name in names}
    if 'constants.pkl' in ends:
        advice = "Ask its author for the 'state_dict'."
        return f'is a TorchScript program; nothing in it was run. {advice}'
    if 'data.pkl' not in ends:
        kind = 'a zip archive'
        if names and all(name.endswith('.npy') for name in names):
            kind = 'an npz file of NumPy'
        return f'is {kind}, not a checkpoint.'
    # torch.save stores; a compressed entry may unfold to any size.
    stored = all(e.compress_type == zipfile.ZIP_STORED for e in entries)
    if not stored or sum(entry.file_size for entry in entries) > size:
        return 'is a zip archive that torch.save did not write.'
    # torch.serialization.set_crc32_options(False) writes zeros.
    if any(entry.CRC for entry in entries) and (bad := archive.testzip()):
        return f'is damaged: the check sum of {bad} is wrong. {_AGAIN}'
    return None


def _is_safetensors(head: bytes, size: int) -> bool:
    """Whether it begins with the length of a JSON header and its brace."""
    length = int.from_bytes(head[:8], 'little')
    return head[8:10] == b'{"' and 2 <= length <= size - 8
