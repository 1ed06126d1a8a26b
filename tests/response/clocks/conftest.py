from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import translation

from guanlan.core.access import Subject, subject_of
from guanlan.response.clocks.shipping import ship
from guanlan.response.clocks.terms import Matter
from tests.people import person

KNOWN = dt.datetime(2026, 11, 20, 1, 12, tzinfo=dt.UTC)
LEAK = Matter("", "Leak of the mail server", "Leak of the mail server")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Sentences that services say are compared in English, whatever ran before."""
    with translation.override("en"):
        yield


@pytest.fixture
def officer(db: None) -> Subject:
    """A compliance officer, and the rules and calendars that come with the program."""
    ship()
    return subject_of(person("compliance_officer", "cleo"))
