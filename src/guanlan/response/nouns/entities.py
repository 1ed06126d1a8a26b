"""What the policy says of the entities that response speaks of."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from guanlan.core.access import register_noun
from guanlan.response.nouns.roles import RESPONDERS, REVEALS, each


def declare() -> None:
    """Register the noun."""
    register_noun(
        "response.entityref",
        _("Entities that alerts and restrictions speak of"),
        level=3,
        verbs="see add export reveal",
        rights=each((*RESPONDERS, "customer_service"), "see"),
        reveals=REVEALS,
    )
