"""`guanlan up`: the platform, its door and console in one process or in two, and its worker."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click
from msgspec import structs

from guanlan.site.cli.prepare import told
from guanlan.site.cli.words import Fault, data_option, warm_option
from guanlan.site.run.prepare import prepare
from guanlan.site.run.serve import CannotStart, Clock, Options, Part, serve
from guanlan.site.run.supervise import supervise, worker_beside


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--scenario",
    type=click.Path(path_type=Path),
    help="Put this file in force; else the program last in force, from the log. "
    "SIGHUP reads it again.",
)
@click.option(
    "--clock",
    type=click.Choice(("arrival", "event")),
    default="arrival",
    show_default=True,
    help="Whose time counts: this machine's, or the events' own (to import a history).",
)
@click.option(
    "--split", is_flag=True, help="Two processes: the API on PORT, the console on PORT + 1."
)
@warm_option
@click.option("--part", type=click.Choice(("all", "door", "console")), default="all", hidden=True)
@click.option("--parent", type=int, hidden=True)
@data_option
def up(
    host: str,
    port: int,
    scenario: Path | None,
    clock: Clock,
    split: bool,
    warm: bool,
    part: Part,
    parent: int | None,
) -> None:
    """Run the platform until SIGINT or SIGTERM."""
    options = Options(
        part=part,
        host=host,
        port=port,
        scenario=scenario,
        clock=clock,
        warm=warm,
        parent=parent,
    )
    if part == "all":
        for line in told(prepare()):
            click.echo(line)
    if not split:
        try:
            with worker_beside() if part == "all" else nullcontext():
                serve(options, lambda bound: announce(part, host, bound))
        except CannotStart as error:
            raise Fault(str(error)) from None
        return
    if not 0 < port < 65535:
        raise click.BadParameter("with --split, a port from 1 to 65534", param_hint="--port")
    console = Options(part="console", host=host, port=port + 1)
    if not supervise(structs.replace(options, part="door"), console):
        raise Fault("a process of the platform ended again and again; see the lines above")


def announce(part: Part, host: str, port: int) -> None:
    """Say where to go, as soon as the port answers."""
    name = {"all": "Guanlan", "door": "API", "console": "Console"}[part]
    click.echo(f"{name}: {address(host, port)}")


def address(host: str, port: int) -> str:
    """The URL of a host and a port."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
