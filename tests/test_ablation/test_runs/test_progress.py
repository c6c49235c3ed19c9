"""What a log says while it is written."""

from dense_scene.ablation.runs.progress import (
    Progress,
    last_lines,
    read_length,
    read_progress,
)

LOG = """\
03:02 - mmengine - INFO - Epoch(train)  [2][ 20/60]  lr: 1e-3  eta: 0:00:40  \
time: 0.5  memory: 812  loss: 2.5  s0.loss_cls: 0.6
some other line

03:03 - mmengine - INFO - Epoch(val) [2][40/40]    coco/bbox_mAP_at100: 0.5  \
coco/bbox_mAP_at300: 0.6230  time: 0.1
03:03 - mmengine - INFO - Epoch(train)  [3][60/60]  lr: 1e-3  eta: 0:00:20  \
time: 0.5  memory: 815  loss: 1.5
03:03 - mmengine - INFO - Epoch(te"""


def test_the_latest_of_everything(tmp_path):
    log = tmp_path / 'log.txt'
    assert read_progress(log) == Progress()
    log.write_text(LOG)
    assert read_progress(log) == Progress(
        'train', '3', '60/60', '0:00:20', '1.5', '815', '0.6230'
    )
    log.write_text('x' * 100_000 + '\n' + LOG)
    assert read_progress(log).epoch == '3'


def test_iterations_that_are_not_logged_count(tmp_path):
    log = tmp_path / 'log.txt'
    assert read_length(log) is None
    # Three epochs of 133, of which 130 are logged; a test follows.
    line = 'x - Epoch(train) [3][130/133]  lr: 1e-3  loss: 1.5\n'
    log.write_text(LOG + '\n' + line + 'x - Epoch(test) [92/92]  time: 0.1\n')
    assert read_length(log) == 3 * 133
    log.write_text('x - Iter(train) [ 50/ 90]  lr: 1e-3  loss: 1.5\n')
    assert read_length(log) == 90


def test_last_lines_are_not_empty(tmp_path):
    log = tmp_path / 'log.txt'
    log.write_text('a\n\n b \n\xff\n\n', encoding='latin-1')
    assert last_lines(log, 2) == [' b', '\ufffd']
    assert last_lines(tmp_path / 'none') == []
