"""A file of records that is only ever added to."""

import logging
import os
from pathlib import Path

import msgspec
from mmengine.logging import print_log

from .record import Record, RunRecord, SpeedRecord

NAME = 'records.jsonl'
_DECODER = msgspec.json.Decoder(Record)


def read_records(path: str | Path) -> list[Record]:
    """All records of a file, oldest first; none if there is no file.

    A last line that a crash cut short is left out, with a warning. Any other
    line that is no record is a ValueError that names it.
    """
    path = Path(path)
    lines = path.read_bytes().split(b'\n') if path.is_file() else []
    records = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            records.append(_DECODER.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if number < len(lines):
                what = f'{path}, line {number} must be a record'
                raise ValueError(f'{what}, but {error}.') from error
            message = f'{path}: the last line is cut short and left out.'
            print_log(message, 'current', logging.WARNING)
    return records


def append_record(path: str | Path, record: Record) -> None:
    """Add a line and wait for the disk.

    What a crash left of a line is moved to ``<path>.broken`` before. If the
    disk is full, the file is as it was, and the OSError names it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _mend_end(path)
    line = msgspec.json.encode(record) + b'\n'
    with open(path, 'ab', buffering=0) as file:
        size = file.tell()
        try:
            if file.write(line) != len(line):
                raise OSError(28, 'No space left on device')
            os.fsync(file.fileno())
        except OSError as error:
            file.truncate(size)
            raise OSError(
                f'{path} must take a line, but {error.strerror}. Free space; '
                'the same command goes on.'
            ) from error


def finished_runs(
    records: list[Record], hashes: dict[str, str] | None = None
) -> dict[tuple[str, int], RunRecord]:
    """The latest finished run of each row and seed.

    Args:
        records (list[Record]): In the order of the file.
        hashes (dict, optional): ``config_sha256`` by row; runs of another
            config are left out. Defaults to None: all count.
    """
    return {
        (r.row, r.seed): r
        for r in records
        if isinstance(r, RunRecord)
        and r.state == 'finished'
        and (hashes is None or hashes.get(r.row) == r.config_sha256)
    }


def speeds(
    records: list[Record], hashes: dict[str, str] | None = None
) -> dict[str, SpeedRecord]:
    """The latest measurement of each row, likewise."""
    return {
        r.row: r
        for r in records
        if isinstance(r, SpeedRecord)
        and (hashes is None or hashes.get(r.row) == r.config_sha256)
    }


def _mend_end(path: Path) -> None:
    """End the file with a whole line."""
    content = path.read_bytes() if path.is_file() else b''
    whole = content.rfind(b'\n') + 1
    rest = content[whole:]
    if not rest:
        return
    try:
        _DECODER.decode(rest)
        with open(path, 'ab') as file:
            file.write(b'\n')
    except (msgspec.DecodeError, UnicodeDecodeError):
        with open(f'{path}.broken', 'ab') as file:
            file.write(rest + b'\n')
        os.truncate(path, whole)
