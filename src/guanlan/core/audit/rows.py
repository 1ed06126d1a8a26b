"""One row of the audit log: a line of JSON that says who did what to what, when and why."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

REMOVED: Final = "[removed]"
TEXT_LIMIT: Final = 500
BEHIND_TIME: Final = b',"who":'  # first found behind the two numbers that a line begins with

# What must not stand in the log is taken out wherever it is met: e-mail addresses, network
# addresses, and runs of eleven or more digits (telephone, card, account and identity numbers),
# also with spaces or dashes between them. \b is useless beside Chinese, hence the look-arounds.
_PERSONAL: Final = re.compile(
    r"(?<![0-9A-Za-z._%+-])[0-9A-Za-z._%+-]{1,64}@[0-9A-Za-z-]{1,63}(?:\.[0-9A-Za-z-]{1,63}){1,8}"
    r"|(?<![0-9A-Za-z.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z.])"
    r"|(?<![0-9A-Za-z:])[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{0,4}){3,7}(?![0-9A-Za-z:])"
    r"|(?<![0-9A-Za-z])[0-9](?:[ -]?[0-9]){10,30}[0-9Xx]?(?![0-9A-Za-z])"
)


class Who(Struct, frozen=True):
    """Who acted. `kind` is person, key, system or nobody (somebody unknown); `address` and
    `session` are keyed digests."""

    kind: str
    id: int | str | None
    name: str
    roles: tuple[str, ...] = ()
    address: str = ""
    session: str = ""


class Row(Struct, frozen=True, kw_only=True):
    """One row. `i` is its index from 0, `t` its time in microseconds since 1970-01-01 UTC.

    `outcome`: done, seen (a reading), refused, failed, or undone (the act of row `of` was rolled
    back after it had been written down).
    """

    i: int
    t: int
    who: Who
    act: str
    on: tuple[str, str] = ("", "")
    outcome: str = "done"
    detail: dict[str, Any] = {}
    reason: str = ""
    purpose: str = ""
    request: str = ""
    of: int | None = None


_encoder: Final = msgspec.json.Encoder(order="deterministic")
_decoder: Final = msgspec.json.Decoder(Row)


def encode(row: Row) -> bytes:
    """The row's line, without its end. Its bytes are what is hashed."""
    return _encoder.encode(row)


def decode(line: bytes) -> Row:
    """The row of a line. Raises ValueError when it is none."""
    return _decoder.decode(line)


def scrub(text: str) -> str:
    """`text` without what may not stand in the log, in compatibility form, within its limit.

    >>> scrub("call 138 0013 8000, or ann@example.com")
    'call [removed], or [removed]'
    """
    plain = unicodedata.normalize("NFKC", text[: 4 * TEXT_LIMIT])
    plain = "".join(c for c in plain if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return _PERSONAL.sub(REMOVED, plain)[:TEXT_LIMIT]


def scrub_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """Every text of a detail scrubbed; anything but texts, numbers and lists of them refused."""
    return {scrub(name): _scrubbed(name, value) for name, value in detail.items()}


def _scrubbed(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**10 else REMOVED
    if isinstance(value, list | tuple):
        return [_scrubbed(name, one) for one in value[:200]]
    raise TypeError(f"audit detail {name}: a text, a whole number, yes or no, or a list of those")
