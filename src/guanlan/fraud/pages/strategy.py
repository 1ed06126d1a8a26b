"""Scenarios, the changes of their lists, and backtests, as resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.core.audit.rows import scrub
from guanlan.engine.lists import ListChange
from guanlan.fraud import programs, words
from guanlan.fraud.models import Backtest, ListAct, Program
from guanlan.fraud.pages import backtests, scenario
from guanlan.fraud.recompute import decode_changes
from guanlan.fraud.showing import Shower
from guanlan.web.resource import Column, Filter, Heading, Resource, State, register
from guanlan.web.templatetags.console import from_microseconds

PROGRAMS = register(
    Resource(
        noun="fraud.program",
        model=Program,
        title=gettext_lazy("Scenario"),
        titles=gettext_lazy("Scenario versions"),
        path="scenarios",
        route="scenarios",
        place=("strategy", 11),
        columns=(
            Column("position", gettext_lazy("Log position"), cell="number", sort=True),
            Column("name", gettext_lazy("Scenario")),
            Column(
                "digest",
                gettext_lazy("Digest"),
                value=lambda row: row.digest[:12],
                cell="code",
            ),
            Column(
                "activated",
                gettext_lazy("In force since"),
                value=lambda row: row.activated or None,
                cell="clock",
            ),
            Column(
                "warming",
                gettext_lazy("Features still reading the past"),
                value=lambda row: len(row.warming),
                cell="number",
            ),
        ),
        filters=(
            Filter("name", gettext_lazy("Scenario"), "text", example="name:wallet"),
            Filter("digest", gettext_lazy("Digest"), "text", example="digest:ab12"),
        ),
        search=("name", "digest"),
        order="-position",
        address=lambda row: reverse("scenario_version", args=[row.pk]),
        look=scenario.ScenarioLook,
        heading=scenario.heading,
        mark="fraud/scenario/mark.html",
        tools="fraud/scenario/tools.html",
        lead="fraud/scenario/lead.html",
        facts=(),
        broad=True,
        panels=scenario.PANELS,
        empty=gettext_lazy(
            "The scenario appears here once the engine has opened with one: "
            "guanlan up --scenario FILE."
        ),
    )
)


class ChangeRow(NamedTuple):
    """A change of a list with what may be shown of it."""

    act: ListAct
    title: str
    kind: str
    key: str
    author: str
    reason: str
    state: State


def show_changes(rows: Sequence[Any], subject: Subject) -> Sequence[ChangeRow]:
    """Changes with the titles of the scenario in force; keys masked by the level of their kind."""
    shower = Shower(programs.latest())
    specs = {one.name: one for one in shower.scenario.lists} if shower.scenario else {}
    found = []
    for act in rows:
        spec = specs.get(act.list)
        change: ListChange | None = (
            next(iter(decode_changes([act.change])), None) if act.change else None
        )
        found.append(
            ChangeRow(
                act,
                spec.title.get(shower.language) if spec else act.list,
                shower.kind(spec.entity) if spec else "",
                shower.masked(spec.entity if spec else "", change.key) if change else "",
                change.author if change else "",
                _reason(change),
                _change(change),
            )
        )
    return found


def _reason(change: ListChange | None) -> str:
    if change is None:
        return ""
    # Somebody typed it: what looks like a person's number or address stays unsaid.
    return scrub(change.reason or (change.entry.reason if change.entry is not None else ""))


def _change(change: ListChange | None) -> State:
    if change is None:
        return State("unknown", _("unreadable"))
    if change.entry is None:
        return State("off", _("removed"))
    return State("on", _("added"))


def _lists() -> Mapping[str, str | Promise]:
    found = programs.latest()
    shower = Shower(found)
    return {one.name: one.title.get(shower.language) for one in found.lists} if found else {}


LIST_CHANGES = register(
    Resource(
        noun="fraud.listact",
        model=ListAct,
        title=gettext_lazy("Change of a list"),
        titles=gettext_lazy("List changes"),
        path="lists",
        route="list_changes",
        one="list_change",
        place=("strategy", 15),
        columns=(
            Column(
                "time",
                gettext_lazy("Time"),
                "position",
                value=lambda row: row.act.clock,
                cell="clock",
                sort=True,
            ),
            Column("list", gettext_lazy("List"), value=lambda row: row.title),
            Column(
                "change",
                gettext_lazy("Added or removed"),
                value=lambda row: row.state,
                level=2,
            ),
            Column("kind", gettext_lazy("Kind"), value=lambda row: row.kind, level=2),
            Column(
                "key",
                gettext_lazy("Key"),
                value=lambda row: row.key,
                cell="code",
                level=2,  # masked by the level of its kind
            ),
            Column("author", gettext_lazy("Who"), value=lambda row: row.author, level=2),
            Column(
                "reason", gettext_lazy("Reason"), value=lambda row: row.reason, level=2, wide=True
            ),
        ),
        filters=(
            Filter(
                "list",
                gettext_lazy("List"),
                "choice",
                choices=_lists,
                group=True,
                example="list:blocked_users",
            ),
        ),
        order="-time",
        prepare=show_changes,
        heading=lambda row: Heading(
            str(_lists().get(row.list, row.list)), clock=from_microseconds(row.clock)
        ),
        empty=gettext_lazy(
            "Entries that are added to lists or removed from them while Guanlan runs appear here."
        ),
    )
)


def _ranking(name: str) -> Any:
    return lambda row: (row.report.get("ranking") or {}).get(name)


def _days(row: Backtest) -> str:
    period = row.report.get("period") or {}
    return f"{period.get('first')} – {period.get('last')}" if period.get("first") else ""


BACKTESTS = register(
    Resource(
        noun="fraud.backtest",
        model=Backtest,
        title=gettext_lazy("Backtest"),
        titles=gettext_lazy("Backtests"),
        path="backtests",
        route="backtests",
        one="backtest",
        place=("strategy", 20),
        api="backtests",
        columns=(
            Column(
                "title",
                gettext_lazy("Title"),
                value=lambda row: words.backtest_title(row.title),
                level=2,
            ),
            Column("scenario", gettext_lazy("Scenario"), level=2),
            Column("version", gettext_lazy("Version"), cell="code", level=2),
            Column("days", gettext_lazy("Days"), value=_days, level=2),
            Column(
                "events",
                gettext_lazy("Events"),
                value=lambda row: row.report.get("events"),
                cell="number",
                level=2,
            ),
            Column(
                "frauds",
                gettext_lazy("Frauds"),
                value=lambda row: row.report.get("frauds"),
                cell="number",
                level=2,
            ),
            Column("auc", "AUC", value=_ranking("auc"), cell="number", level=2),
            Column(
                "precision",
                gettext_lazy("Average precision"),
                value=_ranking("average_precision"),
                cell="number",
                level=2,
            ),
            Column("created", gettext_lazy("Made"), cell="moment", level=2, sort=True),
        ),
        filters=(
            Filter("title", gettext_lazy("Title"), "text", example="title:2026"),
            Filter("scenario", gettext_lazy("Scenario"), group=True, example="scenario:wallet"),
            Filter("version", gettext_lazy("Version"), group=True),
            Filter("after", gettext_lazy("Made from then on"), "time", "created", sign=">="),
            Filter("before", gettext_lazy("Made until then"), "time", "created", sign="<"),
        ),
        search=("title", "scenario"),
        order="-created",
        look=lambda row, subject: backtests.BacktestLook(row),
        heading=lambda look: Heading(words.backtest_title(look.row.title), clock=look.row.created),
        mark="fraud/backtest/mark.html",
        lead="fraud/backtest/lead.html",
        facts=(),
        broad=True,
        panels=backtests.PANELS,
        empty=gettext_lazy(
            "Reports of deciding a whole history appear here. Make one with guanlan backtest "
            "SCENARIO.yaml --events FILE --store TITLE."
        ),
    )
)
