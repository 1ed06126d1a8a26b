"""`guanlan log`: prove the event log, decide it again, project it, hand it to analysts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click
from django.conf import settings

from guanlan.core.event_log import log_keys
from guanlan.engine.log import LogLocked, LogReader, LogTail, check_unused
from guanlan.engine.log import verify as verify_log
from guanlan.engine.log.export import export as export_log
from guanlan.engine.replay import replay as replay_log
from guanlan.fraud.rebuilding import project_anew
from guanlan.fraud.services import project as project_log
from guanlan.site.cli.words import (
    BadInput,
    Fault,
    as_json,
    data_option,
    progress,
    put_json,
    put_table,
    say,
    writable,
)

COMPILE_FROM = 50_000  # from so many events on, machine code pays for itself


@click.group()
def log() -> None:
    """Verify, replay, project or export the event log."""


def directory() -> Path:
    """The installation's log; one clear sentence when there is none."""
    found: Path = settings.LOG_DIRECTORY
    if not any(found.glob("*.glog")):
        raise BadInput(f"{found}: there is no event log here; name another with --data")
    return found


@log.command()
@data_option
@as_json
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Read every frame; exit 1 at the first fault. Nothing is changed."""
    report = verify_log(directory())
    if as_json:
        put_json({"ok": report.ok, "report": report})
    else:
        rows = [
            ("segments", report.segments),
            ("commits", report.commits),
            ("frames", report.frames),
            ("events", report.events),
            ("bytes", report.bytes),
            ("first event", report.first_seq),
            ("last event", report.last_seq),
            ("bytes of an unfinished commit", report.torn_bytes),
        ]
        put_table("", ("", ""), rows)
        if report.fault is not None:
            say(
                f"segment {report.fault.segment}, offset {report.fault.offset}: {report.fault.what}"
            )
    if not report.ok:
        ctx.exit(1)


@log.command()
@data_option
@as_json
@click.pass_context
def replay(ctx: click.Context, as_json: bool) -> None:
    """Make every decision again and compare byte for byte; exit 1 if one differs."""
    found = directory()
    events = verify_log(found).events
    with closing(LogReader(found, log_keys())) as reader, progress(as_json) as bar:
        task = bar.add_task("deciding again", total=events)
        report = replay_log(
            reader,
            secret=settings.ENGINE_SECRET,
            cache=settings.CACHE_DIRECTORY,
            compiled=events >= COMPILE_FROM,
            progress=lambda read: bar.update(task, completed=min(read, events)),
        )
    if as_json:
        put_json({"ok": report.ok, "report": report})
    else:
        click.echo(f"{report.equal:,} of {report.events:,} decisions are equal to the byte")
        for difference in report.differences[:10]:
            parts = ", ".join(difference.parts)
            say(f"event {difference.event_id} (number {difference.seq}) differs in: {parts}")
    if not report.ok:
        ctx.exit(1)


@log.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@data_option
@as_json
def export(out: Path, as_json: bool) -> None:
    """Write every event with its decision to OUT (Parquet)."""
    writable(out)
    rows = export_log(directory(), out, keys=log_keys())
    if as_json:
        put_json({"out": str(out), "events": rows})
    else:
        click.echo(f"{out}: {rows:,} events")


@log.command()
@click.option("--anew", is_flag=True, help="Drop what was projected and begin at the log's start.")
@data_option
@as_json
def project(anew: bool, as_json: bool) -> None:
    """Bring the database up to the log while the platform is stopped.

    With --anew the tables that come from the log are made again from it; accounts, API keys and
    backtests stay as they are.
    """
    found = directory()
    try:
        check_unused(found)
    except LogLocked as error:
        raise Fault(f"{error}; stop the platform first") from None
    with closing(LogTail(found, log_keys())) as tail:
        frames = project_anew(tail) if anew else project_log(tail)
    if as_json:
        put_json({"frames": frames})
    else:
        click.echo(f"{frames:,} frames of the log projected")
