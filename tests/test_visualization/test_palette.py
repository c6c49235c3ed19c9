from dense_scene.visualization.palette import BLUE, PALETTE, nth_color, to_bgr


def test_bgr_is_the_other_way_round():
    # #0072B2: red 0, green 0x72 = 114, blue 0xB2 = 178
    assert to_bgr(BLUE) == (178, 114, 0)


def test_every_color_occurs_once():
    assert len(set(PALETTE)) == len(PALETTE) == 6


def test_colors_come_in_turns():
    assert [nth_color(n) for n in (0, 5, 6)] == [*PALETTE[::5], BLUE]
