"""What rows find and miss: kinds of errors, density, the same scenes."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from ...analysis.errors.gallery import draw_errors
from ...analysis.errors.kinds import DETECTION_ERRORS, OBJECT_ERRORS
from ...analysis.errors.measure import analyse_error_file
from ...analysis.errors.report import ErrorReport
from ...evaluation.density.measure import measure_density
from ...visualization.boxes import TRUTH_COLOR, draw_boxes
from ...visualization.charts import draw_dots, draw_lines
from ...visualization.page import Section
from ..comparison.results import SuiteResults

_CAP = 300
_WIDTH = 720
_QUALITY = 55
_KINDS = (*DETECTION_ERRORS, *OBJECT_ERRORS)


def scene_sections(
    results: SuiteResults, ann_file: Path, image_dir: Path, scenes: int
) -> list[Section]:
    """Of the first seed of each row that kept its detections."""
    reports = dict(_reports(results, ann_file))
    if not reports:
        return []
    parts = [_error_section(reports), _density_section(reports)]
    return [*parts, *_gallery_sections(reports, image_dir, scenes)]


def _reports(
    results: SuiteResults, ann_file: Path
) -> Iterator[tuple[str, ErrorReport]]:
    for row in results.rows:
        for seed in list(row.runs)[:1]:
            path = row.folder / str(seed) / 'detections.npz'
            if path.is_file():
                given = str(path), str(ann_file), _CAP
                yield row.row.name, analyse_error_file(*given)


def _error_section(reports: dict[str, ErrorReport]) -> Section:
    names = [kind.replace('_', ', ') for kind in _KINDS]
    costs = {
        name: [report.ap_cost[kind] for kind in _KINDS]
        for name, report in reports.items()
    }
    rows = [
        [name, f'{reports[name].ap50:.3f}', *(f'{c:.3f}' for c in cost)]
        for name, cost in costs.items()
    ]
    chart = draw_dots(costs, names, 'AP50 that mending them would win')
    text = (
        'Errors at IoU 0.5 and what AP50 would gain without one kind; kinds '
        'as in docs/evaluation.md.'
    )
    head = ['row', f'AP50@{_CAP}', *names]
    figures = [('Cost of each kind', chart, 'Of the first seed.')]
    return Section('Kinds of errors', head, rows, text, figures)


def _density_section(reports: dict[str, ErrorReport]) -> Section:
    series, head, rows = {}, ['row'], []
    for name, report in reports.items():
        found = report.detections.drop_nan()[0]
        groups = measure_density(report.ground_truth, found).by_objects
        head = ['row', *(f'{g["range"]} objects' for g in groups)]
        values = [group[f'AP@{_CAP}'] for group in groups]
        middle = [g['objects'] / max(g['images'], 1) for g in groups]
        series[name] = middle, values
        rows.append([name, *(f'{value:.3f}' for value in values)])
    chart = draw_lines(series, 'objects in an image', f'AP@{_CAP}', True)
    caption = 'Quarters of the images by their number of objects, first seed.'
    figures = [(f'AP@{_CAP} against density', chart, caption)]
    return Section('Density', head, rows, figures=figures)


def _gallery_sections(
    reports: dict[str, ErrorReport], image_dir: Path, scenes: int
) -> Iterator[Section]:
    """The same images for all rows, the ground truth first."""
    first = next(iter(reports.values()))
    truth = first.ground_truth
    counts = truth.counts()
    # From the densest to the median: these are hard, and typical.
    order = np.argsort(-counts, kind='stable')
    places = np.linspace(0, len(order) // 2, scenes).astype(int)
    for image in order[np.unique(places)]:
        name, image_id = (
            truth.file_names[image],
            truth.columns.image_ids[image],
        )
        picture = cv2.imread(str(image_dir / name))
        if picture is None:
            continue
        boxes = truth.boxes[truth.image_ids == image_id]
        shown = draw_boxes(picture, boxes, TRUTH_COLOR)
        figures = [('ground truth', _webp(shown), f'{counts[image]} objects')]
        for row, report in reports.items():
            drawn = draw_errors(picture, report, image_id)
            caption = 'gray: found, at any score; wrong boxes from 0.3 on'
            figures.append((row, _webp(drawn), caption))
        yield Section(f'Scene {name}', figures=figures)


def _webp(picture: np.ndarray) -> bytes:
    scale = _WIDTH / picture.shape[1]
    if scale < 1:
        area = cv2.INTER_AREA
        picture = cv2.resize(picture, None, None, scale, scale, area)
    options = [cv2.IMWRITE_WEBP_QUALITY, _QUALITY]
    return cv2.imencode('.webp', picture, options)[1].tobytes()
