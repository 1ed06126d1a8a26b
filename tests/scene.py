"""What many tests of a module look at, written once: each of them works in a savepoint of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from django.db import connection, transaction
from django.test import override_settings

from guanlan.core.event_log import log_keys
from guanlan.fraud import figures, programs
from guanlan.fraud.services import project
from tests.fraud.world import World


@contextmanager
def standing(blocker: Any) -> Iterator[None]:
    """A transaction around several tests, taken back at the end. `blocker` is the fixture
    `django_db_blocker`; whoever writes a fixture with it asks for `django_db_setup` too.

    A test that wants the database's own commits (`transactional_db`) has no place in it.
    """
    with blocker.unblock():
        around = transaction.atomic()
        around._from_testcase = True  # type: ignore[attr-defined]  # as each test's own
        around.__enter__()
    try:
        # Django closes connections after each test, and with this one all would be gone.
        with mock.patch.object(connection, "close"):
            yield
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
            connection.close()


@contextmanager
def pond_standing(blocker: Any, directory: Path) -> Iterator[World]:
    """The fixture `pond`, for tests that only look at it."""
    programs.forget()
    figures.forget()
    with standing(blocker), override_settings(LOG_DIRECTORY=directory):
        with blocker.unblock():
            world = World(directory, keys=log_keys())
            world.program()
            world.events(200)
            project(world.tail())
        yield world
        world.close()
