"""An installation for the tests that need Django, made before anything reads settings."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django
from django.conf import settings

import guanlan
from tests import postgres

if not settings.configured:
    for name in [name for name in os.environ if name.startswith("GUANLAN_")]:
        if not name.startswith("GUANLAN_TEST_"):
            del os.environ[name]
    data = tempfile.mkdtemp(prefix="guanlan-tests-")
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    os.environ["GUANLAN_DATA"] = data
    # What is told of other screens is told of people who have only a password.
    os.environ["GUANLAN_MFA"] = "optional"
    if (address := postgres.start()) is not None:
        os.environ["GUANLAN_DATABASE_URL"] = address
    os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
    # Browser tests drive Playwright's synchronous client, which keeps a loop in the main thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
    # The tables are made as the models are: that this is what the migrations make is told by
    # tests/site/run/test_fresh.py.
    settings.DATABASES["default"].setdefault("TEST", {})["MIGRATE"] = False
    # Imported late: they read Django's settings.
    from guanlan.web.i18n import compile_catalogues
    from tests.web.static_files import find_once

    compile_catalogues(Path(guanlan.__file__).parent)
    find_once()
