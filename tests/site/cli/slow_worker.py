"""A worker with a job that waits to be let go; `python -m tests.site.cli.slow_worker FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from guanlan.core.jobs import Progress, job  # noqa: E402 - it reaches for models
from guanlan.core.jobs.worker import run_worker  # noqa: E402

FOLDER = Path(sys.argv[1])


@job("test.slow", retries=0)
def slow(progress: Progress) -> None:
    """Says that it has begun, then waits for a file called `go`."""
    with (FOLDER / "begun").open("a") as file:
        file.write("begun\n")
    while not (FOLDER / "go").exists():
        progress.advance()
        time.sleep(0.02)


sys.exit(0 if run_worker() else 1)
