"""An event log in memory, for backtests, trials and tests: same calls, nothing durable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guanlan.engine.log import Frame


class MemoryLog:
    """Keeps frames in a list; a position is an index into it.

    With `keep=False` event frames are forgotten at once: a backtest over millions of events
    then needs only the state, and a repeated event id is answered without its decision.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self.keep = keep
        self._frames: list[Frame] = []
        self.committed = 0

    def append(self, kind: int, seq: int, clock: int, sections: Sequence[bytes]) -> int:
        """Keep one frame; returns its position."""
        if not self.keep and kind == 1:
            return -1
        position = len(self._frames)
        self._frames.append(Frame(position, kind, seq, clock, 0, tuple(sections)))
        return position

    def append_all(
        self, kind: int, entries: Sequence[tuple[int, int, tuple[bytes, ...]]]
    ) -> list[int]:
        """Keep a frame for each (seq, clock, sections); returns their positions."""
        return [self.append(kind, seq, clock, sections) for seq, clock, sections in entries]

    def commit(self) -> int:
        """Everything appended so far counts as committed."""
        self.committed = len(self._frames)
        return self.committed

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames from position `start` up to `stop`."""
        yield from self._frames[start : self.committed if stop is None else stop]

    def at(self, position: int) -> Frame:
        """The frame at a position. Raises IndexError when it was not kept."""
        if position < 0:
            raise IndexError("this engine keeps no frames")
        return self._frames[position]

    def close(self) -> None:
        """Nothing to let go of."""
