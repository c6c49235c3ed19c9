"""What torch.autocast('cuda') casts, for the pretended GPU."""

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

# As the documentation of torch.amp lists them
_LOWER = (
    *('addbmm', 'addmm', 'addmv', 'addr', 'baddbmm', 'bmm', 'mm', 'mv'),
    *('chain_matmul', 'linalg_multi_dot', 'matmul', 'linear', 'prelu'),
    *('conv1d', 'conv2d', 'conv3d', 'conv_transpose1d'),
    *('conv_transpose2d', 'conv_transpose3d', 'scaled_dot_product_attention'),
)
_FLOAT32 = (
    *('acos', 'asin', 'cosh', 'erfinv', 'exp', 'expm1', 'log', 'log10'),
    *('log1p', 'log2', 'pow', 'reciprocal', 'rsqrt', 'sinh', 'tan'),
    *('binary_cross_entropy_with_logits', 'cdist', 'cosine_similarity'),
    *('cross_entropy_loss', 'cumprod', 'cumsum', 'dist', 'group_norm'),
    *('kl_div', 'l1_loss', 'layer_norm', 'log_softmax', 'mse_loss'),
    *('nll_loss', 'norm', 'prod', 'renorm', 'smooth_l1_loss', 'softmax'),
    *('soft_margin_loss', 'softplus', 'sum'),
)
_WIDEST = (
    *('addcdiv', 'addcmul', 'atan2', 'bilinear', 'cat', 'dot'),
    *('grid_sampler', 'index_put', 'scatter_add', 'stack', 'tensordot'),
)
_REFUSED = ('binary_cross_entropy',)
_AUTOCAST = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)


def autocast_kernels(kind: type[Tensor]) -> list[torch.library.Library]:
    """Casts for tensors of PrivateUse1; what is returned must be kept.

    Args:
        kind: The class of these tensors.
    """
    casts = torch.library.Library('aten', 'IMPL', 'AutocastPrivateUse1')
    for name in (*_LOWER, *_FLOAT32, *_WIDEST, *_REFUSED):
        packet = getattr(torch.ops.aten, name)
        for overload in packet.overloads():
            if 'out' not in overload:
                casts.impl(
                    f'{name}.{overload}'.replace('.default', ''),
                    _casting(getattr(packet, overload), kind),
                )
    others = torch.library.Library('_', 'IMPL', 'AutocastPrivateUse1')
    others.fallback(torch.library.fallthrough_kernel)
    return [casts, others]


def _casting(func, kind: type[Tensor]):
    def castable(value: object) -> bool:
        return (
            isinstance(value, kind)
            and value.is_floating_point()
            and value.dtype != torch.float64
        )

    def cast(*args: object, **kwargs: object) -> object:
        found = [t for t in tree_leaves((args, kwargs)) if castable(t)]
        dtype = _dtype_of(func, found, kwargs)
        with torch._C._ExcludeDispatchKeyGuard(_AUTOCAST):
            if dtype is not None:
                args, kwargs = tree_map(
                    lambda v: v.to(dtype) if castable(v) else v, (args, kwargs)
                )
            return func(*args, **kwargs)

    return cast


def _dtype_of(func, tensors: list, kwargs: dict) -> torch.dtype | None:
    """The type that autocast computes an operator in; None as it is."""
    name = func.overloadpacket.__name__
    if not torch.is_autocast_enabled('cuda'):
        return None
    if name in _REFUSED:
        raise RuntimeError(f'{func} is unsafe to autocast')
    if name in _LOWER:
        return torch.get_autocast_dtype('cuda')
    if name in _FLOAT32:
        return None if kwargs.get('dtype') else torch.float32
    wide = any(t.dtype == torch.float32 for t in tensors)
    return torch.float32 if wide else None
