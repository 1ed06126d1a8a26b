"""The stage on which attacks are played: rows of events with every usual value filled in.

Attack rows must not give themselves away by a missing value, so each kind of row starts from
what an honest session of that type would carry; an attack overrides what it does differently.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import DAY, SECOND, Array, Batch
from guanlan.engine.simulate.world import Fresh, World, carrier_ip, home_ip

Value = Array | int | float | bool
ABROAD: Final = 7  # index of the first country in WORDS["country"] that attackers come from


def yuan(stage: Stage, low: float, high: float, count: int) -> Array:
    """Amounts in fen, log-uniform between `low` and `high` yuan."""
    drawn = np.exp(stage.rng.uniform(np.log(low), np.log(high), count))
    return (drawn * 100).astype(np.int64)


class Stage:
    """Rows for attackers and victims; knows who has joined and which mules exist."""

    def __init__(self, world: World, rng: np.random.Generator, fresh: Fresh) -> None:
        self.world = world
        self.rng = rng
        self.fresh = fresh
        self._mules: list[int] = []
        self._farms: list[Array] = []

    def customers(self, at: int, count: int, *, awake: bool = True) -> Array:
        """`count` different customers who were there at time `at`."""
        known = int(np.searchsorted(self.world.joined, at))
        low = self.world.sleepers if awake and at >= self.world.asleep_from else 0
        low = min(low, max(0, known - 1))
        count = min(count, known - low)
        return low + self.rng.permutation(known - low)[:count]

    def honest(self, batch: Batch) -> Batch:
        """Mark rows as a bystander's: they belong to the scene, not to the attack."""
        return batch | {"episode": np.full(c.rows_of(batch), c.BYSTANDER, np.int32)}

    def mule(self) -> int:
        """An account that receives stolen money: half the time one already used."""
        if self._mules and self.rng.random() < 0.5:
            return int(self.rng.choice(self._mules))
        mule = int(self.fresh.take("user", 1)[0])
        self._mules.append(mule)
        return mule

    def farm(self, count: int) -> Array:
        """The devices of a farm: `count` new ones, or those of a farm seen before."""
        if self._farms and self.rng.random() < 0.3:
            return self._farms[int(self.rng.integers(len(self._farms)))]
        self._farms.append(self.fresh.take("device", count))
        return self._farms[-1]

    def times(self, at: int, gaps: Array) -> Array:
        """Times starting at `at` with the given gaps in seconds, on whole milliseconds."""
        time = at + (np.cumsum(gaps) * SECOND).astype(np.int64)
        return time - time % 1000

    def lair(self) -> Batch:
        """One place attackers work from: device, address, country, coordinates."""
        rng = self.rng
        hidden = bool(rng.random() < 0.4)
        return {
            "device": self.fresh.take("device", 1)[0],
            "ip": self.fresh.network(1)[0],
            "country": np.int64(rng.integers(ABROAD, 9) if rng.random() < 0.3 else 0),
            "lat": np.float64(np.nan if hidden else 21.4 + rng.normal(0, 0.3)),
            "lon": np.float64(np.nan if hidden else 103.9 + rng.normal(0, 0.3)),
            "vpn": np.bool_(hidden),
        }

    def own(self, users: Array, time: Array) -> Batch:
        """Where customers themselves would be: their device, address and home."""
        world, rng, n = self.world, self.rng, len(users)
        new = time >= world.upgrade_at[users]
        home = world.home[users] + rng.normal(0, 0.01, (n, 2))
        shown = world.shares_place[users]
        away = rng.random(n) < 0.4
        carrier = carrier_ip((users * 7919 + time // DAY * 104729) % world.carriers)
        return {
            "device": np.where(new, world.next_device[users], world.device[users]),
            "ip": np.where(away, carrier, home_ip(world.home_number[users])),
            "country": np.zeros(n, np.int64),
            "lat": np.round(np.where(shown, home[:, 0], np.nan), 4),
            "lon": np.round(np.where(shown, home[:, 1], np.nan), 4),
            "vpn": np.zeros(n, bool),
        }

    def age_of(self, users: Array) -> Array:
        """Ages; of accounts outside the world, of people who sell theirs."""
        known = np.minimum(users, self.world.customers - 1)
        return np.where(users < self.world.customers, self.world.age[known], 18 + users % 15)

    def registers(self, users: Array, time: Array, scene: Batch, **over: Value) -> Batch:
        rng, n = self.rng, len(users)
        usual: dict[str, Value] = {
            "channel": 0,
            "id_country": 0,
            "phone": self.fresh.take("phone", n),
            "email": self.fresh.take("email", n),
            "email_stem": self.fresh.take("email_stem", n),
            "email_domain": rng.integers(0, c.ORDINARY_DOMAINS, n),
            "id_number": self.fresh.take("id_number", n),
            "fill_seconds": np.round(np.clip(rng.lognormal(3.8, 0.5, n), 9, 3600), 1),
            "is_emulator": False,
            "is_rooted": False,
            "is_hooked": False,
            "phone_type": 0,
            "id_match": True,
        }
        without_place = {k: v for k, v in scene.items() if k not in ("lat", "lon")}
        return self._rows(c.REGISTER, users, time, usual, without_place, over)

    def logins(self, users: Array, time: Array, scene: Batch, **over: Value) -> Batch:
        rng, n = self.rng, len(users)
        usual: dict[str, Value] = {
            "channel": 0,
            "success": True,
            "method": np.where(rng.random(n) < 0.5, c.PASSWORD, c.BIOMETRIC),
            "otp_sent": False,
            "is_emulator": False,
            "is_rooted": False,
            "leaked_credential": False,
            "session_moved": False,
            "remote_control": False,
            "credential_change": c.NO_CHANGE,
        }
        return self._rows(c.LOGIN, users, time, usual, scene, over)

    def transfers(
        self, users: Array, time: Array, scene: Batch, amount: Array, **over: Value
    ) -> Batch:
        """Payments; `amount` in fen."""
        rng, n = self.rng, len(users)
        usual: dict[str, Value] = {
            "channel": 0,
            "kind": c.P2P,
            "amount": np.maximum(amount, 100),
            "success": rng.random(n) < 0.97,
            "on_call": rng.random(n) < 0.006,
            "screen_share": False,
            "remote_control": False,
            "idle_days": np.minimum(rng.geometric(0.6, n) - 1, 9),
            "customer_age": self.age_of(users),
            "promo": False,
        }
        return self._rows(c.TRANSFER, users, time, usual, scene, over)

    def _rows(
        self,
        kind: int,
        users: Array,
        time: Array,
        usual: dict[str, Value],
        scene: Batch,
        over: dict[str, Value],
    ) -> Batch:
        n = len(users)
        merged: dict[str, Value] = {**usual, **scene, **over}
        batch = {
            name: np.broadcast_to(np.asarray(value), (n,)).copy() for name, value in merged.items()
        }
        return batch | {"user": users, "time": time, "type": np.full(n, kind)}
