"""Counters and histograms of the door in Prometheus' text format 0.0.4."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence

SECONDS = (
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
)  # fmt: skip
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
EVENTS = "/v1/events"
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


class Histogram:
    """Counts of observed values by upper bound (inclusive, as Prometheus has it)."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    @property
    def count(self) -> int:
        return sum(self.counts)


class Metrics:
    """Everything the door counts. Written in the event loop's thread only."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self._events: dict[int, int] = {}  # POST /v1/events, by status
        self.lines: dict[int, int] = {}
        self.latency = Histogram(SECONDS)
        self.commit_seconds = Histogram(SECONDS)
        self.decide_seconds = Histogram(SECONDS)
        self.commit_events = Histogram(SIZES)
        self.disconnects = 0
        self.internal_errors = 0
        self.commit_failures = 0

    def count(self, route: str, status: int) -> None:
        key = (route, status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def count_event(self, status: int, seconds: float) -> None:
        """`count` and `latency.observe` of POST /v1/events in one call."""
        self._events[status] = self._events.get(status, 0) + 1
        latency = self.latency
        latency.counts[bisect_left(SECONDS, seconds)] += 1
        latency.total += seconds

    def by_route(self) -> dict[tuple[str, int], int]:
        """Answered requests by route and status."""
        return self.requests | {(EVENTS, status): n for status, n in self._events.items()}

    def count_line(self, status: int) -> None:
        self.lines[status] = self.lines.get(status, 0) + 1


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _head(name: str, kind: str, text: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def histogram(name: str, text: str, value: Histogram) -> list[str]:
    lines = _head(name, "histogram", text)
    seen = 0
    for bound, count in zip(value.bounds, value.counts, strict=False):
        seen += count
        lines.append(f'{name}_bucket{{le="{bound:g}"}} {seen}')
    seen += value.counts[-1]
    lines.append(f'{name}_bucket{{le="+Inf"}} {seen}')
    lines.append(f"{name}_sum {value.total!r}")
    lines.append(f"{name}_count {seen}")
    return lines


def single(name: str, kind: str, text: str, value: float) -> list[str]:
    return [*_head(name, kind, text), f"{name} {_number(value)}"]


def labelled(
    name: str, kind: str, text: str, rows: Iterable[tuple[dict[str, object], float]]
) -> list[str]:
    lines = _head(name, kind, text)
    for labels, value in rows:
        inner = ",".join(f'{k}="{v}"' for k, v in labels.items())
        lines.append(f"{name}{{{inner}}} {_number(value)}")
    return lines


def render_door(metrics: Metrics) -> list[str]:
    """The door's own lines, without those of the engine and the queue."""
    out = labelled(
        "guanlan_http_requests_total", "counter", "Answered requests by route and status.",
        [({"route": r, "status": s}, n) for (r, s), n in sorted(metrics.by_route().items())],
    )  # fmt: skip
    out += labelled(
        "guanlan_batch_lines_total", "counter", "Answered lines of batches by status.",
        [({"status": s}, n) for s, n in sorted(metrics.lines.items())],
    )  # fmt: skip
    out += histogram(
        "guanlan_event_seconds", "From the head of POST /v1/events to its answer.", metrics.latency
    )
    out += histogram(
        "guanlan_decide_seconds", "Deciding one group of events.", metrics.decide_seconds
    )
    out += histogram(
        "guanlan_commit_seconds", "Making one group of events durable.", metrics.commit_seconds
    )
    out += histogram(
        "guanlan_commit_events", "Events made durable together.", metrics.commit_events
    )
    out += single(
        "guanlan_commit_failures_total", "counter",
        "Groups that could not be made durable.", metrics.commit_failures,
    )  # fmt: skip
    out += single(
        "guanlan_http_disconnects_total", "counter",
        "Clients gone before their request was read.", metrics.disconnects,
    )  # fmt: skip
    out += single(
        "guanlan_http_internal_errors_total", "counter",
        "Requests answered 500.", metrics.internal_errors,
    )  # fmt: skip
    return out


def render_process() -> list[str]:
    """Processor time and memory of this process."""
    times = os.times()
    out = single(
        "process_cpu_seconds_total", "counter",
        "Processor time of this process.", times.user + times.system,
    )  # fmt: skip
    try:
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[1])
    except OSError:
        return out  # not Linux: the line is left out
    return out + single(
        "process_resident_memory_bytes", "gauge",
        "Resident memory of this process.", pages * os.sysconf("SC_PAGE_SIZE"),
    )  # fmt: skip
