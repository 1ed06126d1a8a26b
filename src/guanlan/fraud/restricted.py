"""What this app tells of restrictions: decisions they touched, and the pages of entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from guanlan.core.access import MASKED_FROM, Subject, may
from guanlan.core.sealing.columns import Unreadable
from guanlan.fraud import programs
from guanlan.fraud.models import Decision, DecisionRestriction, Entity
from guanlan.fraud.showing import Shower, decisions_url, entity_url, numbered_entity_url
from guanlan.fraud.templatetags.fraud import outcome
from guanlan.response.pages.restrictions import able, limits, state_of
from guanlan.response.restrictions.standing import (
    Touched,
    Touching,
    leads_to_entity,
    restrictions_of,
    tells_decisions,
)
from guanlan.response.restrictions.terms import EFFECTS

NEWEST = 20


@tells_decisions
def decisions_of(name: str, subject: Subject) -> Touching:
    """The newest decisions in which this restriction asked for an outcome."""
    parts = DecisionRestriction.objects.for_user(subject).filter(name=name)
    seqs = list(parts.order_by("-seq").values_list("seq", flat=True)[:NEWEST])
    found = Decision.objects.for_user(subject).in_bulk(seqs)
    shower = Shower(programs.latest()) if found else None
    newest = [
        Touched(
            found[seq].clock,
            shower.type(found[seq].type) if shower is not None else "",
            outcome(found[seq].outcome),
            reverse("decision", args=[seq]),
        )
        for seq in seqs
        if seq in found
    ]
    return Touching(newest, decisions_url(f"restriction:{name}") if newest else "")


@leads_to_entity
def page_of(kind: str, key: str, subject: Subject) -> str:
    """The page of an entity that has been seen; by its number where its key is masked."""
    row = Entity.objects.for_user(subject).filter(kind=kind, key_index=key).first()
    if row is None:
        return ""
    if Shower(programs.latest()).layout.level(kind) >= MASKED_FROM or not row.key:
        return numbered_entity_url(kind, row.id)
    return entity_url(kind, row.key)


def shown_restrictions(row: Entity, subject: Subject) -> list[Mapping[str, Any]] | None:
    """Restrictions of an entity that wait or are in force, as its page lists them; None where
    they cannot be looked for, since its key does not open."""
    if isinstance(row.key, Unreadable):
        return None
    return [
        {
            "name": one.name,
            "url": reverse("restriction", args=[one.pk]),
            "state": state_of(one),
            "effect": EFFECTS[one.effect],
            "what": " · ".join(filter(None, (", ".join(able(one)), limits(one)))),
            "until": one.expires,
        }
        for one in restrictions_of(row.kind, row.key, subject)
    ]


def sees_restrictions(subject: Subject) -> bool:
    """Whether they are shown at all."""
    return may(subject, "see", "response.restriction")
