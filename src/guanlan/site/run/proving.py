"""Whether a restored instance is the one that was copied: the same roots, under the same keys."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Final

from guanlan.core.audit.checkpoints import DASH, FILE, BadNote, load_signer
from guanlan.core.audit.store import ROWS, AuditUnavailable, read_lines
from guanlan.core.audit.tree import EMPTY, Frontier, leaf_hashes
from guanlan.core.audit.verifying import verify as verify_audit
from guanlan.core.event_log import LogKeys
from guanlan.core.sealing.errors import KeysUnusable, Unopened
from guanlan.core.sealing.ring import Keyring
from guanlan.engine.log import LogError, LogReader, log_root
from guanlan.site.run.archive import BackupError, Contents, Roots

_BOUND: Final = b"guanlan backup"
_TAIL: Final = 4096  # bytes, more than two checkpoints


def seal(ring: Keyring, contents: Contents) -> str:
    """The contents' digest, sealed by the ring, in hexadecimal."""
    return ring.seal("backup", contents.digest(), _BOUND).hex()


def check_seal(archive: Path, ring: Keyring, contents: Contents) -> None:
    """Raises BackupError where somebody without the keys wrote this list of contents."""
    try:
        sealed = ring.open("backup", bytes.fromhex(contents.seal), _BOUND)
    except (Unopened, KeysUnusable, ValueError):
        sealed = b""
    if sealed != contents.digest():
        raise BackupError(f"{archive}: its list of contents was altered since it was made")


def newest_note(file: Path, until: int | None = None) -> str:
    """The newest checkpoint in the first `until` bytes of a file, as it was signed; empty where
    there is none."""
    try:
        with file.open("rb") as notes:
            end = notes.seek(0, os.SEEK_END) if until is None else until
            notes.seek(max(0, end - _TAIL))
            parts = notes.read(min(end, _TAIL)).decode("utf-8", "replace").split("\n\n")
    except FileNotFoundError:
        return ""
    signed = [f"{text}\n" for text, by in pairwise(parts) if by.startswith(DASH)]
    return signed[-1] if signed else ""


def audit_head(directory: Path, until: int | None = None) -> tuple[int, str]:
    """Rows of an audit log, and the root of their tree, in hexadecimal."""
    frontier = Frontier()
    for _offset, lines in read_lines(directory, 0, until):
        frontier.extend(leaf_hashes(lines))
    return frontier.size, frontier.root().hex()


def check_roots(archive: Path, data: Path, ring: Keyring, roots: Roots) -> None:
    """Compute both roots anew of what stands in `data`; raises BackupError where one is not what
    it was."""
    _check_log(archive, data, ring, roots)
    _check_audit(archive, data, roots)


def _check_log(archive: Path, data: Path, ring: Keyring, roots: Roots) -> None:
    if roots.log_position is None:
        return
    secret = (data / "secret.key").read_text("ascii").strip()
    try:
        with closing(LogReader(data / "log", LogKeys(secret, ring))) as reader:
            found = log_root(reader.frames())
            end = reader.committed
    except LogError as error:
        raise BackupError(f"{archive}: the event log in it does not open: {error}") from None
    if (end, found) != (roots.log_position, roots.log):
        raise BackupError(
            f"{archive}: the event log has the state root {found[:16]} at {end}, and had"
            f" {roots.log[:16]} at {roots.log_position} when it was copied"
        )


def _check_audit(archive: Path, data: Path, roots: Roots) -> None:
    folder = data / "audit"
    rows, found = audit_head(folder)
    file = folder / ROWS
    size = file.stat().st_size if file.exists() else 0
    copied = (roots.audit_rows, roots.audit_bytes, roots.audit or EMPTY.hex())
    if (rows, size, found) != copied:
        raise BackupError(
            f"{archive}: the audit log has {rows} rows and the root {found[:16]}, and had"
            f" {roots.audit_rows} and {roots.audit[:16]} when it was copied"
        )
    newest = newest_note(data / "checkpoints" / FILE)
    if newest != roots.checkpoint:
        raise BackupError(f"{archive}: the newest signed checkpoint is not that of its list")
    if not newest:
        return
    try:
        public = load_signer(data / "keys", newest.partition("\n")[0]).public
    except AuditUnavailable as error:
        raise BackupError(f"{archive}: {error}") from None
    try:
        fault = verify_audit(folder, data / "checkpoints" / FILE, public).fault
    except BadNote as error:
        fault = str(error)
    if fault:
        raise BackupError(f"{archive}: the audit log in it does not hold: {fault}")
