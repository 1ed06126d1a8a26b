"""Decisions: as they are made, and one with everything it was made of."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from guanlan.core.access import Subject
from guanlan.core.event_log import log_keys
from guanlan.core.sealing import Unopened
from guanlan.engine.log import LogError, LogReader
from guanlan.engine.refusal import Refused
from guanlan.fraud import programs, words
from guanlan.fraud.first_steps import COOKIE, SEEN
from guanlan.fraud.frames import record
from guanlan.fraud.models import Decision, EntityDecision, Label, ListAct
from guanlan.fraud.pages.reveals import decision_form
from guanlan.fraud.recompute import decode_changes, recompute
from guanlan.fraud.showing import Shower
from guanlan.fraud.trace import entity_numbers, trace
from guanlan.web.cookies import keep, kept
from guanlan.web.discussion import discussed
from guanlan.web.rights import needs, subject_of_request

logger = logging.getLogger(__name__)

EARLIER = 12

discussed("fraud.decision", address=lambda row: reverse("decision", args=[row.seq]))


@needs("see", "fraud.decision")
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Decisions as they become durable; `live.js` fills the table from the stream."""
    recent = Decision.objects.for_user(subject_of_request(request))
    shower = Shower(programs.latest())
    scenario = shower.scenario
    titles = {
        "types": shower.types(),
        "outcomes": {name: str(title) for name, title in words.OUTCOMES.items()},
        "rules": {r.id: r.title.get(shower.language) for r in scenario.rules} if scenario else {},
        "zone": settings.TIME_ZONE,
        "stream": "/console/stream",
        "decision": reverse("decision", args=[0]),
        "entities": reverse("entities"),
        "words": {
            "open": _("live"),
            "waiting": _("connecting"),
            "lost": _("connection lost, trying again"),
            "paused": _("paused"),
            "held": _("%(n)s new while paused"),
        },
    }
    context = {
        "titles": titles,
        "outcomes": words.OUTCOMES,
        "types": shower.types(),
        "recent": [shower.row(d) for d in recent.order_by("-seq")[:25]],
    }
    return render(request, "fraud/live.html", context)


@needs("see", "fraud.decision")
@require_safe
def decision(request: HttpRequest, seq: int) -> HttpResponse:
    """One decision and why; the number of a label leads to the decision it speaks of."""
    subject = subject_of_request(request)
    seen = Decision.objects.for_user(subject)
    told = Label.objects.for_user(subject)
    row = seen.filter(seq=seq).first()
    if row is None:
        label = get_object_or_404(told, seq=seq)
        return redirect("decision", get_object_or_404(seen, event_id=label.target).seq)
    context: dict[str, Any] = {
        "row": row,
        "section": "decisions",
        "labels": told.filter(target=row.event_id).order_by("seq"),
    }
    shower = Shower(programs.latest())
    epoch = programs.epoch_at(row.position)
    fields: dict[str, Any] = {}
    try:
        frame = _reader_at(row.position)
        fields = dict(record(frame).event.fields)
        if epoch is None:
            raise LookupError(f"no program before position {row.position}")
        shower = Shower(epoch.scenario)
        context["trace"] = trace(frame, epoch, shower)
    except (OSError, LogError, LookupError) as error:
        logger.warning("decision %d: %s", seq, error)
        context["unreadable"] = type(error).__name__
    context["type_title"] = shower.type(row.type)
    context["plain"] = shower.row(row)
    context["reveal"] = decision_form(row, fields, shower, subject)
    earlier = _earlier(row, shower, subject)
    context["earlier"] = earlier
    context["opened"] = next((entity.role for entity, rows in earlier if rows), "")
    context["limit"] = EARLIER
    answer = render(request, "fraud/decision.html", context)
    if not kept(request, COOKIE):
        keep(answer, COOKIE, SEEN)
    return answer


def _reader_at(position: int) -> Any:
    reader = LogReader(settings.LOG_DIRECTORY, log_keys())
    try:
        return reader.at(position)
    finally:
        reader.close()


def _earlier(row: Decision, shower: Shower, subject: Subject) -> list[tuple[Any, list[Any]]]:
    """For each entity of the decision: the entity, and its decisions before this one."""
    found = []
    for (role, _kind, key), number in entity_numbers(row, shower.layout).items():
        if number is None:
            continue
        earlier = (
            EntityDecision.objects.for_user(subject)
            .filter(entity_id=number, seq__lt=row.seq)
            .order_by("-seq")
            .values_list("seq", flat=True)[: EARLIER * 2]
        )
        seqs = list(dict.fromkeys(earlier))[:EARLIER]
        rows = Decision.objects.for_user(subject).in_bulk(seqs)
        shown = [shower.row(rows[seq]) for seq in seqs if seq in rows]
        found.append((shower.entity(row.type, role, key, number), shown))
    return found


@needs("see", "fraud.decision")
@require_POST
def recompute_decision(request: HttpRequest, seq: int) -> HttpResponse:
    """Decide the recorded event again and compare; changes nothing."""
    subject = subject_of_request(request)
    row = get_object_or_404(Decision.objects.for_user(subject), seq=seq)
    epoch = programs.epoch_at(row.position)
    if epoch is None:
        raise Http404
    # Every change of a list counts in the decision, whoever asks; none of it is shown.
    changes = ListAct.objects.filter(position__lt=row.position).order_by("position")
    context: dict[str, Any] = {"row": row}
    try:
        context["result"] = recompute(
            _reader_at(row.position),
            epoch,
            decode_changes(act.change for act in changes),
            settings.ENGINE_SECRET,
        )
    except (OSError, LogError, Refused, Unopened) as error:
        context["failure"] = type(error).__name__
    return render(request, "fraud/recomputed.html", context)
