"""The numbers of the overview, from the per-minute sums."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Sum
from django.utils import timezone

from guanlan.core.access import Subject, may
from guanlan.engine.log import LogError, LogTail
from guanlan.engine.scenario.model import Outcome
from guanlan.fraud.models import (
    Cursor,
    Decision,
    Label,
    MinuteLatency,
    MinuteOutcome,
    MinuteRule,
    RuleName,
)
from guanlan.fraud.projection import MINUTE, bucket_ceiling

T = TypeVar("T")
STOPPED = (Outcome.hold, Outcome.decline)
# Width of a bar, in minutes, for each window on offer, in hours.
BARS = {1: 1, 24: 30, 168: 180, 720: 720}


class Window(NamedTuple):
    """A span of minutes [first, end) in bars of `bar` minutes; `stale` when it ends in the past."""

    hours: int
    first: int
    end: int
    bar: int
    stale: bool

    @property
    def bars(self) -> range:
        return range(self.first, self.end, self.bar)


class Count(NamedTuple):
    decisions: int
    amount: int


class RuleCount(NamedTuple):
    name: str
    hits: int
    unknown: int


class LogState(NamedTuple):
    """Where log and projection stand, in bytes; `reason` says why there is no log."""

    committed: int
    projected: int
    events: int
    clock: int
    reason: str

    @property
    def behind(self) -> int:
        return max(0, self.committed - self.projected)


def window(hours: int, now: int) -> Window:
    """The last `hours` before `now` (microseconds), or before the newest decision if that is older.

    Bars begin at round local times.
    """
    newest = Decision.objects.order_by("-seq").values_list("clock", flat=True).first()
    minute = now // MINUTE
    stale = newest is not None and newest // MINUTE < minute - hours * 60
    if stale and newest is not None:
        minute = newest // MINUTE
    bar = BARS[hours]
    offset = utc_offset(minute)
    end = (minute + offset) // bar * bar - offset + bar
    return Window(hours, end - hours * 60, end, bar, stale)


def local(minute: int) -> dt.datetime:
    """A minute as a time in the zone of the page, which is the organisation's."""
    return dt.datetime.fromtimestamp(minute * 60, timezone.get_current_timezone())


def utc_offset(minute: int) -> int:
    """Minutes that local time is ahead of UTC."""
    offset = local(minute).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) // 60


def local_text(minute: int) -> str:
    """A minute as the filter reads it: 2026-11-23T09:00."""
    return f"{local(minute):%Y-%m-%dT%H:%M}"


def outcomes_by_bar(span: Window, subject: Subject) -> dict[int, dict[int, Count]]:
    """Decisions and amounts by the bar's first minute and by outcome."""

    def load(first: int) -> dict[int, dict[int, Count]]:
        rows = (
            MinuteOutcome.objects.for_user(subject)
            .filter(minute__gte=first, minute__lt=span.end)
            .annotate(bar=(F("minute") - first) / span.bar)
            .values_list("bar", "outcome")
            .annotate(n=Sum("decisions"), value=Sum("amount"))
            .order_by()
        )
        bars: dict[int, dict[int, Count]] = defaultdict(dict)
        for index, outcome, decisions, amount in rows:
            bars[first + index * span.bar][outcome] = Count(decisions, int(amount))
        return bars

    return _by_bar(span, subject, _outcomes, load)


def latency_by_bar(span: Window, subject: Subject) -> dict[int, dict[int, int]]:
    """Latency histograms by the bar's first minute."""

    def load(first: int) -> dict[int, dict[int, int]]:
        rows = (
            MinuteLatency.objects.for_user(subject)
            .filter(minute__gte=first, minute__lt=span.end)
            .annotate(bar=(F("minute") - first) / span.bar)
            .values_list("bar", "bucket")
            .annotate(n=Sum("decisions"))
            .order_by()
        )
        bars: dict[int, dict[int, int]] = defaultdict(dict)
        for index, bucket, decisions in rows:
            bars[first + index * span.bar][bucket] = decisions
        return bars

    return _by_bar(span, subject, _latencies, load)


_outcomes: dict[tuple[int, int], dict[int, Count]] = {}
_latencies: dict[tuple[int, int], dict[int, int]] = {}
MAX_REMEMBERED_BARS = 5000


def _by_bar(
    span: Window,
    subject: Subject,
    remembered: dict[tuple[int, int], dict[int, T]],
    load: Callable[[int], dict[int, dict[int, T]]],
) -> dict[int, dict[int, T]]:
    """The window's bars; only those that may still change are read from the database.

    The clock never goes back, so a bar that ends before the projected clock is final. Figures
    belong to no one product: what is remembered is the same for everybody who may see them.
    """
    if not may(subject, "see", "fraud.figures"):
        return {bar: {} for bar in span.bars}
    projected = Cursor.objects.filter(id=1).values_list("clock", flat=True).first() or 0
    known = {bar: remembered[bar, span.bar] for bar in span.bars if (bar, span.bar) in remembered}
    first = next((bar for bar in span.bars if bar not in known), None)
    if first is None:
        return known
    loaded = load(first)
    if len(remembered) > MAX_REMEMBERED_BARS:
        remembered.clear()
    for bar in span.bars:
        if bar >= first:
            known[bar] = loaded.get(bar, {})
            if (bar + span.bar) * MINUTE <= projected:
                remembered[bar, span.bar] = known[bar]
    return known


def forget() -> None:
    """Drop what is remembered; for a database that was made anew."""
    _outcomes.clear()
    _latencies.clear()


def quantile(histogram: dict[int, int], share: float) -> float | None:
    """The latency (microseconds) that `share` of the decisions did not exceed.

    Rounded up to the end of its bucket, that is by at most nine per cent.
    """
    total = sum(histogram.values())
    wanted, seen = share * total, 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= wanted and seen:
            return bucket_ceiling(bucket)
    return None


def merged(histograms: Any) -> dict[int, int]:
    """The sum of histograms."""
    total: dict[int, int] = defaultdict(int)
    for histogram in histograms:
        for bucket, count in histogram.items():
            total[bucket] += count
    return total


def rule_counts(span: Window, subject: Subject, limit: int | None = 10) -> list[RuleCount]:
    """Rules by hits within the window, most first."""
    names = dict(RuleName.objects.values_list("id", "name"))
    rows = (
        MinuteRule.objects.for_user(subject)
        .filter(minute__gte=span.first, minute__lt=span.end)
        .values("rule_id")
        .annotate(all_hits=Sum("hits"), all_unknown=Sum("unknown"))
        .order_by("-all_hits", "-all_unknown", "rule_id")
    )
    counts = [RuleCount(names[row["rule_id"]], row["all_hits"], row["all_unknown"]) for row in rows]
    return counts if limit is None else [c for c in counts if c.hits][:limit]


def hits_by_bar(span: Window, subject: Subject) -> dict[str, list[int]]:
    """Hits of each rule that hit within the window, by bar."""
    names = dict(RuleName.objects.values_list("id", "name"))
    rows = (
        MinuteRule.objects.for_user(subject)
        .filter(minute__gte=span.first, minute__lt=span.end, hits__gt=0)
        .annotate(bar=(F("minute") - span.first) / span.bar)
        .values_list("rule_id", "bar")
        .annotate(n=Sum("hits"))
        .order_by()
    )
    found: dict[str, list[int]] = {}
    for rule, bar, hits in rows:
        found.setdefault(names[rule], [0] * len(span.bars))[bar] += hits
    return found


def waiting_for_review(span: Window, subject: Subject) -> int:
    """Decisions to review within the window that no label has settled."""
    settled = Label.objects.for_user(subject).filter(target=OuterRef("event_id"))
    first = (
        Decision.objects.for_user(subject)
        .filter(clock__gte=span.first * MINUTE)
        .order_by("clock", "seq")
        .values_list("seq", flat=True)
        .first()
    )
    if first is None:
        return 0
    waiting = Decision.objects.for_user(subject).filter(outcome=int(Outcome.review), seq__gte=first)
    return waiting.filter(~Exists(settled)).count()


def newest_severe(limit: int, subject: Subject) -> list[Decision]:
    """The newest decisions that asked for more than a review."""
    found: list[Decision] = []
    for outcome in Outcome:
        if outcome > Outcome.review:
            found += (
                Decision.objects.for_user(subject)
                .filter(outcome=int(outcome))
                .order_by("-seq")[:limit]
            )
    return sorted(found, key=lambda d: -d.seq)[:limit]


def log_state() -> LogState:
    """Where the log and its projection stand."""
    cursor = Cursor.objects.filter(id=1).first() or Cursor(id=1)
    committed, reason = 0, ""
    try:
        tail = LogTail(settings.LOG_DIRECTORY)
        try:
            committed = tail.committed
        finally:
            tail.close()
    except (OSError, LogError) as error:
        reason = type(error).__name__
    return LogState(committed, cursor.position, cursor.events, cursor.clock, reason)
