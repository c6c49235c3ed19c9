"""What the pickle inside a checkpoint may name: functions of ours.

``torch.load(weights_only=True)`` calls what an allow-list holds, with
arguments out of the file. NumPy's own functions are no choice for that list:
``numpy.ndarray((1,), 'O', bytes)`` makes pointers of bytes. So each name that
a stock mmengine 0.10 checkpoint uses stands for a function or a class below,
which check their arguments and build nothing but plain values.
:func:`plain_values` turns those into arrays and histories afterwards.
"""

import re
from math import prod
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

# The statistics that mmengine's HistoryBuffer pickles a reference to. Pickle
# writes them as getattr(HistoryBuffer, name).
_HISTORY_METHODS = ('min', 'max', 'current', 'mean')
_DTYPE = re.compile(r'[<>|=]?([biufcSU])[0-9]{1,9}')
# More values than any checkpoint holds: lists that hold each other many
# times over are small in the file and endless when copied.
_MOST_VALUES = 20_000_000
_LARGE = 2**28  # bytes
_PLAIN = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    type(None),
    torch.Size,
    torch.device,
    torch.dtype,
)


class _Dtype:
    """For ``numpy.dtype``: numbers, truth values and text."""

    def __init__(self, code: Any, align: Any = False, copy: Any = True):
        if not isinstance(code, str) or not _DTYPE.fullmatch(code):
            raise UnpicklingError(f'numpy.dtype({code!r})')
        self.code = code.lstrip('<>|=')

    def __setstate__(self, state: Any) -> None:
        order, plain = state[1], state[2:5] == (None, None, None)
        if order not in ('<', '>', '|', '=') or not plain:
            raise UnpicklingError('a numpy.dtype of several fields')
        self.code = order.replace('|', '') + self.code.lstrip('<>=')

    def value(self) -> np.dtype:
        return np.dtype(self.code)


class _Array:
    """For ``numpy.ndarray``, which a file may name and never call."""

    content: np.ndarray | None = None

    def __new__(cls, *args: Any) -> '_Array':
        raise UnpicklingError('a call of numpy.ndarray')

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, is_fortran, data = state
        order = 'F' if is_fortran is True else 'C'
        self.content = _numbers(dtype, data, shape).reshape(shape, order=order)


def _reconstruct(kind: Any, shape: Any, code: Any) -> _Array:
    """For NumPy's function of that name; the content follows."""
    if kind is not _Array or shape != (0,):
        raise UnpicklingError(f'an array of type {kind!r} and shape {shape!r}')
    return object.__new__(_Array)


def _scalar(dtype: Any, data: Any = b'') -> np.generic:
    """For ``numpy.core.multiarray.scalar``."""
    return _numbers(dtype, data, ())[0]


def _numbers(dtype: Any, data: Any, shape: Any) -> np.ndarray:
    """The bytes as values, if they are as many as the shape says."""
    fits = isinstance(dtype, _Dtype) and isinstance(data, bytes)
    fits = fits and isinstance(shape, tuple) and len(shape) <= 8
    if not fits or not all(type(n) is int and n >= 0 for n in shape):
        raise UnpicklingError('an array whose parts are of the wrong types')
    kind = dtype.value()
    if len(data) != prod(shape) * kind.itemsize or not kind.itemsize:
        raise UnpicklingError(f'an array {shape} of {len(data)} bytes')
    return np.frombuffer(data, kind).copy()


class _History:
    """For mmengine's ``HistoryBuffer``."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def value(self) -> HistoryBuffer:
        parts = [self.state['_log_history'], self.state['_count_history']]
        most = self.state['max_length']
        values, counts = (getattr(part, 'content', None) for part in parts)
        fits = type(most) is int and most > 0 and values is not None
        fits = fits and counts is not None and values.ndim == 1
        fits = fits and values.shape == counts.shape
        if not fits or values.dtype.kind + counts.dtype.kind not in _NUMERIC:
            raise UnpicklingError('a HistoryBuffer of the wrong parts')
        return HistoryBuffer(values, counts, most)


_NUMERIC = frozenset(a + b for a in 'biuf' for b in 'biuf')


def _getattr(owner: Any, name: Any) -> str:
    """For ``getattr``, as far as a stock checkpoint needs it.

    The real one on an allowed object reaches ``__globals__`` and with it the
    whole interpreter.
    """
    if owner is _History and name in _HISTORY_METHODS:
        return name
    raise UnpicklingError(f'getattr on {owner!r}')


def allowed_names() -> list[tuple[Any, str]]:
    """The allow-list for ``torch.serialization.safe_globals``."""
    allowed = [
        (_Dtype, 'numpy.dtype'),
        (_Array, 'numpy.ndarray'),
        (_History, 'mmengine.logging.history_buffer.HistoryBuffer'),
        (_getattr, 'builtins.getattr'),
    ]
    # numpy 1 writes numpy.core, numpy 2 numpy._core.
    for package in ('numpy.core', 'numpy._core'):
        allowed.append((_reconstruct, f'{package}.multiarray._reconstruct'))
        allowed.append((_scalar, f'{package}.multiarray.scalar'))
    return allowed


def plain_values(loaded: Any) -> Any:
    """Replace what stands for arrays and histories; refuse the rest.

    Lists and dicts are changed in place. UnpicklingError for anything but
    tensors, arrays, histories, containers and plain values (a pickle may also
    hold the functions that it names), and for containers that hold themselves
    or unfold to millions of values.
    """
    return _PlainValues().of(loaded)


class _PlainValues:
    def __init__(self) -> None:
        # By id, of each container: how many values it unfolds to, and itself
        # so that the id stays taken.
        self.done: dict[int, tuple[int, Any, Any]] = {}
        self.count = 0

    def of(self, value: Any) -> Any:
        self.count += 1
        if self.count > _MOST_VALUES:
            raise UnpicklingError(f'more than {_MOST_VALUES:,} values')
        if isinstance(value, (*_PLAIN, np.generic)):
            return value
        if type(value) in (torch.Tensor, torch.nn.Parameter):
            return self._tensor(value)
        if isinstance(value, (_Dtype, _History)):
            return value.value()
        if isinstance(value, _Array) and value.content is not None:
            return value.content
        if isinstance(value, (dict, list, tuple, set)):
            return self._container(value)
        raise UnpicklingError(f'a value of type {_name(value)}')

    def _tensor(self, value: torch.Tensor) -> torch.Tensor:
        # A nested or sparse tensor is no weight, and easily an invalid one.
        if value.layout is not torch.strided or value.is_nested:
            raise UnpicklingError('a tensor that is nested or sparse')
        if value.is_meta or value.is_quantized:
            kind = 'without values' if value.is_meta else 'of quantized values'
            raise UnpicklingError(f'a tensor {kind}')
        # Strides of 0 make one value a terabyte.
        size = value.numel() * value.element_size()
        if size > max(value.untyped_storage().nbytes(), _LARGE):
            raise UnpicklingError('a tensor that is larger than its values')
        if value.__dict__:
            raise UnpicklingError('a tensor with attributes')
        return value

    def _container(self, value: Any) -> Any:
        if id(value) in self.done:
            size, result, _ = self.done[id(value)]
            if not size:
                raise UnpicklingError('a container that holds itself')
            self.count += size
            return result
        before = self.count
        self.done[id(value)] = 0, value, value
        result = self._filled(value)
        self.done[id(value)] = self.count - before + 1, result, value
        return result

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            # nn.Module.state_dict() keeps versions in an attribute.
            attributes = getattr(value, '__dict__', {})
            if attributes.keys() - {'_metadata'}:
                raise UnpicklingError('a dict with attributes')
            for part in (attributes, value):
                for key in part:
                    self._key(key)
                    part[key] = self.of(part[key])
        elif isinstance(value, list):
            value[:] = [self.of(item) for item in value]
        elif isinstance(value, set):
            for item in value:
                self._key(item)
        else:
            return type(value)([self.of(item) for item in value])
        return value

    def _key(self, key: Any) -> None:
        parts = key if isinstance(key, tuple) else [key]
        for part in parts:
            if not isinstance(part, (*_PLAIN, np.generic)):
                raise UnpicklingError(f'a key of type {_name(part)}')


def _name(value: Any) -> str:
    return getattr(value, '__qualname__', None) or type(value).__name__
