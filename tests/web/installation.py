"""An installation for the tests that need Django, made before anything reads settings."""

from __future__ import annotations

import os
import tempfile

import django
from django.conf import settings

if not settings.configured:
    for name in [name for name in os.environ if name.startswith("GUANLAN_")]:
        if name != "GUANLAN_CHROMIUM":
            del os.environ[name]
    os.environ["GUANLAN_DATA"] = tempfile.mkdtemp(prefix="guanlan-tests-")
    os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"
    # Browser tests drive Playwright's synchronous client, which keeps a loop in the main thread.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    django.setup()
