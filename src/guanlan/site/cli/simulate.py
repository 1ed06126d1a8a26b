"""`guanlan simulate`: a labelled history of the simulated wallet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click
import polars as pl

from guanlan.engine.simulate import ATTACKS, wire_history
from guanlan.engine.simulate import simulate as simulated
from guanlan.site.cli.words import BadInput, as_json, progress, put_json, writable

FORMATS = (".parquet", ".ndjson", ".jsonl")
ROWS = 250_000


@click.command()
@click.option("--events", required=True, type=click.IntRange(1, 100_000_000), help="How many.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="FILE.parquet with labels, or FILE.ndjson of wire events and label events.",
)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    default="2026-01-01",
    show_default=True,
    help="First moment, UTC.",
)
@click.option("--days", default=60.0, show_default=True, type=click.FloatRange(0.01, 3660))
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    type=click.Choice(ATTACKS),
    help="Play only these; may be given several times. Default: all.",
)
@click.option("--quiet", is_flag=True, help="Play no attack at all.")
@click.option(
    "--share", default=0.01, show_default=True, type=click.FloatRange(0, 0.5), help="Attack events."
)
@as_json
def simulate(
    events: int,
    seed: int,
    out: Path,
    start: dt.datetime,
    days: float,
    attacks: tuple[str, ...],
    quiet: bool,
    share: float,
    as_json: bool,
) -> None:
    """Write a labelled history of a wallet: registrations, logins, transfers, attacks."""
    if out.suffix.lower() not in FORMATS:
        raise BadInput(f"{out}: expected a name that ends in {', '.join(FORMATS)}")
    if seed < 0:
        raise BadInput("--seed: expected 0 or more")
    writable(out)
    begin = int(start.replace(tzinfo=dt.UTC).timestamp()) * 1_000_000
    chosen = () if quiet else attacks or ATTACKS
    frames: list[pl.DataFrame] = []
    with progress(as_json) as bar:
        task = bar.add_task("simulating", total=events)
        for frame in simulated(events, seed, begin, days, attacks=chosen, share=share):
            frames.append(frame)
            bar.advance(task, frame.height)
    if out.suffix.lower() == ".parquet":
        whole = pl.concat(frames, rechunk=False)
        whole.write_parquet(out, compression="zstd", row_group_size=ROWS)
    else:
        with out.open("wb") as file:
            file.writelines(event + b"\n" for event in wire_history(iter(frames)))
    fraud = sum(int(frame["is_fraud"].sum()) for frame in frames)
    if as_json:
        put_json({"out": str(out), "events": events, "fraud": fraud, "seed": seed})
    else:
        click.echo(f"{out}: {events:,} events, {fraud:,} of them fraud")
