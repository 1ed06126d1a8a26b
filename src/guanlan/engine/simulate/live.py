"""Endless traffic for a demonstration: honest sessions, and an attack every few minutes."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
import polars as pl

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import ATTACKS, DAY, SECOND, Batch
from guanlan.engine.simulate.episodes import play
from guanlan.engine.simulate.frame import to_frame
from guanlan.engine.simulate.habits import Habits
from guanlan.engine.simulate.stage import Stage
from guanlan.engine.simulate.wire import label_events, wire_events
from guanlan.engine.simulate.world import Fresh, make_world

_STRETCH: Final = 10 * SECOND  # drawn at a time
_EPISODE: Final = 150 * SECOND  # an episode longer than this is played faster
_HORIZON: Final = 30 * DAY  # newcomers, journeys and new phones are drawn for so long
_FIRST_ATTACK: Final = 15 * SECOND


def live(
    seed: int,
    rate: float,
    start: int,
    *,
    attack_every: float = 120.0,
    attacks: Collection[str] = ATTACKS,
) -> Iterator[tuple[int, bytes]]:
    """Yield (due time in µs, wire event) for ever, due times never falling.

    `rate` is honest events a second, `start` the caller's clock in microseconds since
    1970-01-01 UTC, `attack_every` the mean number of seconds between episodes (the first
    comes after 15). Half of the frauds are reported by a label event two to ten minutes
    later. No clock is read: the caller waits until each event is due. Raises ValueError when
    an argument is out of range or an attack is unknown.
    """
    if not 0 < rate <= 100_000:
        raise ValueError(f"rate must be more than 0 and at most 100000 a second, not {rate}")
    if attack_every <= 0:
        raise ValueError(f"attack_every must be more than 0 seconds, not {attack_every}")
    unknown = sorted(set(attacks) - set(ATTACKS))
    if unknown:
        raise ValueError(f"unknown attack {unknown[0]!r}; known are {', '.join(ATTACKS)}")
    wanted = tuple(name for name in ATTACKS if name in attacks)
    return _traffic(seed, rate, start - start % 1000, attack_every, wanted)


def _traffic(
    seed: int, rate: float, start: int, attack_every: float, attacks: tuple[str, ...]
) -> Iterator[tuple[int, bytes]]:
    people, honest, dishonest = np.random.default_rng(seed).spawn(3)
    customers = int(np.clip(rate * 20_000, 1000, 200_000))
    newcomers = int(min(rate * 0.006 * _HORIZON / SECOND, customers // 2))
    # They join from a second after the start, so that somebody is always there already.
    world = make_world(people, customers, newcomers, start + SECOND, start + _HORIZON)
    habits, stage = Habits(world, honest), Stage(world, dishonest, Fresh(world))
    prefix = f"live-{seed}-{start // 1000:x}-"
    reports: list[tuple[int, bytes]] = []
    carried, done, episode = c.join([]), 0, 0
    order: list[str] = []
    next_attack = start + _FIRST_ATTACK
    low = start
    while True:
        high = low + _STRETCH
        parts = [carried]
        count = int(honest.poisson(rate * _STRETCH / SECOND))
        parts.append(habits.events(low, high, count, by_the_hour=False))
        while attacks and next_attack < high:
            order = order or [str(name) for name in dishonest.permutation(attacks)]
            parts.append(_quickened(play(stage, order.pop(), next_attack, episode), next_attack))
            episode += 1
            next_attack += int(dishonest.exponential(attack_every) * SECOND) + SECOND
        batch = c.in_time_order(c.join(parts))
        late = batch["time"] >= high
        carried, batch = c.take(batch, late), c.take(batch, ~late)
        n = c.rows_of(batch)
        if n:
            told = batch["time"] + (dishonest.uniform(120, 600, n) * SECOND).astype(np.int64)
            batch["label_known_at"] = told
            frame = to_frame(batch, done, prefix)
            done += n
            reported = frame.filter(pl.Series(dishonest.random(n) < 0.5))
            for report in label_events(reported):
                heapq.heappush(reports, report)
            for due, body in zip(frame["time"].to_list(), wire_events(frame), strict=True):
                while reports and reports[0][0] <= due:
                    yield heapq.heappop(reports)
                yield due, body
        low = high


def _quickened(batch: Batch, at: int) -> Batch:
    """The episode moved to begin at `at`, and played faster when it would take too long."""
    time = batch["time"]
    length = max(1, int(time[-1] - time[0]))
    offset = (time - time[0]) * min(1.0, _EPISODE / length)
    moved = at + offset.astype(np.int64)
    return batch | {"time": moved - moved % 1000}
