"""The images that were checked so far, on disk."""

import json
import os
from dataclasses import asdict
from pathlib import Path

from .image_record import ImageRecord

# Raise it when inspect_image() finds something new: older records are then
# not believed.
_HEADER = {'dense_scene_checked_images': 1}


class Journal:
    """JSON lines that are appended as images are checked.

    A line that was cut short, by a crash or a full disk, is dropped on
    opening; what stands before it is kept.

    Args:
        path (Path): Made if absent.

    Raises:
        ValueError: If the file exists and is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records = self._read() if path.exists() else {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(path, 'a', encoding='utf-8')  # noqa: SIM115
        if not self._file.tell():
            self._write(_HEADER)

    def __enter__(self) -> 'Journal':
        return self

    def __exit__(self, *error) -> None:
        self._file.close()

    def add(self, record: ImageRecord) -> None:
        """Keep a record; it is with the operating system on return."""
        self.records[record.name] = record
        self._write(asdict(record))

    def find(self, name: str, status: os.stat_result) -> ImageRecord | None:
        """The record of a file that has not been changed since."""
        record = self.records.get(name)
        if record and (record.bytes, record.mtime_ns) == (
            status.st_size,
            status.st_mtime_ns,
        ):
            return record
        return None

    def _write(self, item: dict) -> None:
        self._file.write(json.dumps(item) + '\n')
        self._file.flush()

    def _read(self) -> dict[str, ImageRecord]:
        content = self.path.read_bytes()
        whole = content.rfind(b'\n') + 1
        lines = content[:whole].splitlines()
        try:
            if content and json.loads(lines[0]) != _HEADER:
                raise ValueError
            records = [ImageRecord(**json.loads(line)) for line in lines[1:]]
        except (IndexError, TypeError, ValueError):
            raise ValueError(
                f'{self.path} must be the list of checked images that this '
                'version writes, but is something else. Delete it, or '
                'choose another folder.'
            ) from None
        os.truncate(self.path, whole)
        return {record.name: record for record in records}
