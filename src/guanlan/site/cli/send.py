"""`guanlan send`: post a file of events over HTTP, as a product's backend would."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO

import click
import msgspec
from msgspec import Struct

from guanlan.client.send import Summary
from guanlan.client.send import send as post
from guanlan.engine.backtest import HistoryError, load_map, open_history
from guanlan.site.cli.words import (
    BadInput,
    Fault,
    as_json,
    progress,
    put_json,
    put_table,
    say,
    writable,
)

REFUSALS_TOLD = 5


class Sent(Struct):
    """What came of sending. `milliseconds` are those of whole requests."""

    events: int = 0
    decided: int = 0
    refused: int = 0
    seconds: float = 0.0
    events_per_second: float = 0.0
    milliseconds: dict[str, float] = {}
    outcomes: dict[str, int] = {}
    refusals: dict[str, int] = {}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", "url", default="http://127.0.0.1:8000", show_default=True, metavar="URL")
@click.option(
    "--key",
    envvar="GUANLAN_KEY",
    required=True,
    show_envvar=True,
    help="API key with events:write; in the environment it shows in no list of processes.",
)
@click.option("--rate", type=click.FloatRange(0.01), help="Events a second; default: all it takes.")
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="How columns are read.")
@click.option("--labels", type=click.Path(path_type=Path), help="What events turned out to be.")
@click.option(
    "--batch",
    default=250,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Events in a request; 1 posts each alone.",
)
@click.option(
    "--connections",
    default=1,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Requests under way at a time; with more than 1 the order is not kept.",
)
@click.option("--limit", type=click.IntRange(1), help="Send only so many events.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the decisions: FILE.ndjson.")
@as_json
def send(
    file: Path,
    url: str,
    key: str,
    rate: float | None,
    map_file: Path | None,
    labels: Path | None,
    batch: int,
    connections: int,
    limit: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Post the events of FILE in order of time; with labels, at the time they became known."""
    if not url.startswith(("http://", "https://")):
        raise BadInput("--to: expected a URL like http://127.0.0.1:8000")
    writable(out)
    try:
        history = open_history(file, load_map(map_file) if map_file else None, labels)
    except HistoryError as error:
        raise BadInput(str(error)) from None
    total = min(history.total, limit or history.total)
    with progress(as_json) as bar, ExitStack() as files:
        task = bar.add_task("sending", total=total)
        tally = Tally(files.enter_context(out.open("wb")) if out is not None else None)
        try:
            summary = post(
                (record.body for record in islice(iter(history), limit)),
                url,
                key,
                rate=rate,
                concurrency=connections,
                batch=0 if batch == 1 else batch,
                on_progress=lambda told: bar.update(task, completed=min(told.events, total)),
                on_answer=tally.add,
            )
        except ExceptionGroup as several:  # of the connections, which all end with the first
            raise _told(several.exceptions[0], url) from None
        except ValueError as error:
            raise BadInput(f"--to: {error}") from None
    found = sent_of(summary, tally)
    if as_json:
        put_json(found)
    else:
        show(found, tally.examples)
    if found.refused:
        raise Fault(f"{found.refused:,} events were refused")


def _told(error: Exception, url: str) -> Exception:
    """What a person is told of an error while sending."""
    if isinstance(error, Unanswered):
        return Fault(f"{url}: {error}")
    return BadInput(str(error)) if isinstance(error, HistoryError) else error


class Unanswered(Exception):
    """The platform decides nothing for this sender, so going on makes no sense."""


class Tally:
    """Notes each answer as it becomes final; decisions go to `file` as they came."""

    def __init__(self, file: IO[bytes] | None) -> None:
        self._file = file
        self.refusals: Counter[str] = Counter()
        self.examples: list[str] = []

    def add(self, place: int, body: bytes, status: int, text: bytes) -> None:
        """Take one answer. Raises Unanswered when the platform or the key is at fault."""
        if status == 200:
            if self._file is not None:
                self._file.write(text + b"\n")
            return
        error = _errors.decode(text).error
        if status in (0, 401, 403, 429) or status >= 500:
            raise Unanswered(f"{error.message} (status {status})" if status else error.message)
        self.refusals[error.code] += 1
        if len(self.examples) < REFUSALS_TOLD:
            self.examples.append(f"event {place + 1:,} ({_ids.decode(body).id}): {error.message}")


class _Error(Struct):
    code: str
    message: str


class _Refusal(Struct):
    error: _Error


class _Identified(Struct):
    id: str


_errors = msgspec.json.Decoder(_Refusal)
_ids = msgspec.json.Decoder(_Identified)


def sent_of(summary: Summary, tally: Tally) -> Sent:
    """The summary as programs read it, times of requests in milliseconds."""
    times = {
        "p50": summary.p50,
        "p90": summary.p90,
        "p99": summary.p99,
        "max": summary.longest,
    }
    return Sent(
        events=summary.events,
        decided=summary.decided,
        refused=tally.refusals.total(),
        seconds=round(summary.seconds, 3),
        events_per_second=round(summary.rate, 1),
        milliseconds={name: round(value * 1000, 3) for name, value in times.items()},
        outcomes=dict(Counter(summary.outcomes).most_common()),
        refusals=dict(tally.refusals.most_common()),
    )


def show(sent: Sent, examples: list[str]) -> None:
    """The summary for people."""
    latency = "  ".join(f"{name} {value:.2f}" for name, value in sent.milliseconds.items())
    rows: list[tuple[str, object]] = [
        ("events", sent.events),
        ("seconds", sent.seconds),
        ("events a second", sent.events_per_second),
        ("request, ms", latency),
        *sent.outcomes.items(),
        *((f"refused: {code}", count) for code, count in sent.refusals.items()),
    ]
    put_table("", ("", ""), rows)
    for example in examples:
        say(example)
