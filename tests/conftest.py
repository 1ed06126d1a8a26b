"""What every test may rely on: components of the machine, and an honest word when one is absent.

A test that needs something Guanlan does not install itself (a browser, say) asks for its
fixture. Where the component is absent the test is skipped with a line that names it; under
`CI=true` the same absence is a failure, because a green run must be a complete one.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import postgres

ROOT = Path(__file__).resolve().parent.parent
LONG = 500  # lines; past this a file is named at the end of the run
ABSENT = "component absent"
# Django's own, and those that run `guanlan` in a process with a database of its own.
DATABASE_FIXTURES = {"db", "transactional_db", "guanlan", "together", "start"}
# What takes long is begun first, so that no worker waits for another at the end.
LONG_FILES = (
    "site/test_golden_access.py", "site/test_walks.py", "fraud/test_pages.py",
    "site/cli/test_keys.py",
    "site/cli/test_backup.py", "site/cli/test_demo.py", "site/test_resources.py",
    "site/test_injection.py", "properties/test_exact_at_size.py", "site/cli/test_up.py",
    "site/cli/test_worker.py", "web/accounts/test_sso.py", "web/resource/test_leaks.py",
    "site/test_grouping.py", "web/test_people.py", "engine/kernel/test_kernel.py",
    "site/cli/test_manners.py", "fraud/test_projection.py", "site/door/test_openapi.py",
    "e2e/test_everyone.py", "e2e/test_console.py",
)  # fmt: skip
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def complete_run_wanted() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def need(component: str, found: str | None, mend: str) -> str:
    """`found`, or a skip (a failure under CI=true) saying what is absent and what mends it."""
    if found:
        return found
    sentence = f"{ABSENT}: {component} ({mend})"
    if complete_run_wanted():
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The chromium that browser tests drive; `GUANLAN_TEST_CHROMIUM` names another one."""
    named = os.environ.get("GUANLAN_TEST_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    return need("chromium", found, "apt-get install chromium, or set GUANLAN_TEST_CHROMIUM")


@pytest.fixture(scope="session")
def chinese_font() -> str:
    """A family that draws Chinese, without which a picture of a zh page proves nothing."""
    fonts = Path("/usr/share/fonts"), Path.home() / ".fonts", Path.home() / ".local/share/fonts"
    patterns = ("*CJK*", "*wqy*", "*SourceHan*")
    found = next((str(f) for d in fonts if d.is_dir() for p in patterns for f in d.rglob(p)), None)
    return need("a Chinese font", found, "apt-get install fonts-noto-cjk")


@pytest.fixture(scope="session")
def console_assets() -> Path:
    """The folder of front-end packages, as `make setup` installs it."""
    folder = ROOT / "node_modules"
    found = str(folder) if (folder / "echarts").is_dir() else None
    return Path(need("node_modules", found, "run: make assets"))


@pytest.fixture(autouse=True, scope="session")
def database_wanted() -> None:
    """The database that GUANLAN_TEST_DATABASE names, or an honest word."""
    if postgres.wanted():
        need("PostgreSQL", os.environ.get(postgres.ADDRESS), "apt-get install postgresql")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The database of a run, whose tables were made without migrations, has them all behind it."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from guanlan.site.run.fresh import note_taken

    with django_db_blocker.unblock():
        MigrationRecorder(connection).ensure_schema()
        note_taken()


def pytest_configure() -> None:
    postgres.start()  # before any process of the run: they all use this one server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if postgres.wanted():
        # The others have run already, and would say the same.
        untouched = [item for item in items if not _touches_database(item)]
        config.hook.pytest_deselected(items=untouched)
        items[:] = [item for item in items if _touches_database(item)]
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> tuple[bool, int]:
    """Where a test's file comes in a run; files of the same turn stay as they were."""
    path = item.path.relative_to(ROOT / "tests")
    name = path.as_posix()
    # The browser driver keeps an event loop in its process; tests that start loops of their
    # own must have run before it.
    last = path.parts[0] == "e2e"
    return last, LONG_FILES.index(name) if name in LONG_FILES else len(LONG_FILES)


def _touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("sqlite") is not None:
        return False
    fixtures = DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ()))
    return bool(fixtures) or item.get_closest_marker("django_db") is not None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if hasattr(terminalreporter.config, "workerinput"):
        return
    long = [
        f"{path.relative_to(ROOT)} ({lines})"
        for path in sorted((ROOT / "src").rglob("*.py"))
        if (lines := path.read_text(encoding="utf-8").count("\n")) > LONG
    ]
    if long:
        terminalreporter.write_line(f"past {LONG} lines: {', '.join(long)}")
