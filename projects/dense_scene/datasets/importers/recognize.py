"""Files of other programs, told by their fields, and what to do with them."""

import msgspec

from ...utils.texts import to_utf8

_EXPORT = 'export its annotations as COCO JSON or Pascal VOC'
# What a JSON object, or the first one of a list, holds; the first that fits.
_OBJECTS: tuple[tuple[set[str], str], ...] = (
    (
        {'labels', 'scores', 'bboxes'},
        'holds the predictions of DetInferencer for one image. Give their '
        'folder, or the file that a test writes as '
        'test_evaluator.detection_file',
    ),
    ({'shapes', 'imagePath'}, f'is a file of labelme: {_EXPORT}'),
    ({'_via_img_metadata'}, f'is a project of VIA: {_EXPORT}'),
    ({'asset', 'regions'}, f'is an asset of VoTT: {_EXPORT}'),
    ({'items', 'categories'}, f'is of datumaro: {_EXPORT}'),
    ({'metainfo', 'data_list'}, f"is of mmengine's BaseDataset: {_EXPORT}"),
    ({'size', 'objects'}, f'is of Supervisely: {_EXPORT}'),
    ({'item', 'annotations'}, f'is of Darwin (V7): {_EXPORT}'),
    ({'type', 'features'}, f'is GeoJSON: {_EXPORT}'),
    ({'metadata', 'instances'}, f'is of SuperAnnotate: {_EXPORT}'),
)
_LISTS: tuple[tuple[set[str], str], ...] = (
    (
        {'image_id', 'bbox', 'score'},
        'holds detections, which have scores. Give the annotations',
    ),
    (
        {'image_id', 'bbox', 'category_id'},
        'holds annotations without scores, images and categories. Give the '
        'whole COCO file, or detections with scores',
    ),
    ({'image', 'annotations'}, f'is of CreateML: {_EXPORT}'),
    ({'data', 'annotations'}, f'is of Label Studio: {_EXPORT}'),
    ({'data', 'completions'}, f'is of Label Studio: {_EXPORT}'),
    ({'filename', 'regions'}, f'is of VIA: {_EXPORT}'),
    ({'filename', 'ann'}, f'is of mmdet 2 (CustomDataset): {_EXPORT}'),
    ({'name', 'labels'}, f'is of BDD100K (Scalabel): {_EXPORT}'),
    ({'Labeled Data', 'Label'}, f'is of Labelbox: {_EXPORT}'),
)


def recognize_json(data: bytes) -> str:
    """What a JSON text is, with what to do, as the end of a message; or ''.

    For a file that has been refused; in any encoding of :func:`read_json`.
    """
    if fields := first_of_list(data):
        return _fits(fields, _LISTS)
    try:
        return _fits(_decode_fields(to_utf8(data)), _OBJECTS)
    except (ValueError, RecursionError):
        return ''


def first_of_list(data: bytes) -> dict[str, msgspec.Raw]:
    """Fields of the first object of a JSON list; none of anything else."""
    try:
        items = msgspec.json.decode(to_utf8(data), type=list[msgspec.Raw])
        return _decode_fields(items[0])
    except (IndexError, ValueError, RecursionError):
        return {}


def _decode_fields(text: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    return msgspec.json.decode(text, type=dict[str, msgspec.Raw])


def _fits(
    fields: dict[str, msgspec.Raw], known: tuple[tuple[set[str], str], ...]
) -> str:
    for wanted, words in known:
        if wanted <= fields.keys():
            return words
    first = next(iter(fields.values()), msgspec.Raw(b''))
    if b'"regions"' in bytes(first)[:4096]:
        return f'is of VIA: {_EXPORT}'
    return ''
