"""What the log holds comes back from the log; everything else of the database stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from pytest_django import Settings

from guanlan.core.event_log import log_keys
from guanlan.core.models import User
from guanlan.engine.log import LogError, LogTail
from guanlan.fraud import models
from guanlan.fraud.rebuilding import outdated, project_anew
from guanlan.fraud.services import project, store_backtest
from guanlan.site.run.checks import database
from guanlan.site.run.prepare import apply_migrations
from tests.fraud.test_projection import contents, expect
from tests.fraud.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "log", keys=log_keys())
    made.program()
    made.events(60)
    project(LogTail(made.log.directory, log_keys()))
    yield made
    made.close()


def test_a_projection_is_made_anew_and_nothing_else_is(world: World) -> None:
    before = contents()
    person = User.objects.create_user("li")
    report = store_backtest("one", "pond", "1", {})
    assert project_anew(world.tail()) == 61
    assert contents() == before
    expect(world)
    assert User.objects.get() == person
    assert models.Backtest.objects.get() == report


def test_tables_of_an_older_version_are_named_and_mended(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.LOG_DIRECTORY = world.log.directory
    settings.CACHE_DIRECTORY = tmp_path / "cache"
    assert outdated() == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE fraud_entity")
        cursor.execute("CREATE TABLE fraud_entity (id bigint PRIMARY KEY, kind text, key text)")
    assert outdated() == ["fraud_entity"]
    with pytest.raises(ImproperlyConfigured, match="guanlan log project --anew"):
        apply_migrations()
    assert "guanlan log project --anew" in [finding.mend for finding in database()]
    project_anew(world.tail())
    assert outdated() == []
    apply_migrations()
    expect(world)


def test_nothing_is_dropped_for_a_log_that_cannot_be_read(world: World) -> None:
    before = contents()
    with pytest.raises(LogError):
        project_anew(LogTail(world.log.directory))
    assert contents() == before
