"""What the page of a risk shows, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import F, OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guanlan.core.access import Subject
from guanlan.quant import Invalid, credible
from guanlan.quant import Risk as Stated
from guanlan.risk.models import (
    LossEvent,
    MeasureEffect,
    Risk,
    RiskDriver,
    RiskFigure,
    RiskParameters,
)
from guanlan.risk.register.reading import quant_risk
from guanlan.risk.showing import name_of
from guanlan.web.charts import Chart, Series
from guanlan.web.templatetags.console import moment, percent
from guanlan.web.words import compact_money, money, number

LINES: Final = 100
DRAWN: Final = 40


class Look(NamedTuple):
    """A risk with what is tied to it."""

    row: Risk
    versions: list[RiskParameters]  # the newest first
    stated: Stated | None
    drivers: list[RiskDriver]  # the newest version of each indicator
    effects: list[MeasureEffect]
    losses: list[LossEvent]
    figure: RiskFigure | None


def look(row: Risk, subject: Subject) -> Look:
    """Read what the page of a risk shows: five queries."""
    now = timezone.now()
    versions = list(row.parameters.select_related("created_by").order_by("-version")[:LINES])
    current = next((one for one in versions if one.effective <= now), None)
    found = None
    if current is not None:
        current.risk = row
        try:
            found = quant_risk(current)
        except Invalid:
            found = None  # made by an older model: its versions still show it
    newest = RiskDriver.objects.filter(risk=OuterRef("risk"), indicator=OuterRef("indicator"))
    drivers = (
        row.drivers.filter(effective__lte=now)
        .annotate(last=Subquery(newest.order_by("-version").values("version")[:1]))
        .filter(version=F("last"))
        .select_related("indicator", "created_by")
    )
    later = MeasureEffect.objects.filter(risk=OuterRef("risk"), measure=OuterRef("measure"))
    effects = (
        row.effects.annotate(last=Subquery(later.order_by("-version").values("version")[:1]))
        .filter(version=F("last"), design__gt=0)
        .exclude(measure__state="retired")
        .select_related("measure")
        .order_by("measure__code")
    )
    losses = LossEvent.objects.for_user(subject).filter(risk=row)
    return Look(
        row,
        versions,
        found,
        list(drivers[:LINES]),
        list(effects[:12]),
        list(losses.order_by("-occurred")[:20]),
        RiskFigure.objects.filter(risk=row).order_by("-at", "-id").first(),
    )


def curve(shown: Look, _subject: Subject) -> Chart:
    """How likely one event costs more than so much, as stated now."""
    found, currency = shown.stated, ""
    x: list[str] = []
    chances: list[float] = []
    if found is not None:
        currency = shown.versions[0].currency
        low, high = _span(found)
        losses = np.geomspace(low, high, DRAWN)
        chances = [round(float(one), 5) for one in found.severity.survival(losses)]
        x = [compact_money(round(float(one)), currency) for one in losses]
    return Chart(
        id="severity",
        title=_("What one event costs"),
        kind="line",
        x=x,
        y=str(_("chance that it costs more")),
        unit="",
        low=0,
        series=(Series(name=str(_("chance that it costs more")), colour="--accent", data=chances),)
        if x
        else (),
        legend=False,
        empty=_("No parameters yet: set them, and the curve stands here."),
        note=_("Of one event, after insurance; the axis of amounts is logarithmic."),
    )


def _span(found: Stated) -> tuple[float, float]:
    """Losses that 99 % and 0.2 % of events are above."""
    grid = np.geomspace(1.0, 1e15, 400)
    heights = found.severity.survival(grid)
    low = float(grid[max(0, int(np.argmax(heights < 0.99)) - 1)])
    high = float(grid[int(np.argmax(heights < 0.002))])
    return (low, high) if high > low else (low, low * 10)


def summary(shown: Look) -> list[tuple[str, Any]]:
    """Events a year and loss of an event as stated, in words."""
    if not shown.versions or shown.stated is None:
        return []
    now, found = shown.versions[0], shown.stated
    low, high = credible(found.frequency)
    often = number(round(found.frequency.rate, 2))
    if found.frequency.shape is not None:
        often = _("%(mean)s (nine in ten sure: %(low)s to %(high)s)") % {
            "mean": often, "low": number(round(low, 2)), "high": number(round(high, 2)),
        }  # fmt: skip
    mean = round(found.severity.mean)
    return [
        (_("Events a year"), often),
        (_("Mean loss of an event"), money(mean, now.currency)),
        (_("Expected in a year, as stated"),
         money(round(found.frequency.rate * found.severity.mean), now.currency)),
        (_("It speaks of the risk"), now.get_basis_display()),
        (_("Strength of knowledge"), now.get_knowledge_display()),
        (_("Losses count since"), moment(now.counted_from) if now.counted_from else "—"),
        (_("Why"), now.reason),
    ]  # fmt: skip


def versions(shown: Look, _subject: Subject) -> dict[str, Any]:
    """Every version of the parameters, the newest first."""
    rows = [
        (
            one.version, often_words(one.frequency), cost_words(one.severity, one.currency),
            one.get_knowledge_display(), moment(one.effective),
            one.created_by.get_username() if one.created_by else _("the platform"), one.reason,
        )
        for one in shown.versions
    ]  # fmt: skip
    heads = [
        _("Version"), _("How often"), _("What an event costs"), _("Strength of knowledge"),
        _("In force from"), _("By whom"), _("Why"),
    ]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("No parameters yet.")}


def often_words(said: Mapping[str, Any]) -> str:
    """How often it happens, as it was stated."""
    if "interval" in said:
        low, high = said["interval"]
        return _("%(low)s to %(high)s, nine in ten sure") % {
            "low": number(low), "high": number(high),
        }  # fmt: skip
    if said.get("shape") is not None:
        return _("%(rate)s, Gamma of shape %(shape)s") % {
            "rate": number(said["rate"]), "shape": number(said["shape"]),
        }  # fmt: skip
    return _("%(rate)s, taken as known") % {"rate": number(said["rate"])}


def cost_words(said: Mapping[str, Any], currency: str) -> str:
    """What one event costs, as it was stated."""
    [(kind, one)] = said.items()
    amounts = {
        name: money(one[name], currency)
        for name in ("median", "quantile", "least", "mode", "most", "threshold")
        if one.get(name) is not None
    }
    if kind == "pert":
        return _("%(least)s, %(mode)s, %(most)s: least, most likely, most") % amounts
    if kind == "losses":
        return _("%(n)s counted losses, Pareto tail from %(threshold)s") % {
            "n": number(len(one["amounts"])), "threshold": amounts.get("threshold", "—"),
        }  # fmt: skip
    if "interval" not in one:
        share = {"share": percent(one["level"])}
        return _("median %(median)s, %(share)s below %(quantile)s (lognormal)") % (amounts | share)
    low, high = (money(end, currency) for end in one["interval"])
    words = _("%(low)s to %(high)s, nine in ten sure (lognormal)") % {"low": low, "high": high}
    if one.get("evidence"):
        words += _("; worth %(n)s losses") % {"n": number(one["evidence"])}
    return words


def drivers(shown: Look, _subject: Subject) -> dict[str, Any]:
    """The indicators that move it."""
    rows = [
        (name_of(one.indicator), number(one.beta), number(one.centre), number(one.spread),
         f"{number(one.least)}–{number(one.most)}", one.version, one.reason)
        for one in shown.drivers
    ]  # fmt: skip
    heads = [
        _("Risk indicator"), "beta", _("Centre"), _("Spread"), _("Multiplier"), _("Version"),
        _("Why"),
    ]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("No indicator moves it yet.")}


def losses(shown: Look, _subject: Subject) -> dict[str, Any]:
    """What it has cost."""
    rows = [
        (moment(one.occurred), one.title, money(one.gross, one.currency), one.get_state_display())
        for one in shown.losses
    ]
    heads = [
        _("Happened"), pgettext("a loss", "Loss"), pgettext("of a loss", "Gross"), _("State"),
    ]  # fmt: skip
    return {"heads": heads, "rows": rows, "empty": _("No loss of it was written down.")}


def with_figures(rows: Sequence[Risk], _subject: Subject) -> Sequence[Risk]:
    """The rows of a list with the newest figure of each: one query."""
    newest = RiskFigure.objects.filter(risk=OuterRef("risk")).order_by("-at", "-id")
    found = RiskFigure.objects.filter(
        risk__in=[one.pk for one in rows], pk=Subquery(newest.values("pk")[:1])
    ).select_related("value")
    figures = {one.risk_id: one for one in found}
    for one in rows:
        one.figure = figures.get(one.pk)  # type: ignore[attr-defined]
    return rows
