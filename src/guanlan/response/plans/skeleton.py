"""The smallest plan: a step that has still to be written, between a start and an end."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from guanlan.response.plans.cacao import End, Manual, Playbook, Start, Text, text_of


def fresh(kind: str) -> str:
    """An id of this CACAO type that nothing else has."""
    return f"{kind}--{uuid.uuid4()}"


def skeleton(name: Text, description: Text, lang: str) -> Playbook:
    """A plan of one step, in the language of its author."""
    end = End(id=fresh("end"))
    step = Manual(
        id=fresh("action"),
        name=text_of(lang, _("First step")),
        role="operations",
        limit=1800,
        next=end.id,
    )
    start = Start(id=fresh("start"), next=step.id)
    return Playbook(
        id=fresh("playbook"), name=name, description=description, types=("mitigation",),
        created="", modified="", start=start.id, steps=(start, step, end),
    )  # fmt: skip
