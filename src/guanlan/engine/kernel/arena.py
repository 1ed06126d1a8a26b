"""The one array of int64 that holds all state, reserved but not committed."""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Sequence
from typing import Final

from guanlan.engine.kernel import primitives

_NORESERVE: Final = getattr(mmap, "MAP_NORESERVE", 0x4000)
_HUGEPAGE: Final = getattr(mmap, "MADV_HUGEPAGE", 14)


class Arena:
    """`reserve_bytes` of address space; memory is used as it is first written.

    `words` is a memoryview of int64 that never moves, so a compiled and an interpreted
    program can work on it in turn. Raises MemoryError with the size when the system refuses.
    """

    def __init__(self, reserve_bytes: int, header: Sequence[int]) -> None:
        size = max(reserve_bytes, 8 * header[primitives.TOP])
        size += -size % mmap.PAGESIZE
        flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _NORESERVE
        try:
            self._map = mmap.mmap(-1, size, flags=flags)
        except OSError as error:
            raise MemoryError(f"cannot reserve {size} bytes for the state: {error}") from None
        # Random touches over hundreds of megabytes: with pages of 4 KiB half of the time goes
        # into address translation. Where the system has no large pages this is refused.
        with contextlib.suppress(OSError):
            self._map.madvise(_HUGEPAGE)
        self.words: memoryview = memoryview(self._map).cast("q")
        self.words[: len(header)] = memoryview(_packed(header)).cast("q")


def _packed(words: Sequence[int]) -> bytes:
    return b"".join(w.to_bytes(8, "little", signed=True) for w in words)
