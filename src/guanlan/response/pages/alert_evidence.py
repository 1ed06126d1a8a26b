"""All evidence that is kept of an alert, and of the alerts of a case, newest first."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.response.alerts.coalescing import MOST
from guanlan.response.alerts.evidence import shown
from guanlan.response.alerts.keeping import counted, newest
from guanlan.response.alerts.titles import title_of
from guanlan.response.cases.letters import name_of
from guanlan.response.models import Alert, AlertEvidence, Case
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import number

LARGEST: Final = 2**63


class Piece(NamedTuple):
    """A piece of evidence as the page shows it, with the alert it is of."""

    title: str
    url: str
    at: dt.datetime
    alert: int
    alert_url: str


@needs("see", "response.alert")
@require_safe
def of_alert(request: HttpRequest, identity: int) -> HttpResponse:
    """The evidence of an alert."""
    seen = Alert.objects.for_user(subject_of_request(request))
    alert = _found(seen, identity)
    title = title_of(alert)
    back = (_("Alert %(n)s") % {"n": alert.pk}, reverse("alert", args=[alert.pk]))
    return _page(request, seen.filter(pk=alert.pk), title, back, "alerts")


@needs("see", "response.case")
@require_safe
def of_case(request: HttpRequest, identity: int) -> HttpResponse:
    """The evidence of the alerts of a case."""
    subject = subject_of_request(request)
    case = _found(Case.objects.for_user(subject), identity)
    alerts = Alert.objects.for_user(subject).filter(case=case)
    back = (_("Case %(n)s") % {"n": case.pk}, reverse("case", args=[case.pk]))
    return _page(request, alerts, name_of(case), back, "cases")


def _found(rows: QuerySet[Any], identity: int) -> Any:
    row = rows.filter(pk=identity).first() if identity < LARGEST else None
    if row is None:
        raise Http404
    return row


def _page(
    request: HttpRequest, alerts: QuerySet[Alert], name: str, back: tuple[str, str], section: str
) -> HttpResponse:
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) <= 18 else None
    seen = AlertEvidence.objects.for_user(subject_of_request(request))
    pieces, older = newest(seen.filter(alert__in=alerts.values("pk")), before)
    total, kept = counted(alerts)
    context = {
        "title": _("All evidence: %(name)s") % {"name": name},
        "section": section,
        "back": back,
        "pieces": [
            Piece(*shown(one.kind, one.ref), one.at, alert, reverse("alert", args=[alert]))
            for alert, one in pieces
        ],
        "of_case": section == "cases",
        "older": older,
        "first": before is None,
        "total": total,
        "left": total - kept,
        "most": number(MOST),
    }
    return render(request, "response/alert/all_evidence.html", context)
