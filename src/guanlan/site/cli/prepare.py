"""`guanlan migrate` and `guanlan first-run`: what an installation needs before it can serve."""

from __future__ import annotations

import click
from django.conf import settings

from guanlan.site.cli.words import as_json, data_option, put_json
from guanlan.site.run.prepare import FirstRun, apply_migrations, prepare


@click.command()
@data_option
def migrate() -> None:
    """Bring the database to this version; safe to repeat."""
    applied = apply_migrations()
    click.echo(f"database {'is current' if not applied else f'brought up by {applied} steps'}")


@click.command(name="first-run")
@data_option
@as_json
def first_run(as_json: bool) -> None:
    """Make the database, a code to set the console up with and a first API key; safe to repeat."""
    made = prepare(key="first key")
    if as_json:
        put_json(
            {
                "data": str(settings.DATA),
                "code": made.code,
                "token": made.token,
            }
        )
    else:
        for line in told(made) or ["already prepared; nothing was changed"]:
            click.echo(line)


def told(made: FirstRun) -> list[str]:
    """What a person has to keep, said once."""
    lines = []
    if made.token:
        lines.append(f"API key: {made.token}  (shown once)")
    if made.code:
        lines.append(f"set-up code: {made.code}  (works once; give it at /setup)")
    return lines
