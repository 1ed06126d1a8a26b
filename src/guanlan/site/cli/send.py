"""`guanlan send`: post a file of events over HTTP, as a product's backend would."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter

import click
import msgspec
from msgspec import Struct

from guanlan.client import AsyncClient, Decision, GuanlanError, Refused
from guanlan.engine.backtest import History, HistoryError, Record, load_map, open_history
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

PERCENTILES = (50, 90, 99)
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
        sending = Sending(history, url, key, rate, batch, limit, out)
        with progress(as_json) as bar:
            total = min(history.total, limit or history.total)
            task = bar.add_task("sending", total=total)
            sending.told = lambda count: bar.advance(task, count)
            asyncio.run(sending.run(connections))
    except HistoryError as error:
        raise BadInput(str(error)) from None
    except GuanlanError as error:
        raise Fault(f"{url}: {error}") from None
    found = sending.summary()
    if as_json:
        put_json(found)
    else:
        show(found, sending.examples)
    if found.refused:
        raise Fault(f"{found.refused:,} events were refused")


class Sending:
    """Takes the events of a history in order and posts them, each once."""

    def __init__(
        self,
        history: History,
        url: str,
        key: str,
        rate: float | None,
        batch: int,
        limit: int | None,
        out: Path | None,
    ) -> None:
        self._events: Iterator[Record] = islice(iter(history), limit)
        self._url, self._key, self._rate, self._batch = url, key, rate, batch
        self._out = out
        self._taken = 0
        self._times: list[float] = []
        self._outcomes: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._seconds = 0.0
        self.examples: list[str] = []
        self.told: Callable[[int], None] = _unheard

    async def run(self, connections: int) -> None:
        """Send everything. Raises GuanlanError when the platform cannot be reached."""
        begun = perf_counter()
        lines = self._out.open("wb") if self._out is not None else None
        try:
            async with AsyncClient(self._url, self._key, timeout=30.0) as guanlan:

                async def work() -> None:
                    while part := self._take():
                        await self._due(begun)
                        answers = await self._post(guanlan, part)
                        self._note(part, answers)
                        if lines is not None:
                            lines.writelines(
                                msgspec.json.encode(answer) + b"\n"
                                for answer in answers
                                if isinstance(answer, Decision)
                            )

                async with asyncio.TaskGroup() as workers:
                    for _ in range(connections):
                        workers.create_task(work())
        except* GuanlanError as errors:
            raise errors.exceptions[0] from None
        finally:
            self._seconds = perf_counter() - begun
            if lines is not None:
                lines.close()

    def _take(self) -> list[Record]:
        part = list(islice(self._events, self._batch))
        self._taken += len(part)
        return part

    async def _due(self, begun: float) -> None:
        """Wait until as many events as were taken are due at the rate asked for."""
        if self._rate is not None:
            wait = begun + (self._taken - 1) / self._rate - perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)

    async def _post(self, guanlan: AsyncClient, part: list[Record]) -> list[Decision | Refused]:
        events = [msgspec.json.decode(item.body) for item in part]
        sent = perf_counter()
        answers: list[Decision | Refused]
        if self._batch == 1:
            try:
                answers = [await guanlan.post(events[0])]
            except Refused as refused:
                if refused.status in (401, 403) or refused.status >= 500:
                    raise
                answers = [refused]
        else:
            answers = [answer async for answer in guanlan.post_many(events)]
        self._times.append(perf_counter() - sent)
        return answers

    def _note(self, part: list[Record], answers: list[Decision | Refused]) -> None:
        for item, answer in zip(part, answers, strict=True):
            if isinstance(answer, Decision):
                self._outcomes[answer.outcome] += 1
                continue
            self._refusals[answer.code] += 1
            if len(self.examples) < REFUSALS_TOLD:
                self.examples.append(f"{item.id}: {answer}")
        self.told(sum(item.type != "label" for item in part))

    def summary(self) -> Sent:
        """What has been sent so far."""
        times = sorted(time * 1000 for time in self._times)
        marks = {f"p{p}": times[len(times) * p // 100] for p in PERCENTILES} if times else {}
        decided, refused = self._outcomes.total(), self._refusals.total()
        return Sent(
            events=decided + refused,
            decided=decided,
            refused=refused,
            seconds=round(self._seconds, 3),
            events_per_second=round((decided + refused) / max(self._seconds, 1e-9), 1),
            milliseconds={
                name: round(value, 3)
                for name, value in (marks | ({"max": times[-1]} if times else {})).items()
            },
            outcomes=dict(self._outcomes.most_common()),
            refusals=dict(self._refusals.most_common()),
        )


def _unheard(count: int) -> None:
    """Progress that nobody watches."""


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
