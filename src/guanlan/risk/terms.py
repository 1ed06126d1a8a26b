"""The words of risk, in the console's languages."""

from __future__ import annotations

from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

Words = str | Promise
StateName = Literal["green", "amber", "red", "unknown"]
Unit = Literal["count", "share", "seconds", "money", "score"]
Direction = Literal["higher", "lower", "band"]
Kind = Literal["static", "count", "share", "seasonal"]

# The six kinds of risk; every indicator, alert, case, incident and complaint is of one of them.
CATEGORIES: Final[dict[str, Words]] = {
    "security": pgettext_lazy("category of risk", "technical security"),
    "privacy": pgettext_lazy("category of risk", "data privacy"),
    "compliance": pgettext_lazy("category of risk", "compliance"),
    "operations": pgettext_lazy("category of risk", "operations"),
    "reputation": pgettext_lazy("category of risk", "reputation"),
    "fraud": pgettext_lazy("category of risk", "user fraud"),
}
# In the order in which they want to be looked at: what is not known may be anything.
STATES: Final[dict[str, Words]] = {
    "red": pgettext_lazy("state of an indicator", "red"),
    "unknown": pgettext_lazy("state of an indicator", "unknown"),
    "amber": pgettext_lazy("state of an indicator", "amber"),
    "green": pgettext_lazy("state of an indicator", "green"),
}
RANKS: Final[dict[str, int]] = {name: rank for rank, name in enumerate(STATES)}
UNITS: Final[dict[str, Words]] = {
    "count": pgettext_lazy("unit of an indicator", "number"),
    "share": pgettext_lazy("unit of an indicator", "share"),
    "seconds": pgettext_lazy("unit of an indicator", "time"),
    "money": pgettext_lazy("unit of an indicator", "money"),
    "score": pgettext_lazy("unit of an indicator", "score"),
}
DIRECTIONS: Final[dict[str, Words]] = {
    "higher": pgettext_lazy("which side is bad", "higher is worse"),
    "lower": pgettext_lazy("which side is bad", "lower is worse"),
    "band": pgettext_lazy("which side is bad", "outside a band is worse"),
}
# What a limit is: a number that somebody said, or one that follows from the indicator's own past.
KINDS: Final[dict[str, Words]] = {
    "static": pgettext_lazy("kind of a limit", "fixed"),
    "count": pgettext_lazy("kind of a limit", "exact, of a count"),
    "share": pgettext_lazy("kind of a limit", "exact, of a share"),
    "seasonal": pgettext_lazy("kind of a limit", "by hour or day of the week"),
}
# Why it is amber though its value is past no limit.
OPINIONS: Final[dict[str, Words]] = {
    "forecast": pgettext_lazy("why an indicator is amber", "forecast"),
    "drift": pgettext_lazy("why an indicator is amber", "drift"),
}
# What may be measured of a thing that is counted, and the unit of that.
MEASURES: Final[dict[str, Words]] = {
    "count": pgettext_lazy("what is measured", "How many came"),
    "share": pgettext_lazy("what is measured", "Share of those that came"),
    "sum": pgettext_lazy("what is measured", "Sum of amounts of those that came"),
    "open": pgettext_lazy("what is measured", "How many are open"),
    "age": pgettext_lazy("what is measured", "Median age of those that are open"),
}
MEASURED: Final[dict[str, Unit]] = {
    "count": "count", "share": "share", "sum": "money", "open": "count", "age": "seconds",
}  # fmt: skip
# What a warning turned out to be, as people judge it.
VERDICTS: Final[dict[str, Words]] = {
    "true": pgettext_lazy("what a warning was", "a true warning"),
    "false": pgettext_lazy("what a warning was", "a false alarm"),
}
# Of one colour for so long that its limits tell nothing.
STILL: Final[dict[str, Words]] = {
    "green": pgettext_lazy("state of an indicator's limits", "never amber: recalibrate"),
    "red": pgettext_lazy("state of an indicator's limits", "always red: recalibrate"),
}
