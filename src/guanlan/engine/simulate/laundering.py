"""Attacks on the money: mules, structuring, sleeping accounts, scams and refunds.

As in `intrusion`, each function plays one episode; `at` is the time of its first event in
microseconds, though a mule account may have been opened days before.
"""

from __future__ import annotations

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import DAY, HOUR, Array, Batch
from guanlan.engine.simulate.stage import Stage, yuan


def _open_mule(stage: Stage, at: int, scene: Batch) -> tuple[Array, Batch]:
    """A mule account opened with someone else's name some days before `at`."""
    mule = stage.fresh.take("user", 1)
    opened = max(
        at - int(stage.rng.choice([6.0, 60.0]) * stage.rng.uniform(0.05, 1) * DAY),
        stage.world.start,
    )
    time = np.array([opened - opened % 1000])
    return mule, stage.registers(mule, time, scene, id_match=bool(stage.rng.random() < 0.7))


def mule_fan_in(stage: Stage, at: int) -> Batch:
    """Victims of one gang pay a young account, which passes the money on the same day."""
    rng = stage.rng
    scene = stage.lair()
    mule, opening = _open_mule(stage, at, scene)
    payers = stage.customers(at, int(rng.integers(5, 22)))
    n = len(payers)
    paid = stage.times(at, rng.exponential(rng.choice([900.0, 2400.0, 14_000.0]), n))
    amounts = yuan(stage, 400, 4000, n)
    inward = stage.transfers(
        payers, paid, stage.own(payers, paid), amounts, payee=mule[0],
        memo=np.where(rng.random(n) < 0.2, rng.integers(0, len(c.WORDS["memo"]), n), -1),
    )  # fmt: skip
    outs = int(rng.integers(1, 5))
    left = stage.times(int(paid[-1]), np.concatenate([[600.0], rng.uniform(120, 1200, outs)]))
    kind = rng.choice([c.WITHDRAWAL, c.CRYPTO, c.P2P], outs, p=[0.5, 0.2, 0.3])
    outward = stage.transfers(
        mule.repeat(outs),
        left[1:],
        scene,
        np.full(outs, int(amounts.sum() * rng.uniform(0.8, 0.97) / outs)),
        kind=kind,
        payee=np.where(kind == c.P2P, stage.mule(), -1),
        success=True,
    )
    return c.join([opening, inward, stage.logins(mule, left[:1], scene), outward])


def mule_fan_out(stage: Stage, at: int) -> Batch:
    """A few large credits, spread at once over many accounts, or sent round in a circle."""
    rng = stage.rng
    scene = stage.lair()
    mule, opening = _open_mule(stage, at, scene)
    sources = np.array([stage.mule() for _ in range(int(rng.integers(3, 6)))])
    k = len(sources)
    received = yuan(stage, 4000, 15_000, k)
    came = stage.times(at, rng.uniform(60, 900, k))
    there = stage.lair()
    inward = stage.transfers(sources, came, there, received, payee=mule[0], success=True)
    entry = stage.times(int(came[-1]), np.array([400.0]))
    total = int(received.sum())
    if rng.random() < 0.2:
        n = 10  # ping-pong between two accounts makes turnover look like trade
        other = stage.fresh.take("user", 1)
        time = stage.times(int(entry[0]), rng.uniform(120, 900, n))
        turn = np.arange(n) % 2 == 0
        outward = stage.transfers(
            np.where(turn, mule[0], other[0]), time, scene,
            (np.full(n, total / 4) * rng.uniform(0.95, 1.0, n)).astype(np.int64),
            payee=np.where(turn, other[0], mule[0]), success=True,
        )  # fmt: skip
    else:
        n = int(rng.integers(5, 18))
        slow = rng.random() < 0.25
        gaps = rng.uniform(900, 2400, n) if slow else rng.uniform(20, 200, n)
        same = rng.random() < 0.4
        share = np.full(n, 1 / n) if same else rng.dirichlet(np.full(n, 4.0))
        payees = rng.choice(stage.fresh.take("user", n), n, replace=False)
        outward = stage.transfers(
            mule.repeat(n),
            stage.times(int(entry[0]), gaps),
            scene,
            (share * total * 0.95).astype(np.int64),
            payee=payees,
            success=True,
        )
    return c.join([opening, inward, stage.logins(mule, entry, scene), outward])


def structuring(stage: Stage, at: int) -> Batch:
    """A large sum moved in parts that each stay just below the reporting limit of 50 000."""
    rng = stage.rng
    user = stage.customers(at, 1)
    n = int(rng.integers(3, 8))
    time = stage.times(at, rng.uniform(0.1, 1.3, n) * 86_400)
    kind = rng.choice([c.P2P, c.WITHDRAWAL], n, p=[0.6, 0.4])
    payees = np.array([stage.mule() for _ in range(n)])
    # Some have learned that "just below" is watched, and stay well below.
    low, high = (22_000, 39_000) if rng.random() < 0.25 else (41_000, 49_900)
    return stage.transfers(
        user.repeat(n), time, stage.own(user.repeat(n), time),
        (rng.uniform(low, high, n).round(-2) * 100).astype(np.int64),
        kind=kind, payee=np.where(kind == c.P2P, payees, -1), success=True,
    )  # fmt: skip


def dormant_activation(stage: Stage, at: int) -> Batch:
    """An account that slept for months wakes in other hands and pays out."""
    rng, world = stage.rng, stage.world
    user = rng.integers(0, max(1, world.sleepers), 1)
    scene = stage.lair() if rng.random() < 0.7 else stage.own(user, np.array([at]))
    entry = stage.times(at, np.array([1.0]))
    n = int(rng.integers(1, 4))
    idle = max(0, at - world.asleep_from) // DAY + int(rng.integers(20, 300))
    return c.join(
        [
            stage.logins(user, entry, scene),
            stage.transfers(
                user.repeat(n),
                stage.times(int(entry[0]), rng.uniform(60, 900, n)),
                {k: np.resize(v, n) for k, v in scene.items()},
                yuan(stage, *((300, 1900) if rng.random() < 0.3 else (1500, 12_000)), n),
                payee=stage.mule(),
                idle_days=idle,
            ),
        ]
    )


def first_payee_scam(stage: Stage, at: int) -> Batch:
    """The customer is talked into paying a stranger: own device, own hand, someone's voice."""
    rng, world = stage.rng, stage.world
    candidates = stage.customers(at, 60)  # the old are called more often
    user = candidates[np.argsort(-world.age[candidates])[:4]]
    user = rng.choice(user, 1)
    n = int(rng.integers(1, 4))
    if rng.random() < 0.3:  # late in the evening, local time
        at += (22 * HOUR - (at + 8 * HOUR)) % DAY
    entry = stage.times(at, np.array([1.0]))
    scene = stage.own(user, entry)
    time = stage.times(int(entry[0]), rng.uniform(90, 900, n))
    remote, shared = bool(rng.random() < 0.12), bool(rng.random() < 0.2)
    said = rng.random() < 0.35
    return c.join(
        [
            stage.logins(user, entry, scene, remote_control=remote),
            stage.transfers(
                user.repeat(n), time, {k: v.repeat(n) for k, v in scene.items()},
                yuan(stage, 500, 30_000, n), payee=stage.mule(), remote_control=remote,
                screen_share=shared, on_call=bool(rng.random() < 0.45), success=True,
                memo=int(rng.integers(c.ORDINARY_MEMOS, len(c.WORDS["memo"]))) if said else -1,
            ),
        ]
    )  # fmt: skip


def refund_abuse(stage: Stage, at: int) -> Batch:
    """One device claims refund after refund under a handful of accounts."""
    rng = stage.rng
    n = int(rng.integers(5, 15))
    users = stage.fresh.take("user", int(rng.integers(1, 4)))
    shop = int(rng.integers(0, len(stage.world.merchant_category)))
    return stage.transfers(
        users[np.arange(n) % len(users)],
        stage.times(at, rng.uniform(0.05, 1.2, n) * 86_400),
        stage.lair(),
        yuan(stage, 40, 900, n),
        kind=c.REFUND, merchant=shop, merchant_category=5, success=True,
    )  # fmt: skip
