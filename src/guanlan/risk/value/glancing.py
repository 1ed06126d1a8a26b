"""What the risk value says on the overview, and which ratings wait for whom."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from msgspec.structs import replace

from guanlan.risk.models import Reassessment, RiskValue
from guanlan.risk.registry import address
from guanlan.risk.value.inputs import read_inputs
from guanlan.risk.value.showing import curve, tiles
from guanlan.web.charts import Chart
from guanlan.web.dashboards import Listing, Tile, Tiles
from guanlan.web.once import once
from guanlan.web.overview import BOARD, Figure, Glance, Look, Waiting, loop, waits
from guanlan.web.words import compact_money, number


@once
def newest(glance: Glance) -> RiskValue | None:
    """The newest value that the subject may see."""
    return RiskValue.objects.for_user(glance.subject).order_by("-number").first()


@loop("assess", noun="risk.value", order=10)
def expected(glance: Glance) -> Figure:
    """What a year may be expected to cost."""
    value = newest(glance)
    if value is None:
        return Figure("—", _("no risk value yet"), reverse("risk_value"), "unknown")
    inputs = read_inputs(value.inputs["made_of"])
    over = inputs.appetite is not None and value.expected > inputs.appetite
    worse = inputs.tolerance is not None and value.var95 > inputs.tolerance
    look: Look = "bad" if over or worse else ""
    return Figure(
        compact_money(value.expected, value.currency), _("expected in a year"),
        reverse("risk_value"), look,
    )  # fmt: skip


@loop("assess", noun="risk.reassessment", order=20)
def proposed(glance: Glance) -> Figure:
    """Ratings that a person has to look at again."""
    rows = Reassessment.objects.for_user(glance.subject)
    n = rows.filter(state=Reassessment.State.PROPOSED).count()
    text = ngettext("reassessment proposed", "reassessments proposed", n)
    return Figure(number(n), text, address("reassessments", "state:proposed"), "warn" if n else "")


@waits(noun="risk.reassessment")
def own_reassessments(glance: Glance, most: int) -> Sequence[Waiting]:
    """Ratings that are theirs to look at again."""
    rows = Reassessment.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, state=Reassessment.State.PROPOSED
    )
    found = rows.select_related("risk").order_by("due", "pk")[:most]
    return [
        Waiting(_("Reassessment"), str(one.risk), reverse("reassessment", args=[one.pk]), one.due)
        for one in found
    ]


@BOARD.panel(row=5, noun="risk.value")
def value_tiles(glance: Glance) -> Tiles:
    """The residual year; each number leads to the page of the risk value."""
    value = newest(glance)
    page = reverse("risk_value")
    if value is None:
        return Tiles([Tile(label=_("Risk value"), value="—", state="unknown", link=page,
                           note=_("computed once a risk is open"))])  # fmt: skip
    found = tiles(value, read_inputs(value.inputs["made_of"]))
    return Tiles([replace(one, link=page + one.link) for one in found])


@BOARD.panel(row=30, noun="risk.value")
def value_curve(glance: Glance) -> Chart | Listing:
    """The chance that a year costs more, for each stage."""
    value = newest(glance)
    if value is None:
        return Listing(id="no-value", title=_("Risk value"), body="", context={}, filled=False,
                       empty=_("Open a risk, and what a year may cost stands here."),
                       more=reverse("risks"))  # fmt: skip
    return curve(value, read_inputs(value.inputs["made_of"]))
