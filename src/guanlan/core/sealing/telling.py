"""Who hears of sealed values that do not open: those who keep the keys, once an hour a column.

The first value that does not open is told at once; what follows is counted, and the next hour's
message says how many there were. Processes share the hour by the message's key.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final

from django.db import transaction
from django.utils import timezone

from guanlan.core import outbox
from guanlan.core.sealing.columns import on_unreadable

logger = logging.getLogger(__name__)

TEMPLATE: Final = "sealing.unreadable"

outbox.template(
    TEMPLATE,
    names={"column": 2, "count": 2},
    texts={
        "en": (
            "Sealed values of {column} do not open",
            "{count} readings failed. Is a key missing, or was it altered? See guanlan doctor.",
        ),
        "zh-hans": (
            "{column} 的加密值无法解开",
            "{count} 次读取失败，原值保留。请用 guanlan doctor 查明是缺少密钥还是数据被改动。",
        ),
        "zh-hant": (
            "{column} 的加密值無法解開",
            "{count} 次讀取失敗，原值保留。請用 guanlan doctor 查明是缺少金鑰還是資料遭改動。",
        ),
    },
)


class _Seen:
    """Counts by column, and the hour in which each was told last."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, int] = {}
        self._told: dict[str, str] = {}

    def count(self, column: str) -> None:
        """One more value of this column does not open."""
        with self._lock:
            self._counts[column] = self._counts.get(column, 0) + 1

    def is_due(self, column: str, hour: str) -> bool:
        """Whether this hour's message is still to be made."""
        return self._told.get(column) != hour

    def take(self, column: str, hour: str) -> int:
        """How many are to be told of now; none where another thread does it."""
        with self._lock:
            if not self.is_due(column, hour):
                return 0
            self._told[column] = hour
            return self._counts.pop(column, 0)

    def give_back(self, column: str, count: int) -> None:
        """They could not be told of."""
        with self._lock:
            self._told.pop(column, None)
            self._counts[column] = self._counts.get(column, 0) + count


_seen: Final = _Seen()


@on_unreadable
def alarm(column: str, _row: str) -> None:
    """Count, and tell when it is time: after the reader's transaction, which may be undone."""
    _seen.count(column)
    now = timezone.now()
    if _seen.is_due(column, _hour(now)):
        transaction.on_commit(partial(_tell, column, now))


def _tell(column: str, now: datetime) -> None:
    hour = _hour(now)
    count = _seen.take(column, hour)
    if not count:
        return
    try:
        outbox.send(
            TEMPLATE,
            to=outbox.people_who_may("manage", "core.apikey"),
            context={"column": column, "count": count},
            urgency="urgent",
            dedup=f"{TEMPLATE} {column} {hour}",
        )
    except Exception:  # whoever reads must get the page, and the log line stands already
        logger.exception("nobody could be told that values of %s do not open", column)
        _seen.give_back(column, count)


def _hour(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H")
