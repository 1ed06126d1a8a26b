"""Honest people who do what fraudsters do: the false alarms of the simulated world.

A table of friends shares a bill, a shopkeeper is paid by everyone, a foreman pays the crew, a
campus signs up over lunch, a customer forgets the password. Rules that look only for a pattern
will stop them; how often they do is what the quiet part of a backtest shows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import DAY, HOUR, Batch
from guanlan.engine.simulate.stage import Stage, yuan


def shared_bill(stage: Stage, at: int) -> Batch:
    """Friends pay back the one who paid, each the same share."""
    payers = stage.customers(at, int(stage.rng.integers(4, 15)))
    time = stage.times(at, stage.rng.exponential(400.0, len(payers)))
    share = np.full(len(payers), yuan(stage, 40, 350, 1)[0])
    one = int(stage.customers(at, 1)[0])
    return stage.transfers(payers, time, stage.own(payers, time), share, payee=one, memo=4)


def street_stall(stage: Stage, at: int) -> Batch:
    """A stall without a merchant account, paid by passers-by all day."""
    payers = stage.customers(at, int(stage.rng.integers(10, 40)))
    time = stage.times(at, stage.rng.exponential(900.0, len(payers)))
    price = yuan(stage, 5, 120, len(payers))
    stall = int(stage.customers(stage.world.start, 1)[0])
    return stage.transfers(payers, time, stage.own(payers, time), price, payee=stall)


def pay_day(stage: Stage, at: int) -> Batch:
    """A foreman pays the crew in one go."""
    one = stage.customers(at, 1)
    crew = stage.customers(at, int(stage.rng.integers(4, 12)))
    n = len(crew)
    time = stage.times(at, stage.rng.uniform(40, 500, n))
    wage = np.round(yuan(stage, 1500, 6000, n), -4)
    boss = one.repeat(n)
    return stage.transfers(boss, time, stage.own(boss, time), wage, payee=crew, success=True)


def campus_day(stage: Stage, at: int) -> Batch:
    """Students sign up from one campus network, each on a phone of their own."""
    rng = stage.rng
    n = int(rng.integers(5, 20))
    scene: Batch = {
        "device": stage.fresh.take("device", n),
        "ip": stage.fresh.network(2)[rng.integers(0, 2, n)],
        "country": np.zeros(n, np.int64),
        "vpn": np.zeros(n, bool),
    }
    return stage.registers(
        stage.fresh.take("user", n), stage.times(at, rng.exponential(700.0, n)), scene
    )


def forgotten_password(stage: Stage, at: int) -> Batch:
    """A customer tries every password they remember, then the one-time code."""
    rng = stage.rng
    user = stage.customers(at, 1)
    n = int(rng.integers(4, 10))
    time = stage.times(at, rng.uniform(6, 60, n))
    users = user.repeat(n)
    last = np.arange(n) == n - 1
    scene = {name: column.repeat(n) for name, column in stage.own(user, time[:1]).items()}
    return stage.logins(
        users, time, scene, success=last, method=np.where(last, c.CODE, c.PASSWORD), otp_sent=last
    )


def house_deposit(stage: Stage, at: int) -> Batch:
    """A deposit and rent to a landlord never paid before, often while on the phone to them."""
    rng = stage.rng
    user = stage.customers(at, 1).repeat(2)
    time = stage.times(at, rng.uniform(60, 1200, 2))
    scene = {name: column.repeat(2) for name, column in stage.own(user[:1], time[:1]).items()}
    amount = np.round(yuan(stage, 2000, 9000, 2), -4)
    landlord = int(stage.customers(stage.world.start, 1)[0])
    return stage.transfers(
        user, time, scene, amount, payee=landlord, memo=1, on_call=bool(rng.random() < 0.04)
    )


def weekend_away(stage: Stage, at: int) -> Batch:
    """A new phone bought on a journey, and money sent home with it."""
    rng = stage.rng
    user = stage.customers(at, 1)
    time = stage.times(at, np.array([1.0, 300.0]))
    device = stage.fresh.take("device", 1)
    far: Batch = stage.own(user, time[:1]) | {"device": device}
    if rng.random() < 0.5:
        far |= {"lat": np.array([22.3193]), "lon": np.array([114.1694])}
    friend = int(stage.world.contacts[user[0], 0])
    enter = stage.logins(user, time[:1], far, method=c.CODE, otp_sent=True)
    return c.join(
        [enter, stage.transfers(user, time[1:], far, yuan(stage, 100, 5000, 1), payee=friend)]
    )


def sale_returns(stage: Stage, at: int) -> Batch:
    """After a sale somebody sends half of it back."""
    rng = stage.rng
    n = int(rng.integers(3, 8))
    user = stage.customers(at, 1)
    time = stage.times(at, rng.exponential(2.0, n) * DAY / c.SECOND)
    users = user.repeat(n)
    scene = {name: column.repeat(n) for name, column in stage.own(user, time[:1]).items()}
    return stage.transfers(
        users, time, scene, yuan(stage, 30, 600, n), kind=c.REFUND, merchant=1, merchant_category=8
    )


def gift_season(stage: Stage, at: int) -> Batch:
    """A company buys gift cards for its people before a holiday."""
    rng = stage.rng
    n = int(rng.integers(2, 8))
    user = stage.customers(at, 1)
    time = stage.times(at, rng.uniform(60, 600, n))
    scene = {name: column.repeat(n) for name, column in stage.own(user, time[:1]).items()}
    return stage.transfers(
        user.repeat(n), time, scene, np.round(yuan(stage, 200, 1500, n), -4),
        kind=c.MERCHANT, merchant=3, merchant_category=c.GIFT_CARD,
    )  # fmt: skip


LOOKALIKES: Final[tuple[Callable[[Stage, int], Batch], ...]] = (
    shared_bill,
    street_stall,
    pay_day,
    campus_day,
    forgotten_password,
    house_deposit,
    weekend_away,
    sale_returns,
    gift_season,
)


def misleading(stage: Stage, aim: int, most: int) -> Batch:
    """Lookalike scenes in turn until about `aim` events (never over `most`), by time."""
    world, rng = stage.world, stage.rng
    played: list[Batch] = []
    total = 0
    # A scene may fall outside a short history altogether, so the number of tries is bounded.
    for turn in range(aim):
        if total >= aim:
            break
        scene = LOOKALIKES[turn % len(LOOKALIKES)]
        at = world.start + int((world.end - world.start) * rng.random())
        at += 11 * HOUR - (at + 8 * HOUR) % DAY + int(rng.uniform(-2, 9) * HOUR)
        batch = c.join([scene(stage, max(world.start, at - at % 1000))])
        batch = c.take(batch, (batch["time"] >= world.start) & (batch["time"] < world.end))
        if total + c.rows_of(batch) > most:
            break
        played.append(batch)
        total += c.rows_of(batch)
    out = c.in_time_order(c.join(played))
    n = c.rows_of(out)
    out["label_known_at"] = out["time"] + rng.integers(20 * 86_400, 40 * 86_400, n) * c.SECOND
    return out
