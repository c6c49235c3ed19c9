"""``dense-scene browse-crops``."""

import cv2

from dense_scene.analysis.previews.crop_sheet import IGNORED, KEPT


def test_sheet(cli, tmp_path):
    path = tmp_path / 'a' / 'crops.png'
    assert cli('browse-crops', path)[:2] == (0, f'{path}\n')
    sheet = cv2.imread(str(path))
    for color in (KEPT, IGNORED):
        assert (sheet == color).all(axis=2).any()
    assert [p.name for p in path.parent.iterdir()] == ['crops.png']
