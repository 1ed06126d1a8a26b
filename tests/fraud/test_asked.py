"""What may name a person is asked in the body of a request, and only by who may see it."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.db import connection
from django.test import Client

from guanlan.core import services
from guanlan.core.access.table import PURPOSES
from guanlan.core.sealing import Unopened
from guanlan.fraud.models import Entity
from guanlan.web.models import SavedView
from guanlan.web.resource import asked
from tests.fraud.world import World
from tests.people import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def phone(pond: World) -> str:
    return str(next(d["entities"]["phone"] for d in pond.decisions() if "phone" in d["entities"]))


def client_of(role: str, clearance: int = 2, name: str = "") -> Client:
    client = Client()
    purposes = list(PURPOSES) if clearance > 2 else []
    client.force_login(person(role, name, clearance=clearance, purposes=purposes))
    client.cookies["guanlan_language"] = "en"
    return client


def addresses(page: Any) -> list[str]:
    return re.findall(r'(?:href|action|hx-[a-z-]+|data-[a-z]+)="([^"]*)"', page.content.decode())


def hidden(text: str, secret: str) -> bool:
    return secret not in text and quote(secret) not in text


@pytest.mark.parametrize("typed", ["phone:{0}", "{0}", "type:login -phone:{0}", '"phone of {0}"'])
def test_what_may_name_a_person_stands_in_no_address(
    pond: World, signed_in: Client, phone: str, typed: str
) -> None:
    query = typed.format(phone)
    sent = signed_in.post("/decisions/filter", {"q": query, "sort": "time"})
    address = sent["Location"]
    assert hidden(address, phone)
    assert set(parse_qs(urlsplit(address).query)) == {"s", "sort"}
    page = signed_in.get(address)
    assert page.context["query"] == query
    assert all(hidden(one, phone) for one in addresses(page))
    assert hidden(str(dict(signed_in.session)), phone)
    # The person comes back to the list as it was left.
    assert signed_in.get("/decisions").context["query"] == query


def test_a_sealed_filter_finds_pages_chooses_columns_and_builds(
    pond: World, signed_in: Client, phone: str
) -> None:
    wanted = {str(d["seq"]) for d in pond.decisions() if phone in d["entities"].values()}
    page = signed_in.post("/decisions/filter", {"q": f"phone:{phone}"}, follow=True)
    assert {row.key for row in page.context["rows"]} == wanted
    said = page.context["state"].kept
    chosen = signed_in.post("/decisions/filter", said | {"column": ["time", "id"]}, follow=True)
    assert [head.column.name for head in chosen.context["heads"]] == ["time", "id"]
    assert {row.key for row in chosen.context["rows"]} == wanted
    built = signed_in.post("/decisions/filter", said | {"add": "type", "value": "x"})
    assert hidden(built["Location"], phone)
    whole = signed_in.post("/decisions/export/csv", said).getvalue().decode()
    assert len(whole.splitlines()) == len(wanted) + 1


def test_a_plain_filter_stands_plainly(pond: World, signed_in: Client) -> None:
    for query in ("type:login", "outcome:>=review", "user:u-1", "phone:~3", "after:2026-01-02"):
        sent = signed_in.post("/decisions/filter", {"q": query})
        assert sent["Location"] == f"/decisions?q={quote(query, safe='')}"
        assert signed_in.get(sent["Location"]).context["query"] == query


def test_an_address_that_names_a_person_is_not_looked_up(
    pond: World, signed_in: Client, phone: str
) -> None:
    answer = signed_in.get("/decisions", {"q": f"phone:{phone}"})
    assert answer["Location"] == "/decisions?q="
    assert signed_in.get(f"/entities/phone/{phone}").status_code == 404
    refused = signed_in.get("/api/v1/decisions", {"q": f"phone:{phone}"})
    assert refused.status_code == 400
    assert "/api/v1/decisions/search" in refused.json()["error"]["message"]
    found = signed_in.post(
        "/api/v1/decisions/search", {"q": f"phone:{phone}"}, content_type="application/json"
    )
    assert found.json()["items"]


def test_a_sealed_filter_is_of_one_person_one_list_and_a_time(
    pond: World, signed_in: Client, phone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = signed_in.post("/decisions/filter", {"q": f"phone:{phone}"})["Location"]
    query = urlsplit(address).query
    other = client_of("owner", name="another")
    assert other.get(address)["Location"] == "/decisions?q="
    assert signed_in.get(f"/entities?{query}")["Location"] == "/entities?q="
    for bad in ("s=", "s=x", "s=" + "A" * 5000, "s=%00", query[:-4] + "AAAA"):
        answer = signed_in.get(f"/decisions?{bad}", follow=True)
        assert hidden(answer.content.decode(), phone)
    assert signed_in.get(address).context["query"] == f"phone:{phone}"
    state = signed_in.get(address).context["state"]
    later = time.time() + 13 * 3600
    monkeypatch.setattr("guanlan.web.resource.asked.time.time", lambda: later)
    with pytest.raises(Unopened, match="over"):
        asked.opened(state.resource, state.subject, parse_qs(query)["s"][0])


def test_a_view_that_names_a_person_is_sealed_and_not_shared(
    pond: World, signed_in: Client, phone: str
) -> None:
    state = f"q=phone%3A{phone}"
    signed_in.post("/decisions/views", {"state": state, "name": "shared", "shared": "1"})
    assert not SavedView.objects.exists()
    signed_in.post("/decisions/views", {"state": state, "name": "mine"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT query FROM web_savedview")
        assert phone.encode() not in bytes(cursor.fetchone()[0])
    ((view, url),) = signed_in.get("/decisions?q=").context["views"]
    assert view.name == "mine"
    assert hidden(url, phone)
    assert signed_in.get(url).context["query"] == f"phone:{phone}"


def test_an_auditor_keeps_no_view(pond: World) -> None:
    auditor = client_of("auditor")
    assert 'name="shared"' not in auditor.get("/decisions?q=").content.decode()
    kept = auditor.post("/decisions/views", {"state": "q=type%3Alogin", "name": "x"})
    assert kept.status_code == 403
    assert auditor.post("/decisions/views/1/remove").status_code == 403
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("role", "clearance", "finds"),
    [
        ("owner", 4, True),
        ("fraud_analyst", 3, True),
        ("fraud_analyst", 2, False),  # may reveal, but is not cleared for it
        ("operations", 4, False),  # cleared, but may not reveal
        ("auditor", 4, False),
    ],
)
def test_only_who_may_see_a_value_asks_by_it(
    pond: World, phone: str, role: str, clearance: int, finds: bool
) -> None:
    client = client_of(role, clearance, name="asking")
    entity = Entity.objects.get(kind="phone", key_index=phone)
    page = client.post("/decisions/filter", {"q": f"phone:{phone}"}, follow=True)
    assert bool(page.context["rows"]) is finds
    assert bool(page.context["problems"]) is not finds
    assert page.context["many"] == len(page.context["rows"])
    free = client.post("/decisions/filter", {"q": phone}, follow=True)
    assert bool(free.context["rows"]) is finds
    turned = client.post("/decisions/filter", {"q": f"-phone:{phone}"}, follow=True)
    assert bool(turned.context["rows"]) is finds
    api = client.post(
        "/api/v1/decisions/search", {"q": f"phone:{phone}"}, content_type="application/json"
    )
    assert (api.status_code == 200) is finds
    looked = client.post("/entities/find", {"key": phone})
    assert (f"~{entity.pk}" in looked["Location"]) is finds
    searched = client.post("/palette/search", {"q": phone}).content.decode()
    assert (f"~{entity.pk}" in searched) is finds


def test_no_key_asks_by_what_it_may_not_see(pond: World, phone: str) -> None:
    token = services.create_api_key("reader", ["decisions:read", "entities:read"]).token
    headers = {"Authorization": f"Bearer {token}"}

    def count(query: str) -> int:
        answer = Client().post(
            "/api/v1/decisions/search", {"q": query}, "application/json", headers=headers
        )
        return int(answer.json()["count"]) if answer.status_code == 200 else -answer.status_code

    assert count("user:u-1") > 0
    assert count(f"phone:{phone}") == -400
    assert count(phone) == 0
