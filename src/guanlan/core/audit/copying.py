"""Keeping the searchable copy, proving the log in the background, and an object's history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Min, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.audit.checkpoints import BadNote
from guanlan.core.audit.recording import DIRECTORY, checkpoint_file, open_log, undone
from guanlan.core.audit.rows import Row, Who, decode
from guanlan.core.audit.store import AuditUnavailable, read_lines
from guanlan.core.audit.verifying import verify
from guanlan.core.jobs import Progress, Told, job
from guanlan.core.models import AuditCursor, AuditEntry

BATCH: Final = 2_000
HISTORY: Final = 50
COPY_SECONDS: Final = 60
PROVE_SECONDS: Final = 600


def copy_rows(limit: int | None = None) -> int:
    """Take rows that are not in the table yet into it; how many. Each exactly once.

    `limit` bounds what one call does, for a page that does not want to wait.
    """
    directory = settings.DATA / DIRECTORY
    cursor = AuditCursor.objects.filter(id=1).first() or AuditCursor(id=1)
    done = 0
    try:
        # Bytes behind the tip may be taken back, where their sync fails.
        until = open_log().store.tip().offset
    except AuditUnavailable:
        return 0
    for behind, lines in read_lines(directory, cursor.offset, until):
        offset = behind - sum(len(line) + 1 for line in lines)
        for start in range(0, len(lines), BATCH):
            batch = lines[start : start + BATCH]
            if limit is not None:
                batch = batch[: limit - done]
            offset += sum(len(line) + 1 for line in batch)
            done += _take(batch, offset)
            if limit is not None and done >= limit:
                return done
    return done


def _take(lines: list[bytes], offset: int) -> int:
    entries = [_entry(decode(line)) for line in lines]
    with transaction.atomic():
        AuditCursor.objects.get_or_create(id=1)
        cursor = AuditCursor.objects.select_for_update().get(id=1)
        # Another process may have copied some of these meanwhile.
        fresh = [entry for entry in entries if entry.index >= cursor.rows]
        AuditEntry.objects.bulk_create(fresh)
        if fresh:
            cursor.rows = fresh[-1].index + 1
            cursor.offset = offset
            cursor.save(update_fields=["rows", "offset"])
    return len(lines)


def _entry(row: Row) -> AuditEntry:
    who = row.who
    detail = dict(row.detail)
    if row.of is not None:
        detail["of"] = row.of
    return AuditEntry(
        index=row.i,
        at=row.t,
        actor_kind=who.kind,
        actor_id="" if who.id is None else str(who.id),
        actor=who.name[:150],
        roles=" ".join(who.roles),
        act=row.act[:64],
        object_label=row.on[0][:100],
        object_id=row.on[1][:200],
        outcome=row.outcome[:8],
        detail=msgspec.json.encode(detail).decode() if detail else "",
        reason=row.reason,
        purpose=row.purpose[:64],
        address=who.address,
        session=who.session,
        request=row.request[:64],
    )


def rebuild() -> int:
    """Make the whole copy anew from the file; the number of rows."""
    with transaction.atomic():
        AuditEntry.objects.all().delete()
        AuditCursor.objects.filter(id=1).delete()
    return copy_rows()


def undo_lost(request: str, since: tuple[str, str]) -> int:
    """Say of the rows that a killed process left of `request` that their acts were undone: it
    ended between writing them and the commit. How many rows.

    Call it where nothing of this request can have been committed, and where no other process can
    be at it. `since` is the object (label, id) whose oldest row is older than all of them.
    """
    copy_rows()
    of = AuditEntry.objects.filter(object_label=since[0], object_id=since[1])
    first = of.aggregate(first=Min("index"))["first"] or 0
    lost: dict[int, AuditEntry] = {}
    for entry in AuditEntry.objects.filter(index__gte=first, request=request).order_by("index"):
        if entry.outcome == "done":
            lost[entry.index] = entry
        elif entry.outcome == "undone":
            lost.pop(msgspec.json.decode(entry.detail)["of"], None)
    for index, entry in lost.items():
        undone(index, _row(entry))
    return len(lost)


def _row(entry: AuditEntry) -> Row:
    """What tells an act: who did it to what, when asked for by what."""
    who = Who(
        entry.actor_kind,
        int(entry.actor_id) if entry.actor_kind == "person" else entry.actor_id or None,
        entry.actor,
        tuple(entry.roles.split()),
        entry.address,
        entry.session,
    )
    on = (entry.object_label, entry.object_id)
    return Row(i=entry.index, t=entry.at, who=who, act=entry.act, on=on, request=entry.request)


class Done(NamedTuple):
    """An act, for the history of an object (`who` did it; empty: the system) or of a person
    (to what: `label` and `identity`)."""

    row: int
    at: datetime
    act: str
    outcome: str
    who: str = ""
    label: str = ""
    identity: str = ""


class Acts(list[Done]):
    """Acts, newest first; `behind` where the copy they are read from lacks the newest ones."""

    behind = False


def history(label: str, identity: str) -> Acts:
    """The newest acts on one object, newest first; copies what is not copied yet, as far as a
    page may wait for it."""
    found = AuditEntry.objects.filter(object_label=label, object_id=identity)
    return _newest(found, lambda row: {"who": "" if row.actor_kind == "system" else row.actor})


def acts_by(person: int) -> Acts:
    """The newest acts of one person, newest first, each with what it was done to."""
    found = AuditEntry.objects.filter(actor_kind="person", actor_id=str(person))
    return _newest(found, lambda row: {"label": row.object_label, "identity": row.object_id})


def _newest(found: QuerySet[AuditEntry], named: Callable[[AuditEntry], dict[str, str]]) -> Acts:
    copied = copy_rows(limit=BATCH)
    acts = Acts(
        Done(
            row.index,
            datetime.fromtimestamp(row.at / 1e6, UTC),
            row.act,
            row.outcome,
            **named(row),
        )
        for row in found.order_by("-index")[:HISTORY]
    )
    acts.behind = copied >= BATCH  # there may be more; the job copies them
    return acts


def prove() -> AuditCursor:
    """Prove the whole log and remember how far it was proven, and any fault."""
    log = open_log()
    log.store.checkpoint()
    public = log.checkpointer.signer.public
    try:
        proof = verify(settings.DATA / DIRECTORY, checkpoint_file(), public)
        rows, fault = proof.covered, proof.fault
    except BadNote as error:
        rows, fault = 0, str(error)
    cursor, _made = AuditCursor.objects.get_or_create(id=1)
    cursor.verified_rows = rows
    cursor.verified_at = timezone.now()
    cursor.fault = fault[:300]
    cursor.save(update_fields=["verified_rows", "verified_at", "fault"])
    return cursor


@job("audit.copy", title=_("Searchable copy of the audit log"), every=COPY_SECONDS)
def copy(progress: Progress) -> Told:
    return Told(gettext_noop("%(n)s rows copied"), {"n": copy_rows()})


@job("audit.prove", title=_("Proof of the audit log"), every=PROVE_SECONDS)
def prove_all(progress: Progress) -> Told:
    cursor = prove()
    if cursor.fault:
        raise RuntimeError("the audit log does not hold; see: guanlan audit verify")
    return Told(gettext_noop("%(n)s rows proven"), {"n": cursor.verified_rows})
