"""The engine: one writer that remembers, decides and records.

    engine = Engine.open(directory, scenario, secret=secret, now=now)
    answers = engine.decide([body, ...])
    engine.commit()                      # only now may the answers be released
    engine.close()

Everything an event changes is in the event log before its answer may leave: kill the process
anywhere, open the directory again, and the state is what was acknowledged.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import msgspec

from guanlan.engine.answer import (
    FAILED,
    FULL,
    NOT_KEPT,
    OTHER_BODY,
    Answer,
    EventLog,
    FrameReader,
    Reload,
    Stats,
)
from guanlan.engine.building import StateBuilder, feed
from guanlan.engine.changing import Changing
from guanlan.engine.entity import EntityView, look_up
from guanlan.engine.event import ClockText
from guanlan.engine.explain import META, Explanation, explain
from guanlan.engine.history import Epoch, History
from guanlan.engine.kernel import Kernel
from guanlan.engine.lists import Lists
from guanlan.engine.log import (
    EVENT,
    OPENED,
    PROGRAM,
    WARMED,
    KeyWrap,
    LogError,
    LogFailed,
    LogReader,
    LogWriter,
    Repair,
)
from guanlan.engine.memory import MemoryLog
from guanlan.engine.program import (
    NOTHING_WARMING,
    Program,
    event_time,
    same_events,
    warming_features,
)
from guanlan.engine.refusal import Refused
from guanlan.engine.restrictions import Restrictions
from guanlan.engine.rows import Keys, row_struct
from guanlan.engine.scenario.model import Scenario

BATCH = 512
"""Most events that go through the kernel in one call."""

COMPILE_FIRST = 200_000
"""From this many recorded events on, opening waits for compiled code instead of replaying with the
interpreter: a compile takes a minute, in which the interpreter replays about as many."""

CATCH_UP = 1 << 20
"""A state built in the background is swapped in when it is fewer bytes of log behind."""

State = Literal["ready", "failed", "closed"]
ClockMode = Literal["arrival", "event"]


class Engine(Changing):
    """Decides events in the order they are handed in. One thread calls `decide`, and may do
    so while another runs `commit` or `enter`; everything else is safe from any thread."""

    def __init__(
        self,
        program: Program,
        kernel: Kernel,
        log: EventLog,
        reader: FrameReader,
        history: History,
        lists: Lists,
        restrictions: Restrictions,
        keys: Keys,
        *,
        now: Callable[[], int],
        clock: ClockMode,
        last_clock: int,
        positions: list[int],
        cache: Path,
        reserve_bytes: int,
    ) -> None:
        self.program = program
        self.kernel = kernel
        self.history = history
        self.lists = lists
        self.restrictions = restrictions
        self.stats = Stats()
        self.state: State = "ready"
        self.failure: str = ""
        self.clock = last_clock
        self.clock_mode: ClockMode = clock
        self._log, self._reader, self._keys, self._now = log, reader, keys, now
        self._positions = positions  # of the event with each sequence number
        self._cache, self._reserve = cache, reserve_bytes
        self._lock = threading.RLock()
        self._fresh: dict[int, tuple[bytes, bytes]] = {}  # appended, not yet readable
        self._committing = threading.Lock()
        self._durable = len(positions)  # events that can be read from the log
        self._warmer: threading.Thread | None = None
        self.warm_error: str = ""
        self.repaired: Repair | None = None  # what opening the log had to cut off
        self._clock_text = ClockText()
        self._use(kernel)

    # -- opening -----------------------------------------------------------------------------

    @classmethod
    def open(
        cls,
        directory: Path,
        scenario: Scenario | None,
        *,
        secret: bytes,
        now: Callable[[], int],
        clock: ClockMode = "arrival",
        warm: bool = True,
        cache: Path | None = None,
        reserve_bytes: int = 8 << 30,
        keys: KeyWrap | None = None,
        **log_options: Any,
    ) -> Self:
        """Open the log in `directory`, rebuild the state from it and be ready to decide.

        `scenario` None means: go on with the program the log ended with. `now` gives
        microseconds since 1970. With `keys` what is recorded is sealed. Raises LogLocked,
        LogCorrupt, LogSealed, ValueError (no scenario anywhere), OSError.
        """
        cache = cache or directory.parent / "cache"
        log = LogWriter.open(directory, check="last", keys=keys, **log_options)
        try:
            reader = LogReader(directory, keys)
            hashing = Keys(secret)
            builder = StateBuilder.target(reader, scenario, hashing)
            kernel = Kernel(builder.program.shape, cache, reserve_bytes)
            if builder.recorded_events >= COMPILE_FIRST:
                kernel.compile_now()
            past = builder.build(kernel)
            engine = cls(
                builder.program, kernel, log, reader, past.history, past.lists, past.restrictions,
                hashing, now=now, clock=clock, last_clock=past.clock, positions=past.positions,
                cache=cache, reserve_bytes=reserve_bytes,
            )  # fmt: skip
            if builder.changes_program(past.history):
                engine._record_program()
            opened = msgspec.json.encode({"clock": clock})
            log.append(OPENED, engine.seq, engine.clock, (opened,))
            log.commit()
        except BaseException:
            log.close()
            raise
        engine.repaired = log.repaired
        if warm:
            kernel.warm()
        return engine

    @classmethod
    def in_memory(
        cls,
        scenario: Scenario,
        *,
        secret: bytes,
        now: Callable[[], int] | None = None,
        clock: ClockMode = "event",
        cache: Path | None = None,
        compiled: bool = False,
        keep: bool = True,
        reserve_bytes: int = 8 << 30,
    ) -> Self:
        """An engine without a directory, for backtests, trials and tests.

        Without `now` any event time up to the year 2100 is accepted. `compiled` waits for
        machine code; `keep=False` forgets decisions once given.
        """
        keys = Keys(secret)
        program = Program(scenario, keys)
        cache = cache or Path.home() / ".cache" / "guanlan"
        kernel = Kernel(program.shape, cache, reserve_bytes)
        if compiled:
            kernel.compile_now()
        log = MemoryLog(keep=keep)
        engine = cls(
            program, kernel, log, log, History(), Lists(scenario), Restrictions(scenario), keys,
            now=now or _year_2100, clock=clock, last_clock=0, positions=[],
            cache=cache, reserve_bytes=reserve_bytes,
        )  # fmt: skip
        engine._record_program()
        log.commit()
        return engine

    def close(self) -> None:
        """Commit what is pending and let go of the log."""
        with self._lock:
            if self.state != "closed":
                self.state = "closed"
                self.kernel.close()
                self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- deciding ----------------------------------------------------------------------------

    @property
    def seq(self) -> int:
        """How many events have been decided; the number the next one gets."""
        return len(self._positions)

    @property
    def log_position(self) -> int:
        """The position, in bytes, up to which the log is durable."""
        return self._log.committed

    def decide(self, bodies: Sequence[bytes]) -> list[Answer]:
        """Record, aggregate and decide events given as JSON, in order.

        The answers may leave only after a `commit` that begins after this returns.
        """
        with self._lock:
            if self.state != "ready":
                refused = Answer(FAILED.status, FAILED.body())
                return [refused] * len(bodies)
            if len(bodies) <= BATCH:
                return self._decide(bodies)
            answers: list[Answer] = []
            for start in range(0, len(bodies), BATCH):
                answers += self._decide(bodies[start : start + BATCH])
            return answers

    def enter(self, bodies: Sequence[bytes]) -> list[Answer]:
        """Decide events that the platform itself makes, such as labels; durable when this
        returns. Raises LogFailed when the log cannot be written."""
        answers = self.decide(bodies)
        self.commit()
        return answers

    def _decide(self, bodies: Sequence[bytes]) -> list[Answer]:
        program = self.program
        arrival = self._now()
        by_event = self.clock_mode == "event"
        pack, size, rows = self._pack, self._row_bytes, self._rows_bytes
        decode, by_wire = program.codec.decode, program.by_wire
        answers: list[Any] = [None] * len(bodies)
        taken: list[tuple[int, Any, Any, Any, int]] = []
        clock = self.clock
        at = 0
        for i, body in enumerate(bodies):
            try:
                event = decode(body)
                time = arrival if event.time is None else event_time(event, arrival)
            except Refused as refused:
                answers[i] = Answer(refused.status, refused.body())
                continue
            tick = time if by_event else arrival
            if tick > clock:
                clock = tick
            kind = by_wire[type(event)]
            values, row = kind.fill(event, time, clock)
            pack(rows, at, *row)
            at += size
            taken.append((i, event, kind, values, clock))
        self.clock = clock
        self.stats.refused += len(bodies) - len(taken)
        if taken:
            try:
                self._finish(bodies, answers, taken, arrival)
            except BaseException as error:
                # The state may know events the log does not; only the log is to be trusted.
                self.state, self.failure = "failed", f"deciding failed: {type(error).__name__}"
                raise
        return answers

    def _finish(
        self,
        bodies: Sequence[bytes],
        answers: list[Any],
        taken: Sequence[tuple[int, Any, Any, Any, int]],
        arrival: int,
    ) -> None:
        done = self.kernel.run(self._rows, self._outs, len(taken))
        latency = max(0, min(self._now() - arrival, 2**32 - 1))
        meta = META.pack(arrival, latency, 0)
        rows, row_bytes, outs = self._rows_bytes, self._row_bytes, self._outs
        out_width, fresh, lists = self._out_width, self._fresh, self.lists
        restrictions = self.restrictions if self.restrictions.held else None
        first = seq = len(self._positions)
        frames = []
        for n, (i, event, kind, values, clock) in enumerate(taken):
            if n >= done:
                answers[i] = Answer(FULL.status, FULL.body())
                continue
            start = n * out_width
            slots = outs[start : start + kind.width]
            slot_list = slots.tolist()
            if slot_list[0] >= 0:
                answers[i] = self._repeated(slot_list[0], event.id, bodies[i])
                continue
            lists.clock = clock
            verdict = kind.judge(values, slot_list, lists)
            if restrictions is not None:
                verdict = restrictions.judge(kind.event.name, values, clock, verdict)
            decision = kind.encode(event.id, seq, self._clock_text(clock), verdict)
            at = n * row_bytes
            body = bodies[i]
            row = bytes(rows[at : at + row_bytes])
            frames.append((seq, clock, (row, slots.tobytes(), body, decision, meta)))
            fresh[seq] = (body, decision)
            if verdict.degraded:
                self.stats.degraded += 1
            answers[i] = Answer(200, decision, seq)
            seq += 1
        # A position tells `commit` that the frame is in the log's buffer, so it comes last.
        self._positions += self._log.append_all(EVENT, frames)
        self.stats.decided += seq - first

    def _repeated(self, seq: int, event_id: str, body: bytes) -> Answer:
        """The answer to an id seen before: the first decision, or a refusal."""
        known = self._fresh.get(seq)
        if known is None:
            try:
                frame = self._reader.at(self._positions[seq])
            except IndexError:
                return Answer(409, NOT_KEPT.body(), duplicate=True)
            known = frame.sections[2], frame.sections[3]
        first_body, decision = known
        if first_body != body and msgspec.json.decode(first_body) != msgspec.json.decode(body):
            return Answer(409, OTHER_BODY.body())
        self.stats.duplicates += 1
        return Answer(200, decision, seq, duplicate=True)

    def commit(self) -> None:
        """Make every decision given so far durable; any thread may call it.

        Raises LogFailed; then the engine is `failed`, and opening the directory again
        recovers what was committed before.
        """
        with self._committing:
            seq = len(self._positions)  # what has a position is in the log's buffer
            try:
                self._log.commit()
            except LogFailed as error:
                self.state, self.failure = "failed", str(error)
                raise
            for done in range(self._durable, seq):
                del self._fresh[done]
            self._durable = seq

    # -- looking -----------------------------------------------------------------------------

    def find(self, event_id: str) -> int | None:
        """The number of the event with this id, or None."""
        with self._lock:
            seq = self.kernel.find(self._keys.identifier(event_id))
        return None if seq < 0 else seq

    def decision(self, event_id: str) -> Explanation | None:
        """The recorded decision on an event with everything it was made of."""
        seq = self.find(event_id)
        return None if seq is None else self.explain(seq)

    def explain(self, seq: int) -> Explanation:
        """The recorded decision number `seq`. IndexError if there is none."""
        if not 0 <= seq < len(self._positions):
            raise IndexError(f"no event has the number {seq}")
        if seq >= self._durable:
            self.commit()
        return explain(self._reader.at(self._positions[seq]), self.history.at(seq))

    def entity(self, kind: str, key: str) -> EntityView | None:
        """What is remembered about an entity now; None for a kind that is not declared."""
        with self._lock:
            view = look_up(self.program, self.kernel, self.lists, self._keys, kind, key, self.clock)
            if view is None or not self.restrictions.held:
                return view
            found = self.restrictions.of(kind, key, self.clock)
            return msgspec.structs.replace(view, restrictions=tuple(found))

    # -- changing ----------------------------------------------------------------------------

    def reload(self, scenario: Scenario) -> Reload:
        """Decide with another scenario from the next batch on.

        Rules, lists, policy and thresholds change at once and touch no state. New features
        are unknown until a background thread has read the past; changed event types keep
        the old program until then. Raises ValueError, and changes nothing, when the
        scenario does not compile.
        """
        with self._lock:
            state = self.program.state
            if scenario.digest == self.program.digest:
                return Reload(scenario.digest, tuple(sorted(self.program.warming)), live=True)
            if not same_events(scenario, state):
                Program(scenario, self._keys)  # refuse now what would fail in the background
                self._start_warming(scenario)
                return Reload(scenario.digest, (), live=False)
            program = Program(scenario, self._keys, state=state, before=self.program)
            self.program = program
            self.lists.load(scenario)
            self.restrictions.load(scenario)
            self._record_program()
            if program.warming:
                self._start_warming(scenario)
        self.commit()
        return Reload(scenario.digest, tuple(sorted(program.warming)), live=True)

    def wait_warm(self, timeout: float | None = None) -> bool:
        """Wait for a state being built in the background; whether none is left."""
        if self._warmer is not None:
            self._warmer.join(timeout)
            return not self._warmer.is_alive()
        return True

    def _record_program(self) -> None:
        program = self.program
        self._log.append(PROGRAM, self.seq, self.clock, program.activation())
        self.history.begin(Epoch(self.seq, program.scenario, program.state, program.warming))

    def _start_warming(self, scenario: Scenario) -> None:
        self._warmer = threading.Thread(target=self._warm, args=(scenario,), daemon=True)
        self._warmer.start()

    def _warm(self, scenario: Scenario) -> None:
        try:
            self._build_beside(scenario)
        except (LogError, OSError, MemoryError, ImportError) as error:
            # The running program goes on; what is warming stays unknown, and says so.
            self.warm_error = str(error)

    def _build_beside(self, scenario: Scenario) -> None:
        """Build the state of `scenario` beside the running one, catch up, then swap."""
        program = Program(scenario, self._keys)
        kernel = Kernel(program.shape, self._cache, self._reserve)
        if self.seq >= COMPILE_FIRST or self.kernel.jitted:
            kernel.compile_now()
        read = 0
        while (end := self._log.committed) - read > CATCH_UP:
            feed(kernel, program, self._keys, self._reader.frames(read, end))
            read = end
        with self._lock:
            if self.state != "ready" or not self._still_wanted(scenario):
                return
            self.commit()
            feed(kernel, program, self._keys, self._reader.frames(read, self._log.committed))
            was_live = self.program.digest == scenario.digest
            self.program = program
            self._use(kernel)
            self.lists.load(scenario)
            self.restrictions.load(scenario)
            if was_live:
                self._log.append(WARMED, self.seq, self.clock, ())
                self.history.begin(Epoch(self.seq, scenario, scenario, NOTHING_WARMING))
            else:
                self._record_program()
        self.commit()

    def _still_wanted(self, scenario: Scenario) -> bool:
        waiting = warming_features(scenario, self.program.state)
        return self._warmer is threading.current_thread() and (
            bool(waiting) or not same_events(scenario, self.program.state)
        )

    def _use(self, kernel: Kernel) -> None:
        self.kernel = kernel
        shape = kernel.shape
        packer: struct.Struct = row_struct(shape)
        self._pack, self._row_bytes = packer.pack_into, packer.size
        self._out_width = shape.out_width
        self._rows_bytes = bytearray(BATCH * packer.size)
        self._rows = memoryview(self._rows_bytes).cast("q")
        self._outs = memoryview(bytearray(8 * BATCH * shape.out_width)).cast("q")


def _year_2100() -> int:
    return 4_102_444_800_000_000
