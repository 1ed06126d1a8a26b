"""Declarations that need the models: read when the apps are loaded, by name, in order."""

from __future__ import annotations

from importlib import import_module


def declare(*modules: str) -> None:
    """Import modules that register resources; for `AppConfig.ready`, which stands in a file that
    is read before there are models. A module that is missing or wrong stops the start."""
    for module in modules:
        import_module(module)
