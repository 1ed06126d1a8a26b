"""Kinds of entities: how each is called, and how far its keys are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from guanlan.core.access.masking import mask
from guanlan.response.models import EntityRef
from guanlan.response.terms import ENTITY_KINDS, Words

# The organisation's own things are nobody's personal data.
UNKNOWN_LEVEL: Final = 4  # of the keys of a kind that nobody names
_OWN: Final = frozenset({"source", "product", "third_party"})


class Kind(NamedTuple):
    """What a kind is called, and the data level of its keys."""

    title: Words
    level: int


Read = Callable[[], Mapping[str, Kind]]
_more: Final[list[Read]] = []


def entity_kinds(read: Read) -> None:
    """Say which kinds there are besides `ENTITY_KINDS`, or what else holds of those; asked
    whenever it matters, in the current language."""
    _more.append(read)


def every_kind() -> dict[str, Kind]:
    """All kinds by name. Who writes several entities asks once."""
    found = {name: Kind(title, 2 if name in _OWN else 3) for name, title in ENTITY_KINDS.items()}
    for read in _more:
        found.update(read())
    return found


def masked(ref: EntityRef, kinds: Mapping[str, Kind]) -> str:
    """The key as it may be shown; of an unknown kind, or unreadable, as of the highest level."""
    kind = kinds.get(ref.kind)
    return mask(ref.kind, str(ref.key), kind.level if kind is not None else UNKNOWN_LEVEL)


def kind_title(name: str, kinds: Mapping[str, Kind]) -> str:
    """What a kind is called; its name where nobody says."""
    kind = kinds.get(name)
    return str(kind.title) if kind is not None else name
