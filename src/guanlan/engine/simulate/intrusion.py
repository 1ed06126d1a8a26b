"""Attacks on the way in: false accounts, stolen passwords, stolen cards, wasted codes.

Each function plays one episode from start to end with the spread of skill real offenders
show: some are loud, some keep below the thresholds a watcher would choose, so that recall is
never 1. `at` is the time of the first event in microseconds; rows may be in any order.
"""

from __future__ import annotations

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import HOUR, MINUTE, SECOND, Array, Batch
from guanlan.engine.simulate.stage import ABROAD, Stage, yuan


def bulk_signup(stage: Stage, at: int) -> Batch:
    """Accounts by the dozen from a device farm, then promotions collected with them."""
    rng, fresh = stage.rng, stage.fresh
    n = int(rng.integers(10, 36))
    patient = rng.random() < 0.25
    users = fresh.take("user", n)
    devices = fresh.take("device", n) if patient else stage.farm(max(2, n // 7))
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
        yuan(stage, 5, 40, int(spend.sum())),
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
    careful = rng.random() < 0.3  # works from the victim's own city, changes nothing, takes little
    scene = stage.lair()
    ways = ["guess", "leak", "sim", "session", "bomb"]
    way = str(rng.choice(["leak"] if careful else ways))
    parts: list[Batch] = []
    if careful:
        near = stage.own(victim, np.array([at]))
        scene |= {name: near[name][0] for name in ("country", "lat", "lon", "vpn")}
    if rng.random() < 0.35:  # the customer was here only a moment ago
        before = np.array([at - int(rng.uniform(10, 90)) * MINUTE])
        visit = stage.logins(victim, before, stage.own(victim, before))
        parts.append(stage.honest(visit))
    if way in ("guess", "bomb"):
        tries = int(rng.integers(3, 10))
        times = stage.times(at, rng.uniform(8, 40, tries))
        parts.append(
            stage.logins(
                victim.repeat(tries), times, scene, success=False,
                method=c.CODE if way == "bomb" else c.PASSWORD, otp_sent=way == "bomb",
            )
        )  # fmt: skip
        at = int(times[-1])
    change = c.NO_CHANGE if careful or rng.random() < 0.4 else int(rng.integers(1, 5))
    remote = not careful and bool(rng.random() < 0.1)
    entered = stage.times(at, np.array([45.0]))
    parts.append(
        stage.logins(
            victim,
            entered,
            scene,
            method=c.CODE if way in ("sim", "bomb") else c.PASSWORD,
            otp_sent=way in ("sim", "bomb"),
            leaked_credential=way == "leak" and bool(rng.random() < 0.6),
            session_moved=way == "session",
            sim_changed_hours=5.0 if way == "sim" else np.nan,
            credential_change=change,
            remote_control=remote,
        )
    )
    return c.join(
        [*parts, _emptied(stage, victim, int(entered[0]), scene, careful, change, remote)]
    )


def _emptied(
    stage: Stage, victim: Array, at: int, scene: Batch, careful: bool, change: int, remote: bool
) -> Batch:
    """The payments of a takeover; some thieves first find out how much will go through."""
    rng = stage.rng
    probes = int(rng.integers(3, 7)) if not careful and rng.random() < 0.3 else 0
    n = probes + int(rng.integers(1, 5))
    aim = int(rng.choice([c.P2P, c.CRYPTO, c.MERCHANT], p=[0.6, 0.15, 0.25]))
    amount = yuan(stage, 100, 900, n) if careful else yuan(stage, 600, 15_000, n)
    return stage.transfers(
        victim.repeat(n),
        stage.times(at, rng.uniform(30, 420, n)),
        scene,
        amount,
        kind=aim,
        payee=stage.mule() if aim == c.P2P else -1,
        merchant=0 if aim == c.MERCHANT else -1,
        merchant_category=c.GIFT_CARD if aim == c.MERCHANT else -1,
        success=np.arange(n) >= probes,
        new_credential_hours=np.nan if change == c.NO_CHANGE else 0.2,
        remote_control=remote,
    )


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
        stage.times(at, rng.uniform(600, 3000, n) if split else rng.uniform(10, 90, n)),
        scene,
        yuan(stage, 1, 15, n),
        kind=c.CARD_TOPUP,
        card=fresh.take("card", n),
        success=rng.random(n) < 0.25,
    )


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
