from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.event_log import log_keys
from guanlan.fraud import engine_access, figures, programs, projector
from guanlan.fraud.services import project
from tests.fraud.world import World
from tests.people import person


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    """Each test has a database of its own, so programs read before mean nothing."""
    programs.forget()
    figures.forget()
    yield
    programs.forget()
    figures.forget()
    engine_access.register(None)
    projector.register(None)


@pytest.fixture
def signed_in(db: None, client: Client) -> Client:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


@pytest.fixture
def pond(db: None, tmp_path: Path, settings: Settings) -> Iterator[World]:
    """A world of 200 events whose log and projection the console reads."""
    settings.LOG_DIRECTORY = tmp_path / "log"
    world = World(tmp_path / "log", keys=log_keys())
    world.program()
    world.events(200)
    project(world.tail())
    yield world
    world.close()
