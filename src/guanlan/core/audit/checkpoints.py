"""Signed checkpoints: how many rows there were and what their root was, kept elsewhere.

The format is that of C2SP: a tlog-checkpoint (origin, size, base64 of the root) in a signed note
(a blank line, then `— name base64(key id ‖ signature)`), Ed25519. A checkpoint in a place that a
thief of the log cannot write to proves truncation and rewriting, which the log alone cannot.
"""

from __future__ import annotations

import base64
import binascii
import errno
import fcntl
import hashlib
import os
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from msgspec import Struct

from guanlan.core.audit.store import AuditUnavailable
from guanlan.core.audit.tree import Frontier

KEY_FILE: Final = "audit-ed25519.pem"
FILE: Final = "audit.checkpoints"
STAMP: Final = "signer.pub"
ORIGIN: Final = "guanlan.audit"
EVERY_ROWS: Final = 1_000
EVERY_MICROSECONDS: Final = 60_000_000
_ED25519: Final = b"\x01"
DASH: Final = "\N{EM DASH} "
_NOTE_END: Final = re.compile(b"\n\n(?:\xe2\x80\x94 [^\n]+\n)+\n?")
_TAIL: Final = 4096
_LONGEST_NOTE: Final = 1024


class Checkpoint(Struct, frozen=True):
    """A checkpoint as it stands in a note; `time` is its extension line, microseconds UTC."""

    origin: str
    size: int
    root: bytes
    time: int
    text: str
    signatures: tuple[tuple[str, bytes], ...]  # name, key id ‖ signature


class BadNote(ValueError):
    """The text is no signed checkpoint; `args[0]` says why."""


class Verifier:
    """Checks signatures of one key, given as C2SP writes it: `name+key id+base64(01 ‖ key)`."""

    def __init__(self, text: str) -> None:
        try:
            name, identity, encoded = text.strip().split("+", 2)
            raw = base64.b64decode(encoded, validate=True)
            if raw[:1] != _ED25519 or len(raw) != 33:
                raise ValueError
            self._key = Ed25519PublicKey.from_public_bytes(raw[1:])
        except (ValueError, binascii.Error):
            raise BadNote("the key is not name+id+base64 of an Ed25519 key") from None
        self.name: Final = name
        self.identity: Final = key_id(name, raw)
        if identity != self.identity.hex():
            raise BadNote("the key's id does not belong to its name and bytes")

    def verifies(self, checkpoint: Checkpoint) -> bool:
        """Whether this key signed the checkpoint."""
        for name, blob in checkpoint.signatures:
            if name == self.name and blob[:4] == self.identity:
                try:
                    self._key.verify(blob[4:], checkpoint.text.encode())
                except InvalidSignature:
                    continue
                return True
        return False


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes that tell a note's keys apart; `public` begins with the algorithm's byte."""
    return hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]


class Signer:
    """The installation's signing key, made at first use and readable by its owner only."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._public = _ED25519 + raw
        self.name: Final = f"{ORIGIN}/{hashlib.sha256(raw).hexdigest()[:12]}"
        self._id = key_id(self.name, self._public)

    @property
    def public(self) -> str:
        """The public key, as `Verifier` and C2SP tools read it."""
        encoded = base64.b64encode(self._public).decode()
        return f"{self.name}+{self._id.hex()}+{encoded}"

    def sign(self, size: int, root: bytes, time: int) -> str:
        """The signed note of a tree head."""
        text = f"{self.name}\n{size}\n{base64.b64encode(root).decode()}\ntime {time}\n"
        signature = self._id + self._key.sign(text.encode())
        return f"{text}\n{DASH}{self.name} {base64.b64encode(signature).decode()}\n"


def load_signer(keys: Path, known: str = "") -> Signer:
    """The key in directory `keys`, made now if there is none and `known` is empty.

    known: the name of the key that signed before.
    Raises AuditUnavailable when it cannot be read or made, or is another than that.
    """
    path = keys / KEY_FILE
    put_back = f"put back {path} from the backup of the keys"
    if known and not path.exists():
        raise AuditUnavailable(
            f"{path}: the key that signed the audit log ({known}) is missing; {put_back}"
        )
    try:
        keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        # Linked into place whole, so that two processes that begin together agree on one key.
        fresh = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise AuditUnavailable(
            f"{path}: expected the key that signs the audit log; restore it from a backup"
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise AuditUnavailable(f"{path}: expected an Ed25519 key")
    signer = Signer(key)
    if known and signer.name != known:
        raise AuditUnavailable(
            f"{path}: this key is {signer.name}, and the audit log was signed by {known};"
            f" {put_back}"
        )
    return signer


def read_notes(file: Path) -> list[Checkpoint]:
    """All checkpoints of a file, in order; none when there is no file. Raises BadNote, OSError."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise BadNote(f"{file}: is not UTF-8") from None
    notes = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        if not lines[at]:
            at += 1
            continue
        blank = at
        while blank < len(lines) and lines[blank]:
            blank += 1
        end = blank + 1
        while end < len(lines) and lines[end].startswith(DASH):
            end += 1
        notes.append(_parsed(lines[at:blank], lines[blank + 1 : end], f"{file}, line {at + 1}"))
        at = end
    return notes


def _parsed(body: list[str], signed: list[str], where: str) -> Checkpoint:
    try:
        origin, size, root, *more = body
        signatures = []
        for line in signed:
            name, encoded = line.removeprefix(DASH).split(" ")
            signatures.append((name, base64.b64decode(encoded, validate=True)))
        if not signatures:
            raise ValueError
        time = next((int(m.removeprefix("time ")) for m in more if m.startswith("time ")), 0)
        return Checkpoint(
            origin,
            int(size),
            base64.b64decode(root, validate=True),
            time,
            "\n".join(body) + "\n",
            tuple(signatures),
        )
    except (ValueError, binascii.Error):
        raise BadNote(f"{where}: is no signed checkpoint") from None


class Checkpointer:
    """Signs the tree's head each thousand rows or minute, into a file outside the log.

    stamp: a file beside the rows that holds the public key; so another's key is noticed even
        where the checkpoints are lost.
    """

    def __init__(self, keys: Path, file: Path, stamp: Path | None = None) -> None:
        self._keys = keys
        self.file: Final = file
        self._stamp = stamp
        self._signer: Signer | None = None
        self._size = -1  # of the newest checkpoint in the file
        self._time = 0
        self.failed = ""  # why the newest one could not be written; empty when it was

    @property
    def signer(self) -> Signer:
        """The signing key. Raises AuditUnavailable, also where it is not the one that signed
        before."""
        if self._signer is None:
            signer = load_signer(self._keys, self._signed_by())
            if self._stamp is not None and not self._stamp.exists():
                self._stamp.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._stamp.write_text(f"{signer.public}\n", "ascii")
            self._signer = signer
        return self._signer

    def _signed_by(self) -> str:
        """The name of the key that signed before; empty where none did."""
        try:
            if self._stamp is not None:
                return self._stamp.read_text("utf-8").partition("+")[0]
        except OSError:
            pass
        try:
            notes = read_notes(self.file)
        except (OSError, BadNote):  # `verify` says what is wrong with them
            return ""
        return notes[-1].origin if notes else ""

    def grown(self, frontier: Frontier, clock: int, *, at_once: bool = False) -> bool:
        """Sign if it is time; whether a checkpoint was written. Call under the log's lock."""
        if self._size < 0:
            self._size, self._time = self.newest()
        if frontier.size <= self._size:
            return False
        due = frontier.size - self._size >= EVERY_ROWS or clock - self._time >= EVERY_MICROSECONDS
        if not due and not at_once:
            return False
        newest, time = self.newest()
        if newest >= frontier.size:  # another process has signed meanwhile
            self._size, self._time = newest, time
            return False
        # The rows are safe; what is missing is shown until it can be written again.
        try:
            note = self.signer.sign(frontier.size, frontier.root(), clock)
            _append(self.file, note + "\n")
        except OSError as error:
            self.failed = error.strerror or type(error).__name__
            return False
        except AuditUnavailable as error:
            self.failed = str(error)
            return False
        self.failed = ""
        self._size, self._time = frontier.size, clock
        return True

    def newest(self) -> tuple[int, int]:
        """Rows and time (microseconds) of the newest checkpoint in the file; zeros without one."""
        try:
            with self.file.open("rb") as file:
                file.seek(max(0, self.file.stat().st_size - _TAIL))
                tail = file.read()
        except OSError:
            return 0, 0
        notes = tail.decode("utf-8", "replace").split("\n\n")
        for text in reversed(notes):
            lines = text.strip("\n").split("\n")
            if len(lines) >= 3 and lines[1].isdecimal():
                time = next((m for m in lines[3:] if m.startswith("time ")), "time 0")
                return int(lines[1]), int(time.removeprefix("time ") or 0)
        return 0, 0


def _append(path: Path, text: str) -> None:
    """Add a note, whole or not at all: half a note would spoil every one that follows."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        end = _whole(fd)
        try:
            os.ftruncate(fd, end)
            if os.write(fd, text.encode()) < len(text.encode()):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fdatasync(fd)
        except OSError:
            os.ftruncate(fd, end)
            raise
    finally:
        os.close(fd)


def _whole(fd: int) -> int:
    """Where the last whole note ends: behind it at most a note that was broken off.

    Anything longer was not left there by a broken write; it stays, for `verify` to find.
    """
    size = os.fstat(fd).st_size
    first = max(0, size - _TAIL)
    tail = os.pread(fd, size - first, first)
    ends = [match.end() for match in _NOTE_END.finditer(tail)] or [0]
    broken_off = len(tail) - ends[-1]
    return size - broken_off if broken_off < _LONGEST_NOTE else size
