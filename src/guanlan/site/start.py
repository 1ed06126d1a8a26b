"""Setting Django up, for programs that are not started by it."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import django


def set_up() -> None:
    """Set Django up, once per process. Raises ImproperlyConfigured with one clear sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanlan.site.settings")
    django.setup()


def platform_module(name: str) -> Any:
    """A module that may only be imported once Django is set up (it reaches for models)."""
    set_up()
    return import_module(name)
