"""Looking restrictions up, and what upper apps tell of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q
from django.utils import timezone

from guanlan.core.access import Subject
from guanlan.core.access.masking import mask
from guanlan.response.kinds import UNKNOWN_LEVEL, Kind, masked
from guanlan.response.models import EntityRef, Restriction, RestrictionState


class Touched(NamedTuple):
    """A decision that a restriction had a part in; `at` is microseconds since 1970."""

    at: int
    text: str
    mark: str
    url: str


class Touching(NamedTuple):
    """The newest decisions, and where all of them are listed."""

    newest: Sequence[Touched] = ()
    url: str = ""


Tells = Callable[[str, Subject], Touching]
Leads = Callable[[str, str, Subject], str]
_tells: list[Tells] = []
_leads: list[Leads] = []


def tells_decisions(tell: Tells) -> Tells:
    """Register what knows the decisions of a restriction, given its name and who asks."""
    _tells.append(tell)
    return tell


def leads_to_entity(lead: Leads) -> Leads:
    """Register what knows the page of an entity, given kind, key and who asks; or "" ."""
    _leads.append(lead)
    return lead


def touching(name: str, subject: Subject) -> Touching:
    """The decisions a restriction had a part in."""
    for tell in _tells:
        return tell(name, subject)
    return Touching()


def entity_page(ref: EntityRef, subject: Subject) -> str:
    """The address of an entity's page, where there is one."""
    return next((page for lead in _leads if (page := lead(ref.kind, ref.key, subject))), "")


def masked_key(ref: EntityRef, kinds: Mapping[str, Kind]) -> str:
    """The entity's key as it may stand on a screen, by the level of its kind; the length of a
    network is shown."""
    address, slash, length = str(ref.key).partition("/")
    if ref.kind == "ip" and slash:
        level = kinds["ip"].level if "ip" in kinds else UNKNOWN_LEVEL
        return f"{mask('ip', address, level)}/{length}"
    return masked(ref, kinds)


def restrictions_of(
    kind: str, key: str, subject: Subject, now: datetime | None = None
) -> list[Restriction]:
    """Restrictions of exactly this entity that wait or are in force, newest first."""
    moment = now or timezone.now()
    seen = Restriction.objects.for_user(subject).filter(
        Q(expires=None) | Q(expires__gt=moment),
        entity__kind=kind, entity__key_index=key,
        state__in=(RestrictionState.PROPOSED, RestrictionState.IN_FORCE),
    )  # fmt: skip
    return list(seen.order_by("-id")[:50])
