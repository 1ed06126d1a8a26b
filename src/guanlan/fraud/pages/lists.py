"""Decisions and entities, as resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from guanlan.core.access import Subject, may
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import programs, words
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.pages import decisions, entities
from guanlan.fraud.pages.entities import address, entities_with_key
from guanlan.fraud.search import Search, count, fetch, grouped, search_of
from guanlan.fraud.showing import Shower, ShownEntity, ShownRow
from guanlan.response.entities import Named
from guanlan.response.pages.restriction_forms import TermsForm, terms_of
from guanlan.response.pages.restrictions import said_of
from guanlan.response.restrictions import propose
from guanlan.web.resource import (
    Action,
    Ask,
    Chip,
    Column,
    Filter,
    Found,
    Link,
    Resource,
    register,
    turn,
)
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import major


def _search(ask: Ask, shower: Shower) -> Search:
    return search_of(
        ask.terms,
        kinds=shower.kinds(),
        currency=shower.currency,
        free=shower.kinds_for(ask.subject),
    )


def find_decisions(ask: Ask) -> Found:
    """A page of decisions, from the narrowest index that the filter names."""
    if not may(ask.subject, "see", "fraud.decision"):
        return Found(())
    search = _search(ask, Shower(programs.latest()))
    if search.problems:
        return Found((), problems=search.problems)
    start = ask.newer or ask.older
    up = (ask.newer is not None) == ask.sort.startswith("-")
    rows = fetch(search, start[1] if start else None, up=up, limit=ask.limit + 1)
    return turn(rows, ask, lambda row: (row.seq, row.seq))


def count_decisions(ask: Ask, most: int) -> int:
    """How many decisions fit, counted to `most`."""
    if not may(ask.subject, "see", "fraud.decision"):
        return 0
    return count(_search(ask, Shower(programs.latest())), most)


def group_decisions(ask: Ask, one: Filter) -> list[tuple[Any, int]]:
    """How many decisions each value of a filter has."""
    if not may(ask.subject, "see", "fraud.decision"):
        return []
    return grouped(_search(ask, Shower(programs.latest())), one.path)


def show_decisions(rows: Sequence[Any], subject: Subject) -> Sequence[ShownRow]:
    """Decisions with the titles of the scenario in force."""
    shower = Shower(programs.latest())
    return [shower.row(row) for row in rows]


def _amount(row: ShownRow) -> float | None:
    decision = row.decision
    return None if decision.amount is None else major(decision.amount, decision.currency)


def _outcomes() -> Mapping[str, str | Promise]:
    return words.OUTCOMES


def _types() -> Mapping[str, str | Promise]:
    return dict(Shower(programs.latest()).types())


def _kinds() -> Mapping[str, str | Promise]:
    return dict(Shower(programs.latest()).kinds())


def _kind_filters() -> Sequence[Filter]:
    shower = Shower(programs.latest())
    return [
        Filter(name, title, level=shower.layout.level(name))
        for name, title in shower.kinds().items()
    ]


def _decision_chips() -> Sequence[Chip]:
    return [
        Chip(gettext_lazy("all"), ""),
        *(Chip(title, f"outcome:{name}") for name, title in words.OUTCOMES.items()),
        *(Chip(title, f"type:{name}") for name, title in _types().items()),
        Chip(gettext_lazy("labelled as fraud"), "label:fraud"),
        Chip(gettext_lazy("degraded"), "degraded:yes"),
    ]


def _of_decision(name: str, title: Promise, field: str = "", **options: Any) -> Column:
    """A column that holds a field of the decision in the row as it is."""
    value = attrgetter(f"decision.{field or name}")
    return Column(name, title, value=value, level=2, **options)


DECISIONS = register(
    Resource(
        noun="fraud.decision",
        model=Decision,
        title=gettext_lazy("Decision"),
        titles=gettext_lazy("Decisions"),
        path="decisions",
        route="decisions",
        place=("watch", 20),
        api="decisions",
        columns=(
            Column(
                "time",
                gettext_lazy("Time"),
                "seq",
                value=lambda row: row.decision.clock,
                cell="clock",
                level=2,
                sort=True,
            ),
            Column(
                "outcome",
                gettext_lazy("Outcome"),
                value=lambda row: words.outcome_name(row.decision.outcome),
                cell="template",
                template="fraud/cells/outcome.html",
                level=2,
            ),
            Column("type", gettext_lazy("Event"), value=lambda row: row.type, level=2),
            Column(
                "who",
                gettext_lazy("Who"),
                value=lambda row: [one.text for one in row.entities],
                cell="template",
                template="fraud/cells/who.html",
                level=2,  # each is masked by the level of its kind
            ),
            Column(
                "amount",
                gettext_lazy("Amount"),
                value=_amount,
                cell="template",
                template="fraud/cells/amount.html",
                level=2,
                right=True,
            ),
            Column(
                "why",
                gettext_lazy("Why"),
                value=lambda row: [title for _id, title in row.rules],
                cell="template",
                template="fraud/cells/why.html",
                level=2,
                wide=True,
            ),
            _of_decision("score", gettext_lazy("Score"), cell="number"),
            _of_decision("currency", gettext_lazy("Currency"), shown=False),
            _of_decision("degraded", gettext_lazy("Degraded"), cell="flag", shown=False),
            _of_decision("version", gettext_lazy("Version"), cell="code", shown=False),
            _of_decision("id", gettext_lazy("Event id"), "event_id", cell="code", shown=False),
        ),
        filters=(
            Filter(
                "outcome",
                gettext_lazy("Outcome"),
                "choice",
                choices=_outcomes,
                stored={outcome.name: int(outcome) for outcome in Outcome},
                ordered=True,
                group=True,
                example="outcome:>=review",
            ),
            Filter(
                "type",
                gettext_lazy("Event"),
                "choice",
                choices=_types,
                group=True,
                example="type:transfer",
            ),
            Filter("rule", gettext_lazy("Rule that hit"), level=2),
            Filter("unknown", gettext_lazy("Rule that could not be judged"), level=2),
            Filter("score", gettext_lazy("Score"), "number", example="score:>=50"),
            Filter("amount", gettext_lazy("Amount"), "number"),
            Filter("after", gettext_lazy("Decided from then on"), "time", level=2),
            Filter("before", gettext_lazy("Decided until then"), "time", level=2),
            Filter("label", gettext_lazy("Label"), "choice", choices=lambda: words.LABELS, level=2),
            Filter(
                "caselabel",
                gettext_lazy("Label of a case"),
                level=2,
                example="caselabel:12-written",
            ),
            Filter("restriction", gettext_lazy("Restriction"), level=2, example="restriction:r7"),
            Filter("degraded", gettext_lazy("Degraded"), "flag", group=True),
            Filter("version", gettext_lazy("Version"), group=True),
            Filter("id", gettext_lazy("Event id"), level=2),
        ),
        more_filters=_kind_filters,
        chips=_decision_chips,
        order="-time",
        find=find_decisions,
        count=count_decisions,
        group=group_decisions,
        prepare=show_decisions,
        address=lambda row: reverse("decision", args=[row.seq]),
        look=decisions.DecisionLook,
        heading=decisions.heading,
        mark="fraud/decision/mark.html",
        tools="fraud/decision/tools.html",
        lead="fraud/decision/lead.html",
        facts=(),
        panels=decisions.PANELS,
        links=(Link(gettext_lazy("Live"), "live"),),
        empty=gettext_lazy(
            "Every decision will be listed here, newest first. None has been made yet."
        ),
        placeholder="outcome:decline type:transfer user:u-1 score:>=50",
    )
)


class EntityRow:
    """An entity with what may be shown of it."""

    def __init__(self, entity: Entity, shown: ShownEntity) -> None:
        self.entity = entity
        self.shown = shown


def show_entities(rows: Sequence[Any], subject: Subject) -> Sequence[EntityRow]:
    """Entities with their masked keys."""
    shower = Shower(programs.latest())
    return [EntityRow(row, shower.known_entity(row)) for row in rows]


def _of_entity(name: str, title: Promise, field: str = "", **options: Any) -> Column:
    """A column that holds a field of the entity in the row as it is."""
    return Column(name, title, value=attrgetter(f"entity.{field or name}"), level=2, **options)


def _restrict(row: Entity, subject: Subject, values: Mapping[str, Any]) -> str:
    return said_of(propose(subject, Named(row.kind, row.key), terms_of(values)))


ENTITIES = register(
    Resource(
        noun="fraud.entity",
        model=Entity,
        title=gettext_lazy("Entity"),
        titles=gettext_lazy("Entities"),
        path="entities",
        route="entities",
        place=("watch", 30),
        api="entities",
        columns=(
            Column("kind", gettext_lazy("Kind"), value=lambda row: row.shown.role, level=2),
            Column(
                "key",
                gettext_lazy("Key"),
                value=lambda row: row.shown.text,
                cell="code",
                level=2,  # masked by the level of its kind
            ),
            Column(
                "worst",
                gettext_lazy("Worst outcome"),
                value=lambda row: words.outcome_name(row.entity.worst),
                cell="template",
                template="fraud/cells/outcome.html",
                level=2,
            ),
            _of_entity("events", gettext_lazy("Decisions"), cell="number"),
            _of_entity("first", gettext_lazy("First seen"), "first_seen", cell="clock"),
            Column(
                "last",
                gettext_lazy("Last seen"),
                "last_seen",
                value=lambda row: row.entity.last_seen,
                cell="clock",
                level=2,
                sort=True,
            ),
        ),
        filters=(
            Filter(
                "kind",
                gettext_lazy("Kind"),
                "choice",
                choices=_kinds,
                group=True,
                example="kind:user",
            ),
            Filter(
                "worst",
                gettext_lazy("Worst outcome"),
                "choice",
                choices=_outcomes,
                stored={outcome.name: int(outcome) for outcome in Outcome},
                ordered=True,
                group=True,
                example="worst:>=hold",
            ),
            Filter("events", gettext_lazy("Decisions"), "number", example="events:>=10"),
            Filter("number", gettext_lazy("Number"), "exact", "id"),
        ),
        free=lambda term, subject: _(
            "A key is looked up in the field above, so that it stands in no address."
        ),
        chips=lambda: [
            Chip(gettext_lazy("all"), ""),
            *(Chip(title, f"kind:{name}") for name, title in _kinds().items()),
        ],
        order="-last",
        prepare=show_entities,
        address=lambda row: address(row, Shower(programs.latest())),
        link=lambda row: row.shown.url,
        look=entities.EntityLook,
        heading=entities.heading,
        mark="fraud/entity/mark.html",
        lead="fraud/entity/lead.html",
        facts=(),
        panels=entities.PANELS,
        actions=(
            Action(
                "restrict",
                gettext_lazy("Restrict"),
                _restrict,
                verb="see",
                offered=lambda row, subject: may(subject, "add", "response.restriction"),
                form=lambda subject, row: TermsForm,
                bulk=False,
            ),
        ),
        before="fraud/find_entity.html",
        empty=gettext_lazy(
            "Customers, devices, addresses and whatever else events speak of appear here once they "
            "have been seen."
        ),
    )
)


@needs("see", "fraud.entity")
@require_POST
def find_entity(request: HttpRequest) -> HttpResponse:
    """Lead to the entity of an exact key.

    The key is posted, though nothing changes: a sensitive one must not stand in an address,
    which histories and logs keep.
    """
    key = request.POST.get("key", "").replace("\0", "").strip()[:256]
    matches = entities_with_key(key, subject_of_request(request)) if key else []
    shower = Shower(programs.latest())
    if len(matches) == 1:
        return redirect(address(matches[0], shower))
    if not matches:
        messages.info(request, _("No entity has this key."))
        return redirect("entities")
    numbers = ",".join(str(entity.pk) for entity in matches)
    return redirect(f"{reverse('entities')}?q=number:{numbers}")
