"""`guanlan audit`: prove the audit log, without a database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from django.conf import settings

from guanlan.core.audit import AuditUnavailable, checkpoint_file, open_log
from guanlan.core.audit.checkpoints import BadNote, Checkpoint, Verifier, find_notes
from guanlan.core.audit.proofs import Consistency, Inclusion, prove_consistency, prove_inclusion
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.store import ROWS
from guanlan.core.audit.verifying import Proof
from guanlan.core.audit.verifying import verify as verify_log
from guanlan.site.cli.words import (
    BadInput,
    Fault,
    as_json,
    data_option,
    progress,
    put_json,
    put_table,
    say,
)


@click.group()
def audit() -> None:
    """Verify the audit log; prove that a row is in it, or that it only grew."""


def directory() -> Path:
    """The log's directory; one clear sentence when there is none."""
    found: Path = settings.DATA / DIRECTORY
    if not (found / ROWS).exists():
        raise BadInput(f"{found}: there is no audit log here; name another with --data")
    return found


def public_key() -> str:
    """The installation's public key; one clear sentence when the key is lost or another's."""
    try:
        return open_log().checkpointer.signer.public
    except AuditUnavailable as error:
        raise Fault(str(error)) from None


@audit.command()
@click.option(
    "--checkpoints",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of signed checkpoints (else the setting checkpoints).",
)
@click.option("--key", metavar="PUBLIC", help="Public key, as `guanlan audit key` prints it.")
@data_option
@as_json
@click.pass_context
def verify(ctx: click.Context, checkpoints: Path | None, key: str | None, as_json: bool) -> None:
    """Recompute the tree over all rows and hold it against every checkpoint; exit 1 on a fault."""
    found = directory()
    file = checkpoints or checkpoint_file()
    if checkpoints is not None and not checkpoints.exists():
        raise BadInput(f"{checkpoints}: expected a file of signed checkpoints")
    with progress(as_json) as bar:
        task = bar.add_task("verifying", total=None)
        try:
            proof = verify_log(
                found,
                file,
                key or public_key(),
                progress=lambda rows: bar.update(task, completed=rows),
            )
        except BadNote as error:
            raise BadInput(f"--key: {error}") from None
    if as_json:
        put_json({"ok": proof.ok, "proof": proof})
    else:
        put_table("", ("", ""), _told(proof))
        if proof.fault:
            say(proof.fault)
    if not proof.ok:
        ctx.exit(1)


def _told(proof: Proof) -> list[tuple[str, object]]:
    return [
        ("rows", proof.rows),
        ("proven by a checkpoint", proof.covered),
        ("checkpoints", proof.checkpoints),
        ("root", proof.root),
        ("acts that were undone", proof.undone),
        ("gaps", proof.gaps),
        ("bytes of an unfinished row", proof.torn_bytes),
    ]


@audit.command()
@data_option
def key() -> None:
    """Print the public key; keep it where the log's thief cannot change it."""
    click.echo(public_key())


@audit.command()
@click.argument("index", type=click.IntRange(0))
@data_option
def prove(index: int) -> None:
    """Print row INDEX with the proof that it is in the log, as JSON."""
    try:
        put_json(prove_inclusion(directory(), index))
    except ValueError as error:
        raise BadInput(str(error)) from None


@audit.command()
@click.argument("old", type=click.IntRange(1))
@click.argument("new", type=click.IntRange(1))
@data_option
def consistency(old: int, new: int) -> None:
    """Print the proof that the log of NEW rows begins with the one of OLD rows, as JSON."""
    try:
        put_json(prove_consistency(directory(), old, new))
    except ValueError as error:
        raise BadInput(str(error)) from None


@audit.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--root", metavar="HEX", help="The root to prove against; else the proof's own.")
@data_option
@click.option("--key", metavar="PUBLIC", help="Public key, for a letter with a checkpoint.")
def check(file: Path, root: str | None, key: str | None) -> None:
    """Check a proof that `prove` or `consistency` printed, or a letter with a signed checkpoint;
    exit 1 when it does not hold."""
    data = file.read_bytes()
    try:
        notes = find_notes(data.decode())
    except (UnicodeDecodeError, BadNote):
        notes = []
    if notes:
        _check_notes(file, notes, key)
        return
    try:
        proof = msgspec.json.decode(data, type=Inclusion | Consistency)
    except (msgspec.DecodeError, UnicodeDecodeError):
        expected = "a proof, as `guanlan audit prove` prints it, or a letter with a checkpoint"
        raise BadInput(f"{file}: expected {expected}") from None
    if not proof.holds(root):
        raise Fault(f"{file}: the proof does not hold")
    click.echo("the proof holds")


def _check_notes(file: Path, notes: list[Checkpoint], key: str | None) -> None:
    """Say what each checkpoint speaks of, if the key signed them all."""
    if key is None:
        raise BadInput("--key: expected the public key, as `guanlan audit key` printed it")
    try:
        verifier = Verifier(key)
    except BadNote as error:
        raise BadInput(f"--key: {error}") from None
    for note in notes:
        if note.origin != verifier.name or not verifier.verifies(note):
            raise Fault(f"{file}: the checkpoint of {note.size} rows was not signed by this key")
        at = datetime.fromtimestamp(note.time / 1e6, UTC).isoformat(" ", "seconds")
        click.echo(f"{note.size} rows, root {note.root.hex()}, signed for at {at}")
