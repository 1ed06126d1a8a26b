"""Where a request comes from, and where people reach the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

_reached: ContextVar[Callable[[str], str] | None] = ContextVar("guanlan_reached", default=None)


@contextmanager
def reached_by(request: HttpRequest) -> Iterator[None]:
    """Within, links lead to where this request came in."""
    token = _reached.set(request.build_absolute_uri)
    try:
        yield
    finally:
        _reached.reset(token)


def link_to(path: str) -> str:
    """The address of `path` for a letter: where people reach the console, as set; else as the
    request came."""
    if settings.ADDRESS:
        return f"{settings.ADDRESS}{path}"
    reached = _reached.get()
    return reached(path) if reached is not None else path


def client_address(request: HttpRequest) -> str:
    """The address of the client: the right-most one of `X-Forwarded-For` that is no proxy of
    ours, and only where the request came through one; else that of the connection.

    What stands further left was written by the client and proves nothing.
    """
    here = str(request.META.get("REMOTE_ADDR", ""))
    if not _is_proxy(here):
        return here
    for text in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        try:
            found = str(ip_address(text.strip()))
        except ValueError:
            return here
        here = found
        if not _is_proxy(found):
            break
    return here


def _is_proxy(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in settings.PROXIES)
