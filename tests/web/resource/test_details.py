"""The title line of an object's page, and its panels."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django import forms
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone, translation
from msgspec import structs

from guanlan.core import services
from guanlan.core.access import SYSTEM
from guanlan.core.audit import copying
from guanlan.core.models import ApiKey
from guanlan.web.charts import Chart, Series
from guanlan.web.dashboards import Tile
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import (
    Action,
    Clock,
    Drawing,
    Happening,
    Heading,
    Numbers,
    Panel,
    State,
    Timeline,
    object_page,
)
from guanlan.web.resource.panels import in_words
from tests.people import person

KNOWN = dt.datetime(2026, 11, 23, 1, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize(
    ("clock", "after", "said"),
    [
        (Clock(KNOWN + 4 * HOUR, KNOWN), dt.timedelta(hours=1, minutes=46),
         "2 h 14 min left of 4 h, from 09:12"),
        (Clock(KNOWN + 72 * HOUR, KNOWN), 30 * HOUR, "1 day 18 h left of 3 days, from 11-23 09:12"),
        (Clock(KNOWN + 4 * HOUR), 3 * HOUR, "1 h left"),
        (Clock(KNOWN + 4 * HOUR, KNOWN), 5 * HOUR, "overdue by 1 h"),
    ],
)  # fmt: skip
def test_a_time_limit_is_told_in_words(clock: Clock, after: dt.timedelta, said: str) -> None:
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        assert in_words(clock, KNOWN + after) == said


def page(**changes: Any) -> str:
    key = ApiKey.objects.create(id="abcdefgh", name="wallet", sha256=b"x", scopes=[])
    request = RequestFactory().get("/")
    request.subject = SYSTEM  # type: ignore[attr-defined]
    request.user = None  # type: ignore[assignment]
    request.session = {}  # type: ignore[assignment]
    with translation.override("en"):
        answer = object_page(request, structs.replace(KEYS, **changes), key)
    return answer.content.decode()


@pytest.mark.django_db
def test_the_title_line_says_what_it_is_whose_and_until_when() -> None:
    until = timezone.now() + dt.timedelta(hours=2, seconds=30)
    text = page(heading=lambda key: Heading("Wallet", "Key", "ann", Clock(until)))
    head = text[text.index('<div class="head">') : text.index('<div class="split')]
    for said in ("Wallet", "Key", "in use", "Owner", "ann", "2 h left"):
        assert said in head, said


@pytest.mark.django_db
def test_what_asks_for_something_leads_to_its_form_and_does_nothing_yet() -> None:
    class Why(forms.Form):
        reason = forms.CharField(required=False)

    asking = [
        Action(name, name, lambda *_: "", form=lambda subject, row: Why, aside=aside, danger=danger)
        for name, aside, danger in (
            ("plain", False, False), ("put_by", True, False), ("grave", False, True)
        )
    ]  # fmt: skip
    text = page(actions=(*asking, Action("at_once", "At once", lambda *_: "")))
    posted = re.findall(r'<form method="post" action="([^"]*/do/[^"]*)"', text)
    assert [address.rsplit("/", 1)[1] for address in posted] == ["at_once"]
    for name in ("plain", "put_by", "grave"):
        assert re.search(rf'<a [^>]*href="[^"]*/do/{name}"', text), name


@pytest.mark.django_db
def test_each_kind_of_panel_stands_where_it_is_declared() -> None:
    text = page(
        look=lambda key, subject: f"looked at {key.pk}",
        heading=None,
        panels=(
            Timeline(
                "Past",
                lambda look, subject: [
                    Happening(KNOWN, look, State("bad", "grave"), "a <note>", "/there", True)
                ],
                wide=False,
            ),
            Drawing(lambda look, subject: Chart(
                id="one", title="Drawn", x=["a"], series=[Series(name="s", colour="--accent",
                                                                data=[7])])),
            Numbers(lambda look, subject: [Tile(label="Counted", value="42")]),
            Timeline("Nothing", lambda look, subject: [], empty="Quiet so far."),
            Panel("Hidden", "web/loading.html", when=lambda look, subject: False),
        ),
    )  # fmt: skip
    assert text.index("Counted") < text.index("Drawn") < text.index("Quiet so far.")
    assert text.index("Quiet so far.") < text.index("looked at abcdefgh")
    assert '<a href="/there">looked at abcdefgh</a>' in text
    assert '<span class="state bad">grave</span>' in text
    assert "a &lt;note&gt;" in text
    assert 'aria-current="true"' in text
    assert "echarts.common.min" in text, "the scripts of charts come with a chart"
    assert "Hidden" not in text


@pytest.mark.django_db
def test_a_history_that_lags_says_that_the_newest_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    key = services.create_api_key("lags", ["events:write"]).key
    said = "The newest entries follow within a minute."
    copying.copy_rows()
    page = reverse("key", args=[key.pk])
    assert said not in client.get(page).content.decode()
    monkeypatch.setattr(copying, "BATCH", 1)
    services.create_api_key("another", ["events:write"])
    assert said in client.get(page).content.decode()


@pytest.mark.django_db
def test_a_resource_may_do_without_comments_and_history() -> None:
    text = page(discussed=False, history=False)
    assert "History" not in text
    assert 'id="discussion"' not in text
    assert "echarts" not in text
