"""How a value is shown: its numbers in words, its curve, its history, its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import ANYWHERE, Subject, may
from guanlan.risk.composing import indicator_name
from guanlan.risk.models import Reassessment, Risk, RiskFigure, RiskValue
from guanlan.risk.value.causes import Cause
from guanlan.risk.value.computing import BAND
from guanlan.risk.value.effects import STAGES, Stage
from guanlan.risk.value.inputs import JSON, Inputs, read_inputs
from guanlan.risk.value.keeping import newest_figures
from guanlan.web.charts import Chart, Mark, Series
from guanlan.web.dashboards import Tile
from guanlan.web.words import compact_money, major, number

STAGE_NAMES: Final = {
    "inherent": pgettext_lazy("stage of a risk", "inherent"),
    "residual": pgettext_lazy("stage of a risk", "residual"),
    "target": pgettext_lazy("stage of a risk", "target"),
}
_COLOURS: Final = {"inherent": "--ink-3", "residual": "--accent", "target": "--o-monitor"}
LEVEL_NAMES: Final = {
    "low": pgettext_lazy("level of a risk", "low"),
    "moderate": pgettext_lazy("level of a risk", "moderate"),
    "high": pgettext_lazy("level of a risk", "high"),
    "extreme": pgettext_lazy("level of a risk", "extreme"),
}
LEVEL_LOOKS: Final = {"low": "on", "moderate": "off", "high": "warn", "extreme": "bad"}
DRAWN: Final = 300  # values of a history
BARS: Final = 20
MARKED: Final = 12  # causes drawn into a history
NOTE: Final = gettext_lazy("Management information, not regulatory capital.")


class Look(NamedTuple):
    """What the page of the risk value shows, read once."""

    value: RiskValue
    inputs: Inputs
    history: list[tuple[Any, ...]]  # number, pk, at, var95, expected, cause; the oldest first
    figures: list[RiskFigure]  # the newest of each risk that is in the value
    risks: Mapping[str, Risk]  # by code
    proposed: int  # open reassessments
    subject: Subject


def look(value: RiskValue, subject: Subject) -> Look:
    """Read what is shown: a fixed number of queries."""
    rows = RiskValue.objects.filter(number__lte=value.number).order_by("-number")
    history = rows.values_list("number", "pk", "at", "var95", "expected", "cause")[:DRAWN]
    parts: JSON = value.figures["parts"]
    seen = Risk.objects.for_user(subject, "see").filter(state=Risk.State.OPEN)
    risks = {one.code: one for one in seen if one.code in parts}
    keys = {one.pk for one in risks.values()}
    return Look(
        value,
        read_inputs(value.inputs["made_of"]),
        list(history)[::-1],
        [one for one in newest_figures() if one.risk_id in keys],
        risks,
        Reassessment.objects.for_user(subject, "see").filter(state="proposed").count(),
        subject,
    )


def cause_words(cause: Cause | Sequence[str] | None) -> str:
    """What moved, in words."""
    if cause is None:
        return _("another grid of amounts")
    kind, risk, name = cause
    words = {
        "settings": _("settings of the register"),
        "risk": _("a risk came or went"),
        "parameters": _("parameters"),
        "measure": _("measures and their tests"),
        "loss": _("counted losses"),
    }
    said = indicator_name(name) if kind == "indicator" and name else words.get(kind, kind)
    if kind == "indicator" and not name:
        said = _("indicators")
    return f"{risk} · {said}" if risk else said


def spread(ends: Sequence[int], currency: str) -> str:
    """An interval in few characters."""
    return f"{compact_money(ends[0], currency)} – {compact_money(ends[1], currency)}"


def share(value: float | None) -> str:
    """A probability in words."""
    if value is None:
        return "—"
    if 0.0 < value < 0.0001:
        return _("less than 0.01 %")
    return f"{number(round(100 * value, 2))} %"


def tiles(value: RiskValue, inputs: Inputs) -> list[Tile]:
    """The residual year, with what is not known of it."""
    said = value.figures["stages"]["residual"]
    currency = value.currency
    over = inputs.appetite is not None and value.expected > inputs.appetite
    worse = inputs.tolerance is not None and value.var95 > inputs.tolerance
    interval = said["interval"]

    def ends(at: int | None) -> str:
        if interval is None:
            return ""
        pair = interval["expected"] if at is None else interval["var"][at]
        return _("90 %% range %(ends)s") % {"ends": spread(pair, currency)}

    tails = {level: (var, tvar) for level, var, tvar in said["tails"]}
    anchor = "#stages"
    return [
        Tile(label=_("Expected in a year"), value=compact_money(value.expected, currency),
             note=ends(None), state="bad" if over else "", link="#contributions"),
        Tile(label=_("Value at risk 95 %"), value=compact_money(value.var95, currency),
             note=ends(0), state="bad" if worse else "", link=anchor),
        Tile(label=_("Value at risk 99 %"), value=compact_money(value.var99, currency),
             note=ends(1), link=anchor),
        Tile(label=_("Value at risk 99.9 %"), value=compact_money(value.var999, currency),
             note=ends(2), link=anchor),
        Tile(label=_("Mean of the worst 1 %"), value=compact_money(tails[0.99][1], currency),
             note=_("tail value at risk 99 %"), link=anchor),
        Tile(label=_("Beyond tolerance"), value=share(value.beyond),
             note=_("a year costs more than %(amount)s")
             % {"amount": compact_money(inputs.tolerance, currency)}
             if inputs.tolerance is not None else _("no tolerance is set"),
             state="unknown" if value.beyond is None else "", link="#curve"),
    ]  # fmt: skip


def stage_table(value: RiskValue) -> dict[str, Any]:
    """The three stages beside each other, each number with its range."""
    currency = value.currency
    stages = value.figures["stages"]

    def cell(stage: Stage, column: int | None, tail: bool = False) -> str:
        said = stages[stage]
        if column is None:
            point, ends = said["expected"], said["interval"] and said["interval"]["expected"]
        else:
            point = said["tails"][column][2 if tail else 1]
            ends = None if tail else said["interval"] and said["interval"]["var"][column]
        text = compact_money(point, currency)
        return f"{text} ({spread(ends, currency)})" if ends else text

    lines: list[tuple[str, list[str]]] = [
        (_("Expected in a year"), [cell(s, None) for s in STAGES]),
        (_("Value at risk 95 %"), [cell(s, 0) for s in STAGES]),
        (_("Value at risk 99 %"), [cell(s, 1) for s in STAGES]),
        (_("Value at risk 99.9 %"), [cell(s, 2) for s in STAGES]),
        (_("Mean of the worst 1 %"), [cell(s, 1, True) for s in STAGES]),
        (_("Beyond tolerance"), [share(stages[s]["beyond"]) for s in STAGES]),
        (_("A year without loss"), [share(stages[s]["no_loss"]) for s in STAGES]),
    ]
    return {
        "heads": ["", *(str(STAGE_NAMES[stage]) for stage in STAGES)],
        "rows": [(title, *cells) for title, cells in lines],
        "carried": any(
            stages[stage]["interval"] and stages[stage]["interval"]["carried"] for stage in STAGES
        ),
    }


def curve(value: RiskValue, inputs: Inputs) -> Chart:
    """How likely a year costs more than an amount, at each stage, with the range of what is not
    known of the residual one, and the lines of appetite and tolerance."""
    currency = value.currency
    made = [
        Series(
            name=str(STAGE_NAMES[stage]),
            colour=_COLOURS[stage],
            data=[(major(loss, currency), 100 * p) for loss, p in value.curve.get(stage, ())],
            dashed=stage != "residual",
        )
        for stage in ("residual", "inherent", "target")
        if value.curve.get(stage)
    ]
    interval = value.figures["stages"]["residual"]["interval"]
    if interval is not None:
        pairs = sorted(zip(interval["levels"], interval["var"], strict=True))
        for end, title in ((0, _("residual, lower end of 90 %")), (1, _("residual, upper end"))):
            points = [
                (major(ends[end], currency), 100 * (1 - level))
                for level, ends in pairs
                if ends[end]
            ]
            made.append(Series(name=title, colour="--o-approve", data=points, dashed=True))
    marks = []
    if inputs.appetite:
        marks.append(Mark(_("appetite (expected)"), x=major(inputs.appetite, currency)))
    if inputs.tolerance:
        marks.append(Mark(_("tolerance"), x=major(inputs.tolerance, currency)))
    return Chart(
        id="curve",
        title=_("Loss-exceedance curve of a year"),
        kind="line",
        points=True,
        series=made,
        x_title=_("loss of a year, %(currency)s") % {"currency": currency},
        y=_("years that cost more, in %"),
        low=0.1,
        high=100,
        scale="log",
        x_scale="log",
        marks=marks,
        size="tall",
        note=_("one in a thousand years at the foot"),
        empty=_("The curve appears with the first open risk that has parameters."),
    )


def contributions(shown: Look) -> Chart:
    """What each risk contributes to the worst years, the greatest first."""
    parts = shown.value.figures["parts"]
    found = sorted(
        ((tail, expected, code) for code, (expected, tail) in parts.items() if code in shown.risks),
        reverse=True,
    )[:BARS]
    currency = shown.value.currency
    return Chart(
        id="contributions",
        title=_("What risks contribute to the worst years (1 %)"),
        across=True,
        x=[str(shown.risks[code]) for _tail, _expected, code in found],
        links=[risk_address(shown.risks[code].pk) for _tail, _expected, code in found],
        series=(
            Series(name=_("mean of the worst 1 %"), colour="--accent",
                   data=[round(major(tail, currency)) for tail, _expected, _code in found]),
            Series(name=_("expected in a year"), colour="--o-monitor",
                   data=[round(major(expected, currency)) for _tail, expected, _code in found]),
        ) if found else (),
        y=currency,
        unit=currency,
        size="tall" if len(found) > 6 else "",
        note=_("they add up to the whole"),
        empty=_("Nothing contributes yet."),
    )  # fmt: skip


def history(shown: Look) -> Chart:
    """Value at risk 95 over time, with the causes marked that people brought about."""
    currency = shown.value.currency
    times, var, expected, links, marks = [], [], [], [], []
    for _number, pk, at, var95, mean, cause in shown.history:
        when = f"{timezone.localtime(at):%m-%d %H:%M:%S}"
        times.append(when)
        var.append(round(major(var95, currency)))
        expected.append(round(major(mean, currency)))
        links.append(reverse("risk_value_at", args=[pk]))
        own = [one for one in cause if one[0] != "indicator"]
        if own:
            marks.append(Mark(cause_words(own[0]), x=when))
    return Chart(
        id="history",
        title=_("How it moved"),
        kind="line",
        x=times,
        y=currency,
        unit=currency,
        low=0,
        links=links,
        marks=marks[-MARKED:],
        series=(
            Series(name=_("value at risk 95 %"), colour="--accent", data=var,
                   symbols=len(times) < 20),
            Series(name=_("expected in a year"), colour="--o-monitor", data=expected,
                   symbols=len(times) < 20),
        ),
        zoom=True,
        note=_("a point is a value that was stored: click for why it moved"),
    )  # fmt: skip


class MapCell(NamedTuple):
    """A cell of the five-by-five view."""

    level: str
    title: str
    risks: list[tuple[str, str, str]]  # code, title, address
    more: int
    link: str


IN_CELL: Final = 4


def heat_map(shown: Look) -> dict[str, Any]:
    """Five rows from the most to the least frequent, each with five cells from cheap to dear."""
    matrix = shown.inputs.matrix
    by_key = {one.pk: one for one in shown.risks.values()}
    placed: dict[tuple[int, int], list[Risk]] = {}
    for one in shown.figures:
        placed.setdefault((one.likelihood, one.impact), []).append(by_key[one.risk_id])
    rows = []
    for likelihood in range(5, 0, -1):
        cells = []
        for impact in range(1, 6):
            level = matrix.levels[likelihood - 1][impact - 1]
            here = sorted(placed.get((likelihood, impact), []), key=lambda risk: risk.code)
            cells.append(
                MapCell(
                    level,
                    str(LEVEL_NAMES.get(level, level)),
                    [(risk.code, risk.title, risk_address(risk.pk)) for risk in here[:IN_CELL]],
                    max(0, len(here) - IN_CELL),
                    register_address([risk.code for risk in here]),
                )
            )
        rows.append((_band(matrix.frequencies, likelihood, "", _("a year")), cells))
    currency = shown.value.currency
    heads = [_money_band(matrix.losses, impact, currency) for impact in range(1, 6)]
    return {"rows": rows, "heads": heads, "version": matrix.version}


def _band(bounds: Sequence[float], at: int, before: str, after: str) -> str:
    low = number(bounds[at - 2]) if at > 1 else ""
    high = number(bounds[at - 1]) if at < 5 else ""
    if not low:
        return f"< {high} {after}"
    return f"≥ {low} {after}" if not high else f"{low} – {high} {after}"


def _money_band(bounds: Sequence[int], at: int, currency: str) -> str:
    low = compact_money(bounds[at - 2], currency) if at > 1 else ""
    high = compact_money(bounds[at - 1], currency) if at < 5 else ""
    if not low:
        return f"< {high}"
    return f"≥ {low}" if not high else f"{low} – {high}"


def risk_address(key: int) -> str:
    """The page of a risk; empty where this version shows none."""
    try:
        return reverse("risk", args=[key])
    except NoReverseMatch:
        return ""


def register_address(codes: Sequence[str]) -> str:
    """The register, narrowed to these risks."""
    if not codes:
        return ""
    try:
        return f"{reverse('risks')}?q=code:{','.join(codes)}"
    except NoReverseMatch:
        return ""


def sees_risks(subject: Subject) -> bool:
    """Whether the register is for this subject's eyes, somewhere."""
    return may(subject, "see", "risk.register", scope=ANYWHERE)


__all__ = ["BAND", "Look", "look"]
