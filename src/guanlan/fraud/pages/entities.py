"""An entity with its timeline, its links and its features now."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.core.access import MASKED_FROM, Subject
from guanlan.fraud import engine_access, programs, words
from guanlan.fraud.models import Decision, Entity, EntityDecision, Label
from guanlan.fraud.pages.reveals import entity_form
from guanlan.fraud.search import Search, Wanted, find
from guanlan.fraud.showing import Shower, decisions_url, entity_url, numbered_entity_url
from guanlan.web.discussion import discussed
from guanlan.web.rights import needs, subject_of_request

LINKS_FROM = 500  # decisions looked at for links
LINKS = 24
GRAPH_NODES = 12

discussed("fraud.entity", address=lambda row: numbered_entity_url(row.kind, row.id))


def entities_with_key(key: str, subject: Subject) -> list[Entity]:
    """The entities of an exact key, of whatever kind, those seen last first."""
    kinds = Shower(programs.latest()).kinds_for(subject)
    visible = Entity.objects.for_user(subject).filter(kind__in=kinds, key_index=key)
    return list(visible.order_by("-last_seen")[:20])


def address(entity: Entity, shower: Shower) -> str:
    """The page of an entity: by its number where its key may not be seen."""
    if shower.layout.level(entity.kind) >= MASKED_FROM or not entity.key:
        return numbered_entity_url(entity.kind, entity.id)
    return entity_url(entity.kind, entity.key)


@needs("see", "fraud.entity")
@require_safe
def entity(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One entity; `~7` in place of a key is the entity's number, for keys that are masked."""
    if "\0" in kind + key:  # PostgreSQL has no such text
        raise Http404
    subject = subject_of_request(request)
    seen = Entity.objects.for_user(subject)
    shower = Shower(programs.latest())
    if key.startswith("~") and key[1:].isdecimal() and len(key) < 19:
        found = seen.filter(kind=kind, id=int(key[1:])).first()
    elif shower.layout.level(kind) >= MASKED_FROM:
        raise Http404  # a sensitive key is looked up by no address: histories and logs keep those
    else:
        found = seen.filter(kind=kind, key_index=key).first()
    if found is None:
        raise Http404
    page = find(_all_of(found), subject)
    seqs = list(
        EntityDecision.objects.for_user(subject)
        .filter(entity_id=found.id)
        .order_by("-seq")
        .values_list("seq", flat=True)[:LINKS_FROM]
    )
    recent = Decision.objects.for_user(subject).in_bulk(list(dict.fromkeys(seqs))) if seqs else {}
    links = _links(found, list(recent.values()), shower, subject)
    context = {
        "entity": found,
        "shown": shower.known_entity(found),
        "reveal": entity_form(found, shower, subject),
        "section": "entities",
        "rows": [shower.row(decision) for decision in page.rows],
        "more": page.older is not None,
        "all_url": decisions_url(f"{kind}:~{found.id}"),
        "links": links,
        "graph": _graph(found, links, shower),
        "outcomes": sorted(Counter(d.outcome for d in recent.values()).items(), reverse=True),
        "looked_at": len(recent),
        "labels": Label.objects.for_user(subject)
        .filter(target__in=[d.event_id for d in recent.values()])
        .order_by("-seq")[:20],
        **_now(found, shower),
    }
    return render(request, "fraud/entity.html", context)


def _all_of(found: Entity) -> Search:
    return Search(entities=[Wanted(found.kind, f"~{found.id}")])


def _links(
    found: Entity, recent: list[Decision], shower: Shower, subject: Subject
) -> list[dict[str, Any]]:
    """Entities that share recent decisions with this one, most shared first."""
    shared: Counter[tuple[str, str]] = Counter()
    worst: dict[tuple[str, str], int] = {}
    for decision in recent:
        present = {
            (shower.layout.kind(decision.type, role), key)
            for role, key in (decision.entities or {}).items()
        }
        for pair in present - {(found.kind, found.key)}:
            shared[pair] += 1
            worst[pair] = max(worst.get(pair, 0), decision.outcome)
    top = shared.most_common(LINKS)
    indexes = [key for (_kind, key), _n in top]
    rows = Entity.objects.for_user(subject).filter(key_index__in=indexes)
    known = {(row.kind, row.key): row for row in rows}
    return [
        {
            "shown": shower.known_entity(known[pair]),
            "shared": count,
            "worst": worst[pair],
            "events": known[pair].events,
        }
        for pair, count in top
        if pair in known
    ]


def _graph(found: Entity, links: list[dict[str, Any]], shower: Shower) -> dict[str, Any]:
    """The entity amid its closest links: places in a drawing 640 wide and 300 high."""
    around = links[:GRAPH_NODES]
    nodes = []
    for index, link in enumerate(around):
        angle = 2 * math.pi * (index + 0.5) / len(around)
        x, y = 320 + 225 * math.cos(angle), 150 + 112 * math.sin(angle)
        nodes.append(
            {
                "x": round(x, 1),
                "y": round(y, 1),
                "label_y": round(y + (-12 if y < 150 else 20), 1),
                "shown": link["shown"],
                "shared": link["shared"],
                "width": round(1 + math.log2(link["shared"]), 1),
                "outcome": words.outcome_name(link["worst"]),
            }
        )
    return {"nodes": nodes, "center": shower.known_entity(found)}


def _now(found: Entity, shower: Shower) -> dict[str, Any]:
    """What the running engine remembers of the entity, or why that is not shown."""
    engine = engine_access.current()
    if engine is None:
        return {
            "now_absent": _(
                "No engine is ready in this process, so the values now are not known here."
            )
        }
    view = engine.entity(found.kind, found.key)
    if view is None:
        return {"now_absent": _("The scenario in force knows no entity of this kind.")}
    scenario = engine.program.scenario
    features = {feature.name: feature for feature in scenario.features}
    lists = {spec.name: spec for spec in scenario.lists}
    return {
        "now": [
            (
                features[name].title.get(shower.language),
                name,
                shower.feature_value(features[name], value),
                value is None,
            )
            for name, value in view.features.items()
        ],
        "now_clock": view.clock,
        "lists": [
            (
                lists[listed.list].title.get(shower.language),
                words.LIST_KINDS.get(listed.kind, listed.kind),
                listed.entry,
            )
            for listed in view.lists
        ],
    }
