"""The machine: one arena, one program, run by the interpreter until numba's code is warm."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from guanlan.engine.kernel import compiled, primitives
from guanlan.engine.kernel.arena import Arena
from guanlan.engine.kernel.layout import Layout
from guanlan.engine.kernel.shape import ID, Shape
from guanlan.engine.kernel.source import jit_source, plain_source

DEFAULT_RESERVE = 8 << 30


class Kernel:
    """State of a shape and the program that moves it one event on.

    Not thread-safe: `run` and `peek` belong to the one writer. `warm` compiles in another
    process; the next `run` after that swaps. Both programs give the same bytes and leave the
    same arena.

    `reserve_bytes` is address space, not memory. It is also the cap: the arena counts as full
    when the next event *could* not find room, so a share stays unused (as much as the tables
    near doubling and twice the largest ring of every series). Nothing is given back: a key
    once seen keeps its block and the largest ring it ever had; a replay into a new kernel
    compacts. A table that doubles moves all its entries at once, a pause of ~20 ns an entry
    compiled and ~1 us interpreted.
    Raises MemoryError when the system refuses the reservation.
    """

    def __init__(self, shape: Shape, cache_dir: Path, reserve_bytes: int = DEFAULT_RESERVE) -> None:
        self.shape = shape
        self._cache = cache_dir
        self._layout = Layout(shape)
        self._arena = Arena(reserve_bytes, self._layout.header(reserve_bytes // 8))
        self._words = self._arena.words
        self._plain = _interpreted(self._layout)
        # What `run` uses: program, its views of the arena and of the caller's two buffers.
        self._program: compiled.Program = self._plain
        self._view: Callable[[compiled.Int64Buffer], Any] = compiled.plain_view
        self._arena_view: Any = self._words
        self._rows: object = None
        self._outs: object = None
        self._rows_view: Any = None
        self._outs_view: Any = None
        self._room = 0
        self._next: compiled.Program | None = None
        self._compiling = compiled.Compiling()
        self._warming: threading.Thread | None = None
        self.warm_error: str = ""

    @property
    def jitted(self) -> bool:
        """Whether the next `run` uses compiled code."""
        return self._next is not None or self._program is not self._plain

    @property
    def events(self) -> int:
        """Events taken, duplicates not counted; the next event gets this sequence number."""
        return self._words[primitives.SEQ]

    @property
    def memory_bytes(self) -> int:
        """Bytes of the arena in use, freed blocks that wait for reuse included."""
        return 8 * self._words[primitives.TOP]

    def run(self, rows: compiled.Int64Buffer, outs: compiled.Int64Buffer, n: int) -> int:
        """Takes the first n rows in order and fills their slots; returns how many it took.

        `rows` holds at least n * shape.row_width, `outs` n * shape.out_width int64 (flat
        memoryview cast to "q", array("q") or numpy int64; `outs` writable). Fewer than n means
        that the arena is full: that event and those after it have changed nothing. Reusing
        the same two objects saves a microsecond a call.

        ValueError if a buffer is too short.
        """
        if rows is not self._rows or outs is not self._outs or self._next is not None:
            self._bind(rows, outs)
        if n > self._room:
            raise ValueError(f"the buffers have room for {self._room} events, not for {n}")
        return self._program(self._arena_view, self._rows_view, self._outs_view, n)

    def _bind(self, rows: compiled.Int64Buffer, outs: compiled.Int64Buffer) -> None:
        if self._next is not None:  # swapped here, so that no other thread ever does it
            self._program, self._next = self._next, None
            self._view = compiled.fast_view
            self._arena_view = self._view(self._words)
        if memoryview(outs).readonly:  # type: ignore[arg-type]
            raise ValueError("the buffer for slots must be writable")
        self._rows_view, self._outs_view = self._view(rows), self._view(outs)
        self._room = min(
            len(self._rows_view) // self.shape.row_width,
            len(self._outs_view) // self.shape.out_width,
        )
        self._rows, self._outs = rows, outs

    def find(self, id_hash: int) -> int:
        """The sequence number of the event with this id hash, -1 if there is none."""
        return primitives.find(self._words, primitives.TABLES, id_hash) - 1

    def peek(self, row: compiled.Int64Buffer, out: compiled.Int64Buffer) -> None:
        """Fills `out` with the slots an event of this row's type, clock and keys would read,
        without the event itself: it enters no series and is no duplicate. Changes nothing,
        also when the clock is later than that of the next event. Runs interpreted.
        """
        copy = compiled.plain_view(row)[: self.shape.row_width].tolist()
        copy[ID] = 0
        for s in self.shape.series:
            copy[s.word] = 0
        # Room for one event is not needed to read, so a full arena must not stop a peek.
        overlay = _Overlay(self._words, {primitives.LIMIT: 2**62})
        self._plain(overlay, copy, compiled.plain_view(out), 1)

    def compile_now(self) -> None:
        """Compiles here and now (or loads from the cache), a minute of CPU at most, and swaps.

        Raises OSError if the cache directory cannot be written, ImportError without numba.
        """
        if not self.jitted:
            self._next = compiled.load(jit_source(self._layout), self._cache)

    def warm(self, done: Callable[[], None] | None = None) -> None:
        """Compiles in a background process, then loads and swaps; returns at once.

        `done` is called from the background thread afterwards, also after a failure, which
        leaves the kernel interpreted and its reason in `warm_error`.
        """
        if self._warming is None and not self.jitted:
            self._warming = threading.Thread(target=self._warm, args=(done,), daemon=True)
            self._warming.start()

    def wait_warm(self, timeout: float | None = None) -> bool:
        """Waits for a `warm` under way; returns `jitted`."""
        if self._warming is not None:
            self._warming.join(timeout)
        return self.jitted

    def close(self) -> None:
        """Stops a `warm` under way. The kernel stays usable as it is."""
        self._compiling.stop()
        self.wait_warm()

    def _warm(self, done: Callable[[], None] | None) -> None:
        try:
            self._compiling.run(jit_source(self._layout), self._cache)
            self.compile_now()
        except (OSError, ImportError, RuntimeError, compiled.CompileError) as error:
            self.warm_error = str(error)
        finally:
            if done is not None:
                done()


class _Overlay:
    """Reads through to the arena and keeps every write to itself."""

    def __init__(self, words: memoryview, writes: dict[int, int]) -> None:
        self._words = words
        self._writes = writes

    def __getitem__(self, at: int | slice) -> int | memoryview:
        if isinstance(at, slice):  # only constants of the header are read as slices
            return self._words[at]
        written = self._writes.get(at)
        return self._words[at] if written is None else written

    def __setitem__(self, at: int, value: int) -> None:
        self._writes[at] = value


def _interpreted(layout: Layout) -> compiled.Program:
    code: CodeType = compile(plain_source(layout), "<kernel>", "exec")
    namespace: dict[str, compiled.Program] = {}
    exec(code, namespace)  # noqa: S102  (text of numbers, written by source.py)
    return namespace["run"]
