"""Where a request comes from."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


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
