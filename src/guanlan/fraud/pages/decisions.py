"""Decisions: as they are made, and one with everything it was made of."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from guanlan.core.access import Subject
from guanlan.core.event_log import log_keys
from guanlan.core.people.organisation import organisation
from guanlan.core.sealing import Unopened
from guanlan.engine.log import LogError, LogReader
from guanlan.engine.refusal import Refused
from guanlan.fraud import programs, words
from guanlan.fraud.faults import fault_words
from guanlan.fraud.first_steps import COOKIE, SEEN
from guanlan.fraud.frames import record
from guanlan.fraud.models import Decision, Label, ListAct
from guanlan.fraud.neighbours import around
from guanlan.fraud.pages.reveals import decision_form
from guanlan.fraud.recompute import decode_changes, recompute
from guanlan.fraud.showing import Shower, ShownEntity
from guanlan.fraud.templatetags.fraud import outcome
from guanlan.fraud.trace import Trace, entity_numbers, trace
from guanlan.web import words as web_words
from guanlan.web.cookies import keep, kept
from guanlan.web.pages.revealing import RevealForm
from guanlan.web.resource import Happening, Heading, Panel, Timeline, object_page, resource_of
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.templatetags.console import from_microseconds

logger = logging.getLogger(__name__)


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
        "zone": organisation().zone.key,
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


class DecisionLook:
    """A decision as its page looks at it: what the log and the tables hold, read once."""

    def __init__(self, row: Decision, subject: Subject) -> None:
        self.row = row
        self.subject = subject
        self.trace: Trace | None = None
        self.unreadable = ""
        self.fields: dict[str, Any] = {}
        epoch = programs.epoch_at(row.position)
        self.shower = Shower(epoch.scenario if epoch is not None else programs.latest())
        try:
            frame = _reader_at(row.position)
            self.fields = dict(record(frame).event.fields)
            if epoch is None:
                raise LookupError(f"no program before position {row.position}")
            self.trace = trace(frame, epoch, self.shower, self.subject)
        except (OSError, LogError, LookupError) as error:
            logger.warning("decision %d: %s", row.seq, error)
            self.unreadable = fault_words(type(error).__name__)

    @cached_property
    def labels(self) -> list[Label]:
        told = Label.objects.for_user(self.subject).filter(target=self.row.event_id)
        return list(told.order_by("seq"))

    @cached_property
    def reveal(self) -> RevealForm | None:
        return decision_form(self.row, self.fields, self.shower, self.subject)

    @cached_property
    def numbers(self) -> dict[int, str]:
        """The entities that have a page, by their number, and the roles they play."""
        row = self.row
        if self.trace is not None:
            known = self.trace.numbers
        else:
            known = entity_numbers(row.type, row.entities or {}, self.shower.layout, self.subject)
        found: dict[int, str] = {}
        for (role, _key), number in known.items():
            if number is not None:
                found.setdefault(number, self.shower.role(row.type, role))
        return found

    @property
    def entities(self) -> list[ShownEntity]:
        if self.trace is not None:
            return self.trace.entities
        return self.shower.row(self.row).entities


def heading(look: DecisionLook) -> Heading:
    """What was decided on, how much it was worth, and when."""
    row = look.row
    title = look.shower.type(row.type)
    if row.amount is not None:
        title = f"{title} · {web_words.money(row.amount, row.currency)}"
    return Heading(title, clock=from_microseconds(row.clock))


def what_happened(look: DecisionLook, subject: Subject) -> Sequence[Happening]:
    """What the decision's entities did shortly before and after, and what was learned of it."""
    row, shower = look.row, look.shower
    lines = [
        Happening(
            other.clock,
            shower.type(other.type)
            if other.amount is None
            else f"{shower.type(other.type)} · {web_words.money(other.amount, other.currency)}",
            outcome(other.outcome),
            _("the same: %(roles)s") % {"roles": _and(look.numbers[n] for n in shared)},
            reverse("decision", args=[other.seq]),
        )
        for other, shared in around(row, list(look.numbers), subject)
    ]
    lines.append(Happening(row.clock, _("this decision"), outcome(row.outcome), now=True))
    lines += [
        Happening(one.known_at, _("label: %(label)s") % {"label": words.LABELS.get(
            one.value, one.value)}, note=one.source)
        for one in look.labels
    ]  # fmt: skip
    lines.sort(key=lambda line: line.at, reverse=True)
    return lines


def _and(names: Any) -> str:
    return " · ".join(dict.fromkeys(names))


def _why(look: DecisionLook, subject: Subject) -> Mapping[str, Any]:
    return {"more": _("score %(n)s") % {"n": look.row.score}}


def _rules(look: DecisionLook, subject: Subject) -> Mapping[str, Any]:
    if look.trace is None:
        return {}
    told, quiet = len(look.trace.rules), len(look.trace.quiet_rules)
    return {"more": _("%(n)s spoke, %(m)s did not hit") % {"n": told, "m": quiet}}


def _traced(look: DecisionLook, subject: Subject) -> bool:
    return look.trace is not None


PANELS: Final = (
    Panel(gettext_lazy("Why"), "fraud/decision/why.html", _why, when=_traced),
    Panel(gettext_lazy("Rules"), "fraud/decision/rules.html", _rules, when=_traced),
    Panel(
        gettext_lazy("Features at that moment"), "fraud/decision/features.html", when=_traced
    ),
    Timeline(gettext_lazy("Around this"), what_happened),
    Panel(gettext_lazy("Event"), "fraud/decision/event.html", wide=False),
    Panel(
        gettext_lazy("Lists"),
        "fraud/decision/lists.html",
        wide=False,
        when=lambda look, subject: look.trace is not None and bool(look.trace.lists),
    ),
    Panel(
        gettext_lazy("Restrictions"),
        "fraud/decision/restrictions.html",
        wide=False,
        when=lambda look, subject: look.trace is not None and bool(look.trace.restrictions),
    ),
    Panel(gettext_lazy("Record"), "fraud/decision/record.html", wide=False),
)  # fmt: skip


@needs("see", "fraud.decision")
@require_safe
def decision(request: HttpRequest, seq: int) -> HttpResponse:
    """One decision and why; the number of a label leads to the decision it speaks of."""
    subject = subject_of_request(request)
    seen = Decision.objects.for_user(subject)
    row = seen.filter(seq=seq).first()
    if row is None:
        label = get_object_or_404(Label.objects.for_user(subject), seq=seq)
        return redirect("decision", get_object_or_404(seen, event_id=label.target).seq)
    answer = object_page(request, resource_of("fraud.decision"), row)
    if not kept(request, COOKIE):
        keep(answer, COOKIE, SEEN)
    return answer


def _reader_at(position: int) -> Any:
    reader = LogReader(settings.LOG_DIRECTORY, log_keys())
    try:
        return reader.at(position)
    finally:
        reader.close()


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
        context["failure"] = fault_words(type(error).__name__)
    return render(request, "fraud/recomputed.html", context)
