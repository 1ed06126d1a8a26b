"""`guanlan key`: who may call the API."""

from __future__ import annotations

import click

from guanlan.core.models import ApiKey
from guanlan.core.services import SCOPES, create_api_key, revoke_api_key
from guanlan.site.cli.words import Fault, as_json, data_option, put_json, put_table
from guanlan.site.run.prepare import apply_migrations


@click.group()
def key() -> None:
    """Create, list or revoke API keys."""


@key.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=("events:write", "decisions:read"),
    show_default=True,
    help="What the key may do; may be given several times.",
)
@data_option
@as_json
def create(name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key called NAME. Its token is shown now and never again."""
    apply_migrations()
    made = create_api_key(name, scopes)
    if as_json:
        put_json({"id": made.key.id, "name": name, "scopes": sorted(scopes), "token": made.token})
    else:
        click.echo(made.token)


@key.command(name="list")
@data_option
@as_json
def list_(as_json: bool) -> None:
    """All keys, revoked ones too."""
    apply_migrations()
    rows = [
        {
            "id": k.id,
            "name": k.name,
            "scopes": k.scopes,
            "created": k.created.isoformat(),
            "revoked": k.revoked.isoformat() if k.revoked else None,
        }
        for k in ApiKey.objects.order_by("created")
    ]
    if as_json:
        put_json(rows)
        return
    heads = ("id", "name", "scopes", "created", "revoked")
    cells = [(r["id"], r["name"], " ".join(r["scopes"]), r["created"], r["revoked"]) for r in rows]
    put_table("", heads, cells)


@key.command()
@click.argument("identity", metavar="ID")
@data_option
def revoke(identity: str) -> None:
    """Revoke the key ID for good; running doors refuse it within a second or two."""
    apply_migrations()
    if not revoke_api_key(identity):
        raise Fault(f"key {identity}: no live key has this id; see: guanlan key list")
    click.echo(f"revoked {identity}")
