"""Who keeps the master key, under which all data keys are wrapped."""

from __future__ import annotations

import base64
import os
import secrets
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanlan.core.sealing.ciphers import NONCE
from guanlan.core.sealing.errors import KeysUnusable

MASTER: Final = "master.key"
_MARK: Final = "guanlan-master-1"
_ID: Final = 4
COMMAND_SECONDS: Final = 30


class Provider(Protocol):
    """Keeps a master key. Wrapped bytes are text, so that any service's own form fits."""

    @property
    def name(self) -> str:
        """What it is called in the settings."""

    @property
    def place(self) -> str:
        """Where the master key is, for people."""

    def make(self) -> None:
        """Make the master key where there is none yet and it can be made."""

    def wrap(self, plain: bytes) -> str:
        """`plain`, so that it may lie on a disk. Raises KeysUnusable."""

    def unwrap(self, wrapped: str) -> bytes:
        """What was wrapped. Raises KeysUnusable, saying why."""

    def rotate(self) -> None:
        """Wrap with a new master key from now on; the older ones still unwrap."""

    def settle(self) -> None:
        """Nothing is wrapped by older master keys any more: forget them where that is ours."""


class _Master(NamedTuple):
    id: str
    key: bytes


class KeyFile:
    """The master key in a file of the data directory, readable by its owner only."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """Where the master key is."""
        return str(self._path)

    def make(self) -> None:
        """Make the file where it is absent."""
        if not self._path.exists():
            self._write([_fresh()])

    def wrap(self, plain: bytes) -> str:
        """AES-256-GCM under the newest key of the file."""
        master = self._masters()[-1]
        nonce = os.urandom(NONCE)
        sealed = AESGCM(master.key).encrypt(nonce, plain, master.id.encode())
        return f"{master.id}:{base64.b64encode(nonce + sealed).decode()}"

    def unwrap(self, wrapped: str) -> bytes:
        """Raises KeysUnusable where the file holds another key."""
        name, _, text = wrapped.partition(":")
        found = next((m for m in self._masters() if m.id == name), None)
        if found is None:
            raise KeysUnusable(
                f"{self._path}: this is not the key file these keys were wrapped with;"
                " restore the one that belongs to this data directory"
            )
        try:
            blob = base64.b64decode(text, validate=True)
            return AESGCM(found.key).decrypt(blob[:NONCE], blob[NONCE:], name.encode())
        except (InvalidTag, ValueError):
            raise KeysUnusable(
                f"{self._path}: a wrapped key does not open with it; restore the keys from a backup"
            ) from None

    def rotate(self) -> None:
        """Add a key to the file."""
        self._write([*self._masters(), _fresh()])

    def settle(self) -> None:
        """Keep the newest key only."""
        self._write(self._masters()[-1:])

    def _masters(self) -> list[_Master]:
        private(self._path)
        try:
            lines = self._path.read_text("ascii").splitlines()
        except FileNotFoundError:
            raise KeysUnusable(
                f"{self._path}: the key file is missing; restore it from a backup"
            ) from None
        except (OSError, UnicodeDecodeError):
            raise KeysUnusable(f"{self._path}: expected a readable key file") from None
        found = [_parsed(line) for line in lines if line.strip()]
        masters = [master for master in found if master is not None]
        if not masters or len(masters) != len(found):
            raise KeysUnusable(
                f"{self._path}: expected a key file of Guanlan, and it is damaged or another's"
            )
        return masters

    def _write(self, masters: Sequence[_Master]) -> None:
        lines = [f"{_MARK} {m.id} {base64.b64encode(m.key).decode()}\n" for m in masters]
        write_private(self._path, "".join(lines).encode())


def _fresh() -> _Master:
    return _Master(secrets.token_hex(_ID), secrets.token_bytes(32))


def _parsed(line: str) -> _Master | None:
    parts = line.split()
    if len(parts) != 3 or parts[0] != _MARK:
        return None
    try:
        key = base64.b64decode(parts[2], validate=True)
    except ValueError:
        return None
    return _Master(parts[1], key) if len(key) == 32 else None


class Command:
    """A program of the operator that asks a key service: any cloud's, or a hardware module's.

    It is called with one more argument, `wrap`, `unwrap` or `rotate`; reads base64 (wrap) or
    the wrapped text (unwrap) on its input, and prints the other on its output. Any other end
    than exit code 0 stops the start. It gets its own environment from ours.
    """

    name = "command"

    def __init__(self, command: Sequence[str]) -> None:
        if not command:
            raise KeysUnusable("GUANLAN_KEY_COMMAND: expected the program that wraps keys")
        self._command = list(command)

    @property
    def place(self) -> str:
        """The program."""
        return self._command[0]

    def make(self) -> None:
        """The key service makes its key itself."""

    def wrap(self, plain: bytes) -> str:
        """What the program prints."""
        return self._ask("wrap", base64.b64encode(plain).decode())

    def unwrap(self, wrapped: str) -> bytes:
        """What the program prints, decoded."""
        try:
            return base64.b64decode(self._ask("unwrap", wrapped), validate=True)
        except ValueError:
            raise KeysUnusable(f"{self.place} unwrap: expected base64 on its output") from None

    def rotate(self) -> None:
        """Have the key service rotate."""
        self._ask("rotate", "", silent=True)

    def settle(self) -> None:
        """The key service keeps its versions itself."""

    def _ask(self, verb: str, given: str, *, silent: bool = False) -> str:
        try:
            done = subprocess.run(
                [*self._command, verb],
                input=given + "\n",
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
            raise KeysUnusable(
                f"{self.place} {verb}: the key command does not run or does not answer"
            ) from None
        answer = done.stdout.strip()
        if done.returncode or (not answer and not silent):
            raise KeysUnusable(
                f"{self.place} {verb}: the key command ended with {done.returncode}"
                " and gave no key; see what it says when called by hand"
            )
        return answer


def private(path: Path) -> None:
    """Raises KeysUnusable where others than the owner may read a file or folder."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if stat.S_IMODE(mode) & 0o077:
        wanted = "700" if stat.S_ISDIR(mode) else "600"
        raise KeysUnusable(f"{path}: others than its owner may read it; chmod {wanted} {path}")


def write_private(path: Path, content: bytes) -> None:
    """Put a whole file in its place, durably, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
