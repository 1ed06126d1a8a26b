"""An entity with its timeline, its links and its features now."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from guanlan.core.access import MASKED_FROM, Subject
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud import engine_access, figures, programs, words
from guanlan.fraud.models import Decision, Entity, EntityDecision, Label
from guanlan.fraud.pages.reveals import entity_form
from guanlan.fraud.projection import MINUTE
from guanlan.fraud.restricted import sees_restrictions, shown_restrictions
from guanlan.fraud.showing import Shower, ShownRow, decisions_url, entity_url, numbered_entity_url
from guanlan.fraud.templatetags.fraud import outcome
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Tile
from guanlan.web.pages.revealing import RevealForm
from guanlan.web.resource import Drawing, Heading, Numbers, Panel, object_page, resource_of
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.templatetags.console import clock, number

LINKS_FROM = 500  # decisions looked at for links
LINKS = 24
GRAPH_NODES = 12
ROWS = 50  # decisions listed
BARS = 30


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


class EntityLook:
    """An entity as its page looks at it: its newest decisions, read once."""

    def __init__(self, row: Entity, subject: Subject) -> None:
        self.row = row
        self.subject = subject
        self.shower = Shower(programs.latest())
        self.shown = self.shower.known_entity(row)
        self.all_url = decisions_url(f"{row.kind}:~{row.id}")
        self.now = _now(row, self.shower)

    @cached_property
    def recent(self) -> list[Decision]:
        """The newest `LINKS_FROM` decisions, newest first."""
        parts = EntityDecision.objects.for_user(self.subject).filter(entity_id=self.row.id)
        seqs = parts.order_by("-seq").values_list("seq", flat=True)[:LINKS_FROM]
        found = Decision.objects.for_user(self.subject).in_bulk(list(dict.fromkeys(seqs)))
        return [found[seq] for seq in sorted(found, reverse=True)]

    @cached_property
    def rows(self) -> list[ShownRow]:
        return [self.shower.row(decision) for decision in self.recent[:ROWS]]

    @cached_property
    def links(self) -> list[dict[str, Any]]:
        return _links(self.row, self.recent, self.shower, self.subject)

    @cached_property
    def graph(self) -> dict[str, Any]:
        return _graph(self.row, self.links, self.shower)

    @cached_property
    def labels(self) -> list[Label]:
        told = Label.objects.for_user(self.subject)
        return list(told.filter(target__in=[d.event_id for d in self.recent]).order_by("-seq")[:20])

    @cached_property
    def reveal(self) -> RevealForm | None:
        return entity_form(self.row, self.shower, self.subject)

    @property
    def outcomes(self) -> list[tuple[int, int]]:
        return sorted(Counter(d.outcome for d in self.recent).items(), reverse=True)

    @property
    def lately(self) -> str:
        """How many decisions were looked at, in words."""
        n = len(self.recent)
        return ngettext("in the last %(n)s decision", "in the last %(n)s decisions", n) % {
            "n": number(n)
        }


def heading(look: EntityLook) -> Heading:
    """The kind and the key, masked where it must be."""
    return Heading(look.shown.text, over=look.shown.role)


def numbers(look: EntityLook, subject: Subject) -> Sequence[Tile]:
    """How it has fared."""
    row = look.row
    return (
        Tile(
            label=_("Decisions"),
            value=number(row.events),
            note=_("since %(time)s")
            % {"time": figures.local_text(row.first_seen // MINUTE).replace("T", " ")},
            link=look.all_url,
        ),
        Tile(label=_("Last seen"), value=clock(row.last_seen), note=clock(row.last_seen, "full")),
        Tile(label=_("Worst outcome"), value=outcome(row.worst), note=_("of all time")),
        Tile(label=_("Linked entities"), value=number(len(look.links)), note=look.lately),
    )


def events_over_time(look: EntityLook, subject: Subject) -> Chart:
    """Its newest decisions over time, by outcome; a bar leads to its decisions."""
    minutes = [decision.clock // MINUTE for decision in look.recent]
    step, first, bars = 1, 0, 0
    if minutes:
        step = next((one for one in _STEPS if (minutes[0] - minutes[-1]) // one < BARS), _STEPS[-1])
        ahead = figures.utc_offset(minutes[0])
        first = (minutes[-1] + ahead) // step * step - ahead
        bars = (minutes[0] - first) // step + 1
    starts = [first + index * step for index in range(bars)]
    counts = Counter((d.outcome, (d.clock // MINUTE - first) // step) for d in look.recent)
    form = slice(5, 10) if step >= 1440 else slice(5, 16)
    return Chart(
        id="entity-events",
        title=_("Decisions over time"),
        note=look.lately,
        x=[figures.local_text(start)[form].replace("T", " ") for start in starts],
        y=_("decisions"),
        stacked=True,
        whole=True,
        size="short",
        links=[
            decisions_url(
                f"{look.row.kind}:~{look.row.id} after:{figures.local_text(start)}"
                f" before:{figures.local_text(start + step)}"
            )
            for start in starts
        ],
        series=[
            Series(
                name=str(words.OUTCOMES[Outcome(one).name]),
                colour=f"--o-{Outcome(one).name}",
                data=[counts[one, index] for index in range(bars)],
            )
            for one in sorted({d.outcome for d in look.recent})
        ],
        empty=_("No decision of it may be shown."),
    )


# Widths of a bar in minutes: 1, 5, 15 min, 1, 6 hours, 1, 7, 30, 365 days.
_STEPS: Final = (1, 5, 15, 60, 360, 1440, 10_080, 43_200, 525_600)


def _rows(look: EntityLook, subject: Subject) -> Mapping[str, Any]:
    return {"rows": look.rows, "more": _("all"), "more_url": look.all_url}


def _linked(look: EntityLook, subject: Subject) -> Mapping[str, Any]:
    return {"more": _("seen together in decisions")}


def _features(look: EntityLook, subject: Subject) -> Mapping[str, Any]:
    return {"more": clock(look.now["now_clock"]) if look.now.get("now_clock") else ""}


PANELS: Final = (
    Numbers(numbers),
    Drawing(events_over_time),
    Panel(gettext_lazy("Timeline"), "fraud/rows.html", _rows),
    Panel(gettext_lazy("Linked entities"), "fraud/entity/links.html", _linked),
    Panel(gettext_lazy("Features now"), "fraud/entity/features.html", _features, wide=False),
    Panel(
        gettext_lazy("Outcomes"),
        "fraud/entity/outcomes.html",
        lambda look, subject: {"more": look.lately},
        wide=False,
    ),
    Panel(
        gettext_lazy("Restrictions"),
        "fraud/entity/restrictions.html",
        lambda look, subject: {"restrictions": shown_restrictions(look.row, subject)},
        wide=False,
        when=lambda look, subject: sees_restrictions(subject),
    ),
    Panel(
        gettext_lazy("Labels"),
        "fraud/entity/labels.html",
        wide=False,
        when=lambda look, subject: bool(look.labels),
    ),
)


@needs("see", "fraud.entity")
@require_safe
def entity(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """One entity; `~7` in place of a key is the entity's number, for keys that are masked."""
    if "\0" in kind + key:  # PostgreSQL has no such text
        raise Http404
    subject = subject_of_request(request)
    seen = Entity.objects.for_user(subject)
    if key.startswith("~") and key[1:].isdecimal() and len(key) < 19:
        found = seen.filter(kind=kind, id=int(key[1:])).first()
    elif Shower(programs.latest()).layout.level(kind) >= MASKED_FROM:
        raise Http404  # a sensitive key is looked up by no address: histories and logs keep those
    else:
        found = seen.filter(kind=kind, key_index=key).first()
    if found is None:
        raise Http404
    return object_page(request, resource_of("fraud.entity"), found)


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
