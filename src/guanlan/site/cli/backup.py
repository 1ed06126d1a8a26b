"""`guanlan backup`: the whole instance, its keys apart."""

from __future__ import annotations

from pathlib import Path

import click

from guanlan.site.cli.words import Fault, as_json, data_option, progress, put_json, say
from guanlan.site.run.archive import BackupError
from guanlan.site.run.backup import back_up
from guanlan.site.run.prepare import apply_migrations

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("out", type=FILE)
@click.option("--keys", type=FILE, help="Write the keys to this file; keep it elsewhere.")
@click.option("--without-database", is_flag=True, help="Where you copy it yourself, before.")
@data_option
@as_json
def backup(out: Path, keys: Path | None, without_database: bool, as_json: bool) -> None:
    """Write the instance to OUT while it runs: database, event log, audit log, attachments.

    Without the keys nobody can read it, and nobody can restore it.
    """
    apply_migrations()
    with progress(as_json) as bar:
        task = bar.add_task("copying", total=None)
        try:
            contents = back_up(
                out, keys, database=not without_database, told=lambda n: bar.advance(task, n)
            )
        except BackupError as error:
            raise Fault(str(error)) from None
    if as_json:
        put_json({"out": str(out), "keys": str(keys) if keys else None, "contents": contents})
        return
    size = sum(entry.size for entry in contents.files)
    click.echo(f"{out}: {len(contents.files):,} files, {size:,} bytes")
    for line in contents.roots.told():
        click.echo(line)
    if keys is None:
        say("the keys are not in it: take them too (--keys FILE) and keep them elsewhere")
