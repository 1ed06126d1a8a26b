# ruff: noqa: E501 - tables read better in one line each
"""A small wallet scenario for tests, and events that fit it."""

from __future__ import annotations

import json
from typing import Any

from guanlan.engine.scenario import parse_scenario
from guanlan.engine.scenario.model import Scenario

SECRET = b"0123456789abcdef0123456789abcdef"
SECOND = 1_000_000
NOW = 1_790_000_000 * SECOND

HEAD = """
guanlan: 1
scenario: small
title: {en: Small, zh: 小}
currency: CNY
timezone: Asia/Shanghai
entities:
  user: {title: {en: customer, zh: 客户}, level: 2}
  device: {title: {en: device, zh: 设备}, level: 2}
"""
EVENTS = """
events:
  login:
    title: {en: login, zh: 登录}
    entities: {user: required, device: optional}
    fields:
      success: {type: bool, required: true, level: 1, title: {en: success, zh: 成功}}
  transfer:
    title: {en: transfer, zh: 转账}
    entities: {user: required, device: optional, payee: {kind: user, required: true}}
    fields:
      amount: {type: money, required: true, level: 2, title: {en: amount, zh: 金额}}
      channel: {type: string, values: [app, web], level: 1, title: {en: channel, zh: 渠道}}
      memo: {type: string, level: 2, max_length: 40, title: {en: memo, zh: 备注}}
      lat: {type: number, decimals: 4, level: 3, title: {en: latitude, zh: 纬度}}
      due: {type: time, level: 1, title: {en: due, zh: 到期}}
"""
FEATURES = """
features:
  out_1h: {title: {en: out 1h, zh: 一小时转出}, on: transfer, by: user, agg: sum, of: amount, window: 1h}
  fails_5m: {title: {en: failures, zh: 失败}, on: login, by: user, agg: count, where: success == false, window: 5m}
  avg_out: {title: {en: average, zh: 平均}, on: transfer, by: user, agg: avg, of: amount, window: 30d}
"""
MORE_FEATURES = """
  new_payee: {title: {en: new payee, zh: 新收款人}, on: transfer, by: [user, payee], agg: is_new}
"""
LISTS = """
lists:
  mules: {title: {en: mules, zh: 骡子}, kind: block, entity: user, outcome: decline, entries: [{key: u-9, reason: seen, author: seed}]}
  staff: {title: {en: staff, zh: 员工}, kind: allow, entity: user, entries: []}
  court: {title: {en: court order, zh: 法院}, kind: immutable_block, entity: user, entries: []}
  watched: {title: {en: watched, zh: 关注}, kind: watch, entity: user, outcome: review, entries: []}
"""
RULES = """
rules:
  - id: big
    on: transfer
    title: {en: big, zh: 大额}
    when: amount > money(500)
    score: 60
    severity: high
    reason: {en: a big transfer, zh: 大额转账}
    actions: [otp]
  - id: unusual
    on: transfer
    title: {en: unusual, zh: 异常}
    when: lat > 60
    score: 20
    severity: low
    reason: {en: far north, zh: 北方}
"""
NEW_PAYEE_RULE = """
  - id: new_payee
    on: transfer
    title: {en: new payee, zh: 新收款人}
    when: new_payee
    score: 15
    severity: low
    reason: {en: first payment to this payee, zh: 首次收款}
"""
POLICY = """
policy:
  bands: [{score: 15, outcome: monitor}, {score: 50, outcome: review}, {score: 80, outcome: challenge, actions: [face]}]
  fallback: review
"""


def scenario(
    *, events: str = EVENTS, features: str = FEATURES, rules: str = RULES, policy: str = POLICY
) -> Scenario:
    """The small scenario with some of its parts replaced."""
    return parse_scenario(HEAD + events + features + LISTS + rules + policy, "small.yaml")


def transfer(event_id: str, amount: Any = 10_000, **changes: Any) -> bytes:
    """The body of a transfer; `changes` replace whole members or, by name, single fields."""
    event: dict[str, Any] = {
        "id": event_id,
        "type": "transfer",
        "entities": {"user": "u-1", "payee": "u-2", "device": "d-1"},
        "fields": {"amount": amount},
    }
    for name in ("channel", "memo", "lat", "due"):
        if name in changes:
            event["fields"][name] = changes.pop(name)
    for name in ("user", "payee", "device"):
        if name in changes:
            event["entities"][name] = changes.pop(name)
    event.update(changes)
    return json.dumps(event, ensure_ascii=False).encode()


def login(event_id: str, *, success: bool = True, user: str = "u-1") -> bytes:
    """The body of a login."""
    return json.dumps(
        {
            "id": event_id,
            "type": "login",
            "entities": {"user": user},
            "fields": {"success": success},
        }
    ).encode()


class Clock:
    """A clock that tests move."""

    def __init__(self, at: int = NOW) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += int(seconds * SECOND)
