"""What incidents have beside their resources: the board, the figures, the matrix in force."""

from __future__ import annotations

import datetime as dt
from typing import Final, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.core.access import may
from guanlan.response.incidents.figures import MOST, Figure, figures_of
from guanlan.response.incidents.matrix import matrix_in_force
from guanlan.response.incidents.showing import lasting, severity_state, took
from guanlan.response.models import Incident
from guanlan.response.pages.severity_matrices import cells_of, limits_of
from guanlan.web.dashboards import Tile, Tiles
from guanlan.web.resource import State
from guanlan.web.resource.declared import Clock
from guanlan.web.resource.panels import in_words
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import number

SPANS: Final = (30, 90, 365)
CARDS: Final = 50


class Card(NamedTuple):
    """An incident on the board."""

    row: Incident
    severity: State
    left: str


class BoardColumn(NamedTuple):
    """The incidents of one state."""

    name: str
    title: str
    total: str
    cards: list[Card]


@needs("see", "response.incident")
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """The incidents by state, the worst first; closed ones of the last thirty days."""
    subject = subject_of_request(request)
    now = timezone.now()
    columns = []
    for name, title in Incident.State.choices:
        rows = Incident.objects.for_user(subject).filter(state=name).select_related("commander")
        if name == Incident.State.CLOSED:
            rows = rows.filter(closed__gte=now - dt.timedelta(days=30))
        found = list(rows.order_by("-severity", "declared")[: CARDS + 1])
        count = f"{CARDS}+" if len(found) > CARDS else str(len(found))
        cards = [Card(row, severity_state(row.severity), _left(row)) for row in found[:CARDS]]
        columns.append(BoardColumn(name, str(title), count, cards))
    said = {
        "title": _("Board of incidents"),
        "section": "incidents",
        "columns": columns,
        "may_declare": may(subject, "add", "response.incident"),
    }
    return render(request, "response/incident/board.html", said)


def _left(row: Incident) -> str:
    if row.state == Incident.State.ACTIVE:
        if row.stable_due is None:
            return _("no limit")
        return in_words(Clock(row.stable_due, row.known))
    return _("stable after %(time)s") % {"time": took(row.known, row.stable)}


@needs("see", "response.incident")
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """How long it took to know, to take command and to be stable."""
    subject = subject_of_request(request)
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else SPANS[1]
    since = timezone.now() - dt.timedelta(days=days)
    rows = Incident.objects.for_user(subject).filter(declared__gte=since)
    found = figures_of(list(rows.order_by("-declared", "-id")[:MOST]))
    named = (
        (_("MTTD: occurred → known"), found.detect, "begun"),
        (_("MTTA: known → acknowledged"), found.acknowledge, "acknowledged"),
        (_("MTTR: known → stable"), found.stabilise, "stable"),
    )
    terms = f"after:{timezone.localtime(since):%Y-%m-%dT%H:%M}"
    said = {
        "title": _("Figures of incidents"),
        "section": "incidents",
        "spans": SPANS,
        "days": days,
        "tiles": Tiles([_tile(label, one, _those(terms, name)) for label, one, name in named]),
        "heads": [
            "", _("Median"), _("Interval (95 %)"), _("Mean"), _("Incidents"), _("Unknown"),
        ],
        "rows": [_line(label, one, terms, name) for label, one, name in named],
    }  # fmt: skip
    return render(request, "response/incident/figures.html", said)


def _tile(label: str, one: Figure, link: str) -> Tile:
    return Tile(
        label=label,
        value=lasting(one.median),
        note=_("median of %(n)s, %(unknown)s unknown") % {"n": one.known, "unknown": one.unknown},
        link=link,
        state="unknown" if one.median is None else "",
    )


def _those(terms: str, name: str, known: bool = True) -> str:
    """The address of the incidents of which a time is known, or is not."""
    query = urlencode({"q": f"{terms} {name}:{'yes' if known else 'no'}"})
    return f"{reverse('incidents')}?{query}"


def _line(label: str, one: Figure, terms: str, name: str) -> tuple[str, ...]:
    between = _("unknown") if one.low is None else f"{lasting(one.low)} – {lasting(one.high)}"
    known, unknown = (
        format_html('<a href="{}">{}</a>', _those(terms, name, which), number(n))
        for which, n in ((True, one.known), (False, one.unknown))
    )
    return (label, lasting(one.median), between, lasting(one.mean), known, unknown)


@needs("see", "response.severitymatrix")
@require_safe
def matrix_now(request: HttpRequest) -> HttpResponse:
    """The matrix that is in force."""
    matrix = matrix_in_force()
    version = _("version %(n)s") % {"n": matrix.version} if matrix.version else ""
    said = {
        "title": _("Matrix of severities in force"),
        "section": "incidents",
        "version": version or _("as it comes with the platform"),
        "limits": limits_of(matrix),
        **cells_of(matrix),
    }
    return render(request, "response/incident/matrix_now.html", said)
