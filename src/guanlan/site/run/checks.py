"""What `guanlan doctor` looks at. Each check gives findings; none of them changes anything."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.models import Max
from django.utils import timezone
from msgspec import Struct

from guanlan.core.audit import AuditUnavailable, checkpoint_file, open_log
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.store import ROWS
from guanlan.core.audit.telling import NoWayOut, way_out
from guanlan.core.egress import policy
from guanlan.core.event_log import log_keys
from guanlan.core.jobs import worker_alive
from guanlan.core.models import Channel, Delivery, Job, JobRun, User
from guanlan.core.people.organisation import can_be_set_up
from guanlan.core.sealing import KeysUnusable, keyring
from guanlan.core.sealing.belonging import check_keys
from guanlan.core.services import ENDING, live_api_keys
from guanlan.core.sign_on import Unreachable, configured, forget, provider, signing_keys
from guanlan.core.sign_on.tokens import ALGORITHMS
from guanlan.engine.log import LogError, LogReader, LogSealed, LogTail, VerifyReport, verify
from guanlan.fraud.models import Cursor
from guanlan.fraud.rebuilding import outdated
from guanlan.site.run.backup import last_backup
from guanlan.site.run.prepare import pending_migrations

State = Literal["ok", "note", "fault"]

FREE_BYTES = 1 << 30
SYNC_TRIES = 9
SLOW_SYNC_MS = 25.0
LAG_BYTES = 64 << 20
BACKUP_HOURS = 48
UNSIGNED_SECONDS = 1800.0
AHEAD_MICROSECONDS = 2_000_000
CHARTS = "echarts.common.min.js"  # as the templates name it
EARLIEST = 1_700_000_000  # seconds; a clock before this has not been set


class Finding(Struct, frozen=True):
    """One thing looked at: what is so, and for a fault what mends it."""

    check: str
    state: State
    what: str
    mend: str = ""


ANEW = (
    "move it away and start: decisions come back from the log, accounts and keys have to be made"
    " anew"
)
ANOTHER_LOG = Finding(
    "projection",
    "fault",
    "the database holds decisions that the log has lost, so it cannot follow the log",
    f"stop the platform; for db.sqlite3, {ANEW}",
)


def configuration() -> Iterator[Finding]:
    data: Path = settings.DATA
    yield Finding("configuration", "ok", f"data directory {data}")
    if not os.access(data, os.W_OK | os.X_OK):
        mend = "give this user write access, or set GUANLAN_DATA to another directory"
        yield Finding("configuration", "fault", f"{data} is not writable", mend)
    key = data / "secret.key"
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        what = "secret.key can be read by other users"
        yield Finding("configuration", "fault", what, f"chmod 600 {key}")


def keys() -> Iterator[Finding]:
    try:
        check_keys()
    except KeysUnusable as error:
        mend = "correct it as it says; without these keys what is sealed cannot be read"
        yield Finding("encryption", "fault", error.args[0], mend)
        return
    except DatabaseError:  # `database` says so
        return
    ring = keyring()
    live = sum(1 for key in ring.all_keys() if key.wrapped)
    what = f"{live} data keys open; master key: {ring.provider.name}"
    yield Finding("encryption", "ok", what)


def backups() -> Iterator[Finding]:
    last = last_backup()
    mend = "guanlan backup OUT --keys KEYS, and keep the two apart"
    if last is None:
        yield Finding("backup", "note", "no backup was made yet", mend)
        return
    hours = (timezone.now() - last.at).total_seconds() / 3600
    what = f"the last one is {hours:,.0f} hours old, {last.bytes:,} bytes"
    if hours > BACKUP_HOURS:
        yield Finding("backup", "note", what, mend)
    else:
        yield Finding("backup", "ok", what)


def database() -> Iterator[Finding]:
    try:
        steps = pending_migrations()
        vendor = connection.vendor
        if vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA quick_check(1)")
                (answer,) = cursor.fetchone()
            if answer != "ok":
                mend = f"restore db.sqlite3 from a backup, or {ANEW}"
                yield Finding("database", "fault", f"damaged: {answer}", mend)
                return
        if steps:
            what = f"{steps} migration steps behind this version"
            yield Finding("database", "fault", what, "guanlan migrate")
            return
        if outdated():
            what = "the projection of the log was made by an older version"
            yield Finding("database", "fault", what, "guanlan log project --anew")
            return
        yield Finding("database", "ok", f"{vendor}, current")
        if settings.DATABASE_UNVERIFIED:
            what = "database_unverified is set: whoever answers in the database's place is believed"
            mend = "?sslmode=verify-full in GUANLAN_DATABASE_URL, and remove database_unverified"
            yield Finding("database", "note", what, mend)
        yield from _people()
    except DatabaseError as error:
        mend = "start the database, or correct GUANLAN_DATABASE_URL"
        yield Finding("database", "fault", f"not reachable: {error}".strip(), mend)


def _people() -> Iterator[Finding]:
    if not User.objects.exists():
        waits = can_be_set_up()
        what = "nobody can sign in" + (" yet: a set-up code waits at /setup" if waits else "")
        mend = "guanlan first-run" + (", which prints another code" if waits else "")
        yield Finding("accounts", "note" if waits else "fault", what, mend)
    keys, ending = live_api_keys().count(), timezone.now() + ENDING
    if keys:
        yield Finding("keys", "ok", f"{keys} live API keys")
        if soon := live_api_keys().filter(expires__lte=ending).count():
            mend = "make others before they are refused; see: guanlan key list"
            yield Finding("keys", "note", f"{soon} API keys expire within {ENDING.days} days", mend)
    else:
        mend = "guanlan key create NAME"
        yield Finding("keys", "fault", "no live API key: nobody can post events", mend)


def event_log() -> Iterator[Finding]:
    directory: Path = settings.LOG_DIRECTORY
    for torn in sorted(directory.glob("*.torn")):
        what = f"{torn.name}: {torn.stat().st_size:,} bytes of acknowledged events were damaged"
        mend = "check the disk, let the backends send again what they hold of that time, and"
        mend += f" move {torn} away"
        yield Finding("log", "fault", what, mend)
    if not any(directory.glob("*.glog")):
        yield Finding("log", "note", "no event has been decided yet", "guanlan up, or guanlan demo")
        return
    report = verify(directory)
    if report.fault is not None:
        fault = report.fault
        what = f"segment {fault.segment} at {fault.offset}: {fault.what}"
        mend = "restore this segment from a backup; nothing is guessed at"
        yield Finding("log", "fault", what, mend)
        return
    yield Finding("log", "ok", _told(report))
    try:
        yield from _clock_of_log(directory)
        yield from _projection(directory)
    except LogSealed as error:
        mend = "give back the keys this log was written with; without them nobody can read it"
        yield Finding("log", "fault", str(error), mend)
    except LogError:  # the log itself is whole, so it is not the one the cursor speaks of
        yield ANOTHER_LOG


def _told(report: VerifyReport) -> str:
    told = f"{report.events:,} events in {report.segments} segments, {report.bytes:,} bytes"
    if report.torn_bytes:
        told += f"; {report.torn_bytes:,} bytes of an unfinished commit will be cut off at start"
    return told


def _cursor() -> Cursor | None:
    try:
        return Cursor.objects.filter(id=1).first()
    except DatabaseError:  # no table yet: `database` says so
        return None


def _clock_of_log(directory: Path) -> Iterator[Finding]:
    cursor = _cursor()
    last = cursor.clock if cursor else 0
    with closing(LogReader(directory, log_keys())) as reader:
        for frame in reader.frames(cursor.position if cursor else 0):
            last = max(last, frame.clock)
    ahead = last - time.time_ns() // 1000
    if ahead > AHEAD_MICROSECONDS:
        what = f"the log's clock is {ahead / 1e6:,.0f} s ahead of this machine's"
        yield Finding("clock", "fault", what, "set the machine's clock right: timedatectl")


def _projection(directory: Path) -> Iterator[Finding]:
    cursor = _cursor()
    with closing(LogTail(directory)) as tail:
        behind = tail.committed - (cursor.position if cursor else 0)
    if behind < 0:
        yield ANOTHER_LOG
    elif behind > LAG_BYTES:
        what = f"the database is {behind:,} bytes of log behind"
        mend = "it catches up while `guanlan up` runs; look for errors of the projector there"
        yield Finding("projection", "fault", what, mend)
    else:
        yield Finding("projection", "ok", f"{behind:,} bytes of log behind")


def clock() -> Iterator[Finding]:
    now = time.time()
    if now < EARLIEST:
        yield Finding("clock", "fault", "the machine's clock has not been set", "timedatectl")
        return
    with tempfile.NamedTemporaryFile(dir=settings.DATA, prefix=".doctor-") as probe:
        apart = os.fstat(probe.fileno()).st_mtime - now
    if abs(apart) > 2:
        what = f"the clock of the disk is {apart:+,.0f} s from the machine's"
        yield Finding("clock", "note", what, "a network disk: prefer a local one for the log")
    else:
        yield Finding("clock", "ok", "machine and disk agree")


def disk() -> Iterator[Finding]:
    data: Path = settings.DATA
    free = shutil.disk_usage(data).free
    if free < FREE_BYTES:
        what = f"{free >> 20:,} MiB free under {data}"
        mend = "free some: when the disk is full no event is acknowledged any more"
        yield Finding("disk", "fault", what, mend)
    times = []
    with tempfile.NamedTemporaryFile(dir=data, prefix=".doctor-") as probe:
        for _try in range(SYNC_TRIES):
            probe.write(bytes(4096))
            probe.flush()
            begun = time.perf_counter()
            os.fdatasync(probe.fileno())
            times.append((time.perf_counter() - begun) * 1000)
    middle = sorted(times)[SYNC_TRIES // 2]
    what = f"{free / (1 << 30):,.1f} GiB free, a sync takes {middle:.1f} ms"
    if middle > SLOW_SYNC_MS:
        mend = "every answer waits for one sync: put the log on a faster disk"
        yield Finding("disk", "note", what, mend)
    elif free >= FREE_BYTES:
        yield Finding("disk", "ok", what)


def cache() -> Iterator[Finding]:
    directory: Path = settings.CACHE_DIRECTORY
    if directory.exists() and not os.access(directory, os.W_OK | os.X_OK):
        mend = f"give this user write access to {directory}"
        yield Finding("cache", "fault", "compiled kernels cannot be kept", mend)
        return
    kept = list(directory.rglob("*.nbi")) if directory.exists() else []
    what = f"{len(kept)} compiled functions kept"
    yield Finding("cache", "ok", what if kept else "empty: the first start compiles in a minute")


def assets() -> Iterator[Finding]:
    packages: Path = settings.NODE_MODULES
    script = packages / "echarts" / "dist" / CHARTS
    if script.is_file():
        yield Finding("assets", "ok", "front-end packages installed")
    elif packages.is_dir():
        mend = "make assets, then start again"
        yield Finding("assets", "fault", f"{script} is missing: no charts", mend)
    else:
        mend = "make assets, or set GUANLAN_NODE_MODULES to where they are; then start again"
        yield Finding("assets", "fault", f"{packages} is missing: no charts", mend)
    stale = [
        po
        for po in settings.PACKAGE.rglob("*.po")
        if not po.with_suffix(".mo").exists()
        or po.with_suffix(".mo").stat().st_mtime < po.stat().st_mtime
    ]
    if stale:
        what = f"{len(stale)} translation catalogues are not compiled"
        yield Finding("assets", "fault", what, "make assets")


def jobs() -> Iterator[Finding]:
    try:
        alive = worker_alive()
        newest = JobRun.objects.values("job").annotate(newest=Max("pk")).values("newest")
        failed = list(JobRun.objects.filter(pk__in=newest, state=JobRun.State.FAILED))
        late = list(Job.objects.exclude(late_since=None).values_list("name", flat=True))
    except DatabaseError:  # `database` says so
        return
    if alive:
        yield Finding("jobs", "ok", "a worker is running")
    else:
        mend = "guanlan up, or guanlan worker"
        yield Finding("jobs", "note", "no worker is running: jobs and messages wait", mend)
    for run in failed:
        mend = "mend the cause, then Settings, Jobs: Try again"
        yield Finding("jobs", "fault", f"{run.job} failed: {run.error}", mend)
    if alive and late:
        mend = "see Settings, Jobs; another worker may run beside the first: guanlan worker"
        yield Finding("jobs", "fault", f"late: {', '.join(late)}", mend)


def messages() -> Iterator[Finding]:
    try:
        policy()
    except ImproperlyConfigured as error:
        yield Finding("messages", "fault", str(error), "correct it where it stands: guanlan config")
    try:
        channels = list(Channel.objects.filter(enabled=True))
        try:
            way_out()
        except NoWayOut as error:
            mend = "correct the setting (guanlan config), or the channel under Settings, Channels"
            yield Finding("messages", "fault", str(error), mend)
        lost = Delivery.objects.filter(
            state=Delivery.State.FAILED, finished__gt=timezone.now() - timedelta(days=1)
        ).count()
    except DatabaseError:  # `database` says so
        return
    if not channels:
        mend = "Settings, Channels: add a mail server, so that people hear of what is urgent"
        yield Finding("messages", "note", "no channel: messages are told in the console only", mend)
    for channel in channels:
        if channel.fault:
            mend = "correct it under Settings, Channels, then send a test"
            what = f"channel {channel.name} fails: {channel.fault}"
            yield Finding("messages", "fault", what, mend)
    if lost:
        mend = "see Settings, Delivery log"
        yield Finding("messages", "fault", f"{lost} messages of the last day were not sent", mend)
    elif channels:
        yield Finding("messages", "ok", f"{len(channels)} channels in use")


def single_sign_on() -> Iterator[Finding]:
    if not configured():
        return
    forget()
    mend = "correct GUANLAN_OIDC_ISSUER, or name an in-house provider in GUANLAN_EGRESS_ALLOW"
    try:
        found = provider()
        usable = [key for key in signing_keys(found) if key.get("kty") in ALGORITHMS.values()]
    except Unreachable as error:
        yield Finding("sign-on", "fault", str(error), mend)
        return
    host = urlsplit(found.issuer).hostname
    if not usable:
        mend = "have the provider sign with RSA, an elliptic curve or Ed25519"
        yield Finding("sign-on", "fault", f"{host}: publishes no key that is taken", mend)
    else:
        yield Finding("sign-on", "ok", f"{host} answers, with {len(usable)} keys")
    if not settings.ADDRESS:
        what = "the address that people come back to is taken from each request"
        yield Finding("sign-on", "note", what, "set GUANLAN_ADDRESS")


def audit() -> Iterator[Finding]:
    if not (settings.DATA / DIRECTORY / ROWS).exists():
        yield Finding("audit", "ok", "nothing has been written down yet")
        return
    log = open_log()
    missed = log.gap.current()
    if missed is not None:
        what = f"the audit log could not be written: {missed.refused} rows were refused"
        mend = "make room; the next row that can be written tells of the gap"
        yield Finding("audit", "fault", what, mend)
    try:
        tip = log.store.tip()
    except AuditUnavailable as error:
        mend = "guanlan audit verify; restore the file from a backup"
        yield Finding("audit", "fault", str(error), mend)
        return
    size, clock = log.checkpointer.newest()
    age = time.time() - clock / 1e6
    if tip.size > size and age > UNSIGNED_SECONDS:
        what = f"{tip.size - size} rows of the audit log wait for a signature"
        mend = f"make {checkpoint_file().parent} writable; the worker signs each ten minutes"
        yield Finding("audit", "fault", what, mend)
    elif missed is None:
        yield Finding("audit", "ok", f"{tip.size:,} rows, {size:,} of them signed")


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    configuration,
    keys,
    database,
    event_log,
    clock,
    disk,
    cache,
    assets,
    jobs,
    messages,
    single_sign_on,
    backups,
    audit,
)


def examine() -> Iterator[Finding]:
    """All findings, in the order of the checks; a check that cannot be made is a fault."""
    for check in CHECKS:
        try:
            yield from check()
        except OSError as error:
            what = f"{error.filename or settings.DATA}: {error.strerror or error}"
            yield Finding(check.__name__, "fault", what, "make it readable for this user")
