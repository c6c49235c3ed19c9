"""Operations on the whole image: color against Pillow, geometry, Cutout."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from shelf_scenes.render import render_shelf

from .helpers import noise, run

NO_BOX = np.zeros((0, 4))


def enhance(kind):
    return lambda image, level: kind(image).enhance(level / 10 * 1.8 + 0.1)


def posterize(image, level):
    # Pillow refuses 0 bits, what the lowest levels ask for: see posterize().
    return ImageOps.posterize(image, max(1, int(level / 10 * 4)))


def solarize_add(image, level):
    add = int(level / 10 * 110)
    table = [min(255, v + add) if v < 128 else v for v in range(256)]
    return image.point(table * 3)


ORACLES = dict(
    AutoContrast=lambda image, level: ImageOps.autocontrast(image),
    Equalize=lambda image, level: ImageOps.equalize(image),
    Posterize=posterize,
    Solarize=lambda image, level: ImageOps.solarize(
        image, int(level / 10 * 256)
    ),
    SolarizeAdd=solarize_add,
    Color=enhance(ImageEnhance.Color),
    Contrast=enhance(ImageEnhance.Contrast),
    Brightness=enhance(ImageEnhance.Brightness),
    Sharpness=enhance(ImageEnhance.Sharpness),
)


@pytest.fixture(scope='module')
def images():
    dull = (noise(90, 70) // 3 + 60).astype(np.uint8)
    tinted = (dull * np.array([0.5, 1, 1.3])).astype(np.uint8)
    constant = np.empty((20, 30, 3), np.uint8)
    constant[:] = 17, 130, 201
    photo = render_shelf(seed=3, size=160, objects=(9, 9))[0]
    return [
        noise(90, 70),
        tinted,
        constant,
        photo,
        noise(1, 1),
        np.full((9, 9, 3), 255, np.uint8),
    ]


def pillow(image, operation, level):
    rgb = Image.fromarray(image[..., ::-1].copy())
    return np.asarray(operation(rgb, level))[..., ::-1].astype(int)


@pytest.mark.parametrize('name', ORACLES)
def test_within_one_level_of_pillow(images, name):
    for image in images:
        before = image.copy()
        for level in range(11):
            found = run(image, NO_BOX, (name, 1, level)).image
            expected = pillow(image, ORACLES[name], level)
            assert found.dtype == np.uint8 and found.shape == image.shape
            assert abs(found - expected).max() <= 1, level
        assert (image == before).all()


@pytest.mark.parametrize(
    'names',
    [
        ('Brightness', 'AutoContrast', 'Brightness'),
        ('SolarizeAdd', 'Equalize', 'Solarize'),
        ('Posterize', 'Contrast', 'Equalize'),
        ('Equalize', 'Color', 'AutoContrast'),
    ],
)
def test_joined_tables_equal_one_after_another(images, names):
    """Tables are joined and histograms passed through them."""
    for image in images:
        joined = run(image, NO_BOX, *((name, 1, 6) for name in names)).image
        for name in names:
            image = run(image, NO_BOX, (name, 1, 6)).image
        # Contrast takes the mean from the histograms if they are there: it
        # is the same but for the rounding of each pixel's luma.
        assert abs(joined.astype(int) - image).max() <= (
            1 if 'Contrast' in names else 0
        )


def test_level_without_effect_passes_the_image_on(images):
    # Factor 1; threshold 256; nothing to add.
    for step in (
        ('Color', 1, 5),
        ('Sharpness', 1, 5),
        ('Brightness', 1, 5),
        ('Contrast', 1, 5),
        ('Solarize', 1, 10),
        ('SolarizeAdd', 1, 0),
    ):
        assert run(images[0], NO_BOX, step).image is images[0]


HEIGHT, WIDTH = 400, 600
GEOMETRIC = (
    'Rotate_BBox',
    'ShearX_BBox',
    'ShearY_BBox',
    'TranslateX_BBox',
    'TranslateY_BBox',
)


@pytest.fixture
def image():
    return noise(HEIGHT, WIDTH)


@pytest.fixture
def boxes():
    corners = np.random.default_rng(1).uniform(0, 1, (600, 2, 2))
    corners = np.sort(corners, axis=1) * [WIDTH, HEIGHT]
    return corners.reshape(-1, 4)


def reference(name, level, sign, box, scale=1.0):
    """One box, corner by corner in float64."""
    x1, y1, x2, y2 = box
    points = []
    for x, y in ((x1, y1), (x1, y2), (x2, y1), (x2, y2)):
        if name == 'Rotate_BBox':
            angle = np.deg2rad(sign * 3.0 * level)
            dx, dy = x - WIDTH / 2, y - HEIGHT / 2
            x = WIDTH / 2 + np.cos(angle) * dx - np.sin(angle) * dy
            y = HEIGHT / 2 + np.sin(angle) * dx + np.cos(angle) * dy
        elif name == 'ShearX_BBox':
            x -= sign * 0.03 * level * y
        elif name == 'ShearY_BBox':
            y -= sign * 0.03 * level * x
        elif name == 'TranslateX_BBox':
            x += sign * 25 * level * scale
        else:
            y += sign * 25 * level * scale
        points.append((x, y))
    xs, ys = np.array(points).T.clip(0, [[WIDTH], [HEIGHT]])
    return np.array([xs.min(), ys.min(), xs.max(), ys.max()])


def expect(name, level, sign, boxes, scale=1.0):
    moved = np.stack(
        [reference(name, level, sign, box, scale) for box in boxes]
    )
    kept = (moved[:, 2] > moved[:, 0]) & (moved[:, 3] > moved[:, 1])
    return moved[kept], np.flatnonzero(kept)


@pytest.mark.parametrize('name', GEOMETRIC)
def test_boxes_against_float64(name, image, boxes):
    for level in (2, 10):
        expected = [expect(name, level, sign, boxes) for sign in (-1, 1)]
        seen = set()
        for seed in range(12):
            canvas = run(image, boxes, (name, 1, level), seed=seed)
            fits = [
                len(kept) == len(canvas.kept)
                and np.allclose(moved, canvas.boxes, atol=1e-9)
                and (kept == canvas.kept).all()
                for moved, kept in expected
            ]
            assert any(fits)
            seen.add(fits.index(True))
        assert seen == {0, 1}  # both signs happen


@pytest.mark.parametrize('name', GEOMETRIC)
def test_object_follows_its_box(name):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[150:220, 260:350] = 255
    canvas = run(image, [[260, 150, 350, 220]], (name, 1, 4))
    ys, xs = np.nonzero(canvas.image[..., 0] == 255)
    found = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
    np.testing.assert_allclose(found, canvas.boxes[0], atol=1.01)
    # What comes from outside is gray, in all channels.
    assert set(np.unique(canvas.image)) == {0, 128, 255}


@pytest.mark.parametrize('name', GEOMETRIC)
def test_level_zero_changes_nothing(name, image):
    canvas = run(image, [[-5, 0, 700, 9]], (name, 1, 0))
    assert canvas.image is image
    assert canvas.boxes.tolist() == [[-5, 0, 700, 9]]
    assert (canvas.matrix == np.eye(3)).all()


def test_translation_by_hand(image):
    # 250 pixels at level 10. Boxes: left alone; cut or gone to the left;
    # cut or gone to the right.
    boxes = [
        [270, 5, 330, 9],
        [240, 0, 260, 9],
        [249, 0, 250, 9],
        [350, 0, 351, 9],
        [349, 0, 351, 9],
    ]
    for seed in range(9):
        canvas = run(image, boxes, ('TranslateX_BBox', 1, 10), seed=seed)
        if canvas.boxes[0, 0] == 20:
            assert canvas.boxes.tolist() == [
                [20, 5, 80, 9],
                [0, 0, 10, 9],
                [100, 0, 101, 9],
                [99, 0, 101, 9],
            ]
            assert canvas.kept.tolist() == [0, 1, 3, 4]
            assert (canvas.image[:, :350] == image[:, 250:]).all()
            assert (canvas.image[:, 350:] == 128).all()
            return
    pytest.fail('never moved to the left')


def test_pixel_scale_acts_as_at_full_resolution(image):
    # 25 * 4 = 100 pixels of the photo are 0.5 * 100 = 50 of the image to the
    # side, 0.25 * 100 = 25 up or down.
    box = [[200.0, 200, 300, 300]]
    for name, shift, pixels in (
        ('TranslateX_BBox', [100, 0], [50, 0]),
        ('TranslateY_BBox', [0, 100], [0, 25]),
    ):
        canvas = run(image, box, (name, 1, 4), scale=(0.5, 0.25))
        moved = canvas.boxes[0] - box[0]
        assert abs(moved).tolist() == shift * 2
        assert abs(canvas.matrix[:2, 2]).tolist() == shift
        back = np.sign(moved[:2]).astype(int) * pixels
        still = np.roll(canvas.image, -back[::-1], (0, 1)) == image
        assert still[25:-25, 50:-50].all()


@pytest.mark.parametrize('name', GEOMETRIC)
def test_half_the_resolution_gives_the_same_boxes(name, image, boxes):
    half = np.ascontiguousarray(image[::2, ::2])
    full = run(image, boxes, (name, 1, 8))
    small = run(half, boxes, (name, 1, 8), scale=(0.5, 0.5))
    assert (full.kept == small.kept).all()
    np.testing.assert_allclose(small.boxes, full.boxes, atol=1e-9)
    np.testing.assert_allclose(
        small.boxes_in_image() * 2, full.boxes, atol=1e-9
    )


@pytest.mark.parametrize(
    'scale,side', [((1, 1), (40, 40)), ((0.5, 0.25), (20, 10))]
)
def test_cutout(scale, side):
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    centers = set()
    for seed in range(30):
        # Half a side of 100 pixels at level 10: 20 at level 2.
        canvas = run(
            image, [[1, 2, 3, 4]], ('Cutout', 1, 2), seed=seed, scale=scale
        )
        changed = canvas.image[..., 0] == 128
        assert set(np.unique(canvas.image)) == {0, 128}
        ys, xs = np.nonzero(changed)
        width, height = np.ptp(xs) + 1, np.ptp(ys) + 1
        assert changed.sum() == width * height  # a rectangle
        assert width <= side[0] and height <= side[1]
        if xs.min() > 0 and xs.max() < WIDTH - 1:
            assert width == side[0]
        if ys.min() > 0 and ys.max() < HEIGHT - 1:
            assert height == side[1]
        assert canvas.boxes.tolist() == [[1, 2, 3, 4]]
        centers.add((xs.min(), ys.min()))
    assert len(centers) > 20
    assert (image == 0).all()


def test_bbox_cutout():
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    boxes = [[100, 100, 180, 140], [400, 300, 440, 380], [9, 9, 9, 40]]
    seen = set()
    for seed in range(20):
        # 0.75 of the sides at level 10: 0.3 at level 4, half of it to each
        # side: 80 x 40 -> 12 and 6, 40 x 80 -> 6 and 12.
        canvas = run(image, boxes, ('BBox_Cutout', 1, 4), seed=seed)
        ys, xs = np.nonzero(canvas.image[..., 0])
        first = xs.min() < 300
        half = np.array([12, 6] if first else [6, 12])
        box = np.array(boxes[0 if first else 1])
        assert [np.ptp(xs) + 1, np.ptp(ys) + 1] == (2 * half).tolist()
        center = np.array([xs.min(), ys.min()]) + half
        assert (box[:2] <= center).all() and (center < box[2:]).all()
        seen.add(first)
    assert seen == {True, False}
    # Nothing to cut out: no box, or none with an area.
    for boxes in (np.zeros((0, 4)), [[9, 9, 9, 40]]):
        assert run(image, boxes, ('BBox_Cutout', 1, 4)).image is image
