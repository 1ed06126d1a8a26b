"""The cache: a dictionary whose values end, the same for every process, and no code in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.core.models import Remembered

pytestmark = pytest.mark.django_db

NAMES = st.sampled_from("abc")
SECONDS = st.sampled_from([0, 1, 5, 60, None])
ACTS = st.one_of(
    st.tuples(st.just("add"), NAMES, st.integers(0, 9), SECONDS),
    st.tuples(st.just("set"), NAMES, st.integers(0, 9), SECONDS),
    st.tuples(st.just("touch"), NAMES, st.just(0), SECONDS),
    st.tuples(st.just("delete"), NAMES, st.just(0), st.just(None)),
    st.tuples(st.just("wait"), NAMES, st.integers(1, 30), st.just(None)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ACTS, max_size=12))
def test_it_is_a_dictionary_whose_values_end(acts: list[tuple[str, str, int, int | None]]) -> None:
    cache.clear()
    now = timezone.now()
    known: dict[str, tuple[int, datetime]] = {}
    with patch("guanlan.core.remembering.timezone.now", side_effect=lambda: now):
        for act, name, number, seconds in acts:
            known = {key: kept for key, kept in known.items() if kept[1] > now}
            until = now + (timedelta(days=30) if seconds is None else timedelta(seconds=seconds))
            if act == "wait":
                now += timedelta(seconds=number)
            elif act == "add":
                assert cache.add(name, number, seconds) == (name not in known)
                known.setdefault(name, (number, until))
            elif act == "set":
                cache.set(name, number, seconds)
                known[name] = (number, until)
            elif act == "touch":
                assert cache.touch(name, seconds) == (name in known)
                if name in known:
                    known[name] = (known[name][0], until)
            else:
                cache.delete(name)
                known.pop(name, None)
            for key in "abc":
                held = known.get(key)
                assert cache.get(key) == (held[0] if held and held[1] > now else None)


def test_what_is_kept_is_json_and_nothing_else_is_taken() -> None:
    cache.set("tries", [1.5, 2.5])
    assert Remembered.objects.get().value == "[1.5,2.5]"
    with pytest.raises(TypeError):
        cache.set("code", object())
