"""The panels of a case's page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response.alerts.showing import severity_name
from guanlan.response.cases.amounts import at_stake, in_words, origin_of, payments_of
from guanlan.response.cases.priority import ENTITIES, MONEY, SEVERITY, TIME, parts_of
from guanlan.response.cases.showing import CaseLook
from guanlan.response.models import Case
from guanlan.response.terms import Severity
from guanlan.web.dashboards import Tile
from guanlan.web.resource import facts
from guanlan.web.templatetags.console import moment
from guanlan.web.words import duration, money, number


def _alerts(look: CaseLook) -> str:
    return f"{reverse('alerts')}?{urlencode({'q': f'case:{look.row.pk}'})}"


def tiles(look: CaseLook, subject: Subject) -> list[Tile]:
    """How urgent, how much, what is done."""
    row = look.row
    alike = f"{reverse('cases')}?" + urlencode({"q": f"live:yes priority:>={row.priority}"})
    severe = f"{reverse('cases')}?" + urlencode({"q": f"severity:{Severity(row.severity).name}"})
    return [
        Tile(label=_("Priority"), value=number(row.priority), link=alike, note=_("of 100"),
             state="bad" if row.live and row.priority >= 70 else ""),
        Tile(label=_("Severity"), value=severity_name(row.severity), link=severe),
        Tile(label=_("Alerts"), value=number(row.alert_count), link=_alerts(look)),
        *_stakes(row),
        Tile(label=_("Checklist"), value=f"{look.items_done} / {len(look.items)}",
             link="#checklist"),
    ]  # fmt: skip


def _stakes(row: Case) -> list[Tile]:
    """What is at stake, each currency by itself, and who says so: the payments behind it are one
    click away."""
    title, link = _("Amount at stake"), reverse("case_evidence", args=[row.pk])
    if row.amount is not None:
        value = money(row.amount, row.currency)
        return [Tile(label=title, value=value, note=origin_of(row), link=link if row.found else "")]
    if not row.found:
        return [Tile(label=title, value=_("unknown"), state="unknown")]
    return [
        Tile(label=title, value=in_words({name: one}), note=payments_of({name: one}), link=link)
        for name, one in sorted(row.found.items())
    ]


def _counted(row: Case) -> str:
    """What of the amount at stake makes the priority."""
    stake = at_stake(row)
    several = _("of several currencies only the organisation's counts")
    if stake is None:
        return f"{in_words(row.found)} · {several}" if row.found else _("unknown")
    amount = money(stake.amount, stake.currency)
    if stake.typed or len(row.found) == 1:
        return f"{amount} · {origin_of(row)}"
    return f"{amount} · {payments_of({stake.currency: row.found[stake.currency]})} · {several}"


def alerts(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """The newest alerts; all of them are behind the link."""
    n = look.row.alert_count
    text = _("all %(n)s") % {"n": number(n)} if n else ""
    return {"lines": look.alert_lines, "more": text, "more_url": _alerts(look)}


def checklist(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """What is to be done, with a button beside each for who works on it."""
    works = look.works and look.row.live
    return {
        "items": look.item_lines,
        "works": works,
        "more": f"{look.items_done} / {len(look.items)}",
    }


def clocks(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """What is due when, and what was done when."""
    row = look.row
    took = (row.closed - row.opened) // dt.timedelta(microseconds=1) if row.closed else 0
    return facts(
        (_("Opened"), moment(row.opened)),
        (_("To be answered by"), row.first_due and moment(row.first_due, "until")),
        (_("Answered"), row.first_response and moment(row.first_response)),
        (_("To be resolved by"), row.resolve_due and moment(row.resolve_due, "until")),
        (_("Waits since"), row.waiting and moment(row.waiting)),
        (_("Contained"), row.contained and moment(row.contained)),
        (_("Closed"), row.closed and moment(row.closed)),
        (_("Closed by"), row.closed_by.get_username() if row.closed_by else ""),
        (_("Times opened again"), row.reopened or ""),
        (_("Newest alert"), moment(row.last_alert)),
        (_("Open for"), duration(took) if took else ""),
    )  # fmt: skip


def why(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """What makes its priority: the formula with its parts."""
    parts = parts_of(look.row, look.now)
    rows = [
        (_("Severity"), severity_name(look.row.severity), SEVERITY, parts.severity),
        (_("Time spent"), _("%(n)s %% of the time to resolve it") % {"n": round(100 * parts.time)},
         TIME, parts.time),
        (_("Amount at stake"), _counted(look.row), MONEY, parts.money),
        (_("Entities"), number(look.row.entity_count), ENTITIES, parts.entities),
    ]  # fmt: skip
    return {
        "heads": [_("Part"), _("Is"), _("Counts at most"), _("Gives")],
        "rows": [
            (title, value, most, number(round(most * part, 1))) for title, value, most, part in rows
        ],
        "more": _("now %(n)s") % {"n": parts.score},
    }


def evidence(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """What its newest alerts rest on; all of it is behind the link."""
    address = reverse("case_evidence", args=[look.row.pk])
    return {"more": _("all evidence"), "more_url": address}


def decisions(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """What was decided, with the address of the form."""
    return {"works": look.works and look.row.live}
