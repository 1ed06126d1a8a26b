from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

import tests.web.installation  # noqa: F401 - sets Django up


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield
