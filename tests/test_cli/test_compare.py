"""``dense-scene compare``."""


def test_the_better_result_is_better(cli, files):
    results = files / 'a.json', files / 'b.npz'
    truth = '--ann-file', files / 'truth.json'
    settings = '--max-dets', 50, '--resamples', 20
    status, output, _ = cli('compare', *results, *truth, *settings)
    assert status == 0
    assert '4 images, 20 resamples' in output
    first, second = map(float, output.split('AP@50')[1].split('|')[1:3])
    assert first > second > 0
