"""Search asks every part of the platform, shows what one may see, and keeps addresses clean."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from guanlan.core import services
from guanlan.core.access import SYSTEM, Subject
from guanlan.core.models import Channel
from guanlan.web import search as searching
from guanlan.web.palette import add_act, entries, named
from guanlan.web.search import Found, question, search, searcher, sensitive
from tests.people import person

STRANGER = Subject(id=1, name="stranger")


@pytest.fixture
def owner(db: None, client: Client) -> Client:
    client.force_login(person())
    client.cookies["guanlan_language"] = "en"
    return client


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "6222 0202 0011 2233",
        "11010519491231002X",
        "li.na@example.com",
        "卡号4111111111111111",
        "203.0.113.7",
        "2001:db8::1",
        "电话(010)12345678",
    ],
)
def test_what_looks_personal_is_told_apart(text: str) -> None:
    assert sensitive(text)


@pytest.mark.parametrize(
    "text", ["u-1", "transfer.large", "300", "1234", "风险", "wallet", "", "v1.2.3"]
)
def test_ordinary_words_are_ordinary(text: str) -> None:
    assert not sensitive(text)


def test_a_question_is_plain_and_short() -> None:
    assert question("  ａｂｃ\0\n ") == "abc"
    assert len(question("x" * 1000)) == searching.LONGEST


def test_a_personal_number_never_stands_in_an_address(owner: Client) -> None:
    posted = owner.post("/search", {"q": "13800138000"})
    assert posted.status_code == 200
    refused = owner.get("/search?q=13800138000")
    assert refused.status_code == 302
    assert refused["Location"] == "/search"
    assert "13800138000" not in owner.get("/search").content.decode()


def test_an_ordinary_question_gets_an_address_to_share(owner: Client) -> None:
    services.create_api_key("wallet-backend", ["events:write"])
    response = owner.post("/search", {"q": "wallet & co"})
    assert response["Location"] == "/search?q=wallet+%26+co"
    text = owner.get("/search?q=wallet").content.decode()
    assert "wallet-backend" in text
    assert reverse("keys") in text
    assert "Nothing that you may see" in owner.get("/search?q=nosuchthing").content.decode()


def test_the_palette_finds_while_one_types(owner: Client) -> None:
    services.create_api_key("wallet-backend", ["events:write"])
    assert owner.get("/palette/search?q=wallet").status_code == 405
    found = json.loads(owner.post("/palette/search", {"q": "wallet"}).content)["entries"]
    assert [one["title"] for one in found] == ["wallet-backend"]
    listed = json.loads(owner.get("/palette").content)["entries"]
    assert {"Overview", "API keys", "Make an API key"} <= {one["title"] for one in listed}


def test_places_answer_to_their_name_in_every_language() -> None:
    for word in ("Decisions", "决策", "決策"):
        assert reverse("decisions") in [one.url for one in named(SYSTEM, word)], word
    assert named(SYSTEM, " ") == []


def test_acts_are_for_those_who_may() -> None:
    assert any(one.url == reverse("keys_new") for one in entries(SYSTEM))
    assert not any(one.url == reverse("keys_new") for one in entries(STRANGER))
    with pytest.raises(ValueError, match="twice"):
        add_act("keys_new", "again", noun="core.apikey")


def test_a_searcher_whose_noun_one_may_not_see_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(searching, "_searchers", {})
    asked: list[str] = []

    @searcher("core.apikey", "Things")
    def things(subject: Subject, text: str, limit: int) -> list[Found]:
        asked.append(text)
        return [Found(f"{text} {n}", "/") for n in range(20)]

    assert search(STRANGER, "x") == []
    assert asked == []
    (hits,) = search(SYSTEM, " x ", 3)
    assert [one.title for one in hits.found] == ["x 0", "x 1", "x 2"]
    assert hits.more
    assert asked == ["x"]
    with pytest.raises(ValueError, match="twice"):
        searcher("core.apikey", "Again")(things)


def test_what_is_found_is_text(owner: Client) -> None:
    services.create_api_key("<b>wallet</b>", ["events:write"])
    assert "<b>wallet" not in owner.get("/search?q=wallet").content.decode()


def test_people_and_channels_are_found_by_who_may_see_them(owner: Client) -> None:
    person("fraud_analyst", "li.na")
    channel = Channel.objects.create(name="duty room", kind=Channel.Kind.FILE)
    assert "li.na" in owner.get("/search?q=li.na").content.decode()
    found = owner.get("/search?q=duty").content.decode()
    assert reverse("channel", args=[channel.pk]) in found
    analyst = Client()
    analyst.force_login(person("committee_member"))
    for asked in ("li.na", "duty"):
        assert 'class="found"' not in analyst.get(f"/search?q={asked}").content.decode()
