"""Targets: a board that everybody with a role may read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.risk.counting import COUNTABLES
from guanlan.risk.measure.terms import person_named
from guanlan.risk.models import Target, TargetVerdict
from guanlan.risk.models.targets import TARGET
from guanlan.risk.target import keeping
from guanlan.risk.target.judging import Judged, count, has_source, judge, quarter_of, same
from guanlan.risk.target.keeping import title_of
from guanlan.web.charts import Chart, Mark, Series
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Drawing,
    Filter,
    Form,
    Heading,
    Numbers,
    Panel,
    Resource,
    Saved,
    State,
    facts,
    register,
)
from guanlan.web.resource.fields import DayInput
from guanlan.web.words import number

VERDICTS: Final = {
    "met": ("on", pgettext_lazy("of a target", "met")),
    "not met": ("bad", pgettext_lazy("of a target", "not met")),
    "not distinguishable": ("warn", pgettext_lazy("of a target", "not distinguishable")),
    "unknown": ("unknown", pgettext_lazy("of a target", "unknown")),
}
SHOWN: Final = 20  # quarters


class TargetForm(forms.Form):
    """What is to be reached, compared with what."""

    title = forms.CharField(label=gettext_lazy("Target"), max_length=160)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of target"), choices=Target.Kind.choices[:2])
    source = forms.ChoiceField(label=gettext_lazy("What is counted"))
    exposure = forms.ChoiceField(
        label=gettext_lazy("Per"), required=False,
        help_text=gettext_lazy("More business makes more events: a fall is judged per this."),
    )  # fmt: skip
    goal = forms.FloatField(
        label=gettext_lazy("Goal"), initial=0.8,
        help_text=gettext_lazy("Of a fall the ratio: 0.8 is a fifth less. Of none at all: 0."),
    )  # fmt: skip
    baseline = forms.DateField(
        label=gettext_lazy("Baseline"), widget=DayInput(), required=False,
        help_text=gettext_lazy("A day of the quarter that the first one is compared with."),
    )  # fmt: skip
    owner = forms.CharField(
        label=pgettext_lazy("of a thing", "Owner"), max_length=150,
        help_text=gettext_lazy("A user name."),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = [(one.name, one.title) for one in COUNTABLES.values()]
        for name, empty in (("source", []), ("exposure", [("", "—")])):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [*empty, *known]


def add(subject: Subject, values: dict[str, Any]) -> Saved:
    owner = person_named("owner", values["owner"])
    rest = {name: value for name, value in values.items() if name != "owner"}
    made = keeping.add_target(subject, owner=owner, now=timezone.now(), **rest)
    return Saved(made, _("The target is set."))


class Look(NamedTuple):
    """What the page of a target shows."""

    row: Target
    verdicts: list[TargetVerdict]  # the newest first
    quarter: dt.date
    running: Judged  # of the quarter so far


def look(row: Target, _subject: Subject) -> Look:
    now = timezone.now()
    quarter = quarter_of(timezone.localdate(now))
    verdicts = list(row.verdicts.select_related("target").order_by("-quarter")[:SHOWN])
    return Look(row, verdicts, quarter, judge(count(row, quarter, now)))


def prepare(rows: Sequence[Target], _subject: Subject) -> Sequence[Target]:
    """The newest verdict of each, in one query."""
    newest: dict[int, TargetVerdict] = {}
    for one in TargetVerdict.objects.filter(target__in=rows).order_by("quarter"):
        newest[one.target_id] = one
    for row in rows:
        row.newest = newest.get(row.pk)  # type: ignore[attr-defined]
    return rows


def state_of(row: Target) -> State:
    """Of the newest quarter that is over."""
    if hasattr(row, "newest"):
        newest = row.newest  # of a list, read for all of its rows at once
    else:
        newest = row.verdicts.order_by("-quarter").first()
    if newest is None and has_source(row):
        return State("unknown", _("no quarter is over yet"))
    if not has_source(row):
        return State("unknown", _("unknown: nothing counts it yet"))
    return verdict(newest.verdict if newest is not None else "unknown")


def verdict(name: str) -> State:
    return State(*VERDICTS[name])


def label(first: dt.date) -> str:
    return f"{first.year} Q{(first.month + 2) // 3}"


def in_kind(row: Target, value: float | None) -> str:
    """A value as this kind of target says it."""
    if value is None:
        return "—"
    if row.kind == Target.Kind.ZERO:
        return number(value)
    if row.kind == Target.Kind.SHARE:
        return f"{100 * value:.1f} %"
    return f"{100 * (value - 1):+.1f} %"


def tiles(shown: Look, _subject: Subject) -> list[Tile]:
    """The goal, the newest verdict, what one quarter can show."""
    row, now = shown.row, shown.running
    power = next((one.power for one in shown.verdicts if one.power is not None), now.power)
    needed = next((one.needed for one in shown.verdicts if one.needed is not None), now.needed)
    note = ""
    if needed is not None:
        note = _("%(n)s quarters on each side would show it four times in five") % {"n": needed}
    return [
        Tile(label=_("Goal"), value=in_kind(row, row.goal)),
        Tile(label=_("This quarter so far"), value=in_kind(row, now.point),
             state="unknown" if now.point is None else "",
             note="" if has_source(row) else _("nothing counts it yet")),
        Tile(label=_("Power of one quarter"), note=note,
             value="—" if power is None else f"{100 * power:.0f} %"),
    ]  # fmt: skip


def explained(shown: Look, _subject: Subject) -> dict[str, Any]:
    row = shown.row

    def named(name: str) -> str:
        if not name:
            return ""
        known = COUNTABLES.get(name)
        return str(known.title) if known is not None else _("%(name)s: no source yet") % {
            "name": name
        }  # fmt: skip

    return facts(
        (_("Kind of target"), row.get_kind_display()),
        (_("What is counted"), named(row.source)),
        (_("Per"), named(row.exposure)),
        (_("Baseline"), label(row.baseline)),
        (_("Reason"), row.reason),
        (_("How it is judged"), _(
            "Exact conditional test of two counts with their exposures, one-sided, 5 %; interval"
            " of 90 %. Met: at the goal, and the fall is proven. Not met: the whole interval lies"
            " above the goal."
        ) if row.kind == Target.Kind.FALL else _("Counted: each one counts.")),
    )  # fmt: skip


def table(shown: Look, _subject: Subject) -> dict[str, Any]:
    """Each quarter, frozen when it was over."""
    rows = []
    for one in shown.verdicts:
        between = "—"
        if one.low is not None:
            high = in_kind(shown.row, one.high) if one.high is not None else "∞"
            between = _("%(low)s to %(high)s") % {"low": in_kind(shown.row, one.low), "high": high}
        rows.append((
            label(one.quarter), verdict(one.verdict).title,
            "—" if one.count is None else number(one.count),
            "—" if one.before is None else number(one.before),
            in_kind(shown.row, one.point), between,
            "—" if one.chance is None else f"{one.chance:.3f}",
            one.digest[:12] + ("" if same(one) else " ≠"),
        ))  # fmt: skip
    heads = [_("Quarter"), _("Verdict"), _("Counted"), _("Quarter before"), _("Result"),
             _("Interval"), _("p-value"), _("Digest")]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("No quarter is over yet.")}


def chart(shown: Look, _subject: Subject) -> Chart:
    """The result of each quarter, and the goal."""
    past = shown.verdicts[::-1]
    return Chart(
        id="target-quarters",
        title=_("Result of each quarter"),
        x=[label(one.quarter) for one in past],
        series=(
            Series(name=_("Result"), colour="--accent", data=[one.point for one in past]),
        ) if past else (),
        kind="bar",
        y=_("ratio to the quarter before") if shown.row.kind == "fall" else "",
        marks=(Mark(_("Goal"), y=shown.row.goal),),
        legend=False,
        empty=_("No quarter is over yet."),
    )  # fmt: skip


def on(row: Target, subject: Subject) -> str:
    keeping.switch(subject, row, True)
    return _("It is judged again.")


def off(row: Target, subject: Subject) -> str:
    keeping.switch(subject, row, False)
    return _("It is judged no more.")


KEPT: Final = register(
    Resource(
        noun=TARGET,
        model=Target,
        title=gettext_lazy("Target"),
        titles=gettext_lazy("Targets"),
        path="targets",
        route="targets",
        one="target",
        place=("govern", 20),
        api="targets",
        columns=(
            Column("code", gettext_lazy("Code"), cell="code", sort=True, shown=False),
            Column("title", gettext_lazy("Target"), value=title_of, wide=True),
            Column("state", gettext_lazy("Verdict"), "code", value=state_of, cell="state"),
            Column("kind", gettext_lazy("Kind of target"),
                   value=lambda row: row.get_kind_display()),
            Column("goal", gettext_lazy("Goal"), right=True,
                   value=lambda row: in_kind(row, row.goal)),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("active", gettext_lazy("Judged"), cell="flag", shown=False),
        ),
        filters=(
            Filter("active", gettext_lazy("Judged"), "flag", group=True),
            Filter("kind", gettext_lazy("Kind of target"), "choice",
                   choices=dict(Target.Kind.choices), group=True),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
        ),
        search=("title", "code"),
        chips=(Chip(gettext_lazy("all"), ""), Chip(gettext_lazy("mine"), "owner:me")),
        order="code",
        related=("owner",),
        prepare=prepare,
        look=look,
        heading=lambda shown: Heading(
            title_of(shown.row), over=_("Target"),
            owner=shown.row.owner.get_username() if shown.row.owner else "",
        ),
        facts=(),
        state=state_of,
        name_of=title_of,
        form=Form(make=lambda subject, row: TargetForm, add=add),
        panels=(
            Numbers(tiles),
            Drawing(chart),
            Panel(gettext_lazy("What it is"), "web/resource/facts.html", explained, wide=False),
            Panel(gettext_lazy("Verdicts"), "web/resource/table.html", table),
        ),
        actions=(
            Action("on", gettext_lazy("Judge it"), on, when=lambda row: not row.active),
            Action("off", gettext_lazy("Judge it no more"), off, aside=True, danger=True,
                   when=lambda row: row.active, words=gettext_lazy("Its verdicts stay.")),
        ),
        empty=gettext_lazy("No target is set. The four of the mission appear within an hour."),
    )
)  # fmt: skip
