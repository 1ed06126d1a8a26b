"""Static files are looked for once in a process of tests.

A server looks for them when it starts. Django's test client starts the middleware anew for each
client, and looking at some eighty files costs it more than answering most requests.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from whitenoise.middleware import WhiteNoiseMiddleware


def find_once() -> None:
    """From now on each further middleware of the same settings is given what the first found."""
    look = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, dict[str, Any]] = {}

    def given(self: WhiteNoiseMiddleware) -> None:
        # All that the found files and what is sent with them depend on.
        asked = repr(
            (
                self.static_prefix, self.static_root, self.max_age, self.charset,
                self.allow_all_origins, self.index_file, settings.STATIC_URL,
                settings.STATICFILES_DIRS, settings.STATICFILES_FINDERS, settings.STORAGES,
                settings.INSTALLED_APPS,
            )
        )  # fmt: skip
        if asked not in found:
            look(self)
            found[asked] = dict(self.files)
        self.files.update(found[asked])

    WhiteNoiseMiddleware.add_files_from_finders = given
