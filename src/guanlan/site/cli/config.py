"""`guanlan config`: every setting, what is in force and where it stands."""

from __future__ import annotations

from typing import Any

import click

from guanlan.site import config as settings
from guanlan.site.cli.words import as_json, data_option, put_json, put_table


@click.command()
@click.option(
    "--template", is_flag=True, help="Print a TOML file with every default, to begin from."
)
@data_option
@as_json
def config(template: bool, as_json: bool) -> None:
    """Print every setting, its value and where that stands; secrets only as set or not."""
    if template:
        click.echo(toml_template(), nl=False)
        return
    found = settings.read()
    rows = [
        {
            "name": setting.name,
            "variable": setting.variable,
            "value": shown(setting, found[setting.name]),
            "origin": found.of(setting.name).origin,
            "meaning": setting.help,
            "expected": setting.kind.expected,
        }
        for setting in settings.DECLARED
    ]
    if as_json:
        put_json(rows)
        return
    heads = ("setting", "value", "from", "meaning")
    put_table("", heads, [(r["name"], r["value"], r["origin"], r["meaning"]) for r in rows])


def shown(setting: settings.Setting, value: Any) -> str:
    """A value as it may be printed."""
    if setting.secret:
        return "(set)" if value else "(not set)"
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def toml_template() -> str:
    """A settings file in which every line is commented out and says the default."""
    lines = ["# Settings of Guanlan. A variable GUANLAN_<NAME> wins over a line here.\n"]
    for setting in settings.DECLARED:
        if setting.name == "data":  # this file is found through it
            continue
        lines.append(f"\n# {setting.help}; {setting.kind.expected}\n")
        if setting.secret:
            lines.append(f'#{setting.name}_file = "/run/secrets/{setting.name}"\n')
        else:
            lines.append(f"#{setting.name} = {_toml(setting.default)}\n")
    return "".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(word) for word in value) + "]"
    return '"' + str(value or "").replace("\\", "\\\\").replace('"', '\\"') + '"'
