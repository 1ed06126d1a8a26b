"""Our own webhook: JSON, signed, with a time that the receiver can judge.

The receiver computes HMAC-SHA256 with the shared secret over `<Guanlan-Timestamp>.<body>`,
compares it in constant time with `Guanlan-Signature` (after `v1=`), refuses a timestamp further
than five minutes from its own clock, and a `Guanlan-Delivery` that it has seen before.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec

from guanlan.core import egress
from guanlan.core.outbox.adapters.parcel import Adapter, Config, Field, Parcel, for_status


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """The value of the header `Guanlan-Signature`."""
    signed = f"{timestamp}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def deliver(config: Config, parcel: Parcel) -> None:
    timestamp = int(parcel.sent)
    body = msgspec.json.encode(
        {
            "key": parcel.key,
            "template": parcel.template,
            "urgency": parcel.urgency,
            "subject": parcel.subject,
            "body": parcel.body,
            "link": parcel.link,
        }
    )
    headers = {
        "Content-Type": "application/json",
        "Guanlan-Delivery": parcel.key,
        "Guanlan-Timestamp": str(timestamp),
        "Guanlan-Signature": signature(config["secret"], timestamp, body),
    }
    answer = egress.request("POST", config["url"], content=body, headers=headers)
    if not answer.ok:
        raise for_status(answer.status)


WEBHOOK: Final = Adapter(
    fields=(Field("url", leads=True), Field("secret", secret=True)), deliver=deliver
)
