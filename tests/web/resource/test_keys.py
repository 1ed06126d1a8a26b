"""API keys: the first resource, through every door it has."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, ClassVar

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from guanlan.core import services
from guanlan.core.models import ApiKey
from guanlan.web.models import SavedView
from tests.people import confirm, person
from tests.web.resource_suite import ResourceSuite

FORMULAS = [
    "=1+1",
    "+1",
    "-1 EUR",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "＝1+1",
    "＠SUM(A1)",
    '=HYPERLINK("http://x")',
]


class TestKeys(ResourceSuite):
    noun = "core.apikey"
    form: ClassVar[dict[str, Any]] = {"name": "wallet", "scopes": ["events:write"]}

    def make(self, n: int) -> ApiKey:
        return services.create_api_key(f"key {n}", ["events:write"]).key


pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def names(client: Client, query: str) -> list[str]:
    rows = client.get("/settings/keys", {"q": query}).context["rows"]
    return sorted(row.cells[0].text for row in rows)


def test_a_filter_finds_what_it_says(owner: Client) -> None:
    author = person("administrator")
    first = services.create_api_key("first", ["events:write"], author).key
    services.create_api_key("second", ["events:write"])
    services.revoke_api_key(first.id)
    assert names(owner, "revoked:yes") == ["first"]
    assert names(owner, "-revoked:yes") == ["second"]
    assert names(owner, "by:administrator") == ["first"]
    assert names(owner, "by:none") == ["second"]
    assert names(owner, "name:FIR,sec") == ["first", "second"]
    assert names(owner, "after:2020-01-01 before:2020-01-02") == []
    assert names(owner, "eco") == ["second"]
    assert names(owner, "name:%") == []


@pytest.mark.parametrize(
    "query", ["colour:red", "revoked:maybe", "after:yesterday", "name:", '"open', "revoked:>=yes"]
)
def test_what_cannot_be_read_is_said_in_one_sentence(owner: Client, query: str) -> None:
    services.create_api_key("first", ["events:write"])
    answer = owner.get("/settings/keys", {"q": query})
    assert len(answer.context["problems"]) == 1
    assert answer.content.decode().count('role="alert"') == 2  # it, and the hidden one of htmx
    assert answer.context["rows"] == []
    assert owner.get("/api/v1/keys", {"q": query}).status_code == 400


def test_a_list_remembers_how_it_was_left_and_forgets_on_demand(owner: Client) -> None:
    owner.get("/settings/keys", {"q": "revoked:no", "sort": "created", "columns": "name,state"})
    again = owner.get("/settings/keys").context
    assert (again["query"], again["state"].sort) == ("revoked:no", "created")
    assert [head.column.name for head in again["heads"]] == ["name", "state"]
    assert owner.get("/settings/keys?clear=1").status_code == 302
    assert owner.get("/settings/keys").context["query"] == ""


def test_views_are_kept_shared_and_removed_by_their_owner_only(owner: Client) -> None:
    kept = {"state": "q=revoked%3Ano&sort=created", "name": "live keys", "shared": "1"}
    owner.post("/settings/keys/views", kept)
    owner.post("/settings/keys/views", kept | {"name": "mine", "shared": ""})
    view = SavedView.objects.get(name="live keys")
    urls = {one.name: url for one, url in owner.get("/settings/keys").context["views"]}
    assert urls["live keys"] == "/settings/keys?q=revoked%3Ano&sort=created"
    assert owner.get(urls["live keys"]).context["query"] == "revoked:no"
    other = Client()
    other.force_login(person("administrator"))
    shown = [one.name for one, _url in other.get("/settings/keys").context["views"]]
    assert shown == ["live keys"]
    other.post(f"/settings/keys/views/{view.pk}/remove")
    assert SavedView.objects.count() == 2
    owner.post(f"/settings/keys/views/{view.pk}/remove")
    assert SavedView.objects.count() == 1


def test_no_file_holds_a_formula(owner: Client) -> None:
    for n, text in enumerate(FORMULAS):
        ApiKey.objects.create(id=f"k{n:07}", name=text, sha256=text.encode(), scopes=[text])
    answer = owner.post("/settings/keys/export/csv", {"columns": "name,scopes"})
    lines = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))
    assert sorted(line[0] for line in lines[1:]) == sorted(f"'{text}" for text in FORMULAS)
    assert all(cell.startswith("'") for line in lines[1:] for cell in line)
    book = openpyxl.load_workbook(
        io.BytesIO(owner.post("/settings/keys/export/xlsx", {"columns": "name"}).getvalue())
    )
    assert book.active is not None
    cells = [row[0] for row in book.active.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.hyperlink for cell in cells} == {None}


def test_an_export_needs_its_right(client: Client) -> None:
    client.force_login(person("operations"))
    assert client.get("/settings/keys").status_code == 200
    assert client.post("/settings/keys/export/csv").status_code == 403


def test_an_export_of_no_kind_is_not_written_down_as_one(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("guanlan.web.resource.export.record", lambda *said, **more: told.append(""))
    assert owner.post("/settings/keys/export/what-somebody-writes").status_code == 404
    assert told == []


def test_many_are_revoked_after_a_word_of_confirmation(owner: Client) -> None:
    keys = [services.create_api_key(f"k{n}", ["events:write"]).key for n in range(4)]
    services.revoke_api_key(keys[0].id)
    said = {"action": "revoke", "key": [keys[0].id, keys[1].id, "unknown"], "state": ""}
    asked = owner.post("/settings/keys/act", said)
    assert "about to be done to 3 rows" in asked.content.decode()
    assert len(services.load_api_keys()) == 3
    done = owner.post("/settings/keys/act", said | {"sure": "1"}, follow=True)
    assert len(services.load_api_keys()) == 2
    assert "1 row was left as it is" in done.content.decode()
    whole = {"action": "revoke", "all": "1", "state": "q=name%3Ak3", "sure": "1"}
    owner.post("/settings/keys/act", whole)
    assert [key.id for key in services.load_api_keys()] == [keys[2].id]


def test_who_may_only_see_is_offered_no_action(client: Client) -> None:
    key = services.create_api_key("k", ["events:write"]).key
    client.force_login(person("operations"))
    text = client.get(f"/settings/keys/{key.id}").content.decode()
    assert "do/revoke" not in text
    assert client.post(f"/settings/keys/{key.id}/do/revoke").status_code == 403
    assert client.post("/settings/keys/act", {"action": "revoke", "all": "1"}).status_code == 404
    assert client.get("/settings/keys/new").status_code == 403
    assert len(services.load_api_keys()) == 1


def test_a_key_that_never_expires_needs_a_reason(owner: Client) -> None:
    form = {"name": "till", "scopes": ["events:write"], "endless": "on"}
    answer = owner.post("/settings/keys/new", form)
    assert (answer.status_code, ApiKey.objects.count()) == (422, 0)
    owner.post("/settings/keys/new", form | {"why_endless": "replaced with the till itself"})
    owner.post("/settings/keys/new", {"name": "wallet", "scopes": ["events:write"], "days": "20"})
    services.create_api_key("old", ["events:write"])
    ApiKey.objects.filter(name="old").update(expires=timezone.now())
    assert names(owner, "ends:never") == ["till"]
    assert names(owner, "ends:soon") == ["wallet"]
    assert names(owner, "ends:over") == ["old"]
    assert names(owner, "ends:soon,over -name:old") == ["wallet"]


def test_a_key_whose_time_is_over_calls_nothing_and_is_told_so() -> None:
    made = services.create_api_key("reader", ["decisions:read"])
    ApiKey.objects.update(expires=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {made.token}"})
    client.cookies["guanlan_language"] = "en"
    answer = client.get("/api/v1/decisions")
    assert answer.status_code == 401
    assert "expired" in answer.json()["error"]["message"]


def call(token: str, path: str, method: str = "get", body: Any = None) -> Any:
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})
    if method == "get":
        return client.get(path)
    return client.post(path, json.dumps(body), content_type="application/json")


def test_a_key_calls_the_api_as_far_as_its_scopes_go() -> None:
    reader = services.create_api_key("reader", ["decisions:read"])
    assert call(reader.token, "/api/v1/decisions").json()["items"] == []
    assert call(reader.token, "/api/v1/keys").status_code == 403
    assert call(reader.token, "/api/v1/entities").status_code == 403
    paths = call(reader.token, "/api/openapi.json").json()["paths"]
    root = "/api/v1/decisions"
    assert set(paths) == {root, f"{root}/search", f"{root}/{{key}}"}
    assert call(reader.token[:-1] + "x", "/api/v1/decisions").status_code == 401
    assert call("gl_x", "/api/v1/decisions").status_code == 401
    services.revoke_api_key(reader.key.id)
    assert call(reader.token, "/api/v1/decisions").status_code == 401
    assert Client().get("/api/v1/decisions").status_code == 401


def test_the_api_makes_a_key_and_revokes_it(owner: Client) -> None:
    sent = json.dumps({"name": "w", "scopes": ["events:write"]})
    made = owner.post("/api/v1/keys", sent, content_type="application/json")
    assert made.status_code == 201
    token = made.json()["once"]["token"]
    key = made.json()["pk"]
    assert token.startswith(f"gl_{key}_")
    assert "once" not in owner.get(f"/api/v1/keys/{key}").json()
    bad = owner.post("/api/v1/keys", '{"name": "w"}', content_type="application/json")
    assert (bad.status_code, bad.json()["error"]["field"]) == (422, "scopes")
    odd = owner.post("/api/v1/keys", '{"sha256": "x"}', content_type="application/json")
    assert odd.json()["error"]["code"] == "unknown"
    assert owner.post(f"/api/v1/keys/{key}/revoke").json()["message"]
    assert owner.post(f"/api/v1/keys/{key}/revoke").status_code == 409
    assert owner.delete(f"/api/v1/keys/{key}").status_code == 405


def test_a_session_writes_to_the_api_only_with_its_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person("owner"))
    answer = client.post("/api/v1/keys", "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    assert client.get("/api/v1/keys").status_code == 200


def test_a_bulk_action_is_written_down_once_for_each_object(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [services.create_api_key(f"k{n}", ["events:write"]).key for n in range(3)]
    written: list[tuple[str, str]] = []

    def record(name: str, thing: Any = None, **said: Any) -> None:
        written.append((name, thing.pk if isinstance(thing, ApiKey) else str(thing)))

    monkeypatch.setattr("guanlan.core.audit.recording.record", record)
    monkeypatch.setattr("guanlan.web.resource.export.record", record)
    said = {"action": "revoke", "key": [k.id for k in keys[:2]], "sure": "1"}
    owner.post("/settings/keys/act", said)
    assert sorted(written) == sorted(("key.revoke", k.id) for k in keys[:2])
    owner.post("/settings/keys/export/csv").getvalue()
    assert written[-1][0] == "list.export"
