"""What is known of the things that clocks run for, as their own apps tell it.

    register_matter("response.incident", of_incident)

The form that starts clocks begins with it; where nobody tells, it begins empty.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, NamedTuple

from guanlan.core.access import Subject
from guanlan.response.clocks.facts import Facts


class Known(NamedTuple):
    """What a thing is called, since when it is known, and what happened as far as that is known;
    `url` is its page. The label holds no key of a customer."""

    label: str
    url: str
    known: dt.datetime
    occurred: dt.datetime | None
    facts: Facts


Reader = Callable[[Subject, str], Known | None]
_readers: Final[dict[str, Reader]] = {}


def register_matter(noun: str, reader: Reader) -> None:
    """Say who knows the objects of a noun: `reader(subject, key)` gives None where the subject
    sees no such object. Raises ValueError for a noun that has a reader."""
    if noun in _readers:
        raise ValueError(f"matters of {noun} are registered twice")
    _readers[noun] = reader


def known_of(subject: Subject, noun: str, key: str) -> Known | None:
    """What is known of an object, for somebody who sees it; None where nobody knows."""
    reader = _readers.get(noun)
    return None if reader is None else reader(subject, key)
