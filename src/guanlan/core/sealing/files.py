"""Sealed files beside the database: whoever keeps some tells of them here.

Each file begins with a data key of its own, sealed by the ring; so a new key of the ring means
that this head is sealed anew, and the contents stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

from guanlan.core.sealing.ring import Purpose


class SealedFiles(Protocol):
    """Files of one kind."""

    @property
    def place(self) -> str:
        """Where they are, below the data directory."""

    @property
    def purpose(self) -> Purpose:
        """The purpose of the ring's keys that seal theirs."""

    def each(self) -> Iterator[tuple[str, int | None]]:
        """The name of each file and the id of the ring's key that it needs; None where it tells
        of none."""

    def opens(self, name: str) -> bool:
        """Whether the ring opens the key of this file."""

    def move(self, name: str) -> bool:
        """Seal the key of this file under the ring's current one; false where it does not open.

        A file that is gone meanwhile counts as moved.
        """


_files: Final[list[SealedFiles]] = []


def keep_files(kept: SealedFiles) -> None:
    """Have these files counted, tried at the start and moved to new keys."""
    _files.append(kept)


def sealed_files() -> list[SealedFiles]:
    """All kinds of sealed files."""
    return list(_files)
