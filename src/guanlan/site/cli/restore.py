"""`guanlan restore`: an instance from its backup. Reads no settings: there are none yet."""

from __future__ import annotations

import os
from pathlib import Path

import click

from guanlan.site.cli.words import BadInput, Fault, as_json, progress, put_json, say
from guanlan.site.run.archive import BackupError
from guanlan.site.run.restoring import restore as restore_instance

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("archive", metavar="FROM", type=FILE)
@click.option("--keys", type=FILE, required=True, help="The file of the keys.")
@click.option("--data", type=click.Path(path_type=Path), help="The directory to make.")
@as_json
def restore(archive: Path, keys: Path, data: Path | None, as_json: bool) -> None:
    """Make a data directory from the backup FROM and its keys; all of it or nothing.

    The directory must be empty or not be there. Every byte is proven, both logs are verified,
    and their roots must be those of when the backup was made. A PostgreSQL database goes into the
    empty one that GUANLAN_DATABASE_URL names.
    """
    named = data or os.environ.get("GUANLAN_DATA")
    if not named:
        raise BadInput("restore: expected --data DIR, the directory to make")
    with progress(as_json) as bar:
        task = bar.add_task("restoring", total=None)
        try:
            contents = restore_instance(archive, keys, Path(named), lambda n: bar.advance(task, n))
        except BackupError as error:
            raise Fault(str(error)) from None
    if as_json:
        put_json({"data": str(named), "contents": contents})
        return
    click.echo(f"{named}: restored, {len(contents.files):,} files; the roots are as they were")
    for line in contents.roots.told():
        click.echo(line)
    if not contents.database:
        say("the database is not in it: load your dump, and name it in GUANLAN_DATABASE_URL")
