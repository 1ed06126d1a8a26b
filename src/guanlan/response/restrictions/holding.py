"""Sinks hold exactly what they should: changes are handed over, read back, and repaired.

The rows say what each sink should hold; a change of a restriction leaves its holdings unsettled
in the same transaction. Whoever reaches a sink hands over what is unsettled: the caller, right
after the commit, where the sink is in the same process, else the process that has it, within a
twentieth of a second. Once a minute, and when the sink has come up, everything is read back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, cast

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from guanlan.core.audit import act
from guanlan.core.faults import without_values
from guanlan.engine.restrictions import Effect
from guanlan.engine.restrictions import Restriction as Held
from guanlan.response.models import Restriction, RestrictionState, Sink, SinkHolding
from guanlan.response.restrictions.sinks import Registered, SinkFault, sinks
from guanlan.response.restrictions.terms import TOLD

logger = logging.getLogger("guanlan.restrictions")

AT_ONCE: Final = 200  # changes handed over between two looks
AGAIN: Final = timedelta(seconds=1)  # a sink with a fault is tried again after that
STALE: Final = timedelta(seconds=90)  # a sink not reached for so long counts as unreachable
SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# Whoever settles a sink in this process waits for its turn: old terms never follow new ones.
_turns: Final[dict[str, threading.RLock]] = {}
_turns_lock: Final = threading.Lock()


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970-01-01 UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def held_of(row: Restriction) -> Held:
    """A restriction as sinks hold it."""
    seconds = row.window_seconds
    return Held(
        id=row.name,
        kind=row.kind,
        key=row.entity.key,
        effect=cast(Effect, row.effect),
        capabilities=row.able,
        currency=row.currency,
        event_amount=row.event_amount,
        window=None if seconds is None else seconds * SECOND,
        window_amount=row.window_amount,
        window_count=row.window_count,
        # What begins at once begins where it stands in the log, whatever clocks say.
        starts=microseconds(row.starts) if row.starts > (row.decided or row.starts) else 0,
        expires=None if row.expires is None else microseconds(row.expires),
        reason=row.reason_code,
        told=TOLD.get(row.told),
    )


def author_of(row: Restriction) -> str:
    """Who is named in the log as its author."""
    return row.author.get_username() if row.author is not None else "system"


def ask_sinks(row: Restriction, *, wanted: bool, now: datetime) -> None:
    """Have every sink hold the row's terms (or let go), in the caller's transaction."""
    Restriction.objects.filter(pk=row.pk).update(revision=F("revision") + 1)
    row.refresh_from_db(fields=["revision"])
    held = held_of(row)
    for one in sinks():
        takes = wanted and not one.sink.objection(held)
        SinkHolding.objects.update_or_create(
            restriction=row,
            sink=one.name,
            defaults={
                "wanted": takes, "revision": row.revision, "settled": False, "asked": now,
                "since": None, "fault": "",
            },
        )  # fmt: skip
    transaction.on_commit(partial(settle_here))


def settle_here() -> None:
    """Hand over to the sinks of this process; what fails stays unsettled and is tried again."""
    for one in sinks():
        try:
            if one.sink.here():
                settle(one)
        except Exception as error:  # noqa: BLE001 - the change itself is done and stays done
            logger.error("sink %s: %s", one.name, without_values(error))


def _turn(name: str) -> threading.RLock:
    with _turns_lock:
        return _turns.setdefault(name, threading.RLock())


def settle(one: Registered) -> int:
    """Hand over to a sink what is unsettled; how many of it."""
    done = 0
    with _turn(one.name):
        while found := list(_open(one)):
            settled = sum(_settle(one, holding) for holding in found)
            done += settled
            if settled < len(found):
                break
    return done


def _open(one: Registered) -> Iterable[SinkHolding]:
    rows = SinkHolding.objects.filter(sink=one.name, settled=False).order_by("id")
    rows = rows.exclude(fault__gt="", checked__gt=timezone.now() - AGAIN)
    return rows.select_related("restriction__entity", "restriction__author")[:AT_ONCE]


def _settle(one: Registered, holding: SinkHolding) -> bool:
    row = holding.restriction
    now = timezone.now()
    same = SinkHolding.objects.filter(pk=holding.pk, revision=holding.revision)
    try:
        if holding.wanted:
            one.sink.put(held_of(row), author_of(row))
        else:
            one.sink.remove(row.name, author_of(row))
    except SinkFault as fault:
        same.update(fault=str(fault)[:80], checked=now)
        return False
    # Only the terms that were handed over are settled: newer ones wait for their turn.
    return bool(
        same.update(settled=True, holds=holding.wanted, since=timezone.now(), checked=now, fault="")
    )


def check(one: Registered, now: datetime | None = None) -> int:
    """Read back what a sink holds and repair what differs; how much did.

    Raises SinkFault where it cannot be read, which is written down as well.
    """
    moment = now or timezone.now()
    with _turn(one.name):
        try:
            settle(one)
            differing = _compare(one, moment)
        except SinkFault as fault:
            Sink.objects.update_or_create(name=one.name, defaults={"fault": str(fault)[:80]})
            raise
    return differing


def _compare(one: Registered, now: datetime) -> int:
    holds = dict(one.sink.holds())
    found, should, kept = 0, 0, set()
    rows = Restriction.objects.filter(state=RestrictionState.IN_FORCE)
    rows = rows.filter(Q(expires=None) | Q(expires__gt=now))
    asked = {
        restriction: (wanted, settled)
        for restriction, wanted, settled in SinkHolding.objects.filter(
            sink=one.name, restriction__state=RestrictionState.IN_FORCE
        ).values_list("restriction", "wanted", "settled")
    }
    for row in rows.select_related("entity", "author").iterator(chunk_size=1000):
        held = held_of(row)
        wanted, settled = asked.get(row.pk, (None, True))
        if wanted is None:  # a sink that came later than the restriction
            wanted = not one.sink.objection(held)
        if not wanted:
            continue
        should += 1
        kept.add(row.name)
        if settled and holds.get(row.name) != held:
            found += 1
            _repair(one, row, held, now, missing=row.name not in holds)
    for name in sorted(holds.keys() - kept):
        expires = holds[name].expires
        if expires is not None and expires <= microseconds(now):
            one.sink.remove(name, "system")  # over by the clock; nothing was wrong
            continue
        found += 1
        _drop(one, name, now)
    seen = SinkHolding.objects.filter(sink=one.name, settled=True)
    seen.filter(wanted=True).update(checked=now, holds=True)
    Sink.objects.update_or_create(name=one.name)
    Sink.objects.filter(name=one.name).update(
        seen=now, checked=now, should=should, holds=len(one.sink.holds()), differing=found,
        repaired=F("repaired") + found, fault="",
    )  # fmt: skip
    if found:
        logger.error("sink %s differed in %d restrictions, which were repaired", one.name, found)
    return found


def _repair(one: Registered, row: Restriction, held: Held, now: datetime, *, missing: bool) -> None:
    what = "missing" if missing else "differed"
    with act("restriction.repair", row, detail={"sink": one.name, "what": what}):
        one.sink.put(held, "system")
        SinkHolding.objects.get_or_create(
            restriction=row, sink=one.name, defaults={"wanted": True, "revision": row.revision}
        )
        SinkHolding.objects.filter(restriction=row, sink=one.name).update(
            wanted=True, holds=True, settled=True, since=now, checked=now, fault="",
            repairs=F("repairs") + 1,
        )  # fmt: skip


def _drop(one: Registered, name: str, now: datetime) -> None:
    detail = {"sink": one.name, "what": "not wanted"}
    with act("restriction.repair", ("response.restriction", name.removeprefix("r")), detail=detail):
        one.sink.remove(name, "system")
        number = name.removeprefix("r")
        if number.isdecimal() and len(number) < 19:
            SinkHolding.objects.filter(restriction=int(number), sink=one.name).update(
                holds=False, checked=now, repairs=F("repairs") + 1
            )
