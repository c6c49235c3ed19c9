"""Types and numbers of values follow from the defaults."""

from dense_scene.cli.options import CommandParser, find_config


def test_arguments_by_their_defaults():
    parser = CommandParser('x')
    parser.add('file', 'a file')
    parser.add('--text', 'a text')
    parser.add('--count', 'a number', 3)
    parser.add('--shares', 'numbers', [0.5])
    parser.add('--flag', 'a flag', False)
    args = parser.parse_args(['a'])
    assert vars(args) == dict(
        file='a', text=None, count=3, shares=[0.5], flag=False
    )
    args = parser.parse_args(
        ['a', '--count', '4', '--shares', '1', '2', '--flag']
    )
    assert (args.count, args.shares, args.flag) == (4, [1.0, 2.0], True)
    shown = parser.format_help()
    assert 'a number (default: 3)' in shown
    assert 'a text\n' in shown and 'a flag\n' in shown


def test_older_names_are_taken():
    parser = CommandParser('x')
    parser.add_detections('file')
    for truth in (['--gt', 'a=b'], ['--ground-truth=a=b'], ['--ann-file=a=b']):
        args = parser.parse_args([*truth, 'f=.npz'])
        assert (args.file, args.ann_file) == ('f=.npz', 'a=b')


def test_configs_of_a_checkout_are_found(root):
    name = 'shelves/cascade-rcnn_r18-scratch_demo_shelves.py'
    assert find_config(name) == str(root / 'configs' / name)
