"""Which rules apply to what happened, and why. What is not known is unknown, never no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from msgspec import Struct, structs

from guanlan.response.terms import Words
from guanlan.web.words import labelled, number

GRADES: Final[dict[str, Words]] = {
    "general": pgettext_lazy("grade of an incident", "general"),
    "larger": pgettext_lazy("grade of an incident", "larger"),
    "major": pgettext_lazy("grade of an incident", "major"),
    "extraordinary": pgettext_lazy("grade of an incident", "extraordinary"),
}
ROLES: Final[dict[str, Words]] = {
    "network_operator": pgettext_lazy("what we are", "network operator in mainland China"),
    "critical_infrastructure": pgettext_lazy(
        "what we are", "operator of critical information infrastructure"
    ),
    "central_organ": pgettext_lazy("what we are", "central or state organ"),
    "bank_insurer": pgettext_lazy("what we are", "bank or insurer under NFRA"),
    "pboc_supervised": pgettext_lazy("what we are", "institution in PBOC's fields of business"),
    "eu_financial": pgettext_lazy("what we are", "financial entity under DORA"),
    "eu_controller": pgettext_lazy("what we are", "controller under the GDPR"),
}
EVENTS: Final[dict[str, Words]] = {
    "cyber": pgettext_lazy("what happened", "attack on networks or systems"),
    "data": pgettext_lazy("what happened", "data leaked, altered or lost"),
    "outage": pgettext_lazy("what happened", "outage"),
}
KINDS: Final[dict[str, Words]] = {
    "personal": pgettext_lazy("kind of data", "personal information"),
    "sensitive": pgettext_lazy("kind of data", "sensitive personal information"),
    "important": pgettext_lazy("kind of data", "important data"),
    "core": pgettext_lazy("kind of data", "core data"),
}
FLAGS: Final[dict[str, Words]] = {
    "harm_avoided": pgettext_lazy("fact", "measures have kept harm from the persons"),
    "high_risk": pgettext_lazy("fact", "a high risk to persons is likely"),
    "national_security": pgettext_lazy(
        "fact", "a flaw endangers national security or the public interest"
    ),
    "dora_major": pgettext_lazy("fact", "classified as major under DORA"),
}
_ORDER: Final = tuple(GRADES)
# CAC's guide to grading: persons whose information was leaked or stolen.
BY_PERSONS: Final = ((100_000_000, "extraordinary"), (10_000_000, "major"), (1_000_000, "larger"))


class Facts(Struct, frozen=True):
    """What is known of what happened; None: not yet known."""

    roles: tuple[str, ...] = ()
    events: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    grade: str | None = None
    persons: int | None = None
    flags: Mapping[str, bool | None] = {}

    def stored(self) -> dict[str, Any]:
        """As JSON, to be kept with a clock."""
        return structs.asdict(self)


class Verdict(NamedTuple):
    """Whether a rule applies (None: not yet known), and why, a sentence each."""

    applies: bool | None
    reasons: tuple[str, ...]


def grade_of(facts: Facts) -> tuple[str | None, str]:
    """The higher of the grade given and the one that follows from the persons, and from what."""
    by_persons = next((grade for least, grade in BY_PERSONS if (facts.persons or 0) >= least), None)
    known = [one for one in (facts.grade, by_persons) if one is not None]
    if not known:
        return None, ""
    highest = max(known, key=_ORDER.index)
    if highest == by_persons and highest != facts.grade:
        return highest, _("from %(n)s persons") % {"n": number(facts.persons or 0)}
    return highest, ""


def judge(conditions: Mapping[str, Any], facts: Facts) -> Verdict:
    """Whether what a rule asks for holds: all of it, as far as it is known."""
    found = [
        *_roles(conditions, facts),
        *_among(conditions.get("events"), facts.events, EVENTS, _("what happened")),
        *_among(conditions.get("kinds"), facts.kinds, KINDS, _("kinds of data")),
        *_grade(conditions.get("grade"), facts),
        *_flags(conditions.get("flags", {}), facts),
    ]
    # What settles it stands alone: a rule that does not apply is not explained by what holds.
    for verdict in (False, None):
        reasons = tuple(text for one, text in found if one is verdict)
        if reasons:
            return Verdict(verdict, reasons)
    return Verdict(True, tuple(text for _one, text in found))


Part = tuple[bool | None, str]


def _titles(names: Sequence[str], words: Mapping[str, Words]) -> str:
    return _(", ").join(str(words[name]) for name in names if name in words)


def _roles(conditions: Mapping[str, Any], facts: Facts) -> list[Part]:
    parts: list[Part] = []
    if wanted := conditions.get("roles"):
        has = [role for role in facts.roles if role in wanted]
        if has:
            parts.append((True, _("we are: %(what)s") % {"what": _titles(has, ROLES)}))
        else:
            parts.append((False, _("it is for: %(what)s") % {"what": _titles(wanted, ROLES)}))
    barred = [role for role in facts.roles if role in conditions.get("not_roles", ())]
    if barred:
        text = _("a stricter rule holds for: %(what)s") % {"what": _titles(barred, ROLES)}
        parts.append((False, text))
    return parts


def _among(
    wanted: Sequence[str] | None,
    has: tuple[str, ...] | None,
    words: Mapping[str, Words],
    what: str,
) -> list[Part]:
    if not wanted:
        return []
    if has is None:
        return [(None, _("not yet known: %(what)s") % {"what": what})]
    both = [one for one in has if one in wanted]
    if both:
        return [(True, labelled(what, _titles(both, words)))]
    text = _("%(what)s: none of %(wanted)s") % {"what": what, "wanted": _titles(wanted, words)}
    return [(False, text)]


def _grade(wanted: str | None, facts: Facts) -> list[Part]:
    if not wanted:
        return []
    grade, why = grade_of(facts)
    least = str(GRADES[wanted])
    if grade is None:
        return [(None, _("not yet known: whether the grade is %(grade)s") % {"grade": least})]
    said = f"{GRADES[grade]} ({why})" if why else str(GRADES[grade])
    if _ORDER.index(grade) >= _ORDER.index(wanted):
        text = _("grade %(grade)s, at least %(least)s")
        return [(True, text % {"grade": said, "least": least})]
    return [(False, _("grade %(grade)s, below %(least)s") % {"grade": said, "least": least})]


def _flags(wanted: Mapping[str, bool], facts: Facts) -> list[Part]:
    parts: list[Part] = []
    for name, value in wanted.items():
        has = facts.flags.get(name)
        title = str(FLAGS[name])
        if has is None:
            parts.append((None, _("not yet known: %(what)s") % {"what": title}))
        else:
            parts.append((has == value, labelled(title, _("yes") if has else _("no"))))
    return parts
