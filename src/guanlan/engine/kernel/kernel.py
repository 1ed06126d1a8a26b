"""The machine: one arena, one program, run by the interpreter until numba's code is warm."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from types import CodeType

from guanlan.engine.kernel import compiled, primitives
from guanlan.engine.kernel.arena import Arena
from guanlan.engine.kernel.layout import Layout
from guanlan.engine.kernel.shape import ID, Shape
from guanlan.engine.kernel.source import jit_source, plain_source

DEFAULT_RESERVE = 8 << 30


class Kernel:
    """State of a shape and the program that moves it one event on.

    Not thread-safe: `run` and `peek` belong to the one writer. `warm` compiles in another
    process and swaps from a thread of its own; the swap is one assignment between two runs and
    both programs give the same bytes on the same arena.

    `reserve_bytes` is address space, not memory. It is also the cap: the arena counts as full
    when the next event *could* not find room, so a share stays unused (as much as the tables
    near doubling and twice the largest ring of every series).
    Raises MemoryError when the system refuses the reservation.
    """

    def __init__(self, shape: Shape, cache_dir: Path, reserve_bytes: int = DEFAULT_RESERVE) -> None:
        self.shape = shape
        self._cache = cache_dir
        self._layout = Layout(shape)
        self._arena = Arena(reserve_bytes, self._layout.header(reserve_bytes // 8))
        self._words = self._arena.words
        self._plain = _interpreted(self._layout)
        self._fast: compiled.Program | None = None
        self._fast_arena: object = None
        self._plain_buffers = compiled.Buffers(compiled.plain_view)
        self._fast_buffers = compiled.Buffers(compiled.fast_view)
        self._warming: threading.Thread | None = None
        self.warm_error: str = ""

    @property
    def jitted(self) -> bool:
        return self._fast is not None

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
        if n * self.shape.row_width > len(rows) or n * self.shape.out_width > len(outs):
            raise ValueError(f"the buffers are too short for {n} events")
        if self._fast is None:
            return self._plain(self._words, *self._plain_buffers.of(rows, outs), n)
        return self._fast(self._fast_arena, *self._fast_buffers.of(rows, outs), n)

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
        """Compiles (or loads from the cache) here and now, ~10 s of CPU when cold, and swaps.

        Raises OSError if the cache directory cannot be written, ImportError without numba.
        """
        fast = compiled.load(self._source(), self._cache)
        self._fast_arena = compiled.fast_view(self._words)
        self._fast = fast

    def warm(self, done: Callable[[], None] | None = None) -> None:
        """Compiles in a background process, then loads and swaps; returns at once.

        `done` is called from the background thread afterwards, also after a failure, which
        leaves the kernel interpreted and its reason in `warm_error`.
        """
        if self._warming is None and self._fast is None:
            self._warming = threading.Thread(target=self._warm, args=(done,), daemon=True)
            self._warming.start()

    def wait_warm(self, timeout: float | None = None) -> bool:
        """Waits for a `warm` under way; returns `jitted`."""
        if self._warming is not None:
            self._warming.join(timeout)
        return self.jitted

    def _warm(self, done: Callable[[], None] | None) -> None:
        try:
            compiled.compile_aside(self._source(), self._cache)
            self.compile_now()
        except (OSError, ImportError, compiled.CompileError) as error:
            self.warm_error = str(error)
        finally:
            if done is not None:
                done()

    def _source(self) -> str:
        return jit_source(self._layout)


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


_Plain = Callable[[object, object, object, int], int]


def _interpreted(layout: Layout) -> _Plain:
    code: CodeType = compile(plain_source(layout), "<kernel>", "exec")
    namespace: dict[str, _Plain] = {}
    exec(code, namespace)  # noqa: S102  (text of numbers, written by source.py)
    return namespace["run"]
