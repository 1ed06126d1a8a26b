"""The people of the simulated wallet: who they are, where they live, what they usually do.

A `World` is a set of arrays with one row per customer, sorted by the time of joining; nothing
in it changes. What they do on a day is in `habits`, what is done to them in `attacks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from guanlan.engine.simulate.columns import DAY, Array

# Places by population rank (degrees north, degrees east); index 0 is the most common home.
CITIES: Final = np.array(
    [
        (31.2304, 121.4737), (39.9042, 116.4074), (22.5431, 114.0579), (23.1291, 113.2644),
        (30.5728, 104.0668), (30.2741, 120.1551), (29.5630, 106.5516), (30.5928, 114.3055),
        (34.3416, 108.9398), (32.0603, 118.7969), (36.0671, 120.3826), (41.8057, 123.4315),
        (22.3193, 114.1694), (45.8038, 126.5350), (25.0389, 102.7183), (43.8256, 87.6168),
    ]
)  # fmt: skip
HONG_KONG: Final = 12
# Scattered over 10.0/9 by an odd multiplier, so neighbours by number do not share a /24.
_HOMES, _CARRIERS, _ELSEWHERE = 0x0A000000, 0x0A800000, 0x0AC00000
_SCATTER: Final = 2654435761


def home_ip(index: Array) -> Array:
    """The address of a household or office by its number."""
    return (_HOMES + (index.astype(np.int64) * _SCATTER) % (1 << 23)).astype(np.int32)


def carrier_ip(index: Array) -> Array:
    """The address of a mobile carrier's gateway, shared by many customers."""
    return (_CARRIERS + (index.astype(np.int64) * _SCATTER) % (1 << 22)).astype(np.int32)


def elsewhere_ip(index: Array) -> Array:
    """An address no customer of the world lives at; 256 following indexes make one network."""
    return (_ELSEWHERE + index.astype(np.int64) % (1 << 22)).astype(np.int32)


@dataclass(frozen=True)
class World:
    """Customers by index (0 .. customers-1). Times in microseconds, money in fen."""

    start: int
    end: int
    customers: int
    joined: Array  # ascending; before `start` for customers who were there already
    cumulative: Array  # running sum of activity weights
    sleepers: int  # customers 0 .. sleepers-1 fall asleep at `asleep_from`
    asleep_from: int
    amount_mu: Array  # mean of the logarithm of a payment in fen
    hour: Array  # favourite hour of the day, local
    city: Array
    home: Array  # (customers, 2) latitude and longitude
    shares_place: Array  # whether the app may read the location
    home_number: Array
    device: Array
    second_device: Array  # -1: none
    next_device: Array
    upgrade_at: Array  # from then on `next_device` replaces `device`
    uses_vpn: Array
    rooted: Array
    leaked: Array
    method: Array
    age: Array
    contacts: Array  # (customers, 6) people usually paid
    merchants: Array  # (customers, 8) merchants usually visited
    cards: Array  # (customers, 2)
    trip_from: Array
    trip_to: Array
    trip_city: Array
    merchant_category: Array  # by merchant
    carriers: int


def make_world(
    rng: np.random.Generator, customers: int, newcomers: int, start: int, end: int
) -> World:
    """Draw `customers` people, of whom the last `newcomers` join between start and end."""
    n = customers
    joined = np.sort(start - rng.integers(30 * DAY, 1500 * DAY, n))
    if newcomers:
        joined[n - newcomers :] = np.sort(rng.integers(start, end, newcomers))
    joined -= joined % 1000
    weight = rng.lognormal(0.0, 0.9, n)
    city = np.minimum(rng.geometric(0.18, n) - 1, len(CITIES) - 1)
    device = np.arange(n, dtype=np.int32)
    shared = rng.random(n) < 0.03
    shared[0] = False
    device[shared] -= 1
    devices = n
    second = np.where(rng.random(n) < 0.25, devices + np.arange(n), -1)
    trip_day = rng.integers(0, max(1, (end - start) // DAY), n)
    travels = rng.random(n) < 0.12
    trip_from = np.where(travels, start + trip_day * DAY, end + DAY)
    first_card = np.arange(n)
    merchants = max(40, n // 30)
    category = rng.choice(9, merchants, p=[0.28, 0.24, 0.12, 0.06, 0.05, 0.10, 0.01, 0.004, 0.136])
    category[:2] = 0  # the busiest merchants sell groceries, not gift cards
    return World(
        start=start,
        end=end,
        customers=n,
        joined=joined,
        cumulative=np.cumsum(weight),
        sleepers=min(max(1, n // 50), n - newcomers),
        asleep_from=start + int(0.15 * (end - start)),
        amount_mu=rng.normal(np.log(6000.0), 0.6, n),
        hour=rng.normal(14.5, 4.0, n),
        city=city,
        home=CITIES[city] + rng.normal(0.0, 0.05, (n, 2)),
        shares_place=rng.random(n) < 0.85,
        home_number=(np.arange(n) * 2) // 3,
        device=device,
        second_device=second.astype(np.int32),
        next_device=(2 * devices + np.arange(n)).astype(np.int32),
        upgrade_at=np.where(rng.random(n) < 0.06, rng.integers(start, end, n), np.int64(end + DAY)),
        uses_vpn=rng.random(n) < 0.015,
        rooted=rng.random(n) < 0.01,
        leaked=rng.random(n) < 0.03,
        method=rng.choice(4, n, p=[0.33, 0.14, 0.48, 0.05]),
        age=np.clip(rng.normal(36, 13, n), 16, 90).astype(np.int16),
        contacts=rng.integers(0, n, (n, 6)),
        merchants=np.minimum(
            (merchants * rng.random((n, 8)) ** 2.2).astype(np.int64), merchants - 1
        ),
        cards=np.stack([first_card, first_card + n * (rng.random(n) < 0.4)], 1),
        trip_from=trip_from,
        trip_to=trip_from + rng.integers(2, 7, n) * DAY,
        trip_city=rng.integers(0, len(CITIES), n),
        merchant_category=category,
        carriers=max(8, n // 20),
    )


class Fresh:
    """Hands out identifiers nobody in the world has used: accounts, devices, cards ..."""

    def __init__(self, world: World) -> None:
        n = world.customers
        self._next = {"user": n, "device": 3 * n, "card": 2 * n, "phone": n, "email": n}
        self._next |= {"id_number": n, "email_stem": n, "ip": 0}

    def take(self, kind: str, count: int) -> Array:
        """The next `count` codes of a kind."""
        first = self._next[kind]
        self._next[kind] = first + count
        return np.arange(first, first + count, dtype=np.int64)

    def network(self, count: int) -> Array:
        """`count` addresses that share one /24 network nobody else uses."""
        self._next["ip"] = -(-self._next["ip"] // 256) * 256
        first = self.take("ip", 256)[0]
        return elsewhere_ip(first + np.arange(count) % 256)
