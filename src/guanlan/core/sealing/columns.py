"""Values of one column, bound to their row: the fast path, without any field or model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

from django.utils.translation import gettext

from guanlan.core.sealing.ciphers import key_of
from guanlan.core.sealing.errors import Unopened
from guanlan.core.sealing.installation import keyring

logger = logging.getLogger(__name__)

Row = str | int | bytes
Alarm = Callable[[str, str], None]  # column, row


class Unreadable:
    """Stands where a sealed value does not open. It is shown as "unreadable", is false, and
    is written back as it was found."""

    __slots__ = ("column", "stored")

    def __init__(self, column: str, stored: bytes) -> None:
        self.column = column
        self.stored = stored

    def __str__(self) -> str:
        return gettext("unreadable")

    def __repr__(self) -> str:
        return f"<unreadable {self.column}>"

    def __bool__(self) -> bool:
        return False


_alarms: Final[list[Alarm]] = []


def on_unreadable(alarm: Alarm) -> Alarm:
    """Have `alarm(column, row)` called whenever a value does not open; it must not raise."""
    _alarms.append(alarm)
    return alarm


def tell_unreadable(column: str, row: str, why: str) -> None:
    """Log that a sealed value does not open, and tell those who watch for it."""
    logger.error("%s of row %s does not open: %s", column, row, why)
    for alarm in _alarms:
        alarm(column, row)


class Column:
    """One sealed column, by table and name as the database has them."""

    def __init__(self, table: str, name: str) -> None:
        self.name = f"{table}.{name}"
        self.bound = f"{table}\0{name}\0".encode()

    def seal(self, row: Row, plain: bytes) -> bytes:
        """`plain` as it is stored in this row."""
        return keyring().seal("field", plain, self.bound + _row(row))

    def open(self, row: Row, stored: bytes) -> bytes:
        """What was sealed in this row. Raises Unopened."""
        return keyring().open("field", stored, self.bound + _row(row))

    def seal_many(self, values: Iterable[tuple[Row, bytes]]) -> list[bytes]:
        """Many at once: (row, plain) each."""
        ring, bound = keyring(), self.bound
        return [ring.seal("field", plain, bound + _row(row)) for row, plain in values]

    def open_many(self, values: Iterable[tuple[Row, bytes]]) -> list[bytes | Unreadable]:
        """Many at once: (row, stored) each; what does not open is Unreadable, and told."""
        return [self.read(row, stored) for row, stored in values]

    def read(self, row: Row, stored: bytes) -> bytes | Unreadable:
        """What was sealed, or Unreadable: it is logged, and told to those who watch for it."""
        try:
            return self.open(row, stored)
        except Unopened as error:
            return self.unreadable(row, stored, str(error))

    def unreadable(self, row: Row, stored: bytes, why: str) -> Unreadable:
        """Tell of a value that does not open."""
        shown = row.hex() if isinstance(row, bytes) else str(row)
        key = key_of(stored)
        named = f"key {key}" if key is not None else "no key of ours"
        tell_unreadable(self.name, shown, f"{why} ({named})")
        return Unreadable(self.name, stored)


def _row(row: Row) -> bytes:
    return row if isinstance(row, bytes) else str(row).encode()
