"""Merging cases, splitting them, and tying them to each other. Every alert stays in one case."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.cases.amounts import at_stake, found_in, joined
from guanlan.response.cases.clocking import Calendars, begin, join_limits, pauses_of, set_dues
from guanlan.response.cases.finding import NOUN, open_row, reason_of
from guanlan.response.cases.handling import answered, end_waiting
from guanlan.response.cases.priority import set_priority
from guanlan.response.cases.rules import deadlines
from guanlan.response.cases.timeline import enter
from guanlan.response.models import Alert, AlertEntity, Case, CaseEntity, CaseLink

MOST_SPLIT = 1000


def merge(subject: Subject, case: Case, into: Case, reason: str, *, now: dt.datetime) -> Case:
    """Merge an open case into another one of its category: alerts, entities and ties move there,
    the earlier deadlines hold, and this one is closed and points to the other. Gives the other.
    Raises Denied, or ValidationError by field."""
    said = reason_of(reason)
    if case.pk == into.pk:
        raise ValidationError({"into": _("A case is not merged into itself.")})
    with act("case.merge", case, detail={"into": into.pk}):
        first, second = sorted((case, into), key=lambda one: one.pk)
        rows = {one.pk: open_row(subject, one) for one in (first, second)}  # always in this order
        row, target = rows[case.pk], rows[into.pk]
        if row.category != target.category:
            raise ValidationError({"into": _("Both are of the same category of risk.")})
        answered(target, subject, now)
        _join_amounts(subject, row, target, now)
        Alert.objects.filter(case=row).update(case=target)
        _move_entities(row, target)
        _move_ties(row, target)
        target.severity = max(target.severity, row.severity)
        target.last_alert = max(target.last_alert, row.last_alert)
        target.closing_by, target.closing_at, target.closing_as = None, None, ""
        join_limits(target, row.limits)
        set_dues(target, Calendars(), now, pauses_of(target))
        _count(target, now)
        end_waiting(row, now)
        row.state, row.live, row.merged_into = Case.State.CLOSED, False, target
        row.closed, row.closed_by_id = now, subject.id
        row.closing_by, row.closing_at, row.closing_as = None, None, ""
        _count(row, now)
        CaseLink.objects.get_or_create(
            case=row, other=target, kind=CaseLink.Kind.DUPLICATE,
            defaults={"added": now, "added_by_id": subject.id},
        )  # fmt: skip
        enter(row, "merged_into", now, subject, text=said, values={"case": target.pk})
        enter(target, "merged", now, subject, text=said, values={"case": row.pk})
    return target


def _join_amounts(subject: Subject, row: Case, target: Case, now: dt.datetime) -> None:
    """What was typed of either goes on, with what is at stake in the other; what was found moves
    with the alerts. Nothing is added across currencies: then the other keeps its own."""
    mine, theirs = at_stake(target), at_stake(row)
    whole = joined((mine, theirs))
    if whole is None or theirs is None:
        return
    target.amount, target.currency = whole.amount, whole.currency
    target.amount_by_id = row.amount_by_id if mine is None else subject.id
    values: dict[str, str | int | None] = {"amount": whole.amount, "currency": whole.currency}
    enter(target, "amount", now, subject, values=values)


def _move_entities(row: Case, target: Case) -> None:
    """The entities of a case are those of the other too; alerts about them join that one."""
    parts = list(CaseEntity.objects.filter(case=row))
    CaseEntity.objects.bulk_create(
        (CaseEntity(case=target, entity_id=one.entity_id, role=one.role) for one in parts),
        ignore_conflicts=True,
        batch_size=400,
    )
    leads = [one.entity_id for one in parts if one.grouping]
    CaseEntity.objects.filter(case=target, entity_id__in=leads).update(grouping=True)
    CaseEntity.objects.filter(case=row).update(grouping=False)


def _move_ties(row: Case, target: Case) -> None:
    """What a case was tied to, the other is tied to; never to itself."""
    for one in CaseLink.objects.filter(case=row).exclude(other=target):
        CaseLink.objects.get_or_create(
            case=target, other_id=one.other_id, kind=one.kind,
            defaults={"added": one.added, "added_by_id": one.added_by_id},
        )  # fmt: skip
    for one in CaseLink.objects.filter(other=row).exclude(case=target):
        CaseLink.objects.get_or_create(
            case_id=one.case_id, other=target, kind=one.kind,
            defaults={"added": one.added, "added_by_id": one.added_by_id},
        )  # fmt: skip


def _count(row: Case, now: dt.datetime) -> None:
    """Count alerts and entities anew, and save."""
    row.alert_count = Alert.objects.filter(case=row).count()
    row.entity_count = CaseEntity.objects.filter(case=row).count()
    row.found = found_in([row.pk])[row.pk]
    set_priority(row, now)
    row.save()


def split(
    subject: Subject,
    case: Case,
    alerts: Collection[int],
    title: str,
    reason: str,
    *,
    now: dt.datetime,
) -> Case:
    """Move alerts, by their numbers, out of an open case into a new one with the same severity and
    the deadlines that hold; at least one stays. Gives the new case. Raises Denied, or
    ValidationError by field."""
    require(subject, "add", NOUN)
    said, name = reason_of(reason), title.replace("\0", "").strip()
    wanted = set(alerts)
    if not 3 <= len(name) <= 120:
        raise ValidationError({"title": _("Give a title of 3 to %(n)s characters.") % {"n": 120}})
    if not 1 <= len(wanted) <= MOST_SPLIT:
        text = _("Name 1 to %(n)s alerts of this case.") % {"n": MOST_SPLIT}
        raise ValidationError({"alerts": text})
    with act("case.split", case, detail={"alerts": len(wanted)}):
        row = open_row(subject, case)
        there = Alert.objects.filter(case=row, pk__in=wanted)
        found = list(there.values_list("pk", "severity", "raised"))
        if len(found) != len(wanted):
            raise ValidationError({"alerts": _("Not all of these alerts are in this case.")})
        if len(found) == row.alert_count:
            raise ValidationError({"alerts": _("At least one alert stays in the case.")})
        answered(row, subject, now)
        made = Case(
            title=name, category=row.category, severity=max(one[1] for one in found),
            opened=now, opened_by_id=subject.id, last_alert=max(one[2] for one in found),
            queue=row.queue, owner=row.owner, state=Case.State.ACKNOWLEDGED, first_response=now,
        )  # fmt: skip
        calendars = Calendars()
        begin(made, deadlines()[made.severity], calendars)
        join_limits(made, row.limits)
        set_dues(made, calendars, now, pauses_of(row))
        made.save()
        there.update(case=made)
        _divide_entities(row, made)
        _count(row, now)
        _count(made, now)
        CaseLink.objects.create(
            case=made, other=row, kind=CaseLink.Kind.SPLIT, added=now, added_by_id=subject.id
        )
        enter(row, "split", now, subject, text=said, values={"n": len(found), "case": made.pk})
        values = {"severity": made.severity}
        enter(made, "opened", now, subject, text=said, values=values)
        enter(made, "linked", now, subject, values={"case": row.pk})
    return made


def _divide_entities(row: Case, made: Case) -> None:
    """The new case is about the entities of its alerts. Further alerts about one of them join the
    old case as long as any of its alerts is about it, else the new one."""
    parts = AlertEntity.objects.filter(alert__case=made).order_by("pk")
    roles: dict[int, str] = {}
    for entity, role in parts.values_list("entity_id", "role"):
        roles.setdefault(entity, role)
    still = AlertEntity.objects.filter(alert__case=row, entity_id__in=roles)
    kept = set(still.order_by().values_list("entity_id").annotate(n=Count("pk")).values_list(
        "entity_id", flat=True
    ))  # fmt: skip
    before = CaseEntity.objects.filter(case=row, entity_id__in=roles)
    leads = set(before.filter(grouping=True).values_list("entity_id", flat=True))
    CaseEntity.objects.bulk_create(
        CaseEntity(
            case=made, entity_id=entity, role=role, grouping=entity in leads and entity not in kept
        )
        for entity, role in roles.items()
    )
    before.exclude(entity_id__in=kept).delete()


def link(subject: Subject, case: Case, other: Case, *, now: dt.datetime) -> CaseLink:
    """Tie it to a case that has to do with it. Raises Denied, or ValidationError by field."""
    if case.pk == other.pk:
        raise ValidationError({"other": _("A case is not tied to itself.")})
    with act("case.link", case, detail={"other": other.pk}):
        row = open_row(subject, case)
        ties = CaseLink.objects.filter(case__in=(row, other), other__in=(row, other))
        if ties.filter(kind=CaseLink.Kind.RELATED).exists():
            raise ValidationError({"other": _("They are tied already.")})
        answered(row, subject, now)
        row.save()
        made = CaseLink.objects.create(
            case=row, other=other, kind=CaseLink.Kind.RELATED, added=now, added_by_id=subject.id
        )
        enter(row, "linked", now, subject, values={"case": other.pk})
        enter(other, "linked", now, subject, values={"case": row.pk})
    return made
