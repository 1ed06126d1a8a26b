"""The entities of a case and what links them: its newest alerts, and what upper apps know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.access import Subject
from guanlan.response.alerts.showing import alerts_of
from guanlan.response.cases.drawing import HEIGHT, WIDTH, Layout, Tie, curve, lay_out
from guanlan.response.kinds import every_kind, kind_title, masked
from guanlan.response.models import Alert, AlertEntity, Case, CaseEntity, EntityRef

MOST_NODES: Final = 60
MOST_ALERTS: Final = 100  # newest ones that are looked through
CHARACTERS: Final = 16  # of a key in its box

Links = Callable[[Sequence[EntityRef], Subject], Mapping[tuple[int, int], int]]
_links: Final[list[Links]] = []


def links_entities(tell: Links) -> Links:
    """Register what knows how often entities were seen together besides in alerts: pairs of their
    numbers, the lower first, given the entities and who asks."""
    _links.append(tell)
    return tell


class Box(NamedTuple):
    """An entity as it is drawn; `label` is all that it says."""

    x: float
    y: float
    text: str
    label: str
    link: str
    lead: bool


class Line(NamedTuple):
    """A link as it is drawn: `kind` is alert or record, `label` says what it is."""

    path: str
    kind: str
    label: str


class Picture:
    """The drawing of a case's entities, at most `MOST_NODES`: those by which it is grouped first,
    then those that came first. Keys are masked."""

    def __init__(self, case: Case, subject: Subject) -> None:
        self.case = case
        self.subject = subject
        self.kinds = every_kind()
        rows = CaseEntity.objects.for_user(subject).filter(case=case).select_related("entity")
        self.parts = list(rows.order_by("-grouping", "pk")[:MOST_NODES])

    @property
    def more(self) -> int:
        """How many entities are left out."""
        return max(0, self.case.entity_count - len(self.parts))

    @property
    def left_out(self) -> str:
        """The same in words; empty where all are drawn."""
        text = ngettext("%(n)s entity is left out", "%(n)s entities are left out", self.more)
        return text % {"n": self.more} if self.more else ""

    @cached_property
    def by_alerts(self) -> Mapping[tuple[int, int], int]:
        """How many of the newest alerts name two entities together."""
        alerts = Alert.objects.for_user(self.subject).filter(case=self.case)
        newest = list(
            alerts.order_by("-last_seen", "-pk").values_list("pk", flat=True)[:MOST_ALERTS]
        )
        shown = {part.entity_id for part in self.parts}
        named: dict[int, set[int]] = {}
        found = AlertEntity.objects.for_user(self.subject).filter(alert__in=newest)
        for alert, entity in found.values_list("alert_id", "entity_id"):
            if entity in shown:
                named.setdefault(alert, set()).add(entity)
        return Counter(pair for those in named.values() for pair in combinations(sorted(those), 2))

    @cached_property
    def by_records(self) -> Mapping[tuple[int, int], int]:
        """How often upper apps saw two of them together, where no alert did."""
        found: Counter[tuple[int, int]] = Counter()
        for tell in _links:
            found.update(tell([part.entity for part in self.parts], self.subject))
        return {pair: n for pair, n in found.items() if pair not in self.by_alerts}

    @cached_property
    def layout(self) -> Layout:
        """Where everything stands."""
        both = {**self.by_alerts, **self.by_records}
        nodes = [(part.entity_id, part.entity.kind) for part in self.parts]
        return lay_out(nodes, [Tie(*pair, n) for pair, n in both.items()])

    @property
    def width(self) -> int:
        return round(self.layout.width)

    @property
    def height(self) -> int:
        return round(self.layout.height)

    @property
    def heads(self) -> list[tuple[float, str]]:
        """What each column is called, and where."""
        return [(one.x, kind_title(one.group, self.kinds)) for one in self.layout.columns]

    @property
    def boxes(self) -> list[Box]:
        """The entities, column by column from top to bottom."""
        found = []
        degree = Counter(node for pair in {**self.by_alerts, **self.by_records} for node in pair)
        for part in self.parts:
            place = self.layout.places[part.entity_id]
            text = masked(part.entity, self.kinds)
            n = degree[part.entity_id]
            ties = ngettext("%(n)s link", "%(n)s links", n) % {"n": n}
            label = f"{kind_title(part.entity.kind, self.kinds)} {text}, {ties}"
            short = text if len(text) <= CHARACTERS else text[: CHARACTERS - 1] + "…"
            found.append(
                (place.column, Box(place.x, place.y, short, label, alerts_of(part.entity_id),
                                   part.grouping))
            )  # fmt: skip
        return [box for _column, box in sorted(found, key=lambda one: (one[0], one[1].y))]

    @property
    def lines(self) -> list[Line]:
        """The links, those of records beneath."""
        places = self.layout.places
        found = []
        for kind, ties in (("record", self.by_records), ("alert", self.by_alerts)):
            for (one, other), n in sorted(ties.items()):
                said = (
                    ngettext("together in %(n)s alert", "together in %(n)s alerts", n)
                    if kind == "alert"
                    else ngettext("together in %(n)s event", "together in %(n)s events", n)
                )
                found.append(Line(curve(places[one], places[other]), kind, said % {"n": n}))
        return found

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a box."""
        return WIDTH, HEIGHT


def picture(look: Any, subject: Subject) -> Mapping[str, Any]:
    """The drawing, as a panel shows it."""
    made = Picture(look.row, subject)
    return {"picture": made, "more": made.left_out or _("all are drawn")}
