"""What every test may rely on: components of the machine, and an honest word when one is absent.

A test that needs something Guanlan does not install itself (a browser, say) asks for its
fixture. Where the component is absent the test is skipped with a line that names it; under
`CI=true` the same absence is a failure, because a green run must be a complete one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
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
    "site/test_golden_access.py", "site/test_walks.py", "engine/kernel/test_kernel.py",
    "properties/test_exact_at_size.py", "response/alerts/test_pages.py", "fraud/test_pages.py",
    "site/test_resources.py", "site/test_grouping.py", "web/resource/test_leaks.py",
    "web/accounts/test_sso.py", "site/cli/test_backup_postgresql.py", "site/cli/test_up.py",
    "site/cli/test_keys.py", "site/cli/test_backup.py", "site/cli/test_worker.py",
    "site/test_injection.py", "response/clocks/test_clock_pages.py", "site/cli/test_demo.py",
    "web/test_people.py", "site/cli/test_manners.py", "fraud/test_projection.py",
    "site/door/test_openapi.py", "e2e/test_everyone.py", "e2e/test_console.py",
)  # fmt: skip
# What these say is the same on every database: to them it holds a person, a session and lines of
# the audit log, which others ask of PostgreSQL, and the rest is words, bytes and rights.
ALIKE = (
    "core/outbox/test_adapters.py", "core/outbox/test_letters.py", "core/egress/",
    "core/people/test_passwords.py", "core/access/test_policy.py", "core/access/test_masking.py",
    "web/accounts/test_factors.py", "web/accounts/test_confirming.py",
    "web/discussion/test_sniffing.py",
    "web/test_asvs.py", "web/test_charts.py", "web/test_compression.py", "web/test_errors.py",
    "web/test_i18n.py", "web/test_pages.py", "web/test_refusals.py", "web/test_rights.py",
    "web/test_words.py",
    "web/resource/test_openapi.py", "web/resource/test_registry.py",
    "response/plans/test_cacao.py", "response/plans/test_check.py",
    "response/plans/test_flow.py", "response/plans/test_shipped.py",
    "response/clocks/test_arithmetic.py", "fraud/test_first_steps.py",
    "site/cli/test_demo.py", "site/cli/test_manners.py", "site/cli/test_send.py",
    "site/cli/test_quantify.py",
    "site/cli/test_canary.py",
)  # fmt: skip
# The tests of these share no more than what their module seeds anew: they are handed out one by
# one, so that no worker has a long file to itself while the other waits.
SPLIT = tuple(
    f"tests/{name}"
    for name in (
        "site/test_golden_access.py", "site/test_resources.py", "site/test_grouping.py",
        "site/test_injection.py", "site/test_walks.py", "site/cli/",
        "web/resource/test_leaks.py", "e2e/",
    )
)  # fmt: skip
# What `--quick` leaves to the whole run: walks over everything there is, processes that are killed
# and started again, sizes, and what every declared resource promises (the kit is tested anyway).
LONG_RUNS = tuple(
    f"tests/{name}"
    for name in (
        "site/test_golden_access.py", "site/test_walks.py", "site/test_resources.py",
        "site/test_grouping.py", "site/test_injection.py", "site/test_console_headers.py",
        "web/resource/test_leaks.py", "web/resource/test_openapi.py", "site/door/test_openapi.py",
        "fraud/test_zone.py",
        "site/cli/", "site/run/test_fresh.py", "site/door/test_kill.py",
        "response/plans/test_killed.py", "web/resource/test_bulk_killed.py",
        "fraud/test_labelling.py", "fraud/test_projection.py",
        "properties/test_exact_at_size.py", "engine/backtest/test_simulated.py",
        "engine/kernel/test_compiled.py", "engine/simulate/test_wire.py",
        "examples/test_wallet.py",
        "e2e/", "house/",
    )
)  # fmt: skip
OF_EVERY_RESOURCE = "tests.web.resource_suite"
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


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="leave out what `make test-all` adds")


def pytest_configure() -> None:
    postgres.start()  # before any process of the run: they all use this one server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if postgres.wanted():
        # The others have run already, and would say the same.
        _keep_only(config, items, _touches_database)
    if config.getoption("--quick"):
        _keep_only(config, items, lambda item: not _long_run(item))
    items.sort(key=_turn)


def _keep_only(
    config: pytest.Config, items: list[pytest.Item], wanted: Callable[[pytest.Item], bool]
) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = [item for item in items if wanted(item)]


def _long_run(item: pytest.Item) -> bool:
    function = getattr(item, "function", None)
    return item.nodeid.startswith(LONG_RUNS) or (
        getattr(function, "__module__", "") == OF_EVERY_RESOURCE
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """--dist loadfile, but for the files that are split."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):  # type: ignore[misc]  # the package ships no types
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if nodeid.startswith(SPLIT) else super()._split_scope(nodeid)

    return ByFile(config, log)


def _turn(item: pytest.Item) -> tuple[bool, int]:
    """Where a test's file comes in a run; files of the same turn stay as they were."""
    name = _name(item)
    # The browser driver keeps an event loop in its process; tests that start loops of their
    # own must have run before it.
    last = name.startswith("e2e/")
    return last, LONG_FILES.index(name) if name in LONG_FILES else len(LONG_FILES)


def _name(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").as_posix()


def _touches_database(item: pytest.Item) -> bool:
    if item.get_closest_marker("sqlite") is not None or _name(item).startswith(ALIKE):
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
