"""Names of holidays are read in every language, and no name that is not known is changed."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from django.utils import translation

from guanlan.response.clocks.calendars import read_days
from guanlan.response.clocks.holidays import holiday_name


@pytest.mark.parametrize(
    ("language", "name", "shown"),
    [
        ("en", "春节", "Spring Festival"),
        ("zh-hans", "春节", "春节"),
        ("zh-hant", "国庆节、中秋节", "國慶節、中秋節"),
        ("en", "国庆节、中秋节", "National Day, Mid-Autumn Festival"),
        ("en", "劳动节调休", "for Labour Day"),
        ("zh-hans", "劳动节调休", "劳动节调休"),
        ("en", "Carnival", "Carnival"),
        ("en", "春节、Carnival", "春节、Carnival"),
        ("en", "", ""),
    ],
)
def test_a_holiday_is_named_in_the_language_of_the_reader(
    language: str, name: str, shown: str
) -> None:
    with translation.override(language):
        assert holiday_name(name) == shown


def test_every_day_that_comes_with_the_platform_has_a_name_in_english() -> None:
    path = files("guanlan.response.clocks").joinpath("shipped/calendars.json")
    names = set()
    for calendar in json.loads(path.read_text("utf-8")):
        for year, said in calendar["years"].items():
            names |= {one.name for one in read_days(int(year), said["days"])}
    with translation.override("en"):
        assert names
        assert [name for name in names if not holiday_name(name).isascii()] == []
