"""Scenes in COCO's form, and pycocotools as it comes: the oracle."""

import contextlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from dense_scene.datasets.annotation_columns import AnnotationColumns
from dense_scene.evaluation.tables.detections import Detections
from dense_scene.evaluation.tables.ground_truth import GroundTruth

# Areas of exactly 32 * 32 and 96 * 96, where sizes change, among others.
SIZES = np.array(
    [
        (32, 32),
        (16, 64),
        (96, 96),
        (20.3, 33.7),
        (7, 5),
        (144, 64),
        (120.1, 90),
    ]
)


def random_scene(
    seed: int,
    num_images: int = 4,
    objects: int = 60,
    detections: int = 150,
    num_classes: int = 2,
    crowd: float = 0.1,
) -> tuple[dict, list[dict]]:
    """Crowded images with scores in tenths, hence many ties.

    Images are listed in no order, some without objects or detections; the last
    class has no object. Boxes have one decimal, which no float holds.
    """
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.arange(num_images) * 3 + 5)
    categories = [
        dict(id=2 + 3 * k, name=f'class {k}') for k in range(num_classes)
    ]
    # The first image holds no object, the last no detection.
    of_object = ids[rng.integers(min(1, num_images - 1), num_images, objects)]
    sizes = SIZES[rng.integers(len(SIZES), size=objects)]
    boxes = np.hstack(((rng.random((objects, 2)) * 200).round(1), sizes))
    labels = rng.integers(max(1, num_classes - 1), size=objects)
    iscrowd = rng.random(objects) < crowd
    annotations = [
        dict(
            id=n + 1,
            image_id=int(of_object[n]),
            bbox=boxes[n].tolist(),
            category_id=categories[labels[n]]['id'],
            iscrowd=int(iscrowd[n]),
            area=float(np.prod(sizes[n])),
        )
        for n in range(objects)
    ]
    found = []
    for n in rng.integers(max(1, objects), size=detections * bool(objects)):
        shift = rng.choice([0, 0, 0.1, 2, -7], 4)
        label = labels[n] if rng.random() < 0.8 else num_classes - 1
        if num_images == 1 or of_object[n] != ids[-1]:
            found.append(
                dict(
                    image_id=int(of_object[n]),
                    category_id=categories[label]['id'],
                    bbox=np.maximum(boxes[n] + shift, 0.5).tolist(),
                    score=round(float(rng.random()), 1),
                )
            )
    images = [
        dict(id=int(i), width=500, height=400, file_name=f'{i}.jpg')
        for i in ids
    ]
    return dict(
        images=images, categories=categories, annotations=annotations
    ), found


def read_truth(content: dict, classes=None) -> GroundTruth:
    """A COCO dict as a file would be read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'truth.json'
        path.write_text(json.dumps(content))
        return GroundTruth.from_coco(path, classes)


def read(content: dict, found: list[dict]) -> tuple[GroundTruth, Detections]:
    """Both sides of a scene."""
    truth = read_truth(content)
    return truth, Detections.from_coco(found, truth)


def make_truth(
    ids=(1,),
    image_ids=(),
    boxes=(),
    labels=None,
    classes=('object',),
    names=None,
    iscrowd=None,
) -> GroundTruth:
    """Ground truth from xyxy boxes, with image_ids of each."""
    ids, count = list(ids), len(image_ids)
    columns = AnnotationColumns.from_rows(
        [name.encode() for name in names or [''] * len(ids)],
        ids,
        np.full((len(ids), 2), 800),
        np.array([ids.index(image) for image in image_ids], np.int64),
        np.array(boxes, np.float64).reshape(-1, 4),
        np.zeros(count, int) if labels is None else np.array(labels, int),
        np.zeros(count, bool) if iscrowd is None else np.array(iscrowd, bool),
    )
    return GroundTruth.from_columns(columns, classes)


def grid(count: int, side: float = 40, columns: int = 20) -> np.ndarray:
    """Touching squares, (count, 4) xywh, from left to right."""
    place = np.arange(count)
    corners = np.stack((place % columns, place // columns), axis=1) * side
    return np.hstack((corners, np.full((count, 2), side)))


def coco_dict(boxes: np.ndarray, **columns) -> dict:
    """One image, id 1, and one class, id 1, with these xywh boxes."""
    annotations = [
        dict(
            id=n + 1,
            image_id=1,
            category_id=1,
            bbox=list(map(float, box)),
            area=float(box[2] * box[3]),
            iscrowd=0,
        )
        for n, box in enumerate(boxes)
    ]
    for name, values in columns.items():
        for item, value in zip(annotations, values):
            item[name] = value
    return dict(
        images=[dict(id=1, width=2000, height=2000, file_name='1.jpg')],
        categories=[dict(id=1, name='object')],
        annotations=annotations,
    )


def coco_results(boxes: np.ndarray, scores) -> list[dict]:
    """Detections in image 1 of class 1."""
    return [
        dict(
            image_id=1,
            category_id=1,
            bbox=list(map(float, box)),
            score=float(score),
        )
        for box, score in zip(boxes, scores)
    ]


def pycocotools_tables(
    truth: dict, found: list[dict], max_dets: list[int], library=COCOeval
) -> tuple[np.ndarray, np.ndarray]:
    """Precision and recall of the untouched library, or of another."""
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = truth
        coco.createIndex()
        # loadRes cannot take an empty list.
        results = (
            coco.loadRes([dict(item) for item in found]) if found else (COCO())
        )
        evaluator = library(coco, results, 'bbox')
        evaluator.params.maxDets = max_dets
        evaluator.evaluate()
        evaluator.accumulate()
    return evaluator.eval['precision'], evaluator.eval['recall']
