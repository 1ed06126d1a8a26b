"""Raising alerts: one, or very many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from guanlan.core.audit import act
from guanlan.core.audit.recording import Detail
from guanlan.core.jobs import nudge
from guanlan.response.alerts.coalescing import (
    ENTITIES,
    Run,
    fingerprints,
    kept_evidence,
    runs_of,
    summed,
)
from guanlan.response.alerts.deadlines import deadlines, earlier
from guanlan.response.alerts.finding import Fault, Finding, fault_of, written
from guanlan.response.alerts.history import note
from guanlan.response.alerts.keeping import keep
from guanlan.response.alerts.muting import mute_new, speak
from guanlan.response.entities import Named, rows_of
from guanlan.response.kinds import every_kind
from guanlan.response.models import Alert, AlertEntity, AlertRule, DeadLetter, EntityRef

SWEEP: Final = "alerts.sweep"
_AT_ONCE: Final = 400
_TRIES: Final = 5
_LISTED: Final = 50  # alerts named in the row of the audit log

Raised = Callable[[Sequence[Alert], datetime], None]
_hooks: Final[list[Raised]] = []


def on_raised(hook: Raised) -> None:
    """Call `hook(alerts, now)` with alerts that are new, in the transaction that makes them."""
    _hooks.append(hook)


def raise_alert(finding: Finding, now: datetime | None = None) -> Alert | None:
    """The alert that the finding made or was added to; None where it is not understood: then
    it is kept as a dead letter, and nothing is lost."""
    return next(iter(raise_alerts([finding], now)), None)


def raise_alerts(findings: Iterable[Finding], now: datetime | None = None) -> list[Alert]:
    """The alerts that the findings made or were added to, in order; what is not understood is
    kept as dead letters.

    The findings count as raised one after the other. All of them are written in one
    transaction, and with the caller's where there is one.
    """
    at = now or timezone.now()
    good: list[Finding] = []
    bad: list[tuple[Finding, Fault]] = []
    kinds = every_kind()
    for one in findings:
        fault = fault_of(one, kinds)
        if fault is None:
            good.append(one)
        else:
            bad.append((one, fault))
    named = list(zip(fingerprints(good), good, strict=True))
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                found = _raise(named, at)
                _keep(bad, at)
                return found
        except IntegrityError:  # another raiser made the same alert at the same moment
            if not left:
                raise
    return []


def _raise(named: list[tuple[str, Finding]], now: datetime) -> list[Alert]:
    if not named:
        return []
    current = _current(sorted({digest for digest, _one in named}))
    groups = runs_of(named, current, now)
    every = [run for runs in groups.values() for run in runs]
    refs = rows_of({part[1] for run in every for part in run.parts})
    times = deadlines()
    risen = False
    for run in every:
        if run.alert is not None:
            risen |= _go_on(run, run.alert, times[run.severity], now)
    fresh = [(d, run) for d, runs in groups.items() for run in runs if run.alert is None]
    if fresh:
        over = [current[digest].pk for digest, _run in fresh if digest in current]
        newest = dict(fresh)
        _make(sorted(fresh, key=lambda one: one[0]), newest, over, times, now)
    keep(every)
    _join(every, refs)
    if fresh:
        about = {
            run.alert.pk: {refs[named].pk for _role, named in run.parts}
            for _digest, run in fresh
            if run.alert is not None
        }
        mute_new([run.alert for _digest, run in fresh if run.alert is not None], about, now)
        made = [run.alert for _digest, run in fresh if run.alert is not None]
        for hook in _hooks:
            hook(made, now)
    if fresh or risen:
        transaction.on_commit(_sweep_soon, robust=True)
    return [run.alert for run in every if run.alert is not None]


def _sweep_soon() -> None:
    nudge(SWEEP)


def _current(digests: list[str]) -> dict[str, Alert]:
    """The alerts to which findings of these fingerprints may be added, locked in order."""
    found: dict[str, Alert] = {}
    for start in range(0, len(digests), _AT_ONCE):
        rows = Alert.objects.select_for_update().order_by("fingerprint")
        part = digests[start : start + _AT_ONCE]
        for one in rows.filter(fingerprint__in=part, current=True):
            found[one.fingerprint] = one
    return found


def _go_on(run: Run, alert: Alert, within: timedelta | None, now: datetime) -> bool:
    """Add a run to the alert it goes on; whether that made it worse."""
    alert.count += run.count
    alert.first_seen, alert.last_seen = run.first, run.last
    alert.evidence = kept_evidence(alert.evidence, run.evidence)
    alert.evidence_count += run.evidence_count
    if run.amounts:
        alert.amounts = summed(alert.amounts, run.amounts)
        alert.case_pending = True  # as much is at stake in its case
    worse = run.severity > alert.severity
    if worse:
        before, alert.severity = alert.severity, run.severity
        if alert.muted == "snooze" and run.severity > alert.muted_severity:
            speak(alert, now, {run.severity: within})
        if alert.state == "new" and within is not None and not alert.muted:
            alert.deadline = earlier(alert.deadline, now + within)
        if not alert.muted:
            alert.due = now
        alert.case_pending = True  # its case is as severe
        note(alert, "severity", now, values={"from": before, "to": run.severity})
    alert.save(
        update_fields=[
            "count", "first_seen", "last_seen", "evidence", "evidence_count", "amounts",
            "severity", "deadline", "due", "muted", "muted_until", "told_severity", "case_pending",
        ]
    )  # fmt: skip
    return worse


def _make(
    fresh: list[tuple[str, Run]],
    newest: dict[str, Run],
    over: list[int],
    times: dict[int, timedelta | None],
    now: datetime,
) -> None:
    """Make alerts of runs that go on none; those they come after take no more findings."""
    detail: dict[str, int | list[int]] = {"alerts": len(fresh)}
    first = fresh[0][1].finding.rule
    with act("alert.raise", ("response.alert", first), detail=detail):
        for start in range(0, len(over), _AT_ONCE):
            part = over[start : start + _AT_ONCE]
            Alert.objects.filter(pk__in=part).update(current=False)
        rows = [
            _new(digest, run, newest[digest] is run, times[run.severity], now)
            for digest, run in fresh
        ]
        Alert.objects.bulk_create(rows, batch_size=_AT_ONCE)
        for (_digest, run), row in zip(fresh, rows, strict=True):
            run.alert = row
        detail["ids"] = [row.pk for row in rows[:_LISTED]]
        _know_rules(rows)


def _new(digest: str, run: Run, current: bool, within: timedelta | None, now: datetime) -> Alert:
    one = run.finding
    return Alert(
        fingerprint=digest,
        rule=one.rule,
        category=one.category,
        severity=run.severity,
        text=one.text,
        values=dict(one.values),
        current=current,
        window=round(one.window.total_seconds()),
        count=run.count,
        first_seen=run.first,
        last_seen=run.last,
        raised=now,
        evidence=kept_evidence([], run.evidence),
        evidence_count=run.evidence_count,
        amounts=run.amounts,
        deadline=None if within is None else now + within,
        due=now,
    )


def _know_rules(rows: list[Alert]) -> None:
    last = {row.rule: row for row in rows}
    AlertRule.objects.bulk_create(
        (
            AlertRule(
                name=row.rule, category=row.category, text=row.text, first_seen=row.first_seen,
                last_seen=row.last_seen,
            )
            for row in last.values()
        ),
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["category", "text", "last_seen"],
    )  # fmt: skip


def _join(every: list[Run], refs: dict[Named, EntityRef]) -> None:
    """Write down which entities each alert speaks of."""
    wanted = {
        run.alert.pk: {(role, refs[named].pk) for role, named in run.parts}
        for run in every
        if run.alert is not None and run.parts
    }
    there: dict[int, set[tuple[str, int]]] = {}
    keys = sorted(wanted)
    for start in range(0, len(keys), _AT_ONCE):
        parts = AlertEntity.objects.filter(alert_id__in=keys[start : start + _AT_ONCE])
        for alert, role, entity in parts.values_list("alert_id", "role", "entity_id"):
            there.setdefault(alert, set()).add((role, entity))
    more = [alert for alert, parts in there.items() if wanted[alert] - parts]
    for start in range(0, len(more), _AT_ONCE):  # their cases are about these entities too
        Alert.objects.filter(pk__in=more[start : start + _AT_ONCE]).update(case_pending=True)
    AlertEntity.objects.bulk_create(
        (
            AlertEntity(alert_id=alert, role=role, entity_id=entity)
            for alert, parts in wanted.items()
            for role, entity in sorted(parts - there.get(alert, set()))[
                : max(0, ENTITIES - len(there.get(alert, ())))
            ]
        ),
        batch_size=_AT_ONCE,
        ignore_conflicts=True,
    )


def bury(
    findings: Iterable[Finding], why: str, values: dict[str, str], now: datetime | None = None
) -> None:
    """Keep findings as dead letters that whoever found them cannot raise: `why` is an English
    sentence marked for translation, with `%(name)s` for `values`, in which nothing is personal."""
    fault = Fault(why, values)
    with transaction.atomic():
        _keep([(one, fault) for one in findings], now or timezone.now())


def _keep(bad: list[tuple[Finding, Fault]], now: datetime) -> None:
    """Keep what is not understood."""
    if not bad:
        return
    detail: Detail = {"letters": len(bad)}
    with act("alert.not_understood", ("response.deadletter", ""), detail=detail):
        DeadLetter.objects.bulk_create(
            (
                DeadLetter(
                    source=_source(one), why=fault.why, values=fault.values, received=now,
                    body=written(one),
                )
                for one, fault in bad
            ),
            batch_size=_AT_ONCE,
        )  # fmt: skip


def _source(finding: Finding) -> str:
    rule = getattr(finding, "rule", "")
    fits = isinstance(rule, str) and rule.isprintable() and rule.isascii()
    return rule[:128] if fits and rule else "—"
