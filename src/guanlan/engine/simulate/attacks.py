"""Attack episodes, one function per kind: `attack(stage, at) -> Batch`.

Each plays a known fraud from start to end with the spread of skill real offenders show: some
are loud, some keep below the thresholds a watcher would choose, so that recall is never 1.
`at` is the time of the first event in microseconds; rows may be in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import DAY, HOUR, MINUTE, SECOND, Array, Batch
from guanlan.engine.simulate.stage import ABROAD, Stage

Attack = Callable[[Stage, int], Batch]


def _yuan(stage: Stage, low: float, high: float, count: int) -> Array:
    """Amounts in fen, log-uniform between `low` and `high` yuan."""
    drawn = np.exp(stage.rng.uniform(np.log(low), np.log(high), count))
    return (drawn * 100).astype(np.int64)


def bulk_signup(stage: Stage, at: int) -> Batch:
    """Accounts by the dozen from a device farm, then promotions collected with them."""
    rng, fresh = stage.rng, stage.fresh
    n = int(rng.integers(10, 36))
    patient = rng.random() < 0.25
    users = fresh.take("user", n)
    devices = fresh.take("device", n if patient else max(2, n // 7))
    scene: Batch = {
        "device": devices[np.arange(n) % len(devices)],
        "ip": rng.choice(fresh.network(n if patient else 2), n),
        "country": np.full(n, rng.integers(ABROAD, 9) if rng.random() < 0.5 else 0),
        "vpn": np.full(n, rng.random() < 0.5),
    }
    gap = rng.uniform(1200, 9000, n) if patient else rng.uniform(15, 150, n)
    time = stage.times(at, gap)
    serial, stolen = rng.random() < 0.6, rng.random() < 0.4
    documents = fresh.take("id_number", 1 if stolen else n)
    stems = fresh.take("email_stem", 1 if serial else n)
    phones = fresh.take("phone", 2 if rng.random() < 0.3 else n)
    signups = stage.registers(
        users,
        time,
        scene,
        email_stem=stems[np.arange(n) % len(stems)],
        email_domain=rng.integers(5, 8, n) if rng.random() < 0.4 else rng.integers(0, 5, n),
        phone=phones[np.arange(n) % len(phones)],
        phone_type=int(rng.random() < 0.4),
        id_number=documents[np.arange(n) % len(documents)],
        id_match=rng.random(n) > (0.4 if stolen else 0.1),
        fill_seconds=np.round(rng.uniform(14, 40, n) if patient else rng.uniform(1.2, 6, n), 1),
        is_emulator=bool(rng.random() < 0.4),
        is_rooted=bool(rng.random() < 0.5),
        is_hooked=bool(rng.random() < 0.3),
    )
    spend = rng.random(n) < 0.5
    later = time[spend] + rng.integers(20 * MINUTE, 5 * HOUR, int(spend.sum()))
    later -= later % 1000
    there = {name: column[spend] for name, column in scene.items()}
    shops = stage.transfers(
        users[spend],
        later + 60 * SECOND,
        there,
        _yuan(stage, 5, 40, int(spend.sum())),
        kind=c.MERCHANT,
        merchant=int(rng.integers(0, len(stage.world.merchant_category))),
        merchant_category=5,
        promo=True,
    )
    return c.join([signups, stage.logins(users[spend], later, there), shops])


def credential_stuffing(stage: Stage, at: int) -> Batch:
    """A leaked list of passwords tried on many customers; the few that fit open accounts."""
    rng = stage.rng
    users = stage.customers(at, int(rng.integers(40, 160)))
    n = len(users)
    spread = rng.random() < 0.35  # one password on everyone, from a whole network
    ips = stage.fresh.network(max(2, n // 4) if spread else int(rng.integers(1, 4)))
    devices = stage.fresh.take("device", n if spread or rng.random() < 0.4 else 1)
    success = rng.random(n) < 0.02
    scene: Batch = {
        "device": devices[np.arange(n) % len(devices)],
        "ip": ips[np.arange(n) % len(ips)],
        "country": np.full(n, rng.integers(ABROAD, 9) if rng.random() < 0.4 else 0),
        "vpn": np.full(n, rng.random() < 0.5),
    }
    return stage.logins(
        users,
        stage.times(at, rng.uniform(8, 40, n) if spread else rng.uniform(0.3, 4, n)),
        scene,
        channel=1,
        method=c.PASSWORD,
        success=success,
        leaked_credential=success | (rng.random(n) < 0.1),
    )


def account_takeover(stage: Stage, at: int) -> Batch:
    """Someone else's account opened on a new device, secured, and emptied."""
    rng = stage.rng
    victim = stage.customers(at, 1)
    scene = stage.lair()
    way = rng.choice(["guess", "leak", "sim", "session", "bomb"], p=[0.3, 0.3, 0.15, 0.1, 0.15])
    parts: list[Batch] = []
    if way in ("guess", "bomb"):
        tries = int(rng.integers(3, 10))
        times = stage.times(at, rng.uniform(8, 40, tries))
        parts.append(
            stage.logins(
                victim.repeat(tries), times, scene, success=False,
                method=c.CODE if way == "bomb" else c.PASSWORD, otp_sent=bool(way == "bomb"),
            )
        )  # fmt: skip
        at = int(times[-1])
    change = int(rng.integers(1, 5)) if rng.random() < 0.6 else c.NO_CHANGE
    remote = bool(rng.random() < 0.1)
    entered = stage.times(at, np.array([45.0]))
    parts.append(
        stage.logins(
            victim,
            entered,
            scene,
            method=c.CODE if way in ("sim", "bomb") else c.PASSWORD,
            otp_sent=bool(way in ("sim", "bomb")),
            leaked_credential=bool(way == "leak"),
            session_moved=bool(way == "session"),
            sim_changed_hours=5.0 if way == "sim" else np.nan,
            credential_change=change,
            remote_control=remote,
        )
    )
    n = int(rng.integers(1, 5))
    kind = rng.choice([c.P2P, c.CRYPTO, c.MERCHANT], n, p=[0.65, 0.15, 0.2])
    kind = np.where(kind == c.CRYPTO, kind[0] if kind[0] == c.CRYPTO else c.P2P, kind)
    parts.append(
        stage.transfers(
            victim.repeat(n),
            stage.times(int(entered[0]), rng.uniform(60, 420, n)),
            scene,
            _yuan(stage, 600, 15_000, n),
            kind=kind,
            payee=np.where(kind == c.P2P, stage.mule(), -1),
            merchant=np.where(kind == c.MERCHANT, 0, -1),
            merchant_category=np.where(kind == c.MERCHANT, c.GIFT_CARD, -1),
            new_credential_hours=np.nan if change == c.NO_CHANGE else 0.2,
            remote_control=remote,
        )
    )
    return c.join(parts)


def card_testing(stage: Stage, at: int) -> Batch:
    """Stolen card numbers tried with small top-ups, most refused."""
    rng, fresh = stage.rng, stage.fresh
    n = int(rng.integers(10, 36))
    split = rng.random() < 0.25
    users = fresh.take("user", n // 2 if split else int(rng.integers(1, 4)))
    devices = fresh.take("device", n // 2 if split else 1)
    ips = fresh.network(max(1, n // 3) if split else 1)
    who = np.arange(n) % len(users)
    scene: Batch = {
        "device": devices[np.arange(n) % len(devices)],
        "ip": ips[np.arange(n) % len(ips)],
        "country": np.zeros(n, int),
        "vpn": np.full(n, rng.random() < 0.5),
    }
    return stage.transfers(
        users[who],
        stage.times(at, rng.uniform(10, 90, n)),
        scene,
        _yuan(stage, 1, 15, n),
        kind=c.CARD_TOPUP,
        card=fresh.take("card", n),
        success=rng.random(n) < 0.25,
    )


def _open_mule(stage: Stage, at: int, scene: Batch) -> tuple[Array, Batch]:
    """A mule account opened with someone else's name some days before `at`."""
    mule = stage.fresh.take("user", 1)
    opened = max(at - int(stage.rng.uniform(0.2, 12) * DAY), stage.world.start)
    time = np.array([opened - opened % 1000])
    return mule, stage.registers(mule, time, scene, id_match=bool(stage.rng.random() < 0.7))


def mule_fan_in(stage: Stage, at: int) -> Batch:
    """Victims of one gang pay a young account, which passes the money on the same day."""
    rng = stage.rng
    scene = stage.lair()
    mule, opening = _open_mule(stage, at, scene)
    payers = stage.customers(at, int(rng.integers(5, 22)))
    n = len(payers)
    paid = stage.times(at, rng.exponential(rng.choice([900.0, 2400.0]), n))
    amounts = _yuan(stage, 400, 4000, n)
    inward = stage.transfers(
        payers, paid, stage.own(payers, paid), amounts, payee=mule[0],
        memo=np.where(rng.random(n) < 0.2, rng.integers(0, len(c.WORDS["memo"]), n), -1),
    )  # fmt: skip
    outs = int(rng.integers(2, 5))
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
    """A few large received, spread at once over many accounts, or sent round in a circle."""
    rng = stage.rng
    scene = stage.lair()
    mule, opening = _open_mule(stage, at, scene)
    sources = np.array([stage.mule() for _ in range(int(rng.integers(3, 6)))])
    k = len(sources)
    received = _yuan(stage, 4000, 15_000, k)
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
    return stage.transfers(
        user.repeat(n), time, stage.own(user.repeat(n), time),
        (rng.uniform(41_000, 49_900, n).round(-2) * 100).astype(np.int64),
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
                _yuan(stage, 1500, 12_000, n),
                payee=stage.mule(),
                idle_days=idle,
            ),
        ]
    )


def first_payee_scam(stage: Stage, at: int) -> Batch:
    """The customer is talked into paying a stranger: own device, own hand, someone's voice."""
    rng, world = stage.rng, stage.world
    candidates = stage.customers(at, 12)
    user = candidates[np.argsort(-world.age[candidates])[:4]]
    user = rng.choice(user, 1)
    n = int(rng.integers(1, 4))
    if rng.random() < 0.3:  # late in the evening, local time
        at += (22 * HOUR - (at + 8 * HOUR)) % DAY
    entry = stage.times(at, np.array([1.0]))
    scene = stage.own(user, entry)
    time = stage.times(int(entry[0]), rng.uniform(90, 900, n))
    remote, shared = bool(rng.random() < 0.15), bool(rng.random() < 0.25)
    said = rng.random() < 0.35
    return c.join(
        [
            stage.logins(user, entry, scene, remote_control=remote),
            stage.transfers(
                user.repeat(n), time, {k: v.repeat(n) for k, v in scene.items()},
                _yuan(stage, 1200, 30_000, n), payee=stage.mule(), remote_control=remote,
                screen_share=shared, on_call=bool(rng.random() < 0.6), success=True,
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
        _yuan(stage, 40, 900, n),
        kind=c.REFUND, merchant=shop, merchant_category=5, success=True,
    )  # fmt: skip


def otp_pumping(stage: Stage, at: int) -> Batch:
    """A script makes the wallet send codes to number after number and uses none."""
    rng = stage.rng
    users = stage.customers(at, int(rng.integers(12, 50)))
    n = len(users)
    ips = stage.fresh.network(1 if rng.random() < 0.7 else max(1, n // 6))
    scene: Batch = {
        "device": stage.fresh.take("device", n),
        "ip": ips[np.arange(n) % len(ips)],
        "country": np.zeros(n, int),
        "vpn": np.ones(n, bool),
    }
    time = stage.times(at, rng.uniform(5, 60, n))
    return stage.logins(users, time, scene, channel=1, method=c.CODE, otp_sent=True, success=False)


PLAYS: Final[dict[str, Attack]] = {
    "bulk_signup": bulk_signup,
    "credential_stuffing": credential_stuffing,
    "account_takeover": account_takeover,
    "card_testing": card_testing,
    "mule_fan_in": mule_fan_in,
    "mule_fan_out": mule_fan_out,
    "structuring": structuring,
    "dormant_activation": dormant_activation,
    "first_payee_scam": first_payee_scam,
    "refund_abuse": refund_abuse,
    "otp_pumping": otp_pumping,
}

# Days until the truth of an event of an attack is known: (shortest, longest).
LABEL_DELAY: Final[dict[str, tuple[float, float]]] = {
    "bulk_signup": (1, 10),
    "credential_stuffing": (0.1, 2),
    "account_takeover": (0.2, 5),
    "card_testing": (3, 30),
    "mule_fan_in": (1, 14),
    "mule_fan_out": (2, 21),
    "structuring": (5, 30),
    "dormant_activation": (0.5, 10),
    "first_payee_scam": (0.1, 7),
    "refund_abuse": (7, 30),
    "otp_pumping": (0.1, 3),
}


def play(stage: Stage, attack: str, at: int, episode: int) -> Batch:
    """One labelled episode of `attack` beginning near `at`, in time order."""
    batch = c.join([PLAYS[attack](stage, at)])
    batch = c.in_time_order(batch)
    n = c.rows_of(batch)
    low, high = LABEL_DELAY[attack]
    batch["attack"] = np.full(n, c.ATTACKS.index(attack), np.int8)
    batch["episode"] = np.full(n, episode, np.int32)
    delay = (stage.rng.uniform(low, high, n) * DAY).astype(np.int64)
    batch["label_known_at"] = batch["time"] + delay - delay % 1000
    return batch
