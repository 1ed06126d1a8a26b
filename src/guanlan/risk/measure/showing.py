"""How a measure is shown: read once for its page, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from guanlan.core.access import Subject
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.costs import YEAR, Spent, register_currency, spent
from guanlan.risk.measure.duties import is_late
from guanlan.risk.measure.effects import newest_effects
from guanlan.risk.measure.keeping import lacking
from guanlan.risk.measure.terms import layer_title, role_title, roles_in_words
from guanlan.risk.measure.testing import TESTS, test_title
from guanlan.risk.models import (
    Measure,
    MeasureCost,
    MeasureDuty,
    MeasureEffect,
    MeasureStep,
    MeasureTest,
)
from guanlan.risk.terms import CATEGORIES
from guanlan.web.dashboards import Tile
from guanlan.web.resource import Clock, Heading, State, facts
from guanlan.web.templatetags.console import moment
from guanlan.web.words import money, number

LINES: Final = 30
LOOKS: Final = {"planned": "unknown", "in_force": "on", "retired": "off"}


class Look(NamedTuple):
    """What the page of a measure shows, read once."""

    row: Measure
    now: dt.datetime
    currency: str
    effects: list[MeasureEffect]  # in force, by risk
    versions: list[MeasureEffect]  # the newest first
    steps: list[MeasureStep]
    tests: list[MeasureTest]  # of a year, the newest first
    duties: list[MeasureDuty]  # the newest first
    costs: list[MeasureCost]  # the newest first
    spent: Spent
    lacks: list[str]


def look(row: Measure, _subject: Subject) -> Look:
    """Read what the page of a measure shows: a fixed number of queries."""
    now = timezone.now()
    versions = row.effects.select_related("risk", "created_by").order_by("-effective", "-version")
    tests = row.tests.filter(at__gt=now - YEAR).select_related("added_by")
    return Look(
        row,
        now,
        register_currency(now),
        newest_effects([row.pk], now).get(row.pk, []),
        list(versions[:LINES]),
        list(row.steps.order_by("position")),
        list(tests.order_by("-at", "-id")),
        list(row.duties.select_related("done_by").order_by("-due")[:LINES]),
        list(row.costs.select_related("added_by").order_by("-at", "-id")[:LINES]),
        spent([row], now)[row.pk],
        lacking(row, now) if row.state == Measure.State.PLANNED else [],
    )


def state_of(row: Measure) -> State:
    """Its state by word and shape."""
    return State(LOOKS[row.state], row.get_state_display())


def title_of(row: Measure) -> str:
    """Code and title in the reader's language."""
    return f"{row.code} {own_words(row.title)}"


def heading(shown: Look) -> Heading:
    row = shown.row
    return Heading(
        own_words(row.title),
        over=f"{row.code} · {CATEGORIES.get(row.category, row.category)}",
        owner=row.owner.get_username() if row.owner else "",
        clock=Clock(row.next_due, row.since) if row.next_due else row.since,
    )


def rhythm(days: int | None) -> str:
    """How often it is to be done, in words."""
    if days is None:
        return _("runs by itself")
    return ngettext("every day", "every %(n)s days", days) % {"n": days}


def share(value: float | None) -> str:
    """A share as a percentage; a dash for none."""
    return "—" if value is None else f"{100 * value:.0f} %"


def passed_share(tests: Sequence[MeasureTest]) -> tuple[float | None, int]:
    """The share of times that it worked, and how often it was looked at."""
    passed = sum(one.passed for one in tests)
    total = passed + sum(one.failed for one in tests)
    return (passed / total if total else None), total


def tiles(shown: Look, _subject: Subject) -> list[Tile]:
    """How well it works, what it is worth and costs, what is due."""
    worked, times = passed_share(shown.tests)
    late = [one for one in shown.duties if is_late(one, shown.now)]
    plan = shown.spent.plan
    return [
        Tile(label=pgettext("of a measure", "Worked"), value=share(worked),
             note=_("of %(n)s times looked at in a year") % {"n": number(times)} if times
             else _("not tested: no evidence is no effect"),
             state="" if times else "unknown"),
        Tile(label=_("Risks it acts on"), value=number(len(shown.effects)),
             state="" if shown.effects else "unknown"),
        Tile(label=_("Late"), value=number(len(late)), state="bad" if late else "",
             link=f"{reverse('duties')}?q=late%3Ayes+measure%3A{shown.row.code}"),
        Tile(label=_("Spent in a year"), value=money(shown.spent.total, shown.currency),
             note=_("planned %(amount)s a year") % {"amount": money(plan, shown.currency)},
             state="warn" if plan and shown.spent.total > plan else ""),
    ]  # fmt: skip


def explained(shown: Look, _subject: Subject) -> dict[str, Any]:
    """What it is."""
    row = shown.row
    spec = TESTS.get(row.test)
    return facts(
        (_("Purpose"), own_words(row.purpose)),
        (_("Works on"), row.get_acts_display()),
        (_("Line of defence"), layer_title(row.layer)),
        (_("Deputy"), row.deputy.get_username() if row.deputy else ""),
        (pgettext("of a measure", "How often"), rhythm(row.every_days)),
        (_("Next due"), row.next_due),
        (_("Planned for"), f"{row.planned:%Y-%m-%d}" if row.planned else ""),
        (_("Automatic test"), test_title(row.test) if row.test else _("none")),
        (_("What it counts"), spec.what if spec is not None else ""),
        (_("Set-up cost"), money(row.setup, shown.currency) if row.setup else ""),
    )


def wanting(shown: Look, _subject: Subject) -> dict[str, Any]:
    """What it lacks to come into force."""
    return {"heads": [], "rows": [(one,) for one in shown.lacks], "empty": ""}


def effects(shown: Look, _subject: Subject) -> dict[str, Any]:
    """What it is worth against which risk, and what was said of it before."""
    current = {one.pk for one in shown.effects}
    rows = []
    for one in shown.versions:
        until = pgettext("version", "in force") if one.pk in current else pgettext(
            "version", "of before"
        )  # fmt: skip
        rows.append((
            _risk(one), share(one.design), share(one.coverage), f"{one.version} · {until}",
            moment(one.effective), one.created_by.get_username() if one.created_by else "—",
            one.reason,
        ))  # fmt: skip
    heads = [
        pgettext("of a measure", "Risk"), _("Takes away"), _("Reaches"), _("Version"),
        _("Since"), _("By whom"), _("Why"),
    ]  # fmt: skip
    empty = _("It is not yet said what it is worth against any risk.")
    return {"heads": heads, "rows": rows, "empty": empty}


def _risk(effect: MeasureEffect) -> str:
    return f"{effect.risk.code} {effect.risk.title}"


class StepLine(NamedTuple):
    """A step of the operating guide in the reader's language."""

    position: int
    title: str
    instruction: str
    when: str
    evidence: str
    responsible: str
    accountable: str
    consulted: str
    informed: str


def step_line(step: MeasureStep) -> StepLine:
    """A step in the reader's language."""
    return StepLine(
        step.position,
        own_words(step.title),
        own_words(step.instruction),
        own_words(step.when),
        own_words(step.evidence),
        roles_in_words(step.responsible),
        roles_in_words(step.accountable),
        roles_in_words(step.consulted),
        roles_in_words(step.informed),
    )


def guide(shown: Look, _subject: Subject) -> dict[str, Any]:
    """Its steps, as the operating guide tells them."""
    return {
        "steps": [step_line(one) for one in shown.steps],
        "measure": shown.row,
        "more": _("operating guide"),
        "more_url": f"{reverse('guide')}#{shown.row.code}",
    }


def tests(shown: Look, _subject: Subject) -> dict[str, Any]:
    """What tests found, the newest first."""
    rows = []
    for one in shown.tests[:LINES]:
        proof: Any = one.evidence
        who = one.added_by.get_username() if one.added_by else _("the platform")
        if one.automatic:
            who = test_title(one.automatic)
            proof = "—"
            if one.evidence.startswith("/"):
                proof = format_html('<a href="{}">{}</a>', one.evidence, _("what it looked at"))
        rows.append((moment(one.at), number(one.passed), number(one.failed), who, proof))
    heads = [_("Up to"), _("Worked"), _("Did not work"), _("Tested by"), _("Evidence")]
    empty = _("Nobody has tested it. Without evidence it counts as worth nothing.")
    return {"heads": heads, "rows": rows, "empty": empty}


def duty_state(duty: MeasureDuty, now: dt.datetime | None = None) -> State:
    """Whether it is done, late or to come."""
    if duty.done is not None:
        late = duty.done > duty.due
        return State("warn", _("done late")) if late else State("on", pgettext("duty", "done"))
    if is_late(duty, now or timezone.now()):
        return State("bad", _("overdue"))
    return State("unknown", _("to come"))


def duties(shown: Look, _subject: Subject) -> dict[str, Any]:
    """When it was due, and who did it."""
    rows = [
        (
            format_html('<a href="{}">{}</a>', reverse("duty", args=[one.pk]), moment(one.due)),
            duty_state(one, shown.now).title,
            moment(one.done),
            one.done_by.get_username() if one.done_by else "—",
            one.evidence or "—",
        )
        for one in shown.duties
    ]
    heads = [pgettext("duty", "Due"), _("State"), pgettext("duty", "Done"), _("Done by"),
             _("Evidence")]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("Nothing is due: it has no rhythm, or is not in force.")}  # fmt: skip  # noqa: E501


def costs(shown: Look, _subject: Subject) -> dict[str, Any]:
    """What it cost, the newest first."""
    rows = [
        (
            f"{one.at:%Y-%m-%d}",
            one.get_kind_display(),
            money(one.amount, shown.currency),
            one.note or "—",
            one.added_by.get_username() if one.added_by else "—",
        )
        for one in shown.costs
    ]
    heads = [_("Day"), _("Kind of resource"), _("Amount"), _("Note"), _("By whom")]
    return {"heads": heads, "rows": rows, "empty": _("No cost is written down.")}


def role_or_name(text: str) -> str:
    """One responsible party in words."""
    return role_title(text)
