"""A scenario of three lines of thought, so that the tests of the command line stay quick."""

from __future__ import annotations

SCENARIO = """
guanlan: 1
scenario: small
title: {en: Small, zh: 小, zh-Hant: 小}
currency: CNY
timezone: Asia/Shanghai
entities:
  user: {title: {en: customer, zh: 客户, zh-Hant: 客戶}, level: 2}
events:
  transfer:
    title: {en: transfer, zh: 转账, zh-Hant: 轉帳}
    entities: {user: required}
    fields:
      amount:
        {type: money, required: true, level: 2, title: {en: amount, zh: 金额, zh-Hant: 金額}}
features:
  out_1h:
    title: {en: sent in an hour, zh: 一小时转出, zh-Hant: 一小時轉出}
    on: transfer
    by: user
    agg: sum
    of: amount
    window: 1h
rules:
  - id: transfer.much
    on: transfer
    title: {en: much, zh: 多, zh-Hant: 多}
    when: out_1h > money(100)
    score: 80
    severity: high
    reason: {en: much in an hour, zh: 一小时内很多, zh-Hant: 一小時內很多}
policy:
  bands: [{score: 50, outcome: review}, {score: 100, outcome: decline}]
  fallback: review
"""

STRICTER = SCENARIO.replace("score: 80", "score: 100")


def transfer(number: int, amount: int, **more: object) -> dict[str, object]:
    """A wire event; amounts in fen."""
    return {
        "id": f"t-{number}",
        "type": "transfer",
        "entities": {"user": "u-1"},
        "fields": {"amount": amount},
        **more,
    }
