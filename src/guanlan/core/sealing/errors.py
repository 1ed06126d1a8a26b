"""What can be wrong with keys and with sealed values."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured


class KeysUnusable(ImproperlyConfigured):
    """The keys cannot be used: one sentence that says which file or service and what to do."""


class Unopened(ValueError):
    """A sealed value does not open: altered, moved, or its key is not here."""
