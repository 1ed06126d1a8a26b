"""The doctor says when nobody checks who answers in the database's place."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from guanlan.site.run import checks


@pytest.mark.django_db
def test_a_way_to_the_database_that_is_not_verified_is_noted(settings: Settings) -> None:
    assert {finding.state for finding in checks.database() if finding.check == "database"} == {"ok"}
    settings.DATABASE_UNVERIFIED = True
    (note,) = [finding for finding in checks.database() if finding.state == "note"
               and finding.check == "database"]  # fmt: skip
    assert "database_unverified" in note.what
    assert "verify-full" in note.mend
