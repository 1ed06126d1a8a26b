"""What honest customers do: sessions of logins and payments around their own habits."""

from __future__ import annotations

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import DAY, HOUR, SECOND, Array, Batch
from guanlan.engine.simulate.world import CITIES, HONG_KONG, World, carrier_ip, home_ip

_LOCAL_OFFSET = 8 * HOUR  # the world lives in Asia/Shanghai
_MEAN_SESSION = 2.35  # events: failed logins, one login, payments


class Habits:
    """Draws the ordinary events of a stretch of time. Keeps which sleepers have come back."""

    def __init__(self, world: World, rng: np.random.Generator) -> None:
        self._world = world
        self._rng = rng
        self._returned = np.zeros(world.customers, bool)

    def events(self, low: int, high: int, count: int, *, by_the_hour: bool = True) -> Batch:
        """Exactly `count` events of sessions that begin in [low, high), in time order.

        A session may run past `high`. `by_the_hour` follows people's day and night (for a
        stretch of a whole day); without it sessions are spread evenly.
        """
        world, rng = self._world, self._rng
        if count <= 0:
            return c.join([])
        known = int(np.searchsorted(world.joined, low))
        new = np.arange(known, int(np.searchsorted(world.joined, high)))[:count]
        guess = int(count / _MEAN_SESSION * 1.3) + 80
        users = np.concatenate([new, self._visitors(known, low, guess)])
        begins = np.concatenate(
            [world.joined[new], self._begin(users[len(new) :], low, high, by_the_hour)]
        )
        is_new = np.arange(len(users)) < len(new)
        fails = np.searchsorted([0.93, 0.98, 0.995], rng.random(len(users)), side="right")
        fails[is_new] = 0
        pays = np.minimum(rng.geometric(0.44, len(users)) - 1, 6)
        size = is_new + fails + 1 + pays
        whole = int(np.searchsorted(np.cumsum(size), count)) + 1
        users, begins, fails, size = users[:whole], begins[:whole], fails[:whole], size[:whole]
        is_new = is_new[:whole]

        session = np.repeat(np.arange(len(users)), size)[:count]
        first = np.concatenate([[0], np.cumsum(size)[:-1]])
        place = np.arange(len(session)) - first[session]
        step = place - is_new[session]  # -1 registration, < fails failed login, == fails login
        kinds = np.where(
            step < 0, c.REGISTER, np.where(step <= fails[session], c.LOGIN, c.TRANSFER)
        )
        n = len(session)
        gap = np.where(kinds == c.TRANSFER, rng.lognormal(4.0, 0.9, n), rng.uniform(4, 40, n))
        gap = np.clip(gap, 4, 1800)
        gap[place == 0] = 0
        elapsed = np.cumsum(gap)
        elapsed -= elapsed[first][session]
        time = begins[session] + (elapsed * SECOND).astype(np.int64)
        time -= time % 1000

        scene = self._scene(users, begins)
        entered = (step == fails[session])[kinds == c.LOGIN]
        parts = [
            self._registers(scene, session[kinds == c.REGISTER]),
            self._logins(scene, session[kinds == c.LOGIN], entered),
            self._transfers(scene, session[kinds == c.TRANSFER]),
        ]
        for part, kind in zip(parts, (c.REGISTER, c.LOGIN, c.TRANSFER), strict=True):
            part["type"] = np.full(int((kinds == kind).sum()), kind)
            part["time"] = time[kinds == kind]
        batch = c.in_time_order(c.join(parts))
        # Honest customers are believed honest when no dispute has come within the usual weeks.
        batch["label_known_at"] = batch["time"] + rng.integers(20 * 86_400, 40 * 86_400, n) * SECOND
        return batch

    def _visitors(self, known: int, low: int, count: int) -> Array:
        """Who opens the app: by activity, without those asleep, save a few who return."""
        world, rng = self._world, self._rng
        asleep = world.sleepers if low >= world.asleep_from else 0
        base = np.where(rng.random(count) < 0.995, asleep, 0)
        weight = np.concatenate([[0.0], world.cumulative])
        aim = weight[base] + rng.random(count) * (weight[known] - weight[base])
        users: Array = np.searchsorted(world.cumulative, aim, side="right")
        users[users >= known] = max(known - 1, 0)
        return users

    def _begin(self, users: Array, low: int, high: int, by_the_hour: bool) -> Array:
        rng, n = self._rng, len(users)
        if not by_the_hour:
            return low + (rng.random(n) * (high - low)).astype(np.int64)
        hour = np.where(
            rng.random(n) < 0.75, rng.normal(self._world.hour[users], 3.0), rng.uniform(7, 23.5, n)
        )
        hour %= 24
        night = (hour >= 1) & (hour < 6.5) & (rng.random(n) < 0.9)
        hour = np.where(night, 8 + (hour - 1) * 2.5, hour)
        offset = ((hour * HOUR).astype(np.int64) - (low + _LOCAL_OFFSET)) % DAY
        return low + offset % (high - low)

    def _scene(self, users: Array, begins: Array) -> Batch:
        """What is the same for a whole session: device, address, place, state of the person."""
        world, rng, n = self._world, self._rng, len(users)
        new = begins >= world.upgrade_at[users]
        device = np.where(new, world.next_device[users], world.device[users])
        second = (world.second_device[users] >= 0) & (rng.random(n) < 0.15)
        device = np.where(second, world.second_device[users], device)
        # A journey takes its hours: the customer is seen elsewhere only from mid-morning on.
        away = (begins >= world.trip_from[users] + 4 * HOUR) & (begins < world.trip_to[users])
        travelling = (begins >= world.trip_from[users] - 4 * HOUR) & (
            begins < world.trip_to[users] + 8 * HOUR
        )
        where = np.where(away[:, None], CITIES[world.trip_city[users]], world.home[users])
        where = where + rng.normal(0, 0.01, (n, 2))
        city = np.where(away, world.trip_city[users], world.city[users])
        draw = rng.random(n)
        carrier = carrier_ip((users * 7919 + begins // DAY * 104729) % world.carriers)
        ip = np.where(draw < 0.5, home_ip(world.home_number[users]), carrier)
        office = home_ip(world.customers + users % max(1, world.customers // 15))
        ip = np.where((draw > 0.85) & ~away, office, np.where(away, carrier, ip))
        vpn = world.uses_vpn[users] & (rng.random(n) < 0.7)
        shown = world.shares_place[users] & ~vpn & ~(travelling & ~away)
        asleep = (users < world.sleepers) & (begins >= world.asleep_from) & ~self._returned[users]
        idle = np.where(
            asleep,
            (begins - world.asleep_from) // DAY + rng.integers(20, 300, n),
            np.minimum(rng.geometric(0.6, n) - 1, 9),
        )
        self._returned[users[asleep]] = True
        change = np.where(rng.random(n) < 0.003, rng.integers(1, 5, n), c.NO_CHANGE)
        return {
            "user": users,
            "device": device,
            "ip": ip,
            "lat": np.round(np.where(shown, where[:, 0], np.nan), 4),
            "lon": np.round(np.where(shown, where[:, 1], np.nan), 4),
            "country": np.where(vpn, rng.integers(3, 6, n), np.where(city == HONG_KONG, 1, 0)),
            "vpn": vpn,
            "channel": np.searchsorted([0.86, 0.93], rng.random(n), side="right"),
            "idle_days": idle,
            "credential_change": change,
            "remote_control": rng.random(n) < 0.0002,
        }

    def _registers(self, scene: Batch, session: Array) -> Batch:
        world, rng, n = self._world, self._rng, len(session)
        part = {
            name: scene[name][session]
            for name in ("user", "device", "ip", "country", "vpn", "channel")
        }
        user = part["user"]
        # One document in fifty belongs to someone who already has an account.
        old = rng.integers(0, world.customers, n)
        return part | {
            "phone": user,
            "email": user,
            "email_stem": user,
            "id_number": np.where(rng.random(n) < 0.02, old, user),
            "email_domain": np.where(
                rng.random(n) < 0.004, 5, rng.integers(0, c.ORDINARY_DOMAINS, n)
            ),
            "id_country": np.where(world.city[user] == HONG_KONG, 1, 0),
            "fill_seconds": np.round(np.clip(rng.lognormal(4.0, 0.5, n), 9, 3600), 1),
            "is_emulator": rng.random(n) < 0.0003,
            "is_hooked": rng.random(n) < 0.0003,
            "is_rooted": world.rooted[user],
            "phone_type": np.searchsorted([0.99, 0.993], rng.random(n), side="right"),
            "id_match": rng.random(n) < 0.995,
        }

    def _logins(self, scene: Batch, session: Array, success: Array) -> Batch:
        world, rng, n = self._world, self._rng, len(session)
        names = (
            "user",
            "device",
            "ip",
            "country",
            "vpn",
            "channel",
            "lat",
            "lon",
            "remote_control",
        )
        part = {name: scene[name][session] for name in names}
        user = part["user"]
        method = np.where(rng.random(n) < 0.85, world.method[user], c.PASSWORD)
        method[~success & (method == c.PASSKEY)] = c.PASSWORD
        return part | {
            "success": success,
            "method": method,
            "otp_sent": method == c.CODE,
            "is_emulator": np.zeros(n, bool),
            "is_rooted": world.rooted[user],
            "leaked_credential": world.leaked[user],
            "session_moved": np.zeros(n, bool),
            "sim_changed_hours": np.where(
                rng.random(n) < 0.001, np.round(rng.uniform(1, 400, n), 1), np.nan
            ),
            "credential_change": np.where(success, scene["credential_change"][session], 0),
        }

    def _transfers(self, scene: Batch, session: Array) -> Batch:
        world, rng, n = self._world, self._rng, len(session)
        names = ("user", "device", "ip", "country", "vpn", "channel", "lat", "lon")
        part = {name: scene[name][session] for name in (*names, "idle_days", "remote_control")}
        user = part["user"]
        kind = np.searchsorted(
            np.cumsum([0.22, 0.612, 0.10, 0.05, 0.003]), rng.random(n), side="right"
        )
        p2p, merchant = kind == c.P2P, kind == c.MERCHANT
        known = world.contacts[user, np.minimum(rng.geometric(0.4, n) - 1, 5)]
        payee = np.where(rng.random(n) < 0.95, known, rng.integers(0, world.customers, n))
        payee = np.where(payee == user, (payee + 1) % world.customers, payee)
        usual = world.merchants[user, np.minimum(rng.geometric(0.3, n) - 1, 7)]
        shops = len(world.merchant_category)
        any_shop = np.minimum((shops * rng.random(n) ** 2.2).astype(np.int64), shops - 1)
        shop = np.where(rng.random(n) < 0.85, usual, any_shop)
        at_shop = merchant | (kind == c.REFUND)
        changed = scene["credential_change"][session] != c.NO_CHANGE
        said = p2p & (rng.random(n) < 0.35)
        return part | {
            "kind": kind,
            "amount": self._amounts(user, kind),
            "payee": np.where(p2p, payee, -1),
            "merchant": np.where(at_shop, shop, -1),
            "merchant_category": np.where(at_shop, world.merchant_category[shop], -1),
            "card": np.where(kind == c.CARD_TOPUP, world.cards[user, rng.integers(0, 2, n)], -1),
            "success": rng.random(n) < 0.98,
            "on_call": rng.random(n) < 0.006,
            "screen_share": rng.random(n) < 0.0005,
            "new_credential_hours": np.where(changed, 0.1, np.nan),
            "customer_age": world.age[user],
            "promo": merchant & (rng.random(n) < 0.04),
            "memo": np.where(said, rng.integers(0, c.ORDINARY_MEMOS, n), -1),
        }

    def _amounts(self, user: Array, kind: Array) -> Array:
        """Lognormal around the person's habit; round sums where people choose round sums."""
        rng, n = self._rng, len(user)
        scale = np.array([2.0, 0.7, 3.5, 5.0, 6.0, 0.8])[kind]
        amount = np.exp(rng.normal(self._world.amount_mu[user], 0.75)) * scale
        large = (kind == c.P2P) & (rng.random(n) < 0.006)  # rent, a loan among friends
        amount = np.where(large, amount * 12, amount)
        ten = (kind == c.P2P) & (rng.random(n) < 0.5)
        amount = np.where(ten, np.round(amount / 1000) * 1000, amount)
        hundred = (kind == c.CARD_TOPUP) | (kind == c.WITHDRAWAL)
        amount = np.where(hundred, np.ceil(amount / 10_000) * 10_000, amount)
        fen: Array = np.clip(amount, 100, 3_900_000).astype(np.int64)
        return fen
