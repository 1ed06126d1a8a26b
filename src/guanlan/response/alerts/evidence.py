"""Where evidence is looked at: the apps that know a kind say where its page is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from django.utils.functional import Promise

Address = Callable[[str], str]


class Kind(NamedTuple):
    """A kind of evidence: what it is called, and the page of one of it."""

    title: str | Promise
    address: Address


_kinds: Final[dict[str, Kind]] = {}


def evidence_link(kind: str, title: str | Promise, address: Address) -> None:
    """Say what evidence of `kind` is called and where the page of one is: `address(ref)` gives
    its URL, or an empty text. Raises ValueError for a kind said twice."""
    if kind in _kinds:
        raise ValueError(f"evidence of kind {kind} is registered twice")
    _kinds[kind] = Kind(title, address)


def shown(kind: str, ref: str) -> tuple[str, str]:
    """What a piece of evidence is called, and its address; empty where nobody knows one."""
    known = _kinds.get(kind)
    if known is None:
        return f"{kind} {ref}", ""
    return f"{known.title} {ref}", known.address(ref)
