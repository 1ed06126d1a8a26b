"""A client of Guanlan's HTTP interface, usable on its own.

from guanlan.client import Client

with Client("http://127.0.0.1:8000", key) as guanlan:
    decision = guanlan.post(
        {
            "type": "transfer",
            "entities": {"user": "u-1", "payee": "u-2"},
            "fields": {"amount": 12345},
        }
    )
    print(decision.outcome, [reason.rule for reason in decision.reasons])
"""

from guanlan.client.answers import Decision, Explained, ListHit, Reason
from guanlan.client.calls import AsyncClient, Client
from guanlan.client.errors import (
    Busy,
    Conflict,
    Denied,
    GuanlanError,
    Invalid,
    NotFound,
    Refused,
    Unreachable,
)
from guanlan.client.requests import Retry, new_event_id

__all__ = [
    "AsyncClient",
    "Busy",
    "Client",
    "Conflict",
    "Decision",
    "Denied",
    "Explained",
    "GuanlanError",
    "Invalid",
    "ListHit",
    "NotFound",
    "Reason",
    "Refused",
    "Retry",
    "Unreachable",
    "new_event_id",
]
