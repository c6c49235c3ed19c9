"""CVAT for images against text written by hand, and what is refused."""

import pytest

from dense_scene.datasets.importers.cvat_format import read_cvat

from .conftest import rows_of

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n<annotations><meta><job><labels>'
    '<label><name>tin</name></label><label><name>box</name></label>'
    '<label><name>cap</name><parent>tin</parent></label>'
    '</labels></job></meta>'
)
BOX = (
    '<box label="box" occluded="1" xtl="10.25" ytl="1" xbr="50.125" ybr="11"/>'
)


@pytest.fixture
def read(tmp_path):
    def read(*shapes, image='name="sub/a.jpg" width="60" height="40"'):
        path = tmp_path / 'annotations.xml'
        body = f'<image id="0" {image}>{"".join(shapes)}</image>'
        path.write_text(f'{HEAD}{body}</annotations>')
        return read_cvat(path).checked()

    return read


def test_boxes_and_the_order_of_the_labels(read):
    found = read(BOX)
    assert rows_of(found) == [
        ('sub/a.jpg', [40, 60], [[10.25, 1, 50.125, 11]], ['box'], [False])
    ]
    # The points of a skeleton are no class of their own.
    assert found.classes == ('tin', 'box') and found.notes == []


@pytest.mark.parametrize(
    'angle, expected',
    [
        # 40 x 10 about (30, 20). A quarter turn: 10 x 40.
        (90, [25, 0, 35, 40]),
        (270, [25, 0, 35, 40]),
        (180, [10, 15, 50, 25]),
        # 30 degrees: half sides 20 cos + 5 sin and 20 sin + 5 cos, that is
        # 17.3205 + 2.5 and 10 + 4.3301.
        (30, [10.1795, 5.6699, 49.8205, 34.3301]),
        (150, [10.1795, 5.6699, 49.8205, 34.3301]),
    ],
)
def test_rotated_boxes_become_their_upright_hull(read, angle, expected):
    found = read(
        f'<box label="tin" xtl="10" ytl="15" xbr="50" ybr="25" '
        f'rotation="{angle}.00"/>'
    )
    assert found.columns.boxes[0] == pytest.approx(expected, abs=1e-4)
    # Half a turn changes nothing, so that there is nothing to say.
    assert [note[:9] for note in found.notes] == ['1 rotated'] * (angle != 180)


def test_other_shapes(read):
    found = read(
        '<polygon label="tin" points="1.5,2;10,2;9,8.25"/>',
        '<mask label="tin" rle="3,4" left="2" top="3" width="10" height="8"/>',
        '<polyline label="tin" points="1,2;3,4"/>',
        '<tag label="tin"/>',
    )
    # The mask has the pixels 2 to 11 and 3 to 10.
    assert found.columns.boxes.tolist() == [[1.5, 2, 10, 8.25], [2, 3, 12, 11]]
    assert [note[:1] for note in found.notes] == ['2', '2']


@pytest.mark.parametrize(
    'shape, words',
    [
        (BOX.replace('50.125', '1'), "'sub/a.jpg', box 1: .* x1 <= x2"),
        (BOX.replace('50.125', 'nan'), 'box 1: .* finite'),
        (BOX.replace('50.125', 'wide'), "box 1 must give .*'wide'"),
        (BOX.replace('xbr', 'right'), 'box 1 must give its corners'),
        (BOX.replace('/>', ' rotation="left"/>'), "must give .*'left'"),
        ('<polygon label="tin" points="1;2"/>', 'polygon 1 must give'),
        ('<polygon label="tin"/>', 'polygon 1 must give'),
    ],
)
def test_refusals(read, shape, words):
    with pytest.raises(ValueError, match=words) as error:
        read(shape)
    assert '\n' not in str(error.value)


def test_an_image_without_a_size(read):
    with pytest.raises(ValueError, match='Give the folder of the images'):
        read(image='name="a.jpg"')
    with pytest.raises(ValueError, match="'a.jpg': width and height must be"):
        read(image='name="a.jpg" width="wide" height="4"')


def test_what_is_not_cvat_for_images(tmp_path):
    path = tmp_path / 'a.xml'
    track = '<track id="0" label="tin"><box frame="0" xtl="1"/></track>'
    for text, words in (
        (f'{HEAD}{track}</annotations>', 'is one for video. Export'),
        ('<annotation/>', "has the root 'annotation'"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=f'images 1.1, but {words}'):
            read_cvat(path)


def test_a_class_without_a_name(read):
    with pytest.raises(ValueError, match='name, but .* class 2 .*, box 1'):
        read(BOX.replace('label="box"', 'label=" "'))
