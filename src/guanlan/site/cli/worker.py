"""`guanlan worker`: runs jobs; `guanlan up` starts one by itself."""

from __future__ import annotations

import click

from guanlan.core.jobs.worker import run_worker
from guanlan.core.sealing.belonging import check_keys
from guanlan.site.cli.words import Fault, data_option
from guanlan.site.run.prepare import pending_migrations


@click.command()
@click.option("--parent", type=int, hidden=True)
@data_option
def worker(parent: int | None) -> None:
    """Run jobs until SIGINT or SIGTERM; several may run beside each other."""
    if pending_migrations():
        raise Fault("the database is behind this version; run: guanlan migrate")
    check_keys()
    if not run_worker(parent=parent):
        raise Fault("a thread of the worker ended; see the lines above")
