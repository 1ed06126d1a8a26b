"""Reading one indicator: a value that may be judged, or why there is none."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import math
import traceback
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext_noop
from msgspec import Struct

from guanlan.core.faults import without_values
from guanlan.risk.limiting import Version
from guanlan.risk.registry import Measured, Span, Spec

logger = logging.getLogger("guanlan.risk")

FIRST: Final = gettext_noop("It has not been measured yet.")
FAILED: Final = gettext_noop("Measuring it failed: %(fault)s.")
NO_ANSWER: Final = gettext_noop("Measuring it gave no answer of the agreed form.")
NO_VALUE: Final = gettext_noop("There is nothing of which it could be told.")
NO_NUMBER: Final = gettext_noop("Measuring it gave something that is no finite number.")
FEW: Final = gettext_noop("It stands on %(volume)s only; at least %(least)s are wanted.")
STALE: Final = gettext_noop("Its newest data is of %(time)s, which is too old.")
GAP: Final = gettext_noop("Nothing was measured from %(since)s to %(until)s.")
GONE: Final = gettext_noop("No part of this version measures it.")
NO_LIMITS: Final = gettext_noop("No limits are in force for it.")
BROKEN: Final = frozenset({FAILED, NO_ANSWER, NO_NUMBER, STALE, GONE})  # somebody has to mend it


class Reading(Struct, frozen=True, kw_only=True):
    """What reading an indicator gave. `value` is what was measured even where it may not be judged;
    `why` says why it may not, as a marked English sentence with its values."""

    value: float | None = None
    volume: int | None = None
    inputs: Mapping[str, float | int] = {}
    why: str = ""
    why_values: Mapping[str, str | int] = {}

    @property
    def judged(self) -> float | None:
        """The value that the state is told by; None where the state is unknown."""
        return None if self.why else self.value


def read(spec: Spec | None, limits: Version | None, span: Span) -> Reading:
    """Read an indicator. It never raises: whatever goes wrong is a reading that says so."""
    if spec is None:
        return Reading(why=GONE)
    # Within a transaction a failing query would end it for everybody.
    guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with guard:
            said: Any = spec.work(span)
    except Exception as error:  # noqa: BLE001 - one that fails in any way stops no other
        logger.error("indicator %s: %s", spec.name, without_values(error))
        return Reading(why=FAILED, why_values={"fault": _kind(error)})
    return _checked(said, limits, span)


def _checked(said: Any, limits: Version | None, span: Span) -> Reading:
    if not isinstance(said, Measured) or type(said.volume) is not int or said.volume < 0:
        return Reading(why=NO_ANSWER)
    value: Any = said.value  # whatever the function made of it
    if value is None:
        return Reading(why=NO_VALUE, volume=said.volume, inputs=said.inputs)
    if isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
        return Reading(why=NO_NUMBER, volume=said.volume)
    whole: dict[str, Any] = {
        "value": float(value), "volume": said.volume, "inputs": said.inputs,
    }  # fmt: skip
    if limits is None:
        return Reading(why=NO_LIMITS, **whole)
    if said.newest is not None and (span.end - said.newest).total_seconds() > limits.stale_after:
        when = said.newest.astimezone(dt.UTC)
        return Reading(why=STALE, why_values={"time": f"{when:%Y-%m-%d %H:%M} UTC"}, **whole)
    if said.volume < limits.minimum_volume:
        least = {"volume": said.volume, "least": limits.minimum_volume}
        return Reading(why=FEW, why_values=least, **whole)
    return Reading(**whole)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _kind(error: BaseException) -> str:
    """Kind and place, not the text: that often quotes a value."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" in {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
    return f"{type(error).__name__}{place}"[:120]


def digest(name: str, version: int, span: Span, reading: Reading) -> str:
    """SHA-256 (hex) of all that a sample was made of, in one canonical form."""
    said = [
        name, version, span.start.isoformat(), span.end.isoformat(), reading.value,
        reading.volume, sorted(reading.inputs.items()), reading.why,
        sorted(reading.why_values.items()),
    ]  # fmt: skip
    text = json.dumps(said, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
