"""What indicators say on the overview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import Count, F, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.risk.models import Indicator
from guanlan.risk.registry import address
from guanlan.risk.showing import in_unit, name_of, state_of
from guanlan.web.dashboards import Listing
from guanlan.web.overview import BOARD, DUTY, Figure, Glance, Look, Waiting, loop, waits
from guanlan.web.words import number

MOST: Final = 10


@loop("warn", noun="risk.indicator", order=10)
def red(glance: Glance) -> Figure:
    """Indicators that are red."""
    n = Indicator.objects.for_user(glance.subject).filter(enabled=True, state="red").count()
    text = ngettext("red indicator", "red indicators", n)
    return Figure(number(n), text, address("indicators", "state:red", "enabled:yes"),
                  "bad" if n else "good")  # fmt: skip


@loop("warn", noun="risk.indicator", order=20)
def others(glance: Glance) -> Figure:
    """Indicators of which nothing is known, which is not green; amber ones where there are none."""
    found = Indicator.objects.for_user(glance.subject).filter(enabled=True)
    counts = found.aggregate(
        unknown=Count("pk", filter=Q(state="unknown")), amber=Count("pk", filter=Q(state="amber"))
    )
    state, look = ("unknown", "unknown") if counts["unknown"] else ("amber", "warn")
    n = counts[state]
    text = (
        ngettext("unknown, which is not green", "unknown, which is not green", n)
        if state == "unknown"
        else ngettext("amber indicator", "amber indicators", n)
    )
    link = address("indicators", f"state:{state}", "enabled:yes")
    shown: Look = "" if not n else "unknown" if look == "unknown" else "warn"
    return Figure(number(n), text, link, shown)


@waits(noun="risk.indicator")
def own_indicators(glance: Glance, most: int) -> Sequence[Waiting]:
    """Indicators that they are to answer for."""
    rows = Indicator.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, enabled=True, answer_due__isnull=False
    )
    return [
        Waiting(_("Indicator to answer for"), name_of(one),
                reverse("indicator", args=[one.pk]), one.answer_due)
        for one in rows.order_by("answer_due", "pk")[:most]
    ]  # fmt: skip


def _alarming(glance: Glance) -> Listing:
    rows = Indicator.objects.for_user(glance.subject).filter(enabled=True).exclude(state="green")
    lines = [
        (name_of(one), reverse("indicator", args=[one.pk]), state_of(one),
         in_unit(one.value, one.unit), one.since)
        for one in rows.order_by("rank", F("since").desc(nulls_last=True), "pk")[:MOST]
    ]  # fmt: skip
    return Listing(
        id="alarming",
        title=_("Indicators that are not green"),
        body="risk/alarming.html",
        context={"lines": lines},
        filled=bool(lines),
        empty=_("All indicators that are measured are green."),
        more=address("indicators", "enabled:yes"),
    )


@DUTY.panel(row=30, noun="risk.indicator")
def alarming_on_duty(glance: Glance) -> Listing:
    """What is red, unknown or amber."""
    return _alarming(glance)


@BOARD.panel(row=40, noun="risk.indicator")
def alarming_for_board(glance: Glance) -> Listing:
    """What is red, unknown or amber."""
    return _alarming(glance)
