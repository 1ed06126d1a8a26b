"""The words of decisions, in the console's languages."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanlan.engine.scenario.model import Outcome

Words = str | Promise

OUTCOMES: Final[dict[str, Words]] = {
    "approve": pgettext_lazy("outcome", "approve"),
    "monitor": pgettext_lazy("outcome", "monitor"),
    "review": pgettext_lazy("outcome", "review"),
    "challenge": pgettext_lazy("outcome", "challenge"),
    "limit": pgettext_lazy("outcome", "limit"),
    "hold": pgettext_lazy("outcome", "hold"),
    "decline": pgettext_lazy("outcome", "decline"),
}

LIST_KINDS: Final[dict[str, Words]] = {
    "allow": _("allow list"),
    "watch": _("watch list"),
    "block": _("block list"),
    "immutable_block": _("block list that nothing overrides"),
}

# The tactics of the MITRE Fight Fraud Framework, in its order.
TACTICS: Final[dict[str, Words]] = {
    "reconnaissance": _("Reconnaissance"),
    "resource-development": _("Resource development"),
    "initial-access": _("Initial access"),
    "stealth": _("Stealth"),
    "defense-impairment": _("Defense impairment"),
    "positioning": _("Positioning"),
    "execution": _("Execution"),
    "monetization": _("Monetization"),
}

AGGREGATES: Final[dict[str, Words]] = {
    "count": _("count"),
    "sum": _("sum"),
    "avg": _("average"),
    "min": _("minimum"),
    "max": _("maximum"),
    "distinct": _("distinct"),
    "stddev": _("standard deviation"),
    "since_first": _("time since the first"),
    "since_last": _("time since the last"),
    "is_new": _("is new"),
    "last": _("last value"),
}

FIELD_TYPES: Final[dict[str, Words]] = {
    "money": _("money"),
    "int": _("integer"),
    "number": _("number"),
    "bool": _("yes or no"),
    "string": _("text"),
    "time": _("time"),
}

LABELS: Final[dict[str, Words]] = {
    "fraud": pgettext_lazy("label", "fraud"),
    "legit": pgettext_lazy("label", "legitimate"),
}


# Titles of backtests that Guanlan itself makes; all others are somebody's own words.
BACKTESTS: Final[dict[str, Words]] = {
    "A week of the demo company": _("A week of the demo company"),
}


def backtest_title(title: str) -> str:
    """The title of a backtest, in the reader's language where it is one of ours."""
    return str(BACKTESTS.get(title, title))


def outcome_name(number: int) -> str:
    """The name of a stored outcome."""
    return Outcome(number).name


# Which bound of a limit an event reached.
REACHED: Final[dict[str, Words]] = {
    "event": _("more at a time than it allows"),
    "amount": _("more in its time than it allows"),
    "count": _("more often than it allows"),
    "unknown": _("an amount that cannot be compared"),
}
