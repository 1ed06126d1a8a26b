"""`guanlan assess`: whether signed assessments are still what was signed."""

from __future__ import annotations

import click

from guanlan.risk.assessment.verifying import verify as verify_assessment
from guanlan.risk.models import Assessment
from guanlan.site.cli.words import (
    BadInput,
    Fault,
    as_json,
    data_option,
    put_json,
    put_table,
)
from guanlan.site.run.prepare import apply_migrations


@click.group()
def assess() -> None:
    """Verify signed assessments."""


@assess.command()
@click.argument("identity", metavar="ID", type=click.IntRange(1))
@data_option
@as_json
def verify(identity: int, as_json: bool) -> None:
    """Recompute the digests and the risk value of assessment ID; exit 1 where anything differs."""
    apply_migrations()
    row = Assessment.objects.filter(pk=identity).first()
    if row is None:
        raise BadInput(f"assessment {identity}: expected the number of an assessment")
    checks = verify_assessment(row)
    if not checks:
        raise BadInput(f"assessment {identity}: expected a signed one; it is {row.state}")
    bad = [one for one in checks if not one.holds]
    if as_json:
        found = [{"check": one.name, "ok": one.holds, "note": one.note} for one in checks]
        put_json({"ok": not bad, "assessment": identity, "checks": found})
    else:
        put_table(
            "",
            ("check", "result", "note"),
            [(one.title, "ok" if one.holds else "differs", one.note) for one in checks],
        )
    if bad:
        raise Fault(f"assessment {identity}: {', '.join(one.name for one in bad)} differ")
