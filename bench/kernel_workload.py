"""The workload of the kernel's bench: 46 features over a wallet's logins and transfers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from guanlan.engine.kernel import Shape
from guanlan.engine.scenario.model import (
    Aggregate,
    EntityKind,
    EntityRole,
    EventType,
    Feature,
    Field,
    Outcome,
    Policy,
    Scenario,
    Text,
)

T = Text("t", "t")
MINUTE, HOUR, DAY = 60_000_000, 3_600_000_000, 86_400_000_000
WINDOWS = {"1m": MINUTE, "10m": 10 * MINUTE, "1h": HOUR, "1d": DAY, "7d": 7 * DAY, "30d": 30 * DAY}
SPAN = 45 * DAY


def scenario() -> Scenario:
    """46 features: velocity, value, sharing of devices, addresses and cards, new pairs."""
    out: list[Feature] = []

    def add(
        agg: Aggregate,
        by: str,
        window: str | None,
        of: str | None = None,
        on: str = "transfer",
        where: str | None = None,
    ) -> None:
        name = f"f{len(out)}_{agg}"
        roles = tuple(by.split())
        length = WINDOWS[window] if window else None
        out.append(Feature(name, T, tuple(on.split()), roles, roles, agg, of, where, length))

    for window in WINDOWS:
        add("count", "user", window)
    for window in ("10m", "1h", "1d", "7d", "30d"):
        add("sum", "user", window, "amount")
    for window in ("7d", "30d"):
        add("avg", "user", window, "amount")
        add("max", "user", window, "amount")
    add("since_last", "user", None)
    add("since_first", "user", None, on="login transfer")
    for of, windows in (("payee", ("1h", "1d", "7d")), ("device", ("1d", "30d")),
                        ("ip", ("1d", "7d"))):  # fmt: skip
        for window in windows:
            add("distinct", "user", window, of)
    for by in ("user", "device", "ip"):
        for window in ("10m", "1d"):
            add("count", by, window, on="login", where="success == false")
    for by in ("device", "ip", "card", "payee"):
        add("count", by, "1d")
        add("sum", by, "1d", "amount")
        add("distinct", by, "7d", "user")
    add("stddev", "user", "30d", "amount")
    for pair in ("user payee", "user device", "user card"):
        add("is_new", pair, None)
    kinds = ("user", "device", "ip", "card", "merchant")
    shared = (EntityRole("user", "user", True), EntityRole("device", "device", True),
              EntityRole("ip", "ip", True))  # fmt: skip
    paid = (EntityRole("payee", "merchant", True), EntityRole("card", "card", True))
    return Scenario(
        "bench", T, "CNY", "UTC", tuple(EntityKind(k, T, 1) for k in kinds),
        (
            EventType("login", T, shared, (Field("success", "bool", T, 1, required=True),)),
            EventType("transfer", T, shared + paid,
                      (Field("amount", "money", T, 1, required=True),)),
        ),
        tuple(out), (), (), Policy((), Outcome.review),
    )  # fmt: skip


def _hash(kind: int, values: NDArray[np.int64]) -> NDArray[np.int64]:
    x = values.astype(np.uint64) + np.uint64((kind + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return (x ^ (x >> np.uint64(31))).view(np.int64) | np.int64(1)


def rows(shape: Shape, n: int, seed: int) -> NDArray[np.int64]:
    """n events over 45 days as rows (n, row_width): zipf(0.8) users, a tenth as many as events,
    each with one or two devices, a few addresses, cards and payees of their own."""
    rng = np.random.default_rng(seed)
    users = max(10, n // 10)
    weight = np.arange(1, users + 1, dtype=np.float64) ** -0.8
    user = rng.permutation(users)[
        np.searchsorted(np.cumsum(weight) / weight.sum(), rng.random(n)).clip(0, users - 1)
    ]
    device = np.where(rng.random(n) < 0.9, user, user + users * rng.integers(1, 3, n))
    device = np.where(rng.random(n) < 0.01, rng.integers(0, users // 20 + 1, n), device)
    ip = np.where(rng.random(n) < 0.7, user, rng.integers(0, users // 4 + 1, n))
    card = user * 3 + rng.integers(0, 2, n)
    popular = (rng.random(n) ** 3 * users / 5).astype(np.int64)
    payee = np.where(rng.random(n) < 0.6, user % (users // 5 + 1), popular)
    transfer = rng.random(n) < 0.6
    success = rng.random(n) < 0.93
    amount = np.round(np.exp(rng.normal(9, 1.2, n))).astype(np.int64)
    ids = {"user": user, "device": device, "ip": ip, "card": card, "payee": payee}
    keys = {name: _hash(i, values) for i, (name, values) in enumerate(ids.items())}
    out = np.zeros((n, shape.row_width), np.int64)
    out[:, 0] = _hash(9, np.arange(n))
    out[:, 1] = 1_700_000_000_000_000 + np.sort(rng.integers(0, SPAN, n))
    out[:, 2] = transfer
    for k in shape.keys:
        parts = [keys[role] for role in k.roles]
        mixed = parts[0] if len(parts) == 1 else _hash(10, parts[0] * 31 + parts[1])
        at_login = {"user", "device", "ip"}.issuperset(k.roles)
        out[:, k.column] = np.where(transfer | at_login, mixed, 0)
    for v in shape.values:
        values = amount if v.name == "amount" else keys[v.name]
        out[:, v.column] = np.where(transfer | (v.name in ("user", "device", "ip")), values, 0)
    for s in shape.series:
        enters = np.where(transfer, "transfer" in s.on, "login" in s.on)
        if s.where is not None:
            enters &= ~success
        out[:, s.word] |= enters.astype(np.int64) << s.bit
    return out
