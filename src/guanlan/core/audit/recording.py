"""Writing acts down."""

from __future__ import annotations

import atexit
import hashlib
import hmac
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.db import models, transaction

from guanlan.core.access import ANONYMOUS, SYSTEM, Subject
from guanlan.core.audit.checkpoints import FILE, STAMP, Checkpointer
from guanlan.core.audit.gap import Gap
from guanlan.core.audit.rows import Row, Who, scrub, scrub_detail
from guanlan.core.audit.store import AuditUnavailable, Store

logger = logging.getLogger("guanlan.audit")

Detail = Mapping[str, str | int | bool | list[str] | list[int] | None]
DIRECTORY: Final = "audit"
KEYS: Final = "keys"
KEY_NAME: Final = "key "  # the subject of an API key is called `key <id>`


class Actor(NamedTuple):
    """Who acts now, from where, in which session and request."""

    subject: Subject
    address: str = ""
    session: str = ""
    request: str = ""


class _Pending:
    """A row of an act within somebody else's transaction, which has not been seen to commit."""

    __slots__ = ("committed", "index", "row")

    def __init__(self, index: int, row: Row) -> None:
        self.index = index
        self.row = row
        self.committed = False

    def commit(self) -> None:
        self.committed = True


class _Thread(threading.local):
    def __init__(self) -> None:
        self.pending: list[_Pending] = []


class Log(NamedTuple):
    """The installation's audit log."""

    store: Store
    checkpointer: Checkpointer
    gap: Gap


_SYSTEM: Final = Actor(SYSTEM)
_thread: Final = _Thread()
_actor: ContextVar[Actor | None] = ContextVar("guanlan_actor", default=None)
# Rows written within the outermost act of this context, which may still be rolled back.
_open: ContextVar[list[tuple[int, Row]] | None] = ContextVar("guanlan_open_acts", default=None)


def actor() -> Actor:
    """Who acts in this context; the system where nobody is named."""
    return _actor.get() or _SYSTEM


@contextmanager
def acting(
    subject: Subject, address: str = "", session: str = "", request: str = ""
) -> Iterator[None]:
    """Within, acts are those of `subject`."""
    with as_actor(Actor(subject, address, session, request)):
        yield


@contextmanager
def as_actor(who: Actor) -> Iterator[None]:
    """Within, acts are those of `who`."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)
        settle()


def microseconds() -> int:
    """This machine's time, microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def checkpoint_file() -> Path:
    """Where signed checkpoints are kept."""
    named: Path | None = settings.CHECKPOINTS
    return (named or settings.DATA / "checkpoints") / FILE


def open_log() -> Log:
    """The audit log of this installation."""
    return _log(settings.DATA, checkpoint_file())


@cache
def _log(data: Path, checkpoints: Path) -> Log:
    checkpointer = Checkpointer(data / KEYS, checkpoints, data / DIRECTORY / STAMP)
    store = Store(data / DIRECTORY, now=microseconds, grown=checkpointer.grown)
    atexit.register(_end, store, checkpointer)
    return Log(store, checkpointer, Gap(data / DIRECTORY, microseconds))


def _end(store: Store, checkpointer: Checkpointer) -> None:
    """Sign for the last rows and let go of the files, at an orderly end."""
    with suppress(Exception):
        store.close(lambda frontier, clock: checkpointer.grown(frontier, clock, at_once=True))


def digest(text: str) -> str:
    """A keyed digest of an address or a session: the same for the same, and nothing else."""
    if not text:
        return ""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"audit:" + text.encode(), hashlib.sha256).hexdigest()[:16]


def _who() -> Who:
    now = actor()
    subject = now.subject
    if subject.id is not None:
        kind = "person"
    elif subject is ANONYMOUS:
        kind = "nobody"
    else:
        kind = "key" if subject.name.startswith(KEY_NAME) else "system"
    return Who(
        kind,
        subject.id,
        scrub(subject.name),
        tuple(sorted(subject.roles)),
        digest(now.address),
        digest(now.session),
    )


def _named(object: models.Model | tuple[str, str] | None) -> tuple[str, str]:
    if object is None:
        return ("", "")
    if isinstance(object, models.Model):
        return (object._meta.label_lower, str(object.pk))
    return (object[0], scrub(object[1]))


def record(
    name: str,
    object: models.Model | tuple[str, str] | None = None,
    *,
    detail: Detail | None = None,
    reason: str = "",
    purpose: str = "",
    outcome: str = "done",
) -> int:
    """Write one row: the act `name` (such as `key.revoke`) of the present actor; its index.

    `object` is a model instance or (label, id). `detail` says what changed, without any value
    of level 3 or above. `outcome` is done, seen, refused or failed. Returns when the row is
    durable. Raises AuditUnavailable when it cannot be written: then the act must not be done.
    """
    row = Row(
        i=0,
        t=0,
        who=_who(),
        act=name,
        on=_named(object),
        outcome=outcome,
        detail=scrub_detail(detail or {}),
        reason=scrub(reason),
        purpose=scrub(purpose),
        request=actor().request,
    )
    index = _append(row)
    written = _open.get()
    if written is not None:
        written.append((index, row))
    return index


def _append(row: Row) -> int:
    log = open_log()
    try:
        missed = log.gap.ended()
        if missed is not None:
            gap = Row(i=0, t=0, who=Who("system", None, "system"), act="audit.gap", detail=missed)
            log.store.append(gap)
            log.gap.forget()
        return log.store.append(row)
    except AuditUnavailable as error:
        log.gap.note()
        logger.error("%s; %s was refused", error, row.act)
        raise


@contextmanager
def act(
    name: str,
    object: models.Model | tuple[str, str] | None = None,
    *,
    detail: Detail | None = None,
    reason: str = "",
    purpose: str = "",
) -> Iterator[Callable[[models.Model | tuple[str, str]], None]]:
    """Do what is within as one database transaction, and write it down before it commits.

    What it gives names the object that is acted on, where that is only made within:

        with act("invitation.make") as on:
            on(Invitation.objects.create(…))

    If the row cannot be written the transaction is rolled back: nothing is done unseen. If the
    transaction is rolled back after the row was written, another row says that it was undone.
    Acts may stand within acts; the outermost decides.
    """
    settle()
    named = [object]
    if _open.get() is not None:
        with transaction.atomic():
            yield named.append
            record(name, named[-1], detail=detail, reason=reason, purpose=purpose)
        return
    # A transaction of the caller may be rolled back long after this act has ended well.
    within = transaction.get_connection().in_atomic_block
    written: list[tuple[int, Row]] = []
    token = _open.set(written)
    try:
        with transaction.atomic():
            yield named.append
            record(name, named[-1], detail=detail, reason=reason, purpose=purpose)
            for one in [_Pending(*each) for each in written] if within else ():
                _thread.pending.append(one)
                transaction.on_commit(one.commit)
    except BaseException:
        for index, row in written:
            undone(index, row)
        raise
    finally:
        _open.reset(token)


@contextmanager
def deed(
    name: str,
    object: models.Model | tuple[str, str] | None = None,
    *,
    detail: Detail | None = None,
) -> Iterator[None]:
    """Do what is within, which no transaction can undo, after it has been written down.

    If the row cannot be written nothing is done. Where what is within fails, another row says so.
    """
    record(name, object, detail=detail)
    try:
        yield
    except BaseException:
        record(name, object, detail=detail, outcome="failed")
        raise


def settle() -> None:
    """Write down as undone what this thread did in transactions that ended without a commit."""
    pending = _thread.pending
    if not pending or transaction.get_connection().in_atomic_block:
        return
    _thread.pending = []
    for one in pending:
        if not one.committed:
            undone(one.index, one.row)


def undone(index: int, row: Row) -> None:
    """Write down that the act of row `index` was rolled back; only logged where that fails."""
    written = Row(
        i=0, t=0, who=row.who, act=row.act, on=row.on, outcome="undone", of=index,
        request=row.request,
    )  # fmt: skip
    try:
        _append(written)
    except AuditUnavailable:
        logger.error("row %d of the audit log was undone, which could not be written down", index)
