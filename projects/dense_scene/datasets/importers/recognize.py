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
    try:
        data = to_utf8(data)
        start = data.lstrip()[:1]
        if start == b'[':
            items = msgspec.json.decode(data, type=list[msgspec.Raw])
            return _fits(items[0], _LISTS) if items else ''
        return _fits(msgspec.Raw(data), _OBJECTS) if start == b'{' else ''
    except (ValueError, RecursionError):
        return ''


def _fits(item: msgspec.Raw, known: tuple[tuple[set[str], str], ...]) -> str:
    fields = msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    for wanted, words in known:
        if wanted <= fields.keys():
            return words
    first = next(iter(fields.values()), msgspec.Raw(b''))
    if b'"regions"' in bytes(first)[:4096]:
        return f'is of VIA: {_EXPORT}'
    return ''
