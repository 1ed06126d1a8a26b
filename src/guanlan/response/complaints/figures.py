"""What complaints come to: how many, how soon told, how content, of what, by which way."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from guanlan.core.access import Subject
from guanlan.response.complaints.deadlines import in_time
from guanlan.response.complaints.terms import OPEN
from guanlan.response.incidents.figures import median
from guanlan.response.models import Complaint

MOST: Final = 50_000  # the newest complaints of the time that are looked at
DAY: Final = dt.timedelta(days=1)
AGES: Final = (3, 7, 15, 30)  # days; the last group has no end


class Row(NamedTuple):
    """What is counted of a complaint."""

    category: str
    channel: str
    product: str
    cause: str
    received: dt.datetime
    told: dt.datetime | None
    due: dt.datetime
    stars: int | None
    state: str
    outcome: str


class Figure(NamedTuple):
    """Figures of some complaints: shares from 0 to 1, None where nothing can be said. A duplicate
    counts as received, and not for the rest."""

    received: int
    judged: int  # told, or overdue
    in_time: float | None
    days: float | None  # median from received to told
    rated: int
    stars: float | None  # mean


_FIELDS: Final = (
    "category__code", "channel", "product", "cause", "received", "told", "due", "satisfaction",
    "state", "outcome",
)  # fmt: skip


def rows_since(subject: Subject, since: dt.datetime) -> list[Row]:
    """The complaints that came in since then, as far as the subject may see them: one query."""
    rows = Complaint.objects.for_user(subject).filter(received__gte=since)
    return [Row(*one) for one in rows.order_by("-received", "-id").values_list(*_FIELDS)[:MOST]]


def figure(rows: Iterable[Row], now: dt.datetime) -> Figure:
    """The figures of these complaints."""
    received = judged = good = 0
    took: list[float] = []
    stars: list[int] = []
    for one in rows:
        received += 1
        if one.outcome == "duplicate":
            continue
        verdict = in_time(one.due, one.told, now)
        judged += verdict is not None
        good += verdict is True
        if one.told is not None:
            took.append((one.told - one.received) / DAY)
        if one.stars is not None:
            stars.append(one.stars)
    took.sort()
    return Figure(
        received,
        judged,
        good / judged if judged else None,
        median(took) if took else None,
        len(stars),
        sum(stars) / len(stars) if stars else None,
    )


def grouped(
    rows: Sequence[Row], by: Callable[[Row], str], now: dt.datetime
) -> list[tuple[str, Figure]]:
    """Figures by what `by` says of each, the largest group first; what it says nothing of is left
    out."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for one in rows:
        if name := by(one):
            groups[name].append(one)
    found = [(name, figure(some, now)) for name, some in groups.items()]
    return sorted(found, key=lambda pair: (-pair[1].received, pair[0]))


def open_by_age(subject: Subject, now: dt.datetime) -> tuple[list[int], int]:
    """How many are open by age (one number more than `AGES`), and how many of them overdue."""
    rows = Complaint.objects.for_user(subject).filter(state__in=OPEN, told=None)
    counts, overdue = [0] * (len(AGES) + 1), 0
    for received, due in rows.values_list("received", "due")[:MOST]:
        age = (now - received) / DAY
        counts[sum(age > most for most in AGES)] += 1
        overdue += due <= now
    return counts, overdue
