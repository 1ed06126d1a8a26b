"""The backtest of an indicator: what limits would have made of its past, and their worth."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from guanlan.core.access import may
from guanlan.risk.charting import (
    MOVING,
    axis_of,
    bands_of,
    limit_lines,
    marks_of,
    moment_words,
    scale_of,
    thinned,
)
from guanlan.risk.composing import spec_of
from guanlan.risk.fitting import Asked, fit, past_of
from guanlan.risk.happened import Happened, happened
from guanlan.risk.keeping import MOST_TEXT, NOUN, set_version
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits
from guanlan.risk.registry import Spec
from guanlan.risk.replaying import Kept, Run, Worth, kept_of, run, worth
from guanlan.risk.showing import in_unit, limit_words, name_of
from guanlan.risk.terms import DIRECTIONS, KINDS, OPINIONS, STATES
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Tile, Tiles
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.templatetags.console import moment
from guanlan.web.words import duration, number

DRAWN: Final = 600  # points of the chart
LISTED: Final = 50  # warnings of the table
CYCLES: Final = {
    "hour": gettext_lazy("hour of the week"),
    "day": gettext_lazy("day of the week"),
}


class AskForm(forms.Form):
    """What limits are asked of its past."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind of limit"), choices=[*KINDS.items()])
    direction = forms.ChoiceField(
        label=gettext_lazy("Which side is bad"), choices=[*DIRECTIONS.items()]
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days of its past"), min_value=1, max_value=800, initial=90
    )
    amber_a_year = forms.FloatField(
        label=gettext_lazy("False ambers a year"), min_value=0.001, max_value=366, initial=6,
        help_text=gettext_lazy("Of exact limits: so many are put up with."),
    )  # fmt: skip
    red_a_year = forms.FloatField(
        label=gettext_lazy("False reds a year"), min_value=0.001, max_value=366, initial=1
    )
    cycle = forms.ChoiceField(
        label=gettext_lazy("What is usual at each"), choices=[*CYCLES.items()], required=False,
        help_text=gettext_lazy("Of limits by the time of the week."),
    )  # fmt: skip
    amber_width = forms.FloatField(
        label=gettext_lazy("Amber from so many deviations"), min_value=0.5, max_value=100, initial=4
    )
    red_width = forms.FloatField(
        label=gettext_lazy("Red from so many deviations"), min_value=0.5, max_value=100, initial=6
    )
    forecast_hours = forms.FloatField(
        label=gettext_lazy("Look ahead, hours"), min_value=0, max_value=24 * 31, initial=0,
        help_text=gettext_lazy("Amber where red within this time is as likely as 30 %. 0: not."),
    )  # fmt: skip
    rise = forms.FloatField(
        label=gettext_lazy("Watch for drift"), min_value=0, max_value=10, initial=0,
        help_text=gettext_lazy(
            "Of a count how many times as many, such as 1.5; else by how many deviations, such as"
            " 1. 0: not."
        ),
    )  # fmt: skip
    until = forms.DateTimeField(required=False, widget=forms.HiddenInput())


class Side(NamedTuple):
    """Limits beside what they would have made of the past."""

    title: str
    version: IndicatorLimits
    found: Run
    amber: Worth
    red: Worth


@needs("see", NOUN)
@require_safe
def backtest(request: HttpRequest, identity: int) -> HttpResponse:
    """What the limits in force, and proposed ones, would have made of what is kept."""
    row = get_object_or_404(Indicator.objects.select_related("owner"), pk=identity)
    return _page(request, row)


@needs("change", NOUN)
@require_POST
def accept(request: HttpRequest, identity: int) -> HttpResponse:
    """Put the proposed limits into force: the same as were shown, for a reason."""
    subject = subject_of_request(request)
    row = get_object_or_404(Indicator, pk=identity)
    form = _form(row, request.POST)
    reason = request.POST.get("reason", "")
    if not form.is_valid():
        return _page(request, row, form, reason)
    try:
        made = _proposed(row, form, timezone.now())
        if made is None:
            raise ValidationError(_("No limits are in force for it."))
        set_version(subject, row, made, reason, timezone.now())
    except ValidationError as error:
        _say(form, error)
        return _page(request, row, form, reason)
    text = _("Version %(n)s of the limits is made.") % {"n": made.version}
    messages.success(request, text)
    return redirect("indicator", row.pk)


def _say(form: forms.Form, error: ValidationError) -> None:
    """Errors beside their fields; of the reason and other things above them."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    names = {"forecast": "forecast_hours"}
    for field, some in error.error_dict.items():
        name = names.get(field, field)
        form.add_error(name if name in form.fields else None, some)


def _form(row: Indicator, data: Any) -> AskForm:
    newest = _in_force(row, timezone.now())
    initial: dict[str, Any] = {"kind": {"count": "count", "share": "share"}.get(row.unit, "static")}
    if newest is not None:
        initial["direction"] = newest.direction
        initial["forecast_hours"] = round(newest.forecast / 3600, 2)
    form = AskForm(data, initial=initial)
    fitting = {"count": "count", "share": "share"}.get(row.unit)
    form.fields["kind"].choices = [  # type: ignore[attr-defined]
        (name, title)
        for name, title in KINDS.items()
        if name in ("static", "seasonal") or name == fitting
    ]
    return form


def _in_force(row: Indicator, now: dt.datetime) -> IndicatorLimits | None:
    return row.limits.filter(effective__lte=now).order_by("-version").first()


def _proposed(row: Indicator, form: AskForm, now: dt.datetime) -> IndicatorLimits | None:
    """The limits that the form asks for, from what was kept when they were shown."""
    said = form.cleaned_data
    spec, like = spec_of(row), _in_force(row, now)
    if spec is None or like is None:
        return None
    shown = min(said["until"] or now, now)
    asked = Asked(
        kind=said["kind"],
        direction=said["direction"],
        days=said["days"],
        amber_a_year=said["amber_a_year"],
        red_a_year=said["red_a_year"],
        cycle=said["cycle"] or "hour",
        amber_width=said["amber_width"],
        red_width=said["red_width"],
        rise=said["rise"],
        forecast=round(3600 * said["forecast_hours"]),
    )
    if asked.kind == "static" and asked.direction != like.direction:
        text = _("Fixed limits of another side are set on the indicator's own page.")
        raise ValidationError({"direction": text})
    return fit(row, spec, like, asked, past_of(row, asked.days, shown))


def _page(
    request: HttpRequest, row: Indicator, form: AskForm | None = None, reason: str = ""
) -> HttpResponse:
    subject = subject_of_request(request)
    now = timezone.now()
    asked = form is not None or "kind" in request.GET
    form = form or _form(row, request.GET if asked else None)
    days = 90
    made = None
    if asked and form.is_valid():
        days = form.cleaned_data["days"]
        try:
            made = _proposed(row, form, form.cleaned_data["until"] or now)
        except ValidationError as error:
            _say(form, error)
    spec, force = spec_of(row), _in_force(row, now)
    kept = kept_of(row, days, now)
    real = _real(row, kept) if kept else []
    sides = [
        _side(title, version, kept, real, spec)
        for title, version in ((_("In force"), force), (_("Proposed"), made))
        if version is not None and spec is not None
    ]
    chart = _chart(row, kept, sides[-1], real) if sides and kept else None
    if chart is not None and chart.drawn:
        request.draws_charts = True  # type: ignore[attr-defined]
    context = {
        "title": _("Backtest of %(name)s") % {"name": name_of(row)},
        "section": "indicators",
        "row": row,
        "name": name_of(row),
        "form": form,
        "asked": asked,
        "made": made,
        "reason": reason,
        "most": MOST_TEXT,
        "hidden": _hidden(form, now) if made is not None else [],
        "may": may(subject, "change", NOUN),
        "tiles": Tiles(_tiles(sides[-1], row.unit)) if sides and kept else None,
        "table": _table(sides, row.unit),
        "warnings": _warnings(sides[-1], row.unit) if sides else None,
        "chart": chart,
        "says": _says(sides[-1], kept) if sides else [_("No value is kept yet.")],
    }
    bad = bool(form.errors) and (asked or request.method == "POST")
    return render(request, "risk/backtest.html", context, status=422 if bad else 200)


def _hidden(form: AskForm, now: dt.datetime) -> list[tuple[str, Any]]:
    """What is sent again when the limits that are shown are accepted."""
    said = {name: form.data.get(name, "") for name in form.fields}
    said["until"] = said["until"] or f"{timezone.localtime(now):%Y-%m-%d %H:%M:%S}"
    return [*said.items()]


def _real(row: Indicator, kept: list[Kept]) -> list[Happened]:
    """What really happened: judged warnings, incidents, what alerts turned out to be."""
    start, end = kept[0].at, kept[-1].at
    judged = IndicatorChange.objects.filter(indicator=row, at__gte=start, at__lte=end)
    said = judged.exclude(verdict="").values_list("at", "verdict")
    words = {"true": _("a true warning"), "false": _("a false alarm")}
    own = [
        Happened(at, words[verdict], "event" if verdict == "true" else "false")
        for at, verdict in said
    ]
    return sorted([*own, *happened(row, start, end)], key=lambda one: one.at)


def _side(
    title: str, version: IndicatorLimits, kept: list[Kept], real: list[Happened], spec: Spec
) -> Side:
    found = run(version, kept)
    amber, red = (worth(found, level, kept, real, spec.window) for level in ("amber", "red"))
    return Side(title, version, found, amber, red)


def _tiles(side: Side, unit: str) -> list[Tile]:
    amber = side.amber.record
    low, high = amber.false_interval
    precision = _("unknown") if amber.precision is None else _percent(amber.precision)
    ends = amber.precision_interval
    lead = _("unknown") if amber.lead is None else duration(round(amber.lead) * 1_000_000)
    return [
        Tile(label=_("Warnings"), value=number(amber.hits + amber.false + amber.unjudged),
             note=_("%(n)s of them red") % {"n": number(len(side.found.warnings("red")))}),
        Tile(label=_("Precision"), value=precision,
             state="unknown" if amber.precision is None else "",
             note=_("%(low)s to %(high)s, of %(n)s judged") % {
                 "low": _percent(ends[0]), "high": _percent(ends[1]),
                 "n": number(amber.hits + amber.false)}),
        Tile(label=_("Warned before"), value=lead, state="unknown" if amber.lead is None else "",
             note=_("median; %(n)s of %(whole)s events had a warning") % {
                 "n": number(amber.caught), "whole": number(amber.events)}),
        Tile(label=_("False alarms a year"), value=_rate(amber.false_a_year),
             note=_("%(low)s to %(high)s, what nobody judged among them") % {
                 "low": _rate(low), "high": _rate(high)}),
    ]  # fmt: skip


def _rate(value: float) -> str:
    return number(float(f"{value:.2g}")) if value < 100 else number(round(value))


def _percent(value: float) -> str:
    return f"{number(round(100 * value))} %"


def _says(side: Side, kept: list[Kept]) -> list[str]:
    """What is to be known before anything is believed."""
    if not kept:
        return [_("No value is kept yet.")]
    said = [
        _("%(n)s measurements of %(days)s days, of which %(known)s could be judged.")
        % {
            "n": number(len(kept)),
            "days": _rate(side.amber.days),
            "known": number(side.found.known),
        }
    ]
    if side.amber.little:
        said.append(_(
            "This is too little to judge the limits by: answer for warnings with what they were,"
            " and look again after two months and five judged warnings."
        ))  # fmt: skip
    terms = side.version.terms
    if terms.get("wanders"):
        said.append(_("Its counts scatter more than by chance: the limit allows for that."))
    if terms.get("thin"):
        said.append(ngettext(
            "%(n)s time of the week has too few values of its own and takes what is usual of all.",
            "%(n)s times of the week have too few values of their own and take what is usual of"
            " all.", terms["thin"],
        ) % {"n": terms["thin"]})  # fmt: skip
    return said


def _table(sides: list[Side], unit: str) -> dict[str, Any]:
    """The limits side by side."""
    rows = []
    for side in sides:
        amber, red = limit_words(side.version, unit)
        one = side.amber.record
        rows.append((
            side.title, KINDS[side.version.kind], amber, red,
            len(side.found.warnings("amber")), len(side.found.warnings("red")),
            "—" if one.precision is None else _percent(one.precision), _rate(one.false_a_year),
        ))  # fmt: skip
    heads = [
        "", _("Kind of limit"), _("Amber"), _("Red"), _("Warnings"), _("of them red"),
        _("Precision"), _("False alarms a year"),
    ]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": ""}


def _warnings(side: Side, unit: str) -> dict[str, Any]:
    rows = [
        (
            moment(one.at),
            STATES[one.after] if not one.opinion else f"{STATES['amber']}, "
            f"{OPINIONS[one.opinion]}",
            in_unit(one.value, unit),
        )
        for one in side.found.changes[::-1]
        if one.after in ("amber", "red")
    ]  # fmt: skip
    heads = [_("When"), _("State"), _("Value")]
    return {"heads": heads, "rows": rows[:LISTED], "empty": _("It would have stayed green.")}


def _chart(row: Indicator, kept: list[Kept], side: Side, real: list[Happened]) -> Chart:
    scale, name = scale_of(row.unit)
    places = thinned([one.at for one in kept], DRAWN)
    values = [None if (value := kept[n].value) is None else round(value * scale, 6) for n in places]
    known = [value for value in values if value is not None]
    moving = side.version.kind in MOVING
    lines = limit_lines([side.found.lines[n] for n in places], scale) if moving else []
    bands = [] if moving else bands_of(side.version.read(), scale)
    edges = [edge for band in bands for edge in (band.low, band.high) if edge is not None]
    edges += [value for line in lines for value in line.data if isinstance(value, float)]
    axis = axis_of([*known, *edges], 100 if row.unit == "share" else None)
    ends = [kept[n].at for n in places]
    times = [moment_words(at) for at in ends]
    events = [(one.at, str(STATES[one.after])) for one in side.found.warnings("amber")]
    events += [(one.at, one.title) for one in real]
    own = Series(name=name_of(row), colour="--accent", data=values, symbols=len(known) < 3)
    return Chart(
        id="backtest",
        title=_("What would have been: %(side)s") % {"side": side.title},
        kind="line",
        x=times,
        y=name or str(_("value")),
        unit=name,
        low=axis.low,
        high=axis.high,
        step=axis.step,
        series=(own, *lines) if known else (),
        legend=bool(lines),
        zoom=True,
        bands=bands,
        marks=marks_of(events, ends, times),
        empty=_("No value is kept yet."),
    )


def address_of(row: Indicator, **asked: Any) -> str:
    """The backtest of an indicator, of the limits in force or of what is asked."""
    page = reverse("indicator_backtest", args=[row.pk])
    return f"{page}?{urlencode(asked)}" if asked else page
