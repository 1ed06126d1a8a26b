"""The complaints of the demo company: six weeks of them, answered as desks do, and a burst today.

They come in and are answered through the services that people use, each at its own time.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Final

from guanlan.core.access import SYSTEM
from guanlan.response.complaints.handling import tell_outcome
from guanlan.response.complaints.intake import Incoming, take_in
from guanlan.response.complaints.replying import rate
from guanlan.response.models import Complaint

DAY: Final = dt.timedelta(days=1)
DAYS: Final = 42
SOURCE: Final = "demo"
TEXTS: Final = (
    ("提现三天了还没有到账，客服一直说在处理。", "wallet"),
    ("为什么每笔都收手续费？页面上没有写清楚。", "wallet"),
    ("我的账户被冻结了，没有任何说明，请解封。", "account"),
    ("接到冒充客服的电话，被骗转走了钱，请帮我追回。", "transfer"),
    ("退款申请一个星期没有回音，再不处理我要向监管部门投诉。", "card"),
    ("换了手机以后一直收不到验证码，无法登录。", "account"),
)
BURST: Final = "系统故障，App 打不开，一点就闪退，付不了款。"
BURST_SIZE: Final = 14
OUTCOMES: Final = ("upheld", "upheld", "partly", "rejected", "rejected", "withdrawn")


def tell_complaints(now: dt.datetime) -> int:
    """Let them come in; how many. None where there are complaints already."""
    if Complaint.objects.exists():
        return 0
    chance = random.Random(20261128)
    told = 0
    for day in reversed(range(DAYS)):
        for _one in range(chance.choice((1, 1, 2, 3))):
            at = now - day * DAY - dt.timedelta(minutes=chance.randrange(30, 24 * 60))
            text, product = chance.choice(TEXTS)
            told += 1
            _answer(_come_in(told, text, product, at), chance, now)
    for n in range(BURST_SIZE):
        told += 1
        _come_in(told, BURST, "wallet", now - dt.timedelta(minutes=5 + 11 * n))
    return told


def _come_in(number: int, text: str, product: str, at: dt.datetime) -> Complaint:
    incoming = Incoming(
        channel="api",
        source=SOURCE,
        external=f"{SOURCE}-{number}",
        text=text,
        product=product,
        language="zh-hans",
        received=at,
    )
    return take_in(SYSTEM, incoming, at).complaint


def _answer(row: Complaint, chance: random.Random, now: dt.datetime) -> None:
    """Most are answered within days, some late, some not yet; some customers rate the answer."""
    took = chance.choice((1, 2, 3, 4, 6, 9, 12, 17)) * DAY
    if row.received + took >= now:
        return
    answered = tell_outcome(SYSTEM, row, chance.choice(OUTCOMES), row.received + took, None)
    if chance.random() < 0.5:
        rated = min(row.received + took + DAY / 4, now)
        rate(answered, chance.choice((2, 3, 4, 4, 5)), rated)
