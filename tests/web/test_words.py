"""Amounts, numbers and durations as each language writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone, translation

from guanlan.web import words
from guanlan.web.templatetags.console import moment


@pytest.mark.parametrize(
    ("language", "minor", "currency", "text"),
    [
        ("en", 123456, "CNY", "¥1,234.56"),
        ("zh-hans", 123456, "CNY", "¥1,234.56"),
        ("zh-hant", 123456, "CNY", "¥1,234.56"),
        ("en", 500, "JPY", "JP¥500"),
        ("en", -100, "USD", "-US$1.00"),
        ("en", 1200, "", "1,200"),
    ],
)
def test_money_is_written_from_minor_units(
    language: str, minor: int, currency: str, text: str
) -> None:
    with translation.override(language):
        assert words.money(minor, currency) == text


@pytest.mark.parametrize(
    ("language", "text"), [("zh-hans", "¥382万"), ("zh-hant", "¥382萬"), ("en", "¥3.82m")]
)
def test_large_amounts_are_short(language: str, text: str) -> None:
    with translation.override(language):
        assert words.compact_money(382_000_000, "CNY").lower() == text


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "0 s"),
        (7, "7 µs"),
        (1_500, "1.5 ms"),
        (59_999_999, "59 s"),
        (61_000_000, "1 min 1 s"),
        (8_040_000_000, "2 h 14 min"),
        (86_400_000_000, "1 day"),
        (2 * 86_400_000_000 + 3_600_000_000, "2 days 1 h"),
    ],
)
def test_durations_have_their_two_largest_units(microseconds: int, text: str) -> None:
    with translation.override("en"):
        assert words.duration(microseconds) == text


def test_rows_of_another_year_differ_by_their_minute() -> None:
    with timezone.override("Asia/Shanghai"):
        text = moment(dt.datetime(2018, 8, 1, 15, 58, 3, tzinfo=dt.UTC))
    assert ">2018-08-01 23:58</time>" in text


def test_what_is_due_at_midnight_is_due_at_the_end_of_a_day() -> None:
    zone = timezone.get_current_timezone()
    midnight = dt.datetime(2026, 3, 6, tzinfo=zone)
    later = midnight + dt.timedelta(hours=9, minutes=30)
    said = {"en": "end of 2026-03-05", "zh-hans": "2026-03-05 24:00", "zh-hant": "2026-03-05 24:00"}
    for language, text in said.items():
        with translation.override(language):
            assert words.until(midnight) == text
            assert words.until(later) == "2026-03-06 09:30"
            assert words.until_plain(midnight) == "2026-03-05 24:00"
            old = moment(midnight.replace(year=2024), "until")
            assert f">{text.replace('2026', '2024')}</time>" in old
            assert "00:00" in moment(midnight)  # what began at midnight did begin then
