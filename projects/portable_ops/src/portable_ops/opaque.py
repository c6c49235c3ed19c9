"""Operators that a trace records as one node.

What is computed with numpy, or depends on values, would enter a trace as the
constants of the example. Under ``torch.jit.trace``, ``torch.export`` and
``torch.compile`` such a function is called as an operator of torch instead,
``torch.ops.portable_ops.<name>``; a program that loads the trace imports
``portable_ops`` before.
"""

import functools
from collections.abc import Callable
from typing import Any

import torch

_LIBRARY = torch.library.Library('portable_ops', 'DEF')


def traced() -> bool:
    """Whether calls are recorded rather than only computed."""
    return torch.compiler.is_compiling() or torch.jit.is_tracing()


def opaque(
    schema: str, fake: Callable[..., Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function an operator wherever it is traced.

    Args:
        schema: In torch's language, with the function's own arguments.
        fake: Takes the same arguments and returns empty results of the same
            shapes.
    """
    name = schema.split('(', 1)[0]
    if not hasattr(torch.library, 'register_fake'):  # before torch 2.4
        return lambda function: function

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        _LIBRARY.define(schema)
        _LIBRARY.impl(name, function, 'CompositeExplicitAutograd')
        torch.library.register_fake(
            f'portable_ops::{name}', fake, lib=_LIBRARY
        )

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if traced():
                return getattr(torch.ops.portable_ops, name)(*args, **kwargs)
            return function(*args, **kwargs)

        return call

    return decorate


def unknown_size() -> Any:
    """Of a fake result: how many are kept is not known."""
    return torch.library.get_ctx().new_dynamic_size()
