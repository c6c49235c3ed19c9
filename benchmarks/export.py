"""Exported detectors beside PyTorch: seconds an image on two cores, and AP.

    pip install 'dense-scene[export]' nncf
    make parity && python benchmarks/export.py
    python benchmarks/export.py --weights work_dirs/demo/epoch_5.pth \\
        --data data/shelves-demo

Without weights: Cascade R-CNN R101 of the paper's ablation with 3,000
proposals, its weights random, on a rendered shelf of 800 x 1088 pixels, for
the time alone. With weights: the images of the data set's val, which must have
the size that the test pipeline gives them, for the time and AP@300; int8 is
calibrated on its train.

Each side is a process with two threads, and they take turns. Stock is mmdet
with compiled mmcv in .venv-parity, which `make parity` makes; int8 needs nncf.
A side whose package is missing is left out. What is timed begins with the
pixels and ends with the boxes that NMS leaves.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from cascade_cpu import STOCK_TYPES, replace_types

ROOT = Path(__file__).resolve().parent.parent
PARITY = ROOT / '.venv-parity/bin/python'
CONFIG = (
    'configs/cascade_rcnn/cascade-rcnn_r101_fpn_dense-proposal-balanced-l1'
    '_1xb2-6e_sku110k-sub.py'
)
SIDES = {
    'stock': 'mmdet, compiled mmcv',
    'ours': 'mmdet, portable_ops',
    'ours-half': 'the same, --half (bfloat16)',
    'onnx': 'ONNX Runtime',
    'openvino': 'OpenVINO, float32',
    'openvino-half': 'OpenVINO, --half (bfloat16)',
    'int8': 'OpenVINO, int8',
    'int8-half': 'OpenVINO, int8 and --half',
}
FILES = dict(onnx='model.onnx', openvino='model.xml', int8='int8.xml')
THREADS = 2


def torch_detect(folder: Path, ours: bool, half: bool):
    """From (H, W, 3) to boxes, scores and labels, by mmdet."""
    import torch
    from mmdet.registry import MODELS
    from mmdet.structures import DetDataSample
    from mmengine.config import ConfigDict
    from mmengine.registry import init_default_scope

    if ours:
        import dense_scene  # noqa: F401

    torch.set_num_threads(THREADS)
    init_default_scope('mmdet')
    file = 'ours.json' if ours else 'stock.json'
    cfg = ConfigDict(json.loads((folder / file).read_text()))
    model = MODELS.build(cfg).eval()
    state = torch.load(folder / 'model.pth', weights_only=True)
    model.load_state_dict(state)
    if ours:  # as TorchDetector does
        model.to(memory_format=torch.channels_last)

    def detect(image: np.ndarray):
        shape = image.shape[:2]
        known = dict(img_shape=shape, ori_shape=shape, scale_factor=(1.0, 1.0))
        batch = dict(
            inputs=[torch.from_numpy(image.transpose(2, 0, 1).copy())],
            data_samples=[DetDataSample(metainfo=known)],
        )
        precision = torch.autocast('cpu', torch.bfloat16, enabled=half)
        with torch.inference_mode(), precision:
            found = model.test_step(batch)[0].pred_instances
        columns = found.bboxes, found.scores, found.labels
        return [column.cpu().float().numpy() for column in columns]

    return detect


def exported_detect(path: Path, half: bool):
    """The same by an exported file."""
    import dense_scene_cli  # noqa: F401  the door: registers nothing

    from dense_scene.inference.export.exported_detector import ExportedDetector

    detector = ExportedDetector(path, half)

    def detect(image: np.ndarray):
        found = detector([image])[0]
        return found.boxes, found.scores, found.labels

    return detect


def work(side: str, folder: Path) -> None:
    """Answer each path of an image with the seconds; boxes go beside it."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    name, half = side.removesuffix('-half'), side.endswith('-half')
    if name in ('stock', 'ours'):
        detect = torch_detect(folder, name == 'ours', half)
    else:
        endings = dict(
            onnx='model.onnx', openvino='model.xml', int8='int8.xml'
        )
        detect = exported_detect(folder / endings[name], half)
    for line in sys.stdin:
        image = np.load(line.strip())
        start = time.perf_counter()
        found = detect(image)
        seconds = time.perf_counter() - start
        np.savez(f'{line.strip()}.{side}.npz', *found)
        print(seconds, flush=True)


def start(side: str, folder: Path) -> subprocess.Popen:
    python = PARITY if side == 'stock' else sys.executable
    return subprocess.Popen(
        [python, '-W', 'ignore', __file__, '--worker', side, folder],
        env={**os.environ, 'OMP_NUM_THREADS': str(THREADS)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def take_turns(sides: list, paths: list, folder: Path) -> dict:
    """Seconds of each side for each image, after one that does not count."""
    workers = {side: start(side, folder) for side in sides}
    seconds: dict = {side: [] for side in sides}
    for path in [paths[0], *paths]:
        for side, worker in workers.items():
            print(path, file=worker.stdin, flush=True)
            answer = worker.stdout.readline()
            if not answer:
                raise ChildProcessError(f'{side} has ended')
            seconds[side].append(float(answer))
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    return {side: values[1:] for side, values in seconds.items()}


def save_model(model, cfg: dict, folder: Path, meta: dict) -> None:
    """What the workers read."""
    import torch

    from dense_scene.inference.export.write import (
        convert_to_openvino,
        export_detector,
    )

    (folder / 'ours.json').write_text(json.dumps(cfg))
    replace_types(cfg, STOCK_TYPES)
    (folder / 'stock.json').write_text(json.dumps(cfg))
    torch.save(model.state_dict(), folder / 'model.pth')
    if not find_spec('onnxscript'):
        return
    export_detector(model, folder / 'model.onnx', 'onnx', meta)
    if find_spec('openvino'):
        # As `--to openvino` does, without tracing the model once more.
        import openvino

        other = convert_to_openvino(folder / 'model.onnx', meta)
        openvino.save_model(other, folder / 'model.xml', False)


def random_model(folder: Path) -> None:
    """R101, its batch norm measured on noise, so that nothing overflows."""
    import torch
    from mmdet.registry import MODELS
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    import dense_scene  # noqa: F401

    init_default_scope('mmdet')
    os.environ.setdefault('SKU110K_ROOT', '.')
    cfg = Config.fromfile(ROOT / CONFIG).model
    cfg.backbone.init_cfg = None
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    norms = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    model.eval()
    for norm in norms:
        norm.train().momentum = None
    with torch.no_grad():
        model.extract_feat(torch.randn(2, 3, 320, 320))
    meta = dict(classes=['object'], scale=None, keep_ratio=True)
    save_model(model.eval(), cfg.to_dict(), folder, meta)


def trained_model(weights: str, folder: Path) -> None:
    from dense_scene.inference.torch_detector import TorchDetector

    detector = TorchDetector(weights, device='cpu')
    meta = dict(classes=detector.classes, scale=None, keep_ratio=True)
    save_model(detector.model, detector.cfg.model.to_dict(), folder, meta)


def quantize(folder: Path, images: list) -> None:
    """Convolutions and matrix products of the OpenVINO file in int8."""
    import nncf
    import openvino

    from dense_scene.inference.export.sides import pad_image

    model = openvino.Core().read_model(folder / 'model.xml')
    data = nncf.Dataset(images, pad_image)
    small = nncf.quantize(model, data, subset_size=len(images))
    meta = model.get_rt_info(['dense_scene']).astype(str)
    small.set_rt_info(meta, ['dense_scene'])
    openvino.save_model(small, folder / 'int8.xml', compress_to_fp16=False)


def read_images(data: Path, part: str, most: int | None = None):
    """Annotation file, names and pixels of a part of rendered shelves."""
    import cv2

    file = data / 'annotations' / f'{part}.json'
    names = [i['file_name'] for i in json.loads(file.read_bytes())['images']]
    images = [cv2.imread(str(data / part / name)) for name in names[:most]]
    return file, images


def rendered_shelf() -> np.ndarray:
    import cv2

    from shelf_scenes.write import write_shelves

    with tempfile.TemporaryDirectory() as folder:
        write_shelves(folder, 1, size=1088, progress=False, workers=1)
        path = next(Path(folder).rglob('*.jpg'))
        return cv2.imread(str(path))[:800]


def average_precision(file: Path, paths: list, side: str) -> float:
    """AP@300 of what the worker of a side left."""
    from dense_scene.evaluation.stored.reevaluate import evaluate_detections

    ids = [image['id'] for image in json.loads(file.read_bytes())['images']]
    category = json.loads(file.read_bytes())['categories'][0]['id']
    results = []
    for number, path in zip(ids, paths):
        boxes, scores, _ = np.load(f'{path}.{side}.npz').values()
        boxes = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
        results += [
            dict(image_id=number, category_id=category, bbox=box, score=score)
            for box, score in zip(boxes.tolist(), scores.tolist())
        ]
    path = Path(f'{paths[0]}.{side}.json')
    path.write_text(json.dumps(results))
    return evaluate_detections(str(path), str(file), [300])[0][
        'bbox_mAP_at300'
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--worker', nargs=2, help=argparse.SUPPRESS)
    parser.add_argument('--weights')
    parser.add_argument('--data', type=Path)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--sides', nargs='+', default=list(SIDES))
    args = parser.parse_args()
    if args.worker:
        work(args.worker[0], Path(args.worker[1]))
        return
    with tempfile.TemporaryDirectory() as name:
        measure(args, Path(name))


def measure(args: argparse.Namespace, folder: Path) -> None:
    if args.weights:
        trained_model(args.weights, folder)
        file, images = read_images(args.data, 'val')
        _, known = read_images(args.data, 'train', 100)
    else:
        random_model(folder)
        images = [rendered_shelf()] * args.rounds
        known = images[:1]
    if find_spec('nncf') and 'int8' in args.sides:
        quantize(folder, known)
    paths = [folder / f'{number}.npy' for number in range(len(images))]
    for path, image in zip(paths, images):
        np.save(path, image)
    sides = [side for side in args.sides if is_here(side, folder)]
    seconds = take_turns(sides, paths, folder)
    shape = ' x '.join(map(str, images[0].shape[:2]))
    load = os.getloadavg()[0]
    print(
        f'{len(images)} images of {shape}, {THREADS} threads, load {load:.1f}'
    )
    print('| side | s an image | images/s | of stock | AP@300 |')
    print('|---|---|---|---|---|')
    how = np.median if args.weights else min
    for side in sides:
        took, peer = how(seconds[side]), how(seconds[sides[0]])
        cells = SIDES[side], f'{took:.3f}', f'{1 / took:.2f}'
        ap = ''
        if args.weights:
            ap = f'{average_precision(file, paths, side):.4f}'
        print('|', ' | '.join([*cells, f'{peer / took:.2f}x', ap]), '|')


def is_here(side: str, folder: Path) -> bool:
    """Whether what the side needs is there."""
    name = side.removesuffix('-half')
    if name in FILES:
        return (folder / FILES[name]).exists()
    return name == 'ours' or PARITY.exists()


if __name__ == '__main__':
    main()
