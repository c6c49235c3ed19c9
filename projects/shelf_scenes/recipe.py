"""What a rendered data set was made from, and its COCO JSON."""

import json
from dataclasses import asdict, dataclass

import numpy as np

from .request import check_number, check_objects, check_size

# Raised whenever the same seed would give other pixels or boxes.
RENDERER = 1
SPLITS = ('train', 'val', 'test')


@dataclass(frozen=True)
class Recipe:
    """All that decides a rendered split.

    Attributes:
        num_images: How many images; each is independent of this number.
        split: One of ``SPLITS``; the same seed gives other scenes in each.
        size: Width and height in pixels.
        objects: Fewest and most objects per image; None as in SKU-110K.
        seed: A non-negative integer.

    Raises:
        TypeError, ValueError: If one of them makes no sense.
    """

    num_images: int
    split: str
    size: tuple[int, int]
    objects: tuple[int, int] | None
    seed: int

    def __post_init__(self) -> None:
        size = check_size(self.size)
        object.__setattr__(self, 'size', size)
        object.__setattr__(self, 'objects', check_objects(self.objects, size))
        check_number('num_images', self.num_images, 1)
        check_number('seed', self.seed)
        if self.split not in SPLITS:
            raise ValueError(
                f'split must be one of {", ".join(SPLITS)}, but got '
                f'{self.split!r}.'
            )

    def seed_of(self, index: int) -> np.random.SeedSequence:
        """The seed of the image at ``index``, in whatever process."""
        return np.random.SeedSequence(
            [self.seed, SPLITS.index(self.split), index]
        )

    def info(self) -> dict:
        """The ``info`` entry of the JSON."""
        parameters = json.loads(json.dumps(asdict(self)))
        parameters['renderer'] = RENDERER
        return {
            'description': 'Rendered shelf scenes (dense_scene)',
            'version': str(RENDERER),
            'parameters': parameters,
        }

    def difference(self, info: dict) -> str:
        """Name the first parameter in which a written set differs."""
        theirs = info.get('parameters')
        if not isinstance(theirs, dict):
            return 'it was not written by this renderer'
        for name, ours in self.info()['parameters'].items():
            if theirs.get(name) != ours:
                return (
                    f'it was rendered with {name}={theirs.get(name)}, and '
                    f'{name}={ours} is asked for'
                )
        return ''


def file_name(index: int) -> str:
    """Name of the image at ``index``; names count from one."""
    return f'{index + 1:06d}.jpg'


def to_coco(recipe: Recipe, boxes: list[np.ndarray]) -> dict:
    """Build the COCO dictionary from the xyxy boxes of each image."""
    width, height = recipe.size
    images, annotations = [], []
    for index, part in enumerate(boxes):
        images.append(
            {
                'id': index + 1,
                'file_name': file_name(index),
                'width': width,
                'height': height,
            }
        )
        for x1, y1, x2, y2 in np.round(part.astype(float), 2).tolist():
            bbox = [x1, y1, round(x2 - x1, 2), round(y2 - y1, 2)]
            annotations.append(
                {
                    'id': len(annotations) + 1,
                    'image_id': index + 1,
                    'category_id': 1,
                    'bbox': bbox,
                    'area': round(bbox[2] * bbox[3], 2),
                    'iscrowd': 0,
                }
            )
    return {
        'info': recipe.info(),
        'images': images,
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'product'}],
    }
