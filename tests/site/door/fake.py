"""A small scenario, the real engine on it with a hand on its brake, and two API keys."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Any

import msgspec

import tests.web.installation  # noqa: F401 - sets Django up: the policy judges keys
from guanlan.core.services import SCOPES
from guanlan.engine import Engine
from guanlan.engine.scenario import parse_scenario

TOKEN = "gl_aaaaaaaa_" + "x" * 43
READER = "gl_bbbbbbbb_" + "y" * 43

SCENARIO = """
guanlan: 1
scenario: small
title: {en: Small, zh: 小}
currency: CNY
timezone: Asia/Shanghai
entities:
  user: {title: {en: customer, zh: 客户}, level: 2}
  device: {title: {en: device, zh: 设备}, level: 2}
  id_number: {title: {en: id number, zh: 证件号}, level: 4}
events:
  transfer:
    title: {en: transfer, zh: 转账}
    entities:
      user: required
      payee: {kind: user, required: false}
      device: optional
      id_number: optional
    fields:
      amount: {type: money, title: {en: amount, zh: 金额}, level: 2}
      memo: {type: string, title: {en: memo, zh: 附言}, level: 3}
      lat: {type: number, decimals: 4, required: false, title: {en: place, zh: 位置}, level: 3}
features:
  sent_1h: {title: {en: sent, zh: 转出}, on: transfer, by: user, agg: sum, of: amount, window: 1h}
  times_1h: {title: {en: times, zh: 次数}, on: transfer, by: user, agg: count, window: 1h}
  last_lat: {title: {en: last place, zh: 上次位置}, on: transfer, by: user, agg: last, of: lat}
lists:
  mule_payees: {title: {en: mules, zh: 骡子}, kind: block, entity: user, outcome: decline}
rules:
  - id: transfer.many
    on: transfer
    title: {en: many, zh: 多}
    when: times_1h > 3
    score: 60
    severity: high
    reason: {en: many transfers, zh: 多次}
policy:
  bands: [{score: 50, outcome: review}, {score: 100, outcome: decline}]
  fallback: review
"""


@dataclass(frozen=True)
class Record:
    id: str
    sha256: bytes
    scopes: frozenset[str]
    until: float = inf


def record(token: str, scopes: frozenset[str] = frozenset(SCOPES), until: float = inf) -> Record:
    return Record(token[3:11], sha256(token.encode()).digest(), scopes, until)


def load_keys() -> list[Record]:
    return [record(TOKEN), record(READER, frozenset({"decisions:read"}))]


def microseconds() -> int:
    return time.time_ns() // 1000


def memory_engine(cache: Path) -> Engine:
    scenario = parse_scenario(SCENARIO, "small.yaml")
    return Engine.in_memory(
        scenario, secret=b"s" * 32, now=microseconds, clock="arrival", cache=cache,
        reserve_bytes=64 << 20,
    )  # fmt: skip


class HeldEngine:
    """An engine of which tests hold the brake.

    `gate` cleared makes commits wait; `broken` makes the next commit fail; an event whose
    id holds "boom" makes `decide` raise; `state` can be set.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._state: str | None = None
        self.durable = 0
        self.commits = 0
        self.largest = 0
        self.gate = threading.Event()
        self.gate.set()
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    @property
    def state(self) -> str:
        return self._state or self._engine.state

    @state.setter
    def state(self, value: str) -> None:
        self._state = value

    def decide(self, bodies: Sequence[bytes]) -> list[Any]:
        self.largest = max(self.largest, len(bodies))
        for body in bodies:
            if b"boom" in body:
                raise KeyError(msgspec.json.decode(body)["id"])
        return self._engine.decide(bodies)

    def commit(self) -> None:
        seq = self._engine.seq
        self.gate.wait(10)
        if self.broken:
            self.state = "failed"
            raise OSError(28, "No space left on device")
        self._engine.commit()
        self.durable = seq
        self.commits += 1

    def decision(self, event_id: str) -> Any:
        assert self.durable == self._engine.seq, "a read saw what is not durable"
        return self._engine.decision(event_id)
