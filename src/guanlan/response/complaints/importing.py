"""Complaints out of a CSV file: all of its lines, or none."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from typing import Final, NamedTuple

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.complaints.intake import Incoming, check, take_in
from guanlan.response.complaints.terms import NOUN
from guanlan.web.words import labelled

MOST_LINES: Final = 500
MOST_BYTES: Final = 2 << 20
MOST_FAULTS: Final = 50
LONGEST_FIELD: Final = 40_000
COLUMNS: Final = (
    "id", "text", "subject", "category", "product", "customer", "email", "phone", "language",
    "received",
)  # fmt: skip


class Fault(NamedTuple):
    """What is wrong with a line (0: with the file); it tells no value."""

    line: int
    text: str


class Brought(NamedTuple):
    """How many were taken in, and how many were there already; nothing where there are faults."""

    new: int
    known: int
    faults: tuple[Fault, ...]


def bring_in(subject: Subject, data: bytes, now: dt.datetime) -> Brought:
    """Take in a file of complaints: UTF-8 or GB 18030, a first line with the names of columns.
    Without an id a line is known again by file and line number. Raises Denied."""
    require(subject, "add", NOUN)
    try:
        lines = _read(data)
    except _Unread as error:
        return Brought(0, 0, (Fault(0, str(error)),))
    faults: list[Fault] = []
    ready: list[tuple[int, Incoming]] = []
    ids: set[str] = set()
    source = hashlib.sha256(data).hexdigest()
    for number, values in lines:
        try:
            incoming = _incoming(values, source, number)
            if incoming.external in ids:
                raise ValidationError({"id": _("This id stands in the file twice.")})
            ids.add(incoming.external)
            check(incoming, subject, now)
            ready.append((number, incoming))
        except ValidationError as error:
            faults.append(Fault(number, _sentence(error)))
    if faults:
        return Brought(0, 0, tuple(faults[:MOST_FAULTS]))
    return _taken(subject, ready, now)


def _taken(subject: Subject, ready: list[tuple[int, Incoming]], now: dt.datetime) -> Brought:
    at, new = 0, 0
    try:
        with transaction.atomic(), act("complaint.import", detail={"lines": len(ready)}):
            for number, incoming in ready:
                at = number
                new += take_in(subject, incoming, now).new
    except ValidationError as error:  # an id that was used for something else
        return Brought(0, 0, (Fault(at, _sentence(error)),))
    return Brought(new, len(ready) - new, ())


class _Unread(ValueError):
    """The file cannot be read; the argument is a sentence."""


def _read(data: bytes) -> list[tuple[int, dict[str, str]]]:
    """Lines by number, the first being 1; those without anything are left out."""
    if len(data) > MOST_BYTES:
        raise _Unread(_("The file is larger than %(n)s MB.") % {"n": MOST_BYTES >> 20})
    text = _decoded(data)
    csv.field_size_limit(LONGEST_FIELD)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        names = [name.strip().lower() for name in next(reader, [])]
        if "text" not in names or len(set(names)) < len(names) or set(names) - set(COLUMNS):
            expected = ", ".join(COLUMNS)
            raise _Unread(_("The first line names the columns: text, and of these: %(names)s.")
                          % {"names": expected})  # fmt: skip
        found: list[tuple[int, dict[str, str]]] = []
        for row in reader:
            if not any(one.strip() for one in row):
                continue
            if len(found) >= MOST_LINES:
                raise _Unread(_("A file has at most %(n)s complaints.") % {"n": MOST_LINES})
            if len(row) > len(names):
                text = _("Line %(line)s has more fields than the first line.")
                raise _Unread(text % {"line": reader.line_num})
            found.append((reader.line_num, dict(zip(names, row, strict=False))))
    except csv.Error:
        text = _("This is no CSV file: a quote does not end, or a field is too long.")
        raise _Unread(text) from None
    if not found:
        raise _Unread(_("The file holds no complaint."))
    return found


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _Unread(_("The file is neither UTF-8 nor GB 18030."))


def _incoming(values: dict[str, str], source: str, line: int) -> Incoming:
    said = {name: values.get(name, "").strip() for name in COLUMNS}
    external = said.pop("id") or f"{source} {line}"
    if len(external) > 200:
        raise ValidationError({"id": _("At most %(n)s characters.") % {"n": 200}})
    received = _time(said.pop("received"))
    empty = Incoming(channel="csv", source="file", external=external, received=received, text="")
    return msgspec.structs.replace(empty, **said)


def _time(text: str) -> dt.datetime | None:
    if not text:
        return None
    try:
        at = parse_datetime(text)
        day = parse_date(text) if at is None else None
    except ValueError:
        at = day = None
    if day is not None:
        at = dt.datetime.combine(day, dt.time())
    if at is None:
        raise ValidationError({"received": _("A time is written 2026-11-27 or 2026-11-27T09:30.")})
    return at if at.tzinfo is not None else timezone.make_aware(at)


def _sentence(error: ValidationError) -> str:
    if hasattr(error, "error_dict"):
        return " ".join(labelled(name, " ".join(said)) for name, said in error.message_dict.items())
    return " ".join(error.messages)
