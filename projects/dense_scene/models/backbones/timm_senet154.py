"""timm's SENet-154 weights under the names of our backbone."""

import re
from collections.abc import Mapping
from os import PathLike

import torch
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor

from ...utils.files import whole_file

# timm's name, ours; the classifier has none.
_NAMES = (
    (r'^conv1\.', 'stem.'),
    (r'^bn1\.', 'stem.7.'),
    (r'\.se\.fc([12])\.', r'.se.conv\1.conv.'),
)


def convert_timm_senet154(state_dict: Mapping[str, Tensor]) -> dict:
    """Name the weights of timm's ``senet154`` as ``SENet154`` does.

    The numbers stay; with them both give the same features. So do other
    ``timm.models.ResNet`` of stem type 'deep' and attention 'se'.

    Args:
        state_dict (Mapping[str, Tensor]): ``senet154.gluon_in1k``, with or
            without the classifier ``fc``, which is left out.

    Returns:
        dict[str, Tensor]: The same tensors.

    Raises:
        ValueError: If it has no such stem or no excitation.

    Example:
        >>> weights = {'bn1.bias': 0, 'layer1.0.se.fc1.bias': 1, 'fc.bias': 2}
        >>> convert_timm_senet154(weights)
        {'stem.7.bias': 0, 'layer1.0.se.conv1.conv.bias': 1}
    """
    converted = {}
    for name, value in state_dict.items():
        if name.startswith('fc.'):
            continue
        for theirs, ours in _NAMES:
            name = re.sub(theirs, ours, name)
        converted[name] = value
    parts = ' '.join(converted)
    if 'stem.7.' not in parts or '.se.conv1.conv.' not in parts:
        raise ValueError(
            "state_dict must be of timm's senet154, but got "
            f'{list(state_dict)[:3]} and so on.'
        )
    return converted


def convert_timm_file(source: str | PathLike, target: str | PathLike) -> int:
    """Convert a file of timm's (``pytorch_model.bin`` or ``.pth``).

    Args:
        source (str | PathLike): What timm or torch saved.
        target (str | PathLike): For ``init_cfg=dict(type='Pretrained')``.

    Returns:
        int: Number of tensors.
    """
    weights = CheckpointLoader.load_checkpoint(str(source), 'cpu')
    converted = convert_timm_senet154(weights.get('state_dict', weights))
    with whole_file(target) as part:
        torch.save(dict(state_dict=converted), part)
    return len(converted)
