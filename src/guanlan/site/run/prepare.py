"""Everything an installation needs before it can serve; every step may be repeated."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from guanlan.core.models import ApiKey
from guanlan.core.people.organisation import new_setup_code
from guanlan.core.sealing.belonging import check_keys, note_keys
from guanlan.core.services import SCOPES, create_api_key, ensure_owner
from guanlan.fraud.rebuilding import outdated
from guanlan.response.clocks.shipping import ship
from guanlan.response.plans.first_start import install_plans
from guanlan.site.run.fresh import is_empty, make_tables, only_shape

OUTDATED: Final = (
    "the database's projection of the log was made by an older version;"
    " make it anew from the log: guanlan log project --anew"
)


class FirstRun(NamedTuple):
    """What was made now; secrets are None when they existed before, for nobody can read them."""

    code: str | None = None
    token: str | None = None


class DemoRun(NamedTuple):
    """The owner of a demo; the password is None where the account existed before."""

    owner: str
    password: str | None


def pending_migrations() -> int:
    """How many steps the database is behind this version."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def apply_migrations() -> int:
    """Bring the database to this version; the number of steps it took.

    Raises ImproperlyConfigured, saying what to do, where an older version made the projection
    or the keys are not those of this installation; then nothing was changed.
    """
    check_keys()
    settings.LOG_DIRECTORY.mkdir(parents=True, exist_ok=True)
    settings.CACHE_DIRECTORY.mkdir(parents=True, exist_ok=True)
    steps = pending_migrations()
    if steps:
        if is_empty() and only_shape():
            make_tables()
        else:
            call_command("migrate", verbosity=0, interactive=False)
    note_keys()
    if outdated():
        raise ImproperlyConfigured(OUTDATED)
    install_plans(timezone.now())
    ship()
    return steps


def prepare(key: str | None = None) -> FirstRun:
    """Database; where there is no account, a code with which the console is set up once, in
    place of any earlier code; where there is no API key and `key` names one, a first one."""
    apply_migrations()
    token = None
    if key is not None and not ApiKey.objects.exists():
        token = create_api_key(key, SCOPES).token
    return FirstRun(new_setup_code(), token)


def prepare_demo() -> DemoRun:
    """Database and owner of a demo, whose account is not set up by hand."""
    apply_migrations()
    return DemoRun(*ensure_owner())
