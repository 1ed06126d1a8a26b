"""A whole simulated history: honest days with attack episodes mixed in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import numpy as np
import polars as pl

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import ATTACKS, DAY, Array, Batch
from guanlan.engine.simulate.episodes import play
from guanlan.engine.simulate.frame import SCHEMA, to_frame
from guanlan.engine.simulate.habits import Habits
from guanlan.engine.simulate.lookalikes import misleading
from guanlan.engine.simulate.stage import Stage
from guanlan.engine.simulate.world import Fresh, make_world

_EVENTS_PER_CUSTOMER_DAY = 0.8
_NEWCOMER_SHARE = 0.006  # registrations among all events
_LOOKALIKE_SHARE = 0.004  # honest events in scenes that look like fraud


def simulate(
    events: int,
    seed: int,
    start: int,
    days: float = 60.0,
    *,
    attacks: Collection[str] = ATTACKS,
    share: float = 0.01,
) -> Iterator[pl.DataFrame]:
    """Yield exactly `events` labelled events in time order, a frame (`SCHEMA`) per day.

    `start` is microseconds since 1970-01-01 UTC, `days` the length of the history, `attacks`
    the kinds of episode to play (none: a quiet world), `share` about how large a part of all
    events belongs to episodes. The same arguments give the same bytes. Raises ValueError
    when an argument is out of range or an attack is unknown.
    """
    if events < 1:
        raise ValueError(f"events must be at least 1, not {events}")
    if not 0 < days <= 3660:
        raise ValueError(f"days must be more than 0 and at most 3660, not {days}")
    if not 0 <= share <= 0.5:
        raise ValueError(f"share must be between 0 and 0.5, not {share}")
    unknown = sorted(set(attacks) - set(ATTACKS))
    if unknown:
        raise ValueError(f"unknown attack {unknown[0]!r}; known are {', '.join(ATTACKS)}")
    return _history(events, seed, start - start % 1000, days, frozenset(attacks), share)


def write_parquet(
    path: Path,
    events: int,
    seed: int,
    start: int,
    days: float = 60.0,
    *,
    attacks: Collection[str] = ATTACKS,
    share: float = 0.01,
) -> int:
    """Write the history of `simulate` to one Parquet file; returns the number of events."""
    frames = simulate(events, seed, start, days, attacks=attacks, share=share)
    frame = pl.concat(list(frames), rechunk=False) if events else pl.DataFrame(schema=SCHEMA)
    frame.write_parquet(path, compression="zstd", row_group_size=250_000)
    return frame.height


def _history(
    events: int, seed: int, start: int, days: float, attacks: frozenset[str], share: float
) -> Iterator[pl.DataFrame]:
    # Independent streams: the honest part of a world is the same with and without attacks.
    people, honest, curious, dishonest = np.random.default_rng(seed).spawn(4)
    end = start + int(days * DAY)
    customers = max(60, round(events / (days * _EVENTS_PER_CUSTOMER_DAY)))
    newcomers = min(round(events * _NEWCOMER_SHARE), customers // 2)
    world = make_world(people, customers, newcomers, start, end)
    wanted: list[str] = [name for name in ATTACKS if name in attacks]
    fresh = Fresh(world)
    extras = [
        misleading(Stage(world, curious, fresh), round(events * _LOOKALIKE_SHARE), events // 4),
        _episodes(Stage(world, dishonest, fresh), wanted, round(events * share), events // 2),
    ]
    special = c.in_time_order(c.join(extras))
    habits = Habits(world, honest)
    edges = [*range(start, end, DAY), end]
    counts = _per_stretch(honest, events - c.rows_of(special), edges)

    carried, done = c.join([]), 0
    for low, high, count in zip(edges, edges[1:], counts, strict=False):
        first, last = np.searchsorted(special["time"], [low, high])
        today = c.take(special, np.arange(first, last))
        day = c.in_time_order(c.join([carried, habits.events(low, high, count), today]))
        late = (day["time"] >= high) & (high < end)
        carried, day = c.take(day, late), c.take(day, ~late)
        day["time"] = np.minimum(day["time"], end - 1000)
        if c.rows_of(day):
            yield to_frame(day, done, f"w{seed}-")
            done += c.rows_of(day)


def _per_stretch(rng: np.random.Generator, events: int, edges: list[int]) -> list[int]:
    """How many honest events fall into each stretch; weekends are busier."""
    lengths = np.diff(edges).astype(float)
    busy = lengths * np.where(np.arange(len(lengths)) % 7 >= 5, 1.15, 1.0)
    busy *= rng.uniform(0.95, 1.05, len(lengths))
    shares = np.floor(np.cumsum(busy) / busy.sum() * events + 0.5).astype(np.int64)
    counts: Array = np.diff(shares, prepend=0)
    return [int(count) for count in counts]


def _episodes(stage: Stage, wanted: list[str], aim: int, most: int) -> Batch:
    """Episodes of every wanted kind in turn until about `aim` events, in time order."""
    world, rng = stage.world, stage.rng
    span = world.end - world.start
    played: list[Batch] = []
    total = 0
    # Of each kind in turn; an episode may fall outside a short history altogether, so the
    # number of tries is bounded.
    turns: list[str] = []
    for _ in range(aim):
        if total >= aim or not wanted:
            break
        turns = turns or [str(name) for name in rng.permutation(wanted)]
        name = turns.pop()
        # Attackers come once there is a history; a woken sleeper needs a long one.
        low = 0.75 if name == "dormant_activation" else 0.1
        at = world.start + int(span * rng.uniform(low, 0.97))
        batch = play(stage, name, at - at % 1000, len(played))
        batch = c.take(batch, (batch["time"] >= world.start) & (batch["time"] < world.end))
        if total + c.rows_of(batch) > most:
            break
        played.append(batch)
        total += c.rows_of(batch)
    return c.in_time_order(c.join(played))
