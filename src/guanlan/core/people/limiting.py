"""How often a door may be tried: by whom it concerns, and by where the try comes from.

A try is written down before the answer is known, and taken back when it was right. So many
tries at the same moment are counted like as many in a row. The rows are in the database: a
restart forgets none, and every process sees them.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.utils import timezone

from guanlan.core.models import Attempt


class Door(NamedTuple):
    """Wrong tries for one name and from one address, within `minutes`."""

    per_name: int
    per_address: int
    minutes: int = 10


DOORS: Final[dict[str, Door]] = {
    "password": Door(10, 30),
    "factor": Door(10, 30, 60),
    "passkey": Door(30, 30),
    "confirm": Door(10, 30, 60),
    "invitation": Door(10, 30, 60),
    "reset": Door(5, 20, 60),
    "setup": Door(10, 10, 60),
    "sso": Door(60, 60),
    "language": Door(120, 120),
    "complaint_call": Door(60, 60),  # calls that were refused
    "complaint": Door(30, 30, 24 * 60),  # many people may share an address
    "complaint_mb": Door(200, 200, 24 * 60),  # megabytes of files
}


class Entry(NamedTuple):
    """A try that was let in; `forgive` takes it back. `wait` > 0: it was refused."""

    rows: tuple[int, ...]
    name: tuple[str, str]
    wait: int = 0


def subject_hash(kind: str, value: str) -> str:
    """`value` as it is kept: a keyed hash, hexadecimal."""
    text = f"{kind}:{value.strip().lower()}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), text, hashlib.sha256).hexdigest()


def enter(door: str, name: str, address: str, now: datetime | None = None) -> Entry:
    """Write down a try at `door` for `name` (may be empty) from `address`.

    A refused try is not kept, so that who waits is let in again when the window has passed.
    """
    at = now or timezone.now()
    limit = DOORS[door]
    since = at - timedelta(minutes=limit.minutes)
    kept: list[int] = []
    for kind, value, most in (
        ("name", name, limit.per_name),
        ("address", address, limit.per_address),
    ):
        if not value:
            continue
        subject = subject_hash(kind, value)
        row = Attempt.objects.create(door=door, subject=subject, at=at)
        kept.append(row.pk)
        tries = Attempt.objects.filter(door=door, subject=subject, at__gt=since)
        if tries.count() > most:
            oldest = tries.order_by("at").values_list("at", flat=True)[0]
            Attempt.objects.filter(pk__in=kept).delete()
            left = oldest + timedelta(minutes=limit.minutes) - at
            return Entry((), (door, ""), max(1, int(left.total_seconds())))
    return Entry(tuple(kept), (door, subject_hash("name", name) if name else ""))


def room_for(door: str, address: str, units: int, now: datetime | None = None) -> bool:
    """Write down as many tries at once, where the address may make all of them; else none."""
    at = now or timezone.now()
    limit = DOORS[door]
    subject = subject_hash("address", address)
    rows = [
        Attempt(door=door, subject=subject, at=at) for _ in range(min(units, limit.per_address))
    ]
    made = Attempt.objects.bulk_create(rows)
    since = at - timedelta(minutes=limit.minutes)
    tries = Attempt.objects.filter(door=door, subject=subject, at__gt=since).count()
    if tries <= limit.per_address:
        return True
    Attempt.objects.filter(pk__in=[row.pk for row in made]).delete()
    return False


def forgive(entry: Entry) -> None:
    """The try was right: it and the name's earlier ones no longer count. Those of the address
    go on counting, for it may be trying others."""
    Attempt.objects.filter(pk__in=entry.rows).delete()
    door, subject = entry.name
    if subject:
        Attempt.objects.filter(door=door, subject=subject).delete()
