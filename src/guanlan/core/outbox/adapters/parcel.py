"""What is given to an adapter, and how it says that it could not deliver."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from msgspec import Struct

# Why a delivery was not made; the screens have words for each.
Why = Literal[
    "refused",  # the egress policy forbids the call
    "unreachable",  # no connection, or no answer in time
    "rejected",  # the other side said no, for good
    "busy",  # the other side said not now
    "misconfigured",  # the channel's configuration cannot be used
    "capped",  # the limit for this number is reached
    "no_address",  # the person has no such address
    "disabled",  # the person's account is switched off
    "channel_off",  # the channel is not in use, or gone
    "unreadable",  # what is kept of the channel cannot be opened
    "lost",  # the process ended twice between sending and writing it down
    "fault",  # our own fault; the log has the kind
]


class Parcel(Struct, frozen=True, kw_only=True):
    """A rendered message. `key` is the same when it is sent again, so that a receiver can tell."""

    key: str
    template: str
    subject: str
    body: str
    link: str = ""
    urgency: str = "normal"
    email: str = ""
    phone: str = ""
    sent: float = 0.0  # seconds since 1970, when this attempt began

    @property
    def text(self) -> str:
        return "\n\n".join(part for part in (self.body, self.link) if part)


class NotDelivered(Exception):
    """Why a parcel was not delivered; only some reasons are worth another attempt."""

    def __init__(self, why: Why, *, again: bool) -> None:
        super().__init__(why)
        self.why = why
        self.again = again


Config = Mapping[str, str]


class Field(Struct, frozen=True):
    """A value that a channel needs. A secret one is never shown again once it is given; where
    another place is named by a field that `leads` there, or another way, it is asked for anew."""

    name: str
    secret: bool = False
    leads: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()
    default: str = ""


class Adapter(Struct, frozen=True):
    """How one kind of channel delivers; raises NotDelivered, or OSError where it may be tried
    again. Of a message it takes `longest` characters of the subject at most (0: no matter)."""

    fields: tuple[Field, ...]
    deliver: Callable[[Config, Parcel], None]
    needs: Literal["", "email", "phone"] = ""
    longest: int = 0


def for_status(status: int) -> NotDelivered:
    """What an HTTP status that is no success means."""
    if status in (408, 425, 429) or status >= 500:
        return NotDelivered("busy", again=True)
    return NotDelivered("rejected", again=False)
