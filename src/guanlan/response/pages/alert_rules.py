"""Rules that raise alerts, and how often they are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.alerts.handling import DISPOSITIONS
from guanlan.response.alerts.precision import LEAST, Record, records
from guanlan.response.alerts.titles import rule_words
from guanlan.response.models import AlertRule
from guanlan.response.terms import CATEGORIES
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Column,
    Filter,
    Heading,
    Numbers,
    Panel,
    Resource,
    State,
    facts,
    register,
)
from guanlan.web.words import duration, number


class RuleRow:
    """A rule with its record, as lists and its page read it."""

    def __init__(self, rule: AlertRule, record: Record) -> None:
        self.rule = rule
        self.record = record
        self.title = rule_words(rule.name, rule.text)


def show_rules(rows: Sequence[Any], subject: Subject) -> list[RuleRow]:
    """A page of rules with their records."""
    found = records([row.name for row in rows], subject)
    return [RuleRow(row, found[row.name]) for row in rows]


def look(row: AlertRule, subject: Subject) -> RuleRow:
    """One rule with its record."""
    return show_rules([row], subject)[0]


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{100 * share:.0f} %"


def precision(row: RuleRow) -> str | State:
    """The share of its alerts that were right, with the interval it may lie in."""
    share, between = row.record.precision, row.record.interval
    if share is None or between is None:
        return State("unknown", _("unknown"))
    return f"{percent(share)} ({percent(between[0])} – {percent(between[1])})"


def _seconds(value: float) -> str:
    return duration(round(value * 1_000_000))


def _alerts(name: str, query: str = "") -> str:
    return f"{reverse('alerts')}?{urlencode({'q': f'rule:{name} {query}'.strip()})}"


def tiles(row: RuleRow, subject: Subject) -> Sequence[Tile]:
    """How it has fared, each number a link to its alerts."""
    of, name = row.record, row.rule.name
    share, between = of.precision, of.interval
    unknown = share is None or between is None
    return (
        Tile(label=_("Alerts"), value=number(of.alerts), link=_alerts(name)),
        Tile(
            label=pgettext("of an alert", "live"),
            value=number(of.live),
            link=_alerts(name, "live:yes"),
        ),
        Tile(
            label=_("Precision"),
            value=_("unknown") if share is None else percent(share),
            note=_("%(n)s judged, at least %(least)s are needed") % {"n": of.judged, "least": LEAST}
            if unknown or between is None
            else _("95 %% interval: %(low)s to %(high)s, from %(n)s judged")
            % {"low": percent(between[0]), "high": percent(between[1]), "n": of.judged},
            state="unknown" if unknown else "",
        ),
        Tile(
            label=_("Time to acknowledge"),
            value=_seconds(of.times.median) if of.times else "—",
            note=_("median; nine of ten within %(time)s") % {"time": _seconds(of.times.p90)}
            if of.times
            else "",
        ),
    )


def was(row: RuleRow, subject: Subject) -> Mapping[str, Any]:
    """What its alerts were found to be."""
    of = row.record
    return facts(
        (DISPOSITIONS["confirmed"], number(of.confirmed)),
        (DISPOSITIONS["suspected"], number(of.suspected)),
        (DISPOSITIONS["false_positive"], number(of.false_positive)),
        (_("benign, or an error of the customer"), number(of.other)),
        (pgettext("of an alert", "live"), number(of.live)),
    )


_HOW: Final = gettext_lazy(
    "Precision is the share of confirmed ones among those that were confirmed, false positive,"
    " benign or a customer's error. Suspected ones count for neither."
)

RULES = register(
    Resource(
        noun="response.alertrule",
        model=AlertRule,
        title=gettext_lazy("Rule that raises alerts"),
        titles=gettext_lazy("Rules that raise alerts"),
        path="alert-rules",
        route="alert_rules",
        under="alerts",
        one="alert_rule",
        columns=(
            Column("title", gettext_lazy("Rule"), "text", value=lambda row: row.title, wide=True),
            Column("name", gettext_lazy("Short name"), value=lambda row: row.rule.name,
                   cell="code", shown=False),
            Column(
                "category",
                gettext_lazy("Category"),
                value=lambda row: str(CATEGORIES[row.rule.category]),
            ),
            Column("alerts", gettext_lazy("Alerts"), value=lambda row: row.record.alerts,
                   cell="number", level=2),
            Column("closed", pgettext_lazy("number of alerts", "Closed"),
                   value=lambda row: row.record.closed,
                   cell="number", level=2),
            Column("confirmed", gettext_lazy("Confirmed"),
                   value=lambda row: row.record.confirmed, cell="number", level=2),
            Column("false", gettext_lazy("False positives"),
                   value=lambda row: row.record.false_positive, cell="number", level=2),
            Column("precision", gettext_lazy("Precision"), value=precision, level=2),
            Column(
                "median",
                gettext_lazy("Acknowledged (median)"),
                value=lambda row: _seconds(row.record.times.median) if row.record.times else None,
                level=2,
            ),
            Column(
                "p90",
                gettext_lazy("Acknowledged within (nine of ten)"),
                value=lambda row: _seconds(row.record.times.p90) if row.record.times else None,
                level=2,
                shown=False,
            ),
            Column("last_seen", gettext_lazy("Last alert"), value=lambda row: row.rule.last_seen,
                   cell="moment", sort=True),
        ),
        filters=(
            Filter("rule", gettext_lazy("Rule"), "text", "name", example="rule:fraud."),
            Filter("category", gettext_lazy("Category"), "choice", choices=CATEGORIES, group=True),
        ),
        search=("name", "text"),
        order="-last_seen",
        prepare=show_rules,
        look=look,
        heading=lambda row: Heading(row.title, over=row.rule.name),
        facts=(),
        panels=(
            Numbers(tiles),
            Panel(gettext_lazy("What its alerts were"), "response/alert/was.html",
                  lambda row, subject: {**was(row, subject), "how": _HOW}),
        ),
        empty=gettext_lazy(
            "No rule has raised an alert yet. Close alerts with what they were, and how often"
            " each rule is right stands here."
        ),
    )
)  # fmt: skip
