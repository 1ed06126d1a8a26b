"""What is sent to the API to confuse it: refused in one sentence, and nothing is done."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core import services
from guanlan.core.access import SYSTEM
from guanlan.core.models import ApiKey
from guanlan.web.resource import Term, resource_of
from guanlan.web.resource.reading import conditions
from tests.people import confirm, person

pytestmark = pytest.mark.django_db
KEYS = "/api/v1/keys"


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def post(client: Client, body: bytes) -> Any:
    return client.post(KEYS, body, content_type="application/json")


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"name":"\\ud800x","scopes":["events:write"]}',
        b'{"name":NaN,"scopes":["events:write"]}',
        b'{"name":1e999,"scopes":["events:write"]}',
        b'{"name":' + b"9" * 5_000 + b"}",
        '{"name":"w","scopes":["events:write"]}'.encode("utf-16"),
        b'{"name":"\xff","scopes":["events:write"]}',
        b'"text"', b"[]", b"1", b"null", b"{", b"\0", b"",
    ],
    ids=lambda body: str(body[:24]),
)  # fmt: skip
def test_a_body_that_is_no_object_of_plain_json_is_400(owner: Client, body: bytes) -> None:
    answer = post(owner, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "body")
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ({"$ne": ""}, ["events:write"], "name"),
        ([["w"]], ["events:write"], "name"),
        ("w", {"0": "events:write"}, "scopes"),
        ("w", [{"toString": "events:write"}], "scopes"),
        ("w", True, "scopes"),
        ("w", 1, "scopes"),
        ("w", "events:write,lists:write", "scopes"),
        ("w", ["events:write", "__proto__"], "scopes"),
        ("w\u0000", ["events:write"], "name"),
        ("", ["events:write"], "name"),
        (None, ["events:write"], "name"),
        ("w" * 81, ["events:write"], "name"),
    ],
)
def test_a_value_of_another_type_is_refused_and_its_field_named(
    owner: Client, name: Any, scopes: Any, field: str
) -> None:
    answer = post(owner, json.dumps({"name": name, "scopes": scopes}).encode())
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert not ApiKey.objects.exists()


def test_a_body_that_is_too_large_is_413_in_json(owner: Client) -> None:
    answer = post(owner, b'{"name":"' + b"x" * (1 << 20) + b'"}')
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_a_parameter_given_twice_is_refused_by_the_api(owner: Client) -> None:
    for query in ("limit=1&limit=200", "q=a&q=b", "sort=name&sort=-name", "cursor=&cursor=x"):
        answer = owner.get(f"{KEYS}?{query}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "twice"), query


def test_what_stands_in_the_address_is_no_field_of_a_form(owner: Client) -> None:
    """A form is read from its body alone: an address that somebody was sent adds nothing."""
    answer = owner.post("/settings/keys/new?name=planted&scopes=lists:write", {})
    assert answer.status_code == 422
    answer = owner.post(
        f"{KEYS}?name=planted&scopes=lists:write", "{}", content_type="application/json"
    )
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()
    made = {"name": "mine", "scopes": ["events:write"]}
    owner.post("/settings/keys/new?scopes=lists:write", made)
    assert ApiKey.objects.get().scopes == ["events:write"]


def test_what_is_meant_by_a_cookie_or_a_header_is_not_taken_from_elsewhere(client: Client) -> None:
    """Neither a session nor the token of a form counts where a parameter brings it."""
    signed_in = Client()
    signed_in.force_login(person("owner"))
    confirm(signed_in)
    session = signed_in.cookies["guanlan_session"].value
    for path in (f"/?guanlan_session={session}", f"/decisions?sessionid={session}"):
        assert client.get(path).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.cookies["guanlan_session"] = session
    strict.get("/settings/keys/new")
    token = strict.cookies["guanlan_csrf"].value
    form = {"name": "w", "scopes": ["events:write"]}
    assert strict.post(f"/settings/keys/new?csrfmiddlewaretoken={token}", form).status_code == 403
    assert not ApiKey.objects.exists()
    assert (
        strict.post("/settings/keys/new", form | {"csrfmiddlewaretoken": token}).status_code < 400
    )


def test_a_key_in_the_address_of_the_api_is_refused_with_a_sentence_and_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    made = services.create_api_key("w", ["decisions:read"])
    header = {"Authorization": f"Bearer {made.token}"}
    assert Client(headers=header).get("/api/v1/decisions").status_code == 200
    for client in (Client(), Client(headers=header)):
        for name in ("key", "access_token", "q"):
            answer = client.get(f"/api/v1/decisions?{name}={made.token}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "key_in_address")
            assert made.token not in answer.content.decode()
    assert f"gl_{made.key.id}_..." in caplog.text
    assert made.token.rsplit("_", 1)[1] not in caplog.text


@pytest.mark.parametrize(
    "cursor",
    [b'["2026-11-23T09:00:00Z",1e999]', b"[Infinity,1]", b'["0001-01-01T00:00:00+14:00","a"]',
     b'["2026-11-23T09:00:00Z",' + b"9" * 30 + b"]", b'["2026-11-23T09:00:00Z","a\\u0000"]',
     b"[" * 500],
    ids=lambda cursor: str(cursor[:30]),
)  # fmt: skip
@pytest.mark.parametrize("address", [KEYS, "/api/v1/job-runs", "/api/v1/audit"])
def test_a_cursor_that_no_list_gave_is_an_error_of_the_caller(
    owner: Client, address: str, cursor: bytes
) -> None:
    text = base64.urlsafe_b64encode(cursor).decode().rstrip("=")
    answer = owner.get(address, {"cursor": text})
    # Where the key is a text a number is one too, if none that was ever given.
    assert answer.status_code == 400 or (address == KEYS and answer.json()["items"] == [])
    assert owner.get("/settings/runs", {"older": text}).status_code == 200


@pytest.mark.parametrize("when", ["0001-01-01", "9999-12-31", "0001-01-01T00:00+14:00"])
def test_a_time_at_the_ends_of_the_calendar_is_refused_in_a_sentence(
    owner: Client, when: str
) -> None:
    answer = owner.get(KEYS, {"q": f"after:{when}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "filter")
    day = resource_of("core.apikey")
    read = conditions(day, (Term("expires", "", (when,)),), SYSTEM)
    assert read[1], "so is a day, which reaches into the next"
