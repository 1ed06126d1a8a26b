"""What became of the labels of a case: a panel on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject, may
from guanlan.fraud import words
from guanlan.fraud.labelling import GONE, VALUES
from guanlan.fraud.models import CaseLabel
from guanlan.fraud.showing import decisions_url
from guanlan.response.cases.showing import CaseLook
from guanlan.web.resource import Panel, State, add_panel
from guanlan.web.resource.cells import written
from guanlan.web.words import number

NEWEST: Final = 5  # closings that are shown
NOUN: Final = "fraud.label"
WHY: Final[Mapping[str, str | Promise]] = {
    GONE: gettext_lazy("the log knows no such decision"),
    "unknown_type": gettext_lazy("the scenario in force knows no labels"),
    "missing": gettext_lazy("the scenario requires of labels what these do not name"),
    "undeclared": gettext_lazy("the scenario declares nothing of what these name"),
}
LOOKS: Final = {"waiting": "unknown", "written": "on", "refused": "bad"}


class Line(NamedTuple):
    """Labels of one closing with one outcome."""

    closing: int
    label: str
    state: str  # safe HTML
    why: str
    number: str
    url: str


def _lines(look: CaseLook, subject: Subject) -> list[Line]:
    rows = CaseLabel.objects.for_user(subject).filter(
        case=look.row, closing__gt=look.row.closings - NEWEST
    )
    counted = rows.values("closing", "value", "state", "why").annotate(n=Count("pk"))
    return [
        Line(
            one["closing"],
            str(words.LABELS.get(one["value"], one["value"])),
            written("state", State(LOOKS[one["state"]], CaseLabel.State(one["state"]).label)),
            _reason(one["why"]),
            number(one["n"]),
            decisions_url(f"caselabel:{look.row.pk}.{one['closing']}-{one['state']}"),
        )
        for one in counted.order_by("-closing", "-state", "why")
    ]


def _reason(code: str) -> str:
    """Why a label was refused, in words."""
    if not code:
        return ""
    return str(WHY.get(code) or _("the engine refused it: %(code)s") % {"code": code})


def labels(look: CaseLook, subject: Subject) -> Mapping[str, Any]:
    """The labels of its newest closings; where the last one has none, why."""
    lines = _lines(look, subject)
    row = look.row
    nothing = ""
    if not any(line.closing == row.closings for line in lines):
        if row.calls_due:
            nothing = _("Those who want to know of the last closing are told within a minute.")
        elif not row.live and row.disposition not in VALUES:
            nothing = _("What it was is too uncertain for labels: only confirmed and false positive"
                        " make them.")  # fmt: skip
        else:
            nothing = _("The last closing said nothing new of any decision.")
    return {"lines": lines, "nothing": nothing, "several": row.closings > 1}


add_panel(
    "response.case",
    Panel(
        gettext_lazy("Labels of its decisions"),
        "fraud/case_labels.html",
        labels,
        wide=False,
        when=lambda look, subject: look.row.closings > 0 and may(subject, "see", NOUN),
        id="labels",
    ),
)
