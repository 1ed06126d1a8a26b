"""Grouping alerts into cases: swept, so that raising stays fast, and the rows are the truth.

Each alert is grouped by the most telling of its entities, in the order of its category's rule; one
without entities by the rule that raised it. It joins the newest open case of that category and
entity whose newest alert was raised within the window before it, and which is not full; else it
opens one. Alerts that nobody is told of for the moment wait, and closed ones are left alone. An
alert that got worse, or speaks of more entities or payments, is looked at again and its case
follows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Count, Q

from guanlan.core.audit import act
from guanlan.core.jobs import nudge
from guanlan.core.writing import update_rows
from guanlan.response.alerts import on_raised
from guanlan.response.cases.amounts import found_in
from guanlan.response.cases.clocking import pauses_of, tighten
from guanlan.response.cases.letters import tell_given
from guanlan.response.cases.opening import Arranged
from guanlan.response.cases.priority import set_priority
from guanlan.response.cases.timeline import line
from guanlan.response.models import Alert, AlertEntity, Case, CaseEntity, CaseEntry

JOB: Final = "cases.sweep"
AT_ONCE: Final = 400
WAITING: Final = Q(case_pending=True, live=True, muted="")
_CHANGED: Final = (
    "last_alert", "alert_count", "entity_count", "severity", "limits", "first_due",
    "resolve_due", "priority", "rule", "text", "values", "closing_by", "closing_at", "closing_as",
    "found",
)  # fmt: skip

Key = tuple[str, int | str]  # category, and an entity's number or a rule's name


class Part(NamedTuple):
    """An entity's part in an alert."""

    entity: int
    kind: str
    role: str


def lead_of(parts: Sequence[Part], kinds: Sequence[str]) -> Part | None:
    """The entity by which an alert is grouped: of the first kind that is there, else the first;
    of several of a kind the one whose role is called as the kind is: the customer before whom
    they pay, who is a customer too."""
    order = {kind: n for n, kind in enumerate(kinds)}
    return min(
        parts,
        key=lambda part: (order.get(part.kind, len(order)), part.role != part.kind),
        default=None,
    )


def group_all(now: dt.datetime, check: Callable[[], None] | None = None) -> int:
    """Group what waits; how many alerts. `check` is called between batches and may end it."""
    done = 0
    while True:
        n = group_some(now)
        done += n
        if n < AT_ONCE:
            return done
        if check is not None:
            check()


def group_some(now: dt.datetime) -> int:
    """Group a batch of what waits, in one transaction; how many alerts."""
    with transaction.atomic():
        waiting = Alert.objects.select_for_update().filter(WAITING)
        rows = list(waiting.order_by("pk")[:AT_ONCE])
        if rows:
            detail = {"alerts": len(rows), "opened": 0}
            with act("case.group", ("response.case", ""), detail=detail):
                detail["opened"] = _Batch(rows, now).group()
    return len(rows)


class _Batch:
    """Alerts that are grouped together: a fixed number of statements, however many they are."""

    def __init__(self, rows: list[Alert], now: dt.datetime) -> None:
        self.rows = rows
        self.now = now
        self.arranged = Arranged()
        self.parts: dict[int, list[Part]] = {}
        found = AlertEntity.objects.filter(alert__in=[row.pk for row in rows]).order_by("pk")
        for alert, entity, kind, role in found.values_list(
            "alert_id", "entity_id", "entity__kind", "role"
        ):
            self.parts.setdefault(alert, []).append(Part(entity, kind, role))
        self.keys = {row.pk: self._key(row) for row in rows}
        self.known: dict[int, Case] = {}
        self.newest: dict[Key, Case] = {}
        self.made: list[Case] = []
        self.joined: dict[int, list[Alert]] = {}  # by id() of the case, which may not be saved
        self.lines: list[CaseEntry] = []

    def group(self) -> int:
        """Group them; how many cases were opened."""
        self._find()
        for row in self.rows:
            if row.case_id is None:
                self._place(row)
            elif row.case_id in self.known:
                self._follow(self.known[row.case_id], row)
        touched = [one for one in self.known.values() if id(one) in self.joined] + self.made
        Case.objects.bulk_create(self.made)
        for case in touched:
            for row in self.joined.get(id(case), ()):
                row.case = case
        for row in self.rows:
            row.case_pending = False
        update_rows(self.rows, ("case", "case_pending"))
        self.arranged.furnish(self.made, None)
        self._name_entities()
        self._sum_up(touched)
        self._write(touched)
        tell_given(self.made, None, self.now)
        return len(self.made)

    def _key(self, row: Alert) -> Key:
        lead = lead_of(self.parts.get(row.pk, ()), self.arranged.rules[row.category].kinds)
        return row.category, row.rule if lead is None else lead.entity

    def _find(self) -> None:
        """The open cases that these alerts are in or may join, locked."""
        fresh = [row for row in self.rows if row.case_id is None]
        wanted = Q(pk__in={row.case_id for row in self.rows if row.case_id is not None})
        held: dict[tuple[str, int], int] = {}  # by category and entity, the newest open case
        if fresh:
            keys = {self.keys[row.pk][1] for row in fresh}
            widest = max(rule.minutes for rule in self.arranged.rules.values())
            since = min(row.raised for row in fresh) - dt.timedelta(minutes=widest)
            near = Q(live=True, last_alert__gte=since)
            by_entity = CaseEntity.objects.filter(
                grouping=True,
                entity_id__in=[one for one in keys if isinstance(one, int)],
                case__live=True,
                case__last_alert__gte=since,
            )
            seen = by_entity.order_by("case__last_alert", "case_id")
            for category, entity, number in seen.values_list(
                "case__category", "entity_id", "case_id"
            ):
                held[category, entity] = number
            names = [one for one in keys if isinstance(one, str)]
            wanted |= near & Q(pk__in=set(held.values()))
            wanted |= near & Q(by_rule__in=names) & ~Q(by_rule="")
        rows = Case.objects.select_for_update().filter(wanted, live=True).order_by("pk")
        self.known = {case.pk: case for case in rows}
        for case in sorted(self.known.values(), key=lambda one: (one.last_alert, one.pk)):
            if case.by_rule:
                self.newest[case.category, case.by_rule] = case
        for (_category, entity), number in held.items():
            if (found := self.known.get(number)) is not None:
                self.newest[found.category, entity] = found

    def _place(self, row: Alert) -> None:
        """Let an alert join a case, or open one."""
        key = self.keys[row.pk]
        rule = self.arranged.rules[row.category]
        case = self.newest.get(key)
        window = dt.timedelta(minutes=rule.minutes)
        fits = (
            case is not None
            and row.raised - case.last_alert <= window
            and case.alert_count < rule.most
        )
        if case is None or not fits:
            case = self._open(row, key)
        else:
            self._worsen(case, row)
            case.alert_count += 1
            case.last_alert = max(case.last_alert, row.raised)
            self._not_closed_yet(case)
        self.joined.setdefault(id(case), []).append(row)

    def _open(self, row: Alert, key: Key) -> Case:
        case = Case(
            rule=row.rule, text=row.text, values=row.values, category=row.category,
            severity=row.severity, opened=self.now, last_alert=row.raised, alert_count=1,
            by_rule=key[1] if isinstance(key[1], str) else "",
        )  # fmt: skip
        self.arranged.set_up(case)
        self.made.append(case)
        self.newest[key] = case
        return case

    def _follow(self, case: Case, row: Alert) -> None:
        """What became of an alert since it was grouped."""
        self._worsen(case, row)
        self.joined.setdefault(id(case), [])

    def _worsen(self, case: Case, row: Alert) -> None:
        """A case is as severe as the worst of its alerts, and called as that one is."""
        if row.severity <= case.severity:
            return
        before, case.severity = case.severity, row.severity
        case.rule, case.text, case.values = row.rule, row.text, row.values
        deadline = self.arranged.deadlines[row.severity]
        saved = case.pk is not None
        tighten(case, deadline, self.arranged.calendars, self.now, pauses_of(case) if saved else ())
        if saved:
            values = {"from": before, "to": row.severity}
            self.lines.append(line(case, "severity", self.now, values=values))

    def _not_closed_yet(self, case: Case) -> None:
        """What somebody wanted to close has changed: they look at it again."""
        if case.closing_by_id is not None:
            case.closing_by, case.closing_at, case.closing_as = None, None, ""
            self.lines.append(line(case, "closing_ended", self.now))

    def _name_entities(self) -> None:
        """Write down whom the cases are about, and by whom further alerts join them."""
        rows: dict[tuple[int, int], CaseEntity] = {}
        leads: set[tuple[int, int]] = set()
        for row in self.rows:
            if row.case_id is None:
                continue
            lead = self.keys[row.pk][1]
            for part in self.parts.get(row.pk, ()):
                at = (row.case_id, part.entity)
                if part.entity == lead:
                    leads.add(at)
                rows.setdefault(
                    at, CaseEntity(case_id=at[0], entity_id=part.entity, role=part.role)
                )
        for at in leads:
            rows[at].grouping = True
        CaseEntity.objects.bulk_create(rows.values(), ignore_conflicts=True, batch_size=AT_ONCE)
        there = CaseEntity.objects.filter(
            case_id__in={case for case, _entity in leads},
            entity_id__in={entity for _case, entity in leads},
            grouping=False,
        )
        late = [pk for pk, *at in there.values_list("pk", "case_id", "entity_id")
                if tuple(at) in leads]  # fmt: skip
        if late:
            CaseEntity.objects.filter(pk__in=late).update(grouping=True)

    def _sum_up(self, touched: Iterable[Case]) -> None:
        """What is at stake by what the alerts found."""
        priced = {row.case_id for row in self.rows if row.case_id is not None and row.amounts}
        if priced:
            sums = found_in(priced)
            for case in touched:
                case.found = sums.get(case.pk, case.found)

    def _write(self, touched: Iterable[Case]) -> None:
        cases = list(touched)
        counted = CaseEntity.objects.filter(case__in=[case.pk for case in cases])
        n = dict(counted.values_list("case_id").annotate(n=Count("pk")).order_by())
        for case in cases:
            case.entity_count = n.get(case.pk, 0)
            set_priority(case, self.now)
        update_rows(cases, _CHANGED)
        for case in self.known.values():
            if more := len(self.joined.get(id(case), ())):
                self.lines.append(line(case, "joined", self.now, values={"n": more}))
        CaseEntry.objects.bulk_create(self.lines)


def soon(_alerts: Sequence[Alert], _now: dt.datetime) -> None:
    """Have what was raised grouped once it is committed."""
    transaction.on_commit(lambda: nudge(JOB), robust=True)


on_raised(soon)
