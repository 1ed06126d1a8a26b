"""What does not change while one request is answered is read once.

    @once
    def latest() -> Scenario | None: ...

Outside a request the function is called each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_found: Final[ContextVar[dict[Any, Any] | None]] = ContextVar("guanlan_once", default=None)


@contextmanager
def one_request() -> Iterator[None]:
    """Within, what is read `once` is remembered."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def once(read: Callable[P, T]) -> Callable[P, T]:
    """Remember what `read` gives for these arguments, for as long as the request lasts."""

    @wraps(read)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        found = _found.get()
        if found is None:
            return read(*args, **kwargs)
        key = (read, args, tuple(kwargs.items()))
        if key not in found:
            found[key] = read(*args, **kwargs)
        known: T = found[key]
        return known

    return reading
