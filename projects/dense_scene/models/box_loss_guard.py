"""Refuses box losses on heads that hand them encoded deltas.

IoU-family losses compare boxes. A two-stage or anchor-based head passes boxes
only with ``reg_decoded_bbox=True``; without it the loss gets encoded deltas,
trains without complaint, and the model ends near AP 0 (mmdetection#3949).
"""

from mmdet.models import dense_heads as dense
from mmdet.models import losses as stock
from mmdet.models.roi_heads.bbox_heads import BBoxHead
from torch import nn
from torch.nn.modules.module import register_module_module_registration_hook

from .losses.complete_iou_loss import CompleteIoULoss

BOX_LOSSES = (
    stock.BoundedIoULoss,
    stock.CIoULoss,
    CompleteIoULoss,
    stock.DIoULoss,
    stock.EIoULoss,
    stock.GIoULoss,
    stock.IoULoss,
    stock.SIoULoss,
)
# The families whose regression targets follow the flag ...
FLAG_HEADS = (dense.AnchorHead, BBoxHead)
# ... and their members that inherit the flag but always work on boxes.
ALWAYS_DECODED_HEADS = (
    dense.DDODHead,
    dense.GFLHead,
    dense.RTMDetHead,
    dense.TOODHead,
    dense.YOLOFHead,
)

_handle = None


def install_box_loss_guard() -> None:
    """Check every head that is built from now on in this process.

    Uses torch's hook for the registration of child modules, which sees
    ``self.loss_bbox = ...`` in any head, stock or not, as it is built; mmdet
    itself is not touched. Calling it again changes nothing.
    """
    global _handle
    if _handle is None:
        _handle = register_module_module_registration_hook(refuse_box_loss)


def refuse_box_loss(
    head: nn.Module, name: str, loss: nn.Module | None
) -> None:
    """Refuse, by ValueError, a child ``loss_bbox`` that compares boxes on a
    head that encodes them.

    Heads outside the AnchorHead and BBoxHead families, and those that always
    decode (GFL, TOOD, RTMDet, ...), are left alone.
    """
    has_flag = isinstance(head, FLAG_HEADS)
    if not has_flag or isinstance(head, ALWAYS_DECODED_HEADS):
        return
    # mmdet's heads set the flag before they build the loss; one that has
    # not is given the benefit of the doubt.
    encodes = not getattr(head, 'reg_decoded_bbox', True)
    if name == 'loss_bbox' and isinstance(loss, BOX_LOSSES) and encodes:
        pair = f'{type(head).__name__} uses {type(loss).__name__}'
        raise ValueError(
            f'{pair}, which compares boxes, but reg_decoded_bbox=False gives '
            "it encoded deltas. Set reg_decoded_bbox=True in this head's "
            f'config ({_config_path(head)}).'
        )


def _config_path(head: nn.Module) -> str:
    """Where a detector's config usually holds such a head."""
    if isinstance(head, BBoxHead):
        return 'model.roi_head.bbox_head, each entry of a cascade'
    if isinstance(head, (dense.RPNHead, dense.GARPNHead)):
        return 'model.rpn_head'
    return 'model.bbox_head'
