"""The risk value: what a year may cost, why it moved, and any past value again."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe
from msgspec import ValidationError as Unreadable

from guanlan.core.access import Subject
from guanlan.quant import Invalid
from guanlan.risk.composing import indicator_name
from guanlan.risk.models import Indicator, RiskParameters, RiskValue
from guanlan.risk.value.building import multiplier_of
from guanlan.risk.value.inputs import Inputs, read_inputs
from guanlan.risk.value.keeping import latest_value
from guanlan.risk.value.recomputing import recompute
from guanlan.risk.value.showing import (
    NOTE,
    Look,
    cause_words,
    contributions,
    curve,
    heat_map,
    history,
    look,
    risk_address,
    stage_table,
    tiles,
)
from guanlan.risk.value.waterfall import waterfall
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Tile, Tiles
from guanlan.web.places import Place, add_place
from guanlan.web.resource import (
    Chip,
    Column,
    Drawing,
    Filter,
    Heading,
    Numbers,
    Panel,
    Resource,
    facts,
    register,
)
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.templatetags.console import moment
from guanlan.web.words import compact_money, major, number

NOUN: Final = "risk.value"
UNCHANGED: Final = 204  # htmx then leaves the page as it is

add_place(Place("assess", "risk_value", gettext_lazy("Risk value"), 5))


@needs("see", NOUN)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """What a year may cost, as it is now; with htmx only its moving part, once it has moved."""
    subject = subject_of_request(request)
    moving = getattr(request, "htmx", False)
    if moving and _newest_number() == request.GET.get("seen", ""):
        return HttpResponse(status=UNCHANGED)
    value = latest_value()
    context: dict[str, Any] = {"title": _("Risk value"), "section": "risk_value", "value": value}
    if value is not None:
        context |= _drawn(look(value, subject))
    template = "risk/value/moving.html" if moving else "risk/value/overview.html"
    return render(request, template, context)


def _newest_number() -> str:
    newest = RiskValue.objects.order_by("-number").values_list("number", flat=True).first()
    return "" if newest is None else str(newest)


def _drawn(shown: Look) -> dict[str, Any]:
    return {
        "note": NOTE,
        "tiles": Tiles(tiles(shown.value, shown.inputs)),
        "stages": stage_table(shown.value),
        "curve": curve(shown.value, shown.inputs),
        "contributions": contributions(shown),
        "history": history(shown),
        "map": heat_map(shown),
        "left_out": said_left_out(shown.value),
        "unknown": said_unknown(shown.value),
        "proposed": shown.proposed,
        "causes": [cause_words(one) for one in shown.value.cause[:6]],
    }


def said_left_out(value: RiskValue) -> list[tuple[str, str]]:
    """Risks that are not in a value, and why."""
    return [(code, _(why)) for code, why in sorted(value.figures["left_out"].items())]


def said_unknown(value: RiskValue) -> list[tuple[str, str]]:
    """Risks and those of their indicators that were unknown."""
    return [(code, indicator_name(name)) for code, name in value.figures["unknown"]]


# --- one value ------------------------------------------------------------------


class OneLook(NamedTuple):
    """What the page of a value shows, read once."""

    row: RiskValue
    inputs: Inputs
    before: RiskValue | None
    indicators: dict[str, int]
    parameters: dict[int, RiskParameters]


def look_at(row: RiskValue, _subject: Subject) -> OneLook:
    """Read what the page of a value shows: three queries."""
    inputs = read_inputs(row.inputs["made_of"])
    names = {driver.indicator for one in inputs.risks for driver in one.drivers}
    versions = [one["parameters"][0] for one in row.inputs["told"]["risks"].values()]
    return OneLook(
        row,
        inputs,
        RiskValue.objects.filter(number__lt=row.number).order_by("-number").first(),
        dict(Indicator.objects.filter(name__in=names).values_list("name", "pk")),
        RiskParameters.objects.select_related("created_by").in_bulk(versions),
    )


def moves(shown: OneLook, _subject: Subject) -> Chart:
    """Why it moved since the value before, a cause at a time."""
    return moves_between(shown.before, shown.row)


def moves_between(before: RiskValue | None, row: RiskValue) -> Chart:
    """Why the residual year moved between two values."""
    title = _("Why it moved")
    empty = _("It is the first value: nothing moved yet.")
    found = []
    if before is not None:
        try:
            found = waterfall(before, row).moves
        except Invalid:
            empty = _("The two values are of different currencies.")
        else:
            title = _("Why it moved since value %(n)s") % {"n": before.number}
            empty = _("Nothing moved: it was stored because a day had passed.")
    currency = row.currency

    def series(name: str, colour: str, amounts: list[int]) -> Series:
        data = [round(major(one, currency)) for one in amounts]
        return Series(name=name, colour=colour, data=data)

    return Chart(
        id="moves",
        title=title,
        across=True,
        x=[cause_words(one.cause) for one in found],
        series=(
            series(_("value at risk 95 %"), "--accent", [one.var95 for one in found]),
            series(_("expected in a year"), "--o-monitor", [one.expected for one in found]),
        )
        if found
        else (),
        y=currency,
        unit=currency,
        note=_("one cause after another in a fixed order; they add up to the difference"),
        empty=empty,
    )


def provenance(shown: OneLook, _subject: Subject) -> dict[str, Any]:
    """Each risk's inputs: parameters, measures, losses, indicators."""
    rows = []
    told = shown.row.inputs["told"]["risks"]
    for one in shown.inputs.risks:
        said = told[one.code]
        version = shown.parameters.get(said["parameters"][0])
        by = version.created_by.get_username() if version and version.created_by else ""
        stated = f"{said['parameters'][1]} · {by}" if by else str(said["parameters"][1])
        measures = [
            _("%(measure)s: %(worth)s") % {
                "measure": effect["measure"],
                "worth": _percent(effect["design"] * effect["operating"] * effect["coverage"]),
            }
            + (f" ({_('planned, working assumed')})" if effect["assumed"] else "")
            for effect in said["effects"]
        ]  # fmt: skip
        driven = format_html_join(
            ", ",
            "{}",
            ((_driver_words(shown, driver),) for driver in one.drivers),
        )
        counted = "—" if one.events is None else _("%(n)s in %(years)s years") % {
            "n": one.events, "years": number(round(one.years or 0.0, 2)),
        }  # fmt: skip
        left = one.left["residual"]
        rows.append((
            _linked(one.code, risk_address(said["risk"])),
            stated,
            f"{_percent(left[0])} · {_percent(left[1])}",
            ", ".join(measures) or "—",
            counted,
            driven or "—",
            " ".join(_(note) for note in said["notes"]),
        ))  # fmt: skip
    heads = [
        _("Risk"), _("Parameters, version"), _("Left of frequency · severity"), _("Measures"),
        _("Counted losses"), _("Indicators"), _("Remarks"),
    ]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("No open risk has parameters.")}


def _driver_words(shown: OneLook, driver: Any) -> Any:
    key = shown.indicators.get(driver.indicator)
    value = _("never known") if driver.value is None else number(driver.value)
    text = f"{indicator_name(driver.indicator)} = {value} → × {multiplier_of(driver):.3g}"
    if not driver.known and driver.value is not None:
        text += f" ({_('unknown now, the last known value')})"
    return _linked(text, reverse("indicator", args=[key]) if key else "")


def _linked(text: str, address: str) -> Any:
    return format_html('<a href="{}">{}</a>', address, text) if address else text


def _percent(value: float) -> str:
    return f"{number(round(100 * value, 1))} %"


def made_of(shown: OneLook, _subject: Subject) -> dict[str, Any]:
    """Model, digest, grids, and the page that computes it again."""
    row = shown.row
    intervals = (
        _("computed with this value")
        if shown.inputs.carried is None
        else _("taken over, in proportion, from the last value of the same parameters")
    )
    return facts(
        (_("Stored"), row.at),
        (_("Model"), row.model),
        (_("Digest of the inputs"), row.digest),
        (_("Grid"), f"{number(row.step)} × {number(row.size)}"),
        (_("Ranges of the parameters"), intervals),
        (_("What moved"), ", ".join(cause_words(one) for one in row.cause) or "—"),
    ) | {
        "more": _("compute it again"),
        "more_url": reverse("risk_value_again", args=[row.pk]),
    }


def stages_panel(shown: OneLook, _subject: Subject) -> dict[str, Any]:
    """The three stages."""
    return stage_table(shown.row) | {"empty": ""}


def omitted(shown: OneLook, _subject: Subject) -> dict[str, Any]:
    """What is not in the value, or unknown."""
    out = [(code, _("left out: %(why)s") % {"why": why}) for code, why in said_left_out(shown.row)]
    unknown = [
        (code, _("unknown, at its last known value: %(indicator)s") % {"indicator": name})
        for code, name in said_unknown(shown.row)
    ]
    return {"heads": [], "rows": out + unknown, "empty": ""}


def one_tiles(shown: OneLook, _subject: Subject) -> list[Tile]:
    """The residual year of a value."""
    return tiles(shown.row, shown.inputs)


def one_curve(shown: OneLook, _subject: Subject) -> Chart:
    """The curve of a value."""
    return curve(shown.row, shown.inputs)


def _beyond(row: RiskValue) -> str:
    return "—" if row.beyond is None else _percent(row.beyond)


def _money(name: str) -> Any:
    return lambda row: compact_money(getattr(row, name), row.currency)


VALUES: Final = register(
    Resource(
        noun=NOUN,
        model=RiskValue,
        title=gettext_lazy("Risk value"),
        titles=gettext_lazy("Risk values"),
        path="risk-values",
        route="risk_values",
        one="risk_value_at",
        under="risk_value",
        api="risk-values",
        columns=(
            Column("number", gettext_lazy("Number"), right=True, sort=True),
            Column("at", gettext_lazy("Stored"), cell="moment"),
            Column("cause", gettext_lazy("What moved"), wide=True,
                   value=lambda row: ", ".join(cause_words(one) for one in row.cause[:3]) or "—"),
            Column("expected", gettext_lazy("Expected in a year"), right=True,
                   value=_money("expected")),
            Column("var95", gettext_lazy("Value at risk 95 %"), right=True, value=_money("var95")),
            Column("var99", gettext_lazy("Value at risk 99 %"), right=True, value=_money("var99")),
            Column("var999", gettext_lazy("Value at risk 99.9 %"), right=True, shown=False,
                   value=_money("var999")),
            Column("beyond", gettext_lazy("Beyond tolerance"), right=True, value=_beyond),
            Column("expected_minor", gettext_lazy("Expected, minor units"), "expected",
                   shown=False),
            Column("var95_minor", gettext_lazy("Value at risk 95 %, minor units"), "var95",
                   shown=False),
            Column("var99_minor", gettext_lazy("Value at risk 99 %, minor units"), "var99",
                   shown=False),
            Column("var999_minor", gettext_lazy("Value at risk 99.9 %, minor units"), "var999",
                   shown=False),
            Column("currency", gettext_lazy("Currency"), shown=False),
            Column("model", gettext_lazy("Model"), cell="code", shown=False),
            Column("digest", gettext_lazy("Digest of the inputs"), cell="code", shown=False),
        ),
        filters=(
            Filter("at", gettext_lazy("Stored"), "time", example="at:>=2026-11-01"),
            Filter("number", gettext_lazy("Number"), "number"),
        ),
        chips=(Chip(gettext_lazy("all"), ""),),
        order="-number",
        look=look_at,
        heading=lambda shown: Heading(
            _("Risk value %(n)s") % {"n": shown.row.number},
            over=pgettext("kind of page", "Risk value"),
            clock=shown.row.at,
        ),
        name_of=lambda row: _("Risk value %(n)s") % {"n": row.number},
        facts=(),
        discussed=False,
        history=False,
        broad=True,
        panels=(
            Numbers(one_tiles),
            Drawing(moves),
            Drawing(one_curve),
            Panel(gettext_lazy("The three stages"), "web/resource/table.html", stages_panel,
                  id="stages"),
            Panel(gettext_lazy("What it was made of"), "web/resource/table.html", provenance,
                  id="contributions"),
            Panel(gettext_lazy("Left out, or unknown"), "web/resource/table.html", omitted,
                  wide=False,
                  when=lambda shown, subject: bool(
                      shown.row.figures["left_out"] or shown.row.figures["unknown"])),
            Panel(gettext_lazy("How it can be computed again"), "web/resource/facts.html",
                  made_of, wide=False),
        ),
        empty=gettext_lazy(
            "Values appear with the first open risk that has parameters, and whenever it moves."
        ),
    )
)  # fmt: skip


@needs("see", NOUN)
@require_safe
def again(request: HttpRequest, key: int) -> HttpResponse:
    """A past value computed again from what is stored with it: equal to the byte, or what is not;
    and what moved between it and another, by `?since=` a number."""
    rows = RiskValue.objects.for_user(subject_of_request(request), "see")
    value = get_object_or_404(rows, pk=key)
    context: dict[str, Any] = {
        "title": _("Risk value %(n)s, computed again") % {"n": value.number},
        "section": "risk_value",
        "value": value,
        "at": moment(value.at),
        "note": NOTE,
    }
    try:
        context["made"] = recompute(value)
    except (Invalid, Unreadable, KeyError, ValueError, TypeError):
        context["broken"] = True
    since = request.GET.get("since", "")
    if since:
        if not since.isdecimal() or len(since) > 18:
            raise Http404
        before = get_object_or_404(rows, number=int(since))
        context["moves"] = moves_between(before, value)
    return render(request, "risk/value/again.html", context)
