"""Check a data set and write down what was found."""

from collections.abc import Sequence
from pathlib import Path

from ...datasets.checks.check import SPLITS, SKU110KCheck, check_sku110k
from ...datasets.checks.write_manifests import write_manifests
from .report import write_preparation_report


def prepare_sku110k(
    root: str | Path,
    out_dir: str | Path,
    splits: Sequence[str] = SPLITS,
    limit: int | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> tuple[SKU110KCheck, list[Path]]:
    """Check SKU-110K; write manifests and a report.

    Args:
        root (str | Path): The unpacked ``SKU110K_fixed``, which is not
            changed.
        out_dir (str | Path): Gets ``report.html``, the files of
            :func:`write_manifests` and ``checked.jsonl``, with which an
            interrupted check goes on and a later one reads new or changed
            images only.
        splits, limit, workers, progress: Of :func:`check_sku110k`, and what
            is raised.

    Returns:
        tuple[SKU110KCheck, list[Path]]: What was found, and the files, the
        report first.
    """
    out_dir = Path(out_dir)
    check = check_sku110k(
        root, out_dir / 'checked.jsonl', splits, limit, workers, progress
    )
    paths = write_manifests(check, out_dir)
    report = write_preparation_report(check, out_dir / 'report.html')
    return check, [report, *paths]
