"""What the page of a risk says of its value: how it moved, and by which value."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.risk.models import RiskFigure
from guanlan.web.charts import Chart, Series
from guanlan.web.resource import Drawing, add_panel
from guanlan.web.words import major

DRAWN: Final = 120


def history(shown: Any, _subject: Subject) -> Chart:
    """What a risk was expected to cost, without measures, with those in force, and with those
    planned, each time that it moved: one query."""
    found = RiskFigure.objects.filter(risk=shown.row).select_related(None)
    rows = list(
        found.order_by("-at", "-id").values_list(
            "value", "at", "inherent", "expected", "target", "value__currency"
        )[:DRAWN]
    )[::-1]
    currency = rows[-1][5] if rows else ""

    def line(name: str, colour: str, amounts: list[int], dashed: bool) -> Series:
        data = [round(major(one, currency)) for one in amounts]
        return Series(
            name=name,
            colour=colour,
            data=data,
            dashed=dashed,
            symbols=not dashed and len(rows) < 20,
        )

    return Chart(
        id="value",
        title=_("Expected in a year, as it moved"),
        kind="line",
        x=[f"{timezone.localtime(row[1]):%m-%d %H:%M:%S}" for row in rows],
        y=currency,
        unit=currency,
        low=0,
        links=[reverse("risk_value_at", args=[row[0]]) for row in rows],
        series=(
            line(_("with the measures in force"), "--accent", [row[3] for row in rows], False),
            line(_("without any measure"), "--ink-3", [row[2] for row in rows], True),
            line(_("with what is planned"), "--o-monitor", [row[4] for row in rows], True),
        )
        if rows
        else (),
        note=_("click for why it moved"),
        empty=_("It appears once the risk is open and has parameters."),
    )


add_panel(
    "risk.register",
    Drawing(history, when=lambda _shown, subject: may(subject, "see", "risk.value")),
)
