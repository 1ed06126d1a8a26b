"""What the committee decided, and what of it waits for whom."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.risk.models import CommitteeAction
from guanlan.risk.registry import address
from guanlan.web.overview import Figure, Glance, Waiting, loop, waits
from guanlan.web.words import number


@loop("improve", noun="risk.committeeaction", order=30)
def actions(glance: Glance) -> Figure:
    """Actions of resolutions that are not done."""
    rows = CommitteeAction.objects.for_user(glance.subject)
    counts = rows.filter(state=CommitteeAction.State.OPEN).aggregate(
        open=Count("pk"), late=Count("pk", filter=Q(due__lt=glance.now))
    )
    n = counts["open"]
    text = ngettext("action of a resolution to be done", "actions of resolutions to be done", n)
    if counts["late"]:
        text = _("actions of resolutions to be done, %(n)s of them late") % {
            "n": number(counts["late"])
        }
    link = address("committee_actions", "state:open")
    return Figure(number(n), text, link, "bad" if counts["late"] else "")


@waits(noun="risk.committeeaction")
def own_actions(glance: Glance, most: int) -> Sequence[Waiting]:
    """Actions of resolutions that are theirs."""
    rows = CommitteeAction.objects.for_user(glance.subject).filter(
        owner=glance.subject.id, state=CommitteeAction.State.OPEN
    )
    return [
        Waiting(_("Action of a resolution"), one.title,
                reverse("committee_action", args=[one.pk]), one.due)
        for one in rows.order_by("due", "pk")[:most]
    ]  # fmt: skip
