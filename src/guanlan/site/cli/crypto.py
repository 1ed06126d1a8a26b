"""`guanlan crypto`: what is sealed and with which keys; new keys, and everything moved to them."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from guanlan.core.sealing.inventory import taken
from guanlan.core.sealing.ring import PURPOSES, Purpose
from guanlan.core.sealing.rotating import destroy as destroy_key
from guanlan.core.sealing.rotating import reencrypt as reencrypt_all
from guanlan.core.sealing.rotating import rotate as rotate_key
from guanlan.core.sealing.rotating import rotate_master, waiting
from guanlan.site.cli.words import Fault, as_json, data_option, progress, put_json, put_table, say
from guanlan.site.run.prepare import apply_migrations

UNKNOWN = "unknown"


@click.group()
def crypto() -> None:
    """Encryption at rest: inventory, new keys, re-encryption."""


@crypto.command()
@data_option
@as_json
def status(as_json: bool) -> None:
    """What is sealed, with which key, and how much of it is under the current one."""
    apply_migrations()
    found = taken()
    if as_json:
        put_json(found)
        return
    now = datetime.now(UTC)
    rows = [
        (
            line.place,
            line.kind,
            line.algorithm,
            line.key,
            (now - line.since).days if line.since else None,
            UNKNOWN if line.values is None else line.values,
            UNKNOWN if line.current is None else line.current,
        )
        for line in found.lines
    ]
    heads = ("where", "what", "algorithm", "key", "days", "values", "on current key")
    put_table("", heads, [tuple(map(str, row)) for row in rows])
    keys = [
        (k.id, k.purpose, k.algorithm, k.created.isoformat(timespec="minutes"), _state(k.retired,
         k.destroyed), f"{k.used / found.budget:.2%}")
        for k in found.keys
    ]  # fmt: skip
    put_table("keys", ("id", "purpose", "algorithm", "made", "state", "of budget"), keys)
    click.echo(f"master key: {found.provider}, {found.master}")


def _state(retired: datetime | None, destroyed: datetime | None) -> str:
    return "destroyed" if destroyed else "retired" if retired else "current"


@crypto.command()
@click.argument("purposes", nargs=-1, type=click.Choice([*PURPOSES, "master"]))
@data_option
@as_json
def rotate(purposes: tuple[Purpose, ...], as_json: bool) -> None:
    """Make new keys: of the PURPOSES named, else of fields, indexes, the log and files.

    `master` wraps all keys by a new master key. What exists is moved by `crypto reencrypt`.
    """
    apply_migrations()
    made: dict[str, int] = {}
    for purpose in purposes or ("field", "index", "log", "attachment"):
        if str(purpose) == "master":
            made["master"] = rotate_master()
        else:
            made[purpose] = rotate_key(purpose).id
    if as_json:
        put_json(made)
    else:
        for name, number in made.items():
            told = f"{number} keys wrapped anew" if name == "master" else f"key {number}"
            click.echo(f"{name}: {told}")


@crypto.command()
@data_option
@as_json
@click.pass_context
def reencrypt(ctx: click.Context, as_json: bool) -> None:
    """Move everything to the current keys. May be interrupted, and run while the platform does.

    Exit 1 when a value does not open; it is left as it is.
    """
    apply_migrations()
    with progress(as_json) as bar:
        task = bar.add_task("re-encrypting", total=waiting())
        moved = reencrypt_all(lambda rows: bar.advance(task, rows))
    if as_json:
        put_json(moved._asdict())
    else:
        told = f"{moved.rows:,} rows, {moved.files:,} files and {moved.log_keys:,} keys of the log"
        click.echo(f"{told} moved")
        if moved.unreadable:
            say(f"{moved.unreadable:,} rows or files do not open; they were left")
    if moved.unreadable:
        ctx.exit(1)


@crypto.command()
@click.argument("identity", metavar="ID", type=int)
@data_option
def destroy(identity: int) -> None:
    """Destroy the retired key ID for good, when nothing needs it any more."""
    apply_migrations()
    try:
        destroy_key(identity)
    except ValueError as error:
        raise Fault(str(error)) from None
    click.echo(f"key {identity} is destroyed")
