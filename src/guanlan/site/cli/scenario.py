"""`guanlan scenario`: check a file before it goes live; the schema for editors."""

from __future__ import annotations

from pathlib import Path

import click

from guanlan.engine.scenario import ScenarioError, json_schema_text, load_scenario
from guanlan.site.cli.words import as_json, put_json, say


@click.group()
def scenario() -> None:
    """Check a scenario file; print its JSON Schema."""


@scenario.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_json
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Say everything that is wrong with FILE, one line each; exit 1 if anything is."""
    try:
        found = load_scenario(file)
    except ScenarioError as error:
        if as_json:
            issues = [issue._asdict() for issue in error.issues]
            put_json({"ok": False, "issues": issues})
        else:
            for issue in error.issues:
                say(str(issue))
        ctx.exit(1)
    counts = {
        "events": len(found.events),
        "features": len(found.features),
        "lists": len(found.lists),
        "rules": len(found.rules),
    }
    if as_json:
        put_json({"ok": True, "scenario": found.name, "digest": found.digest, **counts})
    else:
        told = ", ".join(f"{number} {noun}" for noun, number in counts.items())
        click.echo(f"{file}: {found.name} {found.digest[:12]}: {told}")


@scenario.command()
@click.option("--out", type=click.Path(path_type=Path), help="Write it there, not to stdout.")
def schema(out: Path | None) -> None:
    """The JSON Schema of scenario files, for editors and CI."""
    text = json_schema_text()
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
