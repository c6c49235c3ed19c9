"""A pretend GPU: finds mistakes with devices where there is none.

Inside of :func:`pretend_gpu` ``'cuda:0'`` is a device whose tensors say that
they lie on it and hold data of the CPU. Every operator computes there, but
one that mixes devices as CUDA does not allow fails with its name. What chooses
by ``is_cuda`` or ``device`` takes the way of a GPU, and ``torch.autocast`` of
'cuda' casts as it does there. Nothing is said of kernels, memory and speed.

Beneath, the device is torch's PrivateUse1; a device 'cuda' that Python gives
is put in its place before C++ looks for a driver.
"""

import contextlib
from collections.abc import Callable, Iterator
from unittest import mock

import mmengine.structures.instance_data as instance_data
import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode

from tests.pretend_autocast import autocast_kernels

CUDA, HIDDEN = torch.device('cuda', 0), 'pretended'
# Of torch 2.9; an interface that may change.
_SETUP = '_setup_privateuseone_for_python_backend'
AVAILABLE = hasattr(backend_registration, _SETUP)

aten = torch.ops.aten
_COPIES = (aten._to_copy, aten.copy_, aten.copy)
# Indices may lie on the CPU, values not.
_INDEXED = (
    *(aten.index, aten.index_put_, aten.index_put, aten._index_put_impl_),
    aten._unsafe_index,
)
# What takes a CPU scalar though it does not go element by element.
_WITH_SCALAR = (aten.masked_fill, aten.masked_fill_, aten.fill_, aten.fill)


class PretendTensor(Tensor):
    """Data of the CPU that says it lies on the device."""

    is_cuda = property(lambda self: True)
    is_cpu = property(lambda self: False)
    device = property(lambda self: CUDA)
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, data: Tensor) -> 'PretendTensor':
        return Tensor._make_wrapper_subclass(
            cls,
            data.size(),
            strides=data.stride(),
            storage_offset=data.storage_offset(),
            dtype=data.dtype,
            layout=data.layout,
            device=torch.device(HIDDEN, 0),
            requires_grad=data.requires_grad,
        )

    def __init__(self, data: Tensor) -> None:
        self.host = data

    def __repr__(self) -> str:
        return f'PretendTensor({self.host})'

    def tolist(self) -> list:
        return self.host.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        if force:
            return self.host.detach().numpy()
        raise TypeError("can't convert cuda:0 device type tensor to numpy.")

    def __array__(self, *args: object, **kwargs: object) -> np.ndarray:
        return self.numpy()

    def data_ptr(self) -> int:
        return self.host.data_ptr()

    def __deepcopy__(self, memo: dict) -> Tensor:
        copied: Tensor = PretendTensor(self.host.detach().clone())
        if isinstance(self, nn.Parameter):
            copied = nn.Parameter(copied, self.requires_grad)
        return memo.setdefault(id(self), copied)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Operators(TorchDispatchMode):
    """Sees what has no tensor among its arguments, too."""

    # In the place of torch's fake tensors, so that C++ looks for no driver
    # where Python names a device 'cuda'.
    _mode_key = torch._C._TorchDispatchModeKey.FAKE

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return _run(func, args, kwargs or {})


class _Moves(TorchFunctionMode):
    """What would ask for a driver before :class:`_Operators` sees it."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = dict(kwargs or {})
        if func is Tensor.cuda:
            return args[0].to(HIDDEN)
        if func is Tensor.new_tensor:  # C++ reads what the list holds
            args = (args[0], *_change(list(args[1:]), _bare))
        if func is Tensor.to:
            args = (args[0], *map(_hide, args[1:]))
            kwargs = {name: _hide(value) for name, value in kwargs.items()}
        return func(*args, **kwargs)


def _hide(value: object) -> object:
    """The hidden device for 'cuda', and else what is given."""
    named = isinstance(value, (str, torch.device))
    return HIDDEN if named and torch.device(value).type == 'cuda' else value


def _bare(value: object) -> object:
    return value.host if isinstance(value, PretendTensor) else value


def _leaves(value: object) -> Iterator[object]:
    """What lists of arguments hold; torch's pytree takes longer."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _change(value: object, change: Callable) -> object:
    """The same with ``change`` of each leaf."""
    if isinstance(value, dict):
        return {key: _change(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_change(item, change) for item in value])
    return change(value)


def _check(func, args: tuple, tensors: list) -> None:
    """RuntimeError where CUDA would refuse to mix devices."""
    packet = func.overloadpacket
    if packet in _INDEXED:
        if not isinstance(args[0], PretendTensor):
            raise RuntimeError(
                f'{func}: a CPU tensor indexed by one of the device'
            )
        tensors = [t for t in args[2:3] if isinstance(t, Tensor)]
    scalars = (
        torch.Tag.pointwise in func.tags
        or packet in _WITH_SCALAR
        or packet in _INDEXED
    )
    for tensor in tensors:
        if isinstance(tensor, PretendTensor) or scalars and not tensor.dim():
            continue
        raise RuntimeError(
            f'{func}: a CPU tensor of shape {tuple(tensor.shape)} among '
            'tensors of the device'
        )


def _run(func, args: tuple, kwargs: dict) -> object:
    """An operator on the CPU; its result lies where it would on a GPU."""
    tensors = [t for t in _leaves((args, kwargs)) if isinstance(t, Tensor)]
    ours = [t for t in tensors if isinstance(t, PretendTensor)]
    copies = func.overloadpacket in _COPIES
    if ours and not copies:
        _check(func, args, tensors)
    kwargs = {k: v for k, v in kwargs.items() if k != 'pin_memory'}
    target = kwargs.get('device')
    if target is not None:
        kwargs['device'] = torch.device('cpu')
        on_device = torch.device(target).type in ('cuda', HIDDEN)
    elif copies:
        on_device = isinstance(args[0], PretendTensor)
    else:
        on_device = bool(ours)
    out = func(*_change(args, _bare), **_change(kwargs, _bare))
    if not on_device:
        return out
    known = {id(t.host): t for t in ours}  # of an operator in place

    def wrap(value: object) -> object:
        if not isinstance(value, Tensor) or isinstance(value, PretendTensor):
            return value
        mine = known.get(id(value))
        return PretendTensor(value) if mine is None else mine

    return _change(out, wrap)


def _empty(
    size,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=None,
    memory_format=None,
):
    return PretendTensor(torch.empty(size, dtype=dtype, device='cpu'))


def _empty_strided(
    size, stride, dtype=None, layout=None, device=None, pin_memory=None
):
    return PretendTensor(
        torch.empty_strided(size, stride, dtype=dtype, device='cpu')
    )


def _copy_from(source, target, non_blocking=False):
    _bare(target).copy_(_bare(source))
    return target


def _set_up() -> list[torch.library.Library]:
    """The hidden device, once for a process."""
    getattr(backend_registration, _SETUP)(HIDDEN)
    # torch.utils.checkpoint asks it from now on, whatever the tensors are.
    getattr(torch, HIDDEN).get_amp_supported_dtype = lambda: [torch.bfloat16]
    # What C++ calls beneath the modes
    backend = torch.library.Library('aten', 'IMPL', 'PrivateUse1')
    backend.impl('empty.memory_format', _empty)
    backend.impl('empty_strided', _empty_strided)
    backend.impl('_copy_from', _copy_from)
    return [backend, *autocast_kernels(PretendTensor)]


_libraries: list[torch.library.Library] = []


class _OfDtype(type):
    """A stand-in for torch.cuda.LongTensor and the like."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, Tensor) and value.dtype == cls.dtype


def _types() -> Iterator[contextlib.AbstractContextManager]:
    """Types by name, and in mmengine's InstanceData, which knows theirs."""
    kinds = {}
    for name in ('bool', 'long', 'half', 'float'):
        body = dict(dtype=getattr(torch, name))
        kinds[name] = _OfDtype(f'{name.title()}Tensor', (), body)
        yield mock.patch.object(
            torch.cuda, f'{name.title()}Tensor', kinds[name]
        )
    index = (str, slice, int, list, Tensor, np.ndarray)
    yield mock.patch.multiple(
        instance_data,
        IndexType=mock.Mock(__args__=index),
        BoolTypeTensor=mock.Mock(__args__=(kinds['bool'],)),
        LongTypeTensor=mock.Mock(__args__=(kinds['long'],)),
    )


@contextlib.contextmanager
def pretend_gpu() -> Iterator[torch.device]:
    """A context, never one within another, in which 'cuda' can be used."""
    if not _libraries:
        _libraries.extend(_set_up())
    with contextlib.ExitStack() as stack:
        # So that autocast asks no driver either
        for place, name, answer in (
            (torch.cuda.amp.common, 'amp_definitely_not_available', False),
            (torch.cuda, 'is_bf16_supported', True),
            (torch.cuda, 'is_current_stream_capturing', False),
        ):
            stack.enter_context(
                mock.patch.object(place, name, lambda answer=answer: answer)
            )
        for types in _types():
            stack.enter_context(types)
        # torch.tensor makes its data on the CPU and moves them as others do.
        torch._C._set_only_lift_cpu_tensors(True)
        stack.callback(torch._C._set_only_lift_cpu_tensors, False)
        torch.set_autocast_enabled(HIDDEN, True)
        stack.callback(torch.set_autocast_enabled, HIDDEN, False)
        # Backward passes run in this thread, which knows what is set here.
        stack.enter_context(torch.autograd.set_multithreading_enabled(False))
        stack.enter_context(_Moves())
        stack.enter_context(_Operators())
        yield CUDA
