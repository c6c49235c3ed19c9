"""Plans a scene: the rack, the rows, and what stands where."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from .calibration import draw_count, draw_cover
from .camera import Camera, aim_camera
from .products import AISLES, KINDS
from .scene import Facing, Row, Run, Scene, box_areas, project_boxes

# Below this a product is a speck: too few pixels to be told from noise.
MIN_PRODUCT_AREA = 48
# Share of the image that products can cover at most, and at least share
# of a product's box that must lie inside the image for it to be there.
MAX_COVER, MIN_INSIDE = 0.7, 0.5
ROUNDS = 12


def capacity(size: tuple[int, int]) -> int:
    """The most products that an image of this size can show legibly."""
    return int(size[0] * size[1] * 0.4 / MIN_PRODUCT_AREA)


def plan_scene(
    rng: np.random.Generator,
    size: tuple[int, int],
    objects: tuple[int, int] | None = None,
) -> Scene:
    """Draw the camera, the rack and the products of one scene.

    Every facing of the result is boxed: one that lies to more than half
    outside the image is taken off the shelf.

    Args:
        rng: Source of randomness.
        size: Width and height of the image.
        objects: Fewest and most objects; None draws from SKU-110K.
    """
    if objects is None:
        count = min(draw_count(rng), capacity(size))
        cover = draw_cover(rng, count)
    else:
        count = int(rng.integers(objects[0], objects[1], endpoint=True))
        # A handful of products would be giants at a full scene's cover.
        cover = draw_cover(rng) * min(1, count / 16)
    floor = min(0.4, count * MIN_PRODUCT_AREA / (size[0] * size[1]))
    cover = float(np.clip(cover, floor, MAX_COVER))
    camera = aim_camera(rng, size)
    rows, facings = _stock(rng, camera, count, cover)
    facings = _take_off(rng, facings, count)
    boxes, _ = project_boxes(camera, facings)
    seed = int(rng.integers(2**63))
    return Scene(camera, rows, tuple(facings), boxes, seed)


def _stock(
    rng: np.random.Generator, camera: Camera, count: int, cover: float
) -> tuple[tuple[Row, ...], list[Facing]]:
    """Build a rack and fill it with ``count`` products or a few more."""
    fill = rng.uniform(0.62, 0.82)
    aisle = AISLES[rng.integers(len(AISLES))]
    seed = int(rng.integers(2**63))
    lift = rng.uniform(0.25, 0.75)
    spare = 1 + rng.uniform(0.02, 0.1)
    for crowd in 1.3 ** np.arange(12):
        # Products take about 0.9 of a filled rack's length. A rack that
        # cannot hold them is made higher, with more rows.
        share = min(1.0, 1.12 * cover / fill * crowd)
        rows = _rows(rng, camera, count * crowd, share, lift * (1 - share))
        facings = _settle(
            count,
            cover,
            spare,
            fill,
            camera,
            partial(_fill, seed, camera, rows, aisle),
        )
        if facings:
            return rows, facings
    raise RuntimeError(
        f'no layout found for {count} products in {camera.size} pixels'
    )


def _settle(
    count: int,
    cover: float,
    spare: float,
    fill: float,
    camera: Camera,
    stock: Callable[[float, float], list[Facing]],
) -> list[Facing]:
    """Find the width and the height that give the count and the cover.

    Narrower products make more of them, higher ones cover more: a few
    rounds over the same random numbers settle both.

    Returns:
        The products that are seen, ``count`` of them or more; none if no
        round came that far.
    """
    width = 1.0
    best: list[Facing] = []
    for turn in range(ROUNDS):
        facings = stock(width, fill)
        boxes, inside = project_boxes(camera, facings)
        seen = inside > MIN_INSIDE
        facings = [one for one, is_seen in zip(facings, seen) if is_seen]
        found = max(len(facings), 1)
        areas = box_areas(boxes)[seen].sum() / math.prod(camera.size)
        covered = max(areas * min(1, count / found), 1e-6)
        if len(facings) >= count:
            if not best or found < len(best):
                best = facings
            near = abs(covered / cover - 1) < 0.05 or turn >= 4
            if near and found <= 1.12 * count + 1:
                return facings
        width *= min(1.5, (found / (count * spare)) ** 0.7)
        fill = float(np.clip(fill * cover / covered, 0.4, 0.92))
    return best


def _rows(
    rng: np.random.Generator,
    camera: Camera,
    count: float,
    share: float,
    start: float,
) -> tuple[Row, ...]:
    """Cut the rack into rows, higher and lower ones."""
    width, height = camera.canvas
    rack = share * height
    # A row of height p holds about 3.6 products per p of its length.
    number = math.sqrt(count * rack / width / 3.6)
    number = int(np.clip(round(number), 1, rack // 14 or 1))
    parts = rng.uniform(0.82, 1.18, number)
    edges = np.cumsum(np.concatenate([[0], parts / parts.sum()]))
    edges = np.round(start * height + edges * rack).astype(int)
    rail = max(2, round(0.115 * rack / number))
    return tuple(
        Row(int(top), int(bottom) - rail, int(bottom))
        for top, bottom in zip(edges[:-1], edges[1:])
    )


def _fill(
    seed: int,
    camera: Camera,
    rows: tuple[Row, ...],
    aisle: tuple[str, ...],
    width: float,
    fill: float,
) -> list[Facing]:
    """Fill every row from end to end with runs."""
    facings = []
    for index, row in enumerate(rows):
        rng = np.random.default_rng([seed, index])
        main = aisle[rng.integers(len(aisle))]
        x = -rng.uniform(0, 0.3) * (row.floor - row.top)
        brand = int(rng.integers(2**31))
        column = 0
        while x < camera.canvas[0]:
            kind = main
            if rng.random() < 0.25:
                kind = aisle[rng.integers(len(aisle))]
            if rng.random() < 0.5:
                brand = int(rng.integers(2**31))
            run = _run(rng, camera, row, index, kind, brand, width, fill)
            x += run.width * rng.uniform(0, 0.22)
            for _ in range(1 + min(int(rng.geometric(0.28)), 8)):
                facings += _stack(rng, row, run, x, column)
                column += 1
                x += max(1, run.width * (1 + rng.uniform(-0.025, 0.03)))
    return facings


def _run(
    rng: np.random.Generator,
    camera: Camera,
    row: Row,
    index: int,
    name: str,
    brand: int,
    width: float,
    fill: float,
) -> Run:
    """Size one product so that its stack fills the row as asked."""
    kind = KINDS[name]
    clear = row.floor - row.top
    wide = max(3.0, clear * kind.width * width * rng.lognormal(0, 0.1))
    high = wide / rng.uniform(*kind.aspect)
    target = min(fill * rng.uniform(0.88, 1.1), 0.95) * clear
    levels = int(np.clip(round(target / high), 1, kind.stack))
    high = max(6, round(min(target / levels, high * 1.4)))
    bend = 0.0
    if kind.surface == 'round':
        eye = (row.floor - high / 2 - camera.foot[1]) / camera.focal
        bend = round(float(np.clip(eye * wide / 2 / high, -0.03, 0.12)), 3)
    flavour = int(rng.integers(2**31))
    return Run(name, index, round(wide), high, bend, brand, flavour)


def _stack(
    rng: np.random.Generator, row: Row, run: Run, x: float, column: int
) -> list[Facing]:
    """One column of products, from the board up."""
    kind = KINDS[run.kind]
    # The upper product stands on the lid of the lower one.
    step = run.height * (1 - 2 * max(run.bend, 0) * kind.profile[0][1])
    room = (row.floor - row.top) * 0.96 - run.height
    levels = 1 + int(room // step)
    if kind.stack > 1 and rng.random() < 0.12:
        levels -= 1
    levels = int(np.clip(levels, 1, kind.stack))
    setback = round(run.height * rng.uniform(0, 0.02))
    facings = []
    for level in range(levels):
        lean = 0.0
        if levels == 1 and rng.random() < 0.3:
            lean = float(np.clip(rng.normal(0, 0.9), -2, 2))
        sway = round(run.width * rng.normal(0, 0.012))
        top = row.floor - setback - round(level * step) - run.height
        facings.append(Facing(run, round(x) + sway, top, lean, column, level))
    return facings


def _take_off(
    rng: np.random.Generator, facings: list[Facing], count: int
) -> list[Facing]:
    """Take products off the shelf until ``count`` stand there.

    The upper one of a stack goes first, and mostly neighbors of a gap:
    sold-out places, as in a shop.
    """
    columns: dict[tuple[int, int], list[Facing]] = {}
    for facing in facings:
        columns.setdefault((facing.run.row, facing.column), []).append(facing)
    keys = list(columns)
    at = 0
    for _ in range(len(facings) - count):
        if rng.random() < 0.6 or not columns.get(keys[at]):
            at = int(rng.integers(len(keys)))
        columns[keys[at]].pop()
        if not columns[keys[at]]:
            gone = keys.pop(at)
            del columns[gone]
            at = min(at, len(keys) - 1)
    return [facing for column in columns.values() for facing in column]
