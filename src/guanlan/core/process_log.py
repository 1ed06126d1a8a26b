"""The process log: one record a line, in UTC, whatever was written into it.

    2026-11-27T07:26:32.123456Z WARNING guanlan.door the text of the record
    {"time":"2026-11-27T07:26:32.123456Z","level":"WARNING","logger":"guanlan.door","text":"..."}

Text of a caller cannot begin a line of its own, nor move the cursor of who reads it: what is no
printable character is written as its escape. Of an exception the kind and the place are written,
not its text, which may quote a value. A record of a request names it, as the audit log does.
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

from guanlan.core.faults import without_values

LONGEST: Final = 8_000  # characters of one record's text
_request: ContextVar[str] = ContextVar("guanlan_request", default="")


@contextmanager
def of_request(name: str) -> Iterator[None]:
    """Within, records carry the id of the request that they belong to."""
    token = _request.set(name)
    try:
        yield
    finally:
        _request.reset(token)


def printable(text: str) -> str:
    """`text` with line ends, control and invisible characters, and backslashes, as escapes.

    >>> print(printable("a\\nb"))
    a\\nb
    """
    if text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return "".join(_escaped(character) for character in text)


def _escaped(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character == " " or unicodedata.category(character)[0] not in "CZ":
        return character
    return character.encode("unicode_escape").decode("ascii")


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _said(record: logging.LogRecord) -> str:
    # Half a character, which Python lets stand, is none to who reads the line.
    text = record.getMessage()[:LONGEST]
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _fault(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return without_values(error).strip() if error is not None else ""


class Lines(logging.Formatter):
    """A line to read: time, level, logger, text, request; the place of a fault behind it."""

    def format(self, record: logging.LogRecord) -> str:
        parts = [_time(record), record.levelname, record.name, printable(_said(record))]
        if request := _request.get():
            parts.append(f"[{request}]")
        if fault := _fault(record):
            parts.append(printable(fault))
        return " ".join(parts)


class Json(logging.Formatter):
    """A line of JSON for a collector; `request` and `fault` only where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname,
            "logger": record.name,
            "text": _said(record),
        }
        if request := _request.get():
            line["request"] = request
        if fault := _fault(record):
            line["fault"] = fault
        # ASCII: line ends that JSON lets stand are ends of lines to some readers.
        return json.dumps(line, separators=(",", ":"))
