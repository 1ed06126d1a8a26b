from __future__ import annotations

import pytest
from django.db import connection

from tests import postgres


@pytest.mark.django_db
def test_a_run_uses_the_database_it_was_told_to() -> None:
    assert connection.vendor == ("postgresql" if postgres.wanted() else "sqlite")
