"""``dense-scene evaluate``."""


def test_every_setting_has_a_table(cli, files):
    arguments = '--max-dets 10 300 --nms-iou 0.5 --score-thr 0 0.2'
    status, output, _ = cli(
        'evaluate',
        files / 'b.npz',
        '--ann-file',
        files / 'truth.json',
        *arguments.split(),
        '--backend',
        'pycocotools',
    )
    assert status == 0
    assert 'pycocotools' in output.splitlines()[0]
    assert output.count('NMS at IoU 0.5') == 2
    assert output.count('recall bound') == 2
    assert output.count('|  10 |') == output.count('| 300 |') == 2
