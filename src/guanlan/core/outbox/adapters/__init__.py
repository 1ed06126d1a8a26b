"""How each kind of channel delivers."""

from __future__ import annotations

from typing import Final

from guanlan.core.outbox.adapters.chat import DINGTALK, FEISHU, SLACK, WECOM
from guanlan.core.outbox.adapters.email import EMAIL
from guanlan.core.outbox.adapters.file import FILE
from guanlan.core.outbox.adapters.parcel import (
    Adapter,
    Config,
    Field,
    NotDelivered,
    Parcel,
    Why,
)
from guanlan.core.outbox.adapters.sms import ALIYUN, TENCENT, TWILIO
from guanlan.core.outbox.adapters.webhook import WEBHOOK

ADAPTERS: Final[dict[str, Adapter]] = {
    "email": EMAIL,
    "aliyun": ALIYUN,
    "tencent": TENCENT,
    "twilio": TWILIO,
    "dingtalk": DINGTALK,
    "feishu": FEISHU,
    "wecom": WECOM,
    "slack": SLACK,
    "webhook": WEBHOOK,
    "file": FILE,
}

__all__ = ["ADAPTERS", "Adapter", "Config", "Field", "NotDelivered", "Parcel", "Why"]
