"""Times are shown in the organisation's zone, everywhere: its offset is 5 h 45 here, which no
other zone in sight shares, so that a time taken from elsewhere is found out by its minutes."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Iterator
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from guanlan.core import jobs
from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.core.jobs import Progress, Told, registry, running, sweeping, wanting
from guanlan.core.models import Organisation
from guanlan.core.people import organisation
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.services import store_backtest
from guanlan.web.discussion import comment
from guanlan.web.templatetags.console import from_microseconds
from tests.addresses import closed_pages, lines
from tests.fraud.reports import report
from tests.fraud.world import World

ZONE = ZoneInfo("Asia/Kathmandu")
TIME = re.compile(r'<time [^>]*?datetime="([^"]+)" title="([^"]+)">([^<]*)</time>')
ASKED = re.compile(r"(?:after|before):(\d{4}-\d\d-\d\dT\d\d:\d\d)")


@pytest.fixture(autouse=True)
def far_away(db: None) -> Iterator[None]:
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": ZONE.key})
    yield
    organisation.forget()


@pytest.fixture
def pages(pond: World, signed_in: Client) -> dict[str, str]:
    """The text of every page that can be looked at, with something on it."""
    store_backtest("A year", "pond", "abc", report())
    comment(SYSTEM, "fraud.decision", "1", "seen")
    with act("probe", ("fraud.decision", "1")):
        pass
    user = Entity.objects.filter(kind="user").first()
    assert user is not None
    names = dict(lines())
    found = {names[pattern]: path for pattern, path in closed_pages().items()}
    found |= {"figures": "/decisions/figures?hours=720", "entity": f"/entities/user/{user.key}"}
    texts = {}
    for name, path in sorted(found.items()):
        answer = signed_in.get(path)
        if answer.status_code == 200 and not answer.streaming:
            texts[name] = answer.content.decode()
    return texts


def test_every_time_of_every_page_is_one_of_the_organisations_zone(pages: dict[str, str]) -> None:
    walked = set()
    for name, text in pages.items():
        for stamp, title, shown in TIME.findall(text):
            walked.add(name)
            local = dt.datetime.fromisoformat(stamp).astimezone(ZONE)
            assert title.startswith(f"{local:%Y-%m-%d %H:%M:%S}"), name
            assert title.endswith(f"{local:%z}"), name
            assert f"{local:%H:%M}" in shown, name
    assert {"figures", "decisions", "decision", "entities", "entity", "audit", "live"} <= walked
    charts_ask_for_round_local_times(pages)
    entity_says_since_when(pages)
    stream_knows_the_zone(pages)


def charts_ask_for_round_local_times(pages: dict[str, str]) -> None:
    asked = {
        name: ASKED.findall(unquote(html.unescape(text)))
        for name, text in pages.items()
        if name in ("figures", "entity", "scenario")
    }
    for name, times in asked.items():
        assert times, name
    bars = [dt.datetime.fromisoformat(text) for text in asked["figures"]]  # of twelve hours
    assert {(one.hour % 12, one.minute) for one in bars} == {(0, 0)}


def entity_says_since_when(pages: dict[str, str]) -> None:
    user = Entity.objects.filter(kind="user").first()
    assert user is not None
    assert (
        f"{from_microseconds(user.first_seen).astimezone(ZONE):%Y-%m-%d %H:%M}" in pages["entity"]
    )


def test_a_time_typed_into_the_filter_is_read_in_that_zone(pond: World, signed_in: Client) -> None:
    row = Decision.objects.order_by("seq")[100]
    wanted = Decision.objects.filter(clock__gte=row.clock // 60_000_000 * 60_000_000).count()
    local = from_microseconds(row.clock).astimezone(ZONE)
    text = signed_in.get("/decisions", {"q": f"after:{local:%Y-%m-%dT%H:%M}"}).content.decode()
    assert f"{wanted} rows" in text


def stream_knows_the_zone(pages: dict[str, str]) -> None:
    titles = re.search(r'<script id="[^"]*" type="application/json">(.*?)</script>', pages["live"])
    assert titles is not None
    assert json.loads(titles[1])["zone"] == ZONE.key


def test_a_job_tells_times_in_that_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def look(progress: Progress) -> Told:
        seen.append(timezone.localtime().utcoffset())
        return Told("")

    monkeypatch.setattr(registry, "_jobs", {})
    monkeypatch.setattr(running, "look_at", lambda run: None)
    jobs.job("probe", every=60)(look)
    sweeping.take_stock()
    running.execute(wanting.want("probe", timezone.now()))
    assert seen == [dt.timedelta(hours=5, minutes=45)]
