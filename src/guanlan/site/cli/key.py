"""`guanlan key`: who may call the API."""

from __future__ import annotations

from datetime import datetime

import click
from django.core.exceptions import ValidationError

from guanlan.core.models import ApiKey
from guanlan.core.services import (
    KEY_DAYS,
    KEY_DAYS_MOST,
    SCOPES,
    create_api_key,
    revoke_api_key,
)
from guanlan.site.cli.words import BadInput, Fault, as_json, data_option, put_json, put_table
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
@click.option(
    "--days",
    type=click.IntRange(1, KEY_DAYS_MOST),
    default=KEY_DAYS,
    show_default=True,
    help="After so many days it expires.",
)
@click.option("--never-expires", "why", metavar="REASON", default="", help="Instead of --days.")
@data_option
@as_json
def create(name: str, scopes: tuple[str, ...], days: int, why: str, as_json: bool) -> None:
    """Make a key called NAME. Its token is shown now and never again."""
    apply_migrations()
    try:
        made = create_api_key(name, scopes, days=days, why_endless=why)
    except ValidationError as error:
        raise BadInput(f"key: {error.messages[0]}") from None
    if as_json:
        said = {"id": made.key.id, "name": name, "scopes": sorted(scopes), "token": made.token}
        put_json(said | {"expires": _iso(made.key.expires)})
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
            "expires": _iso(k.expires),
            "revoked": _iso(k.revoked),
        }
        for k in ApiKey.objects.order_by("created")
    ]
    if as_json:
        put_json(rows)
        return
    heads = ("id", "name", "scopes", "created", "expires", "revoked")
    cells = [(r["id"], r["name"], " ".join(r["scopes"]), *(r[h] for h in heads[3:])) for r in rows]
    put_table("", heads, cells)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


@key.command()
@click.argument("identity", metavar="ID")
@data_option
def revoke(identity: str) -> None:
    """Revoke the key ID for good; running doors refuse it within a second or two."""
    apply_migrations()
    if not revoke_api_key(identity):
        raise Fault(f"key {identity}: no live key has this id; see: guanlan key list")
    click.echo(f"revoked {identity}")
