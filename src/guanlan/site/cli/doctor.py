"""`guanlan doctor`: what is wrong with this installation, and what mends it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from django.core.exceptions import ImproperlyConfigured
from rich.console import Console

from guanlan.site.cli.words import as_json, data_option, put_json
from guanlan.site.start import platform_module

MARKS = {"ok": ("ok", "green"), "note": ("note", "yellow"), "fault": ("FAULT", "red")}


@click.command()
@data_option
@as_json
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check configuration, database, log, clock, disk, cache and assets; exit 1 on faults."""
    console = Console(highlight=False)
    rows: list[dict[str, str]] = []
    found: Iterator[tuple[str, str, str, str]]
    try:
        checks = platform_module("guanlan.site.run.checks")
        found = ((f.check, f.state, f.what, f.mend) for f in checks.examine())
    except ImproperlyConfigured as error:
        mend = "correct it in the environment of this process"
        found = iter([("configuration", "fault", str(error), mend)])
    for check, state, what, mend in found:
        rows.append({"check": check, "state": state, "what": what, "mend": mend})
        if not as_json:
            word, colour = MARKS[state]
            console.print(f"[{colour}]{word:5}[/] {check:14}", end="", soft_wrap=True)
            console.print(what, markup=False, soft_wrap=True)
            if mend:
                console.print(f"{'':20} → {mend}", markup=False, soft_wrap=True)
    faults = sum(row["state"] == "fault" for row in rows)
    if as_json:
        put_json({"ok": not faults, "findings": rows})
    else:
        sys.stdout.flush()
        click.echo(f"{faults} fault{'' if faults == 1 else 's'}" if faults else "no fault found")
    if faults:
        ctx.exit(1)
