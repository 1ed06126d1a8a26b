"""How the command line speaks: one line per fault on stderr, tables and JSON on stdout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

BAD_USE = 2


class Fault(click.ClickException):
    """Something was found wrong: one sentence, exit code 1."""

    exit_code = 1


class BadInput(click.ClickException):
    """A file or a value that cannot be used: one sentence, exit code 2."""

    exit_code = BAD_USE


def say(sentence: str) -> None:
    """One line to stderr."""
    click.echo(f"guanlan: {' '.join(sentence.split())}", err=True)


def put_json(value: Any) -> None:
    """`value` as one line of JSON on stdout."""
    click.echo(msgspec.json.encode(value).decode())


def put_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table for people; numbers to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for index, head in enumerate(heads):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(head, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*[cell(value) for value in row])
    Console().print(table)


def cell(value: object) -> str:
    """A value as people read it: 12,345 and 0.1235; nothing for None."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value)


def progress(quiet: bool = False) -> Progress:
    """A progress bar on stderr, so that stdout stays for the result; none when `quiet`."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet or not Console(stderr=True).is_terminal,
        transient=True,
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
data_option = click.option(
    "--data",
    metavar="DIR",
    expose_value=False,  # `verbs` has put it into the environment, where settings look
    help="Data directory (else GUANLAN_DATA, else ./var).",
)

warm_option = click.option(
    "--warm/--no-warm",
    default=True,
    show_default=True,
    help="Compile the kernel in the background; meanwhile, and without, it is interpreted.",
)


def writable(file: Path | None) -> None:
    """Say now, not after minutes of work, that a file cannot be written. Raises OSError."""
    if file is not None:
        existed = file.exists()
        with file.open("ab"):
            pass
        if not existed:
            file.unlink()
