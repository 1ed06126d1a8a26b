"""What is typed is data in every language that is spoken behind a page: SQL, patterns, templates,
addresses, whole numbers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core import services
from guanlan.fraud.models import Decision
from guanlan.web.resource import Resource, resources
from tests.people import confirm, person
from tests.web.discussion.conftest import decision  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db

MARK = "zq7mark"
HOSTILE = (
    f"{MARK}' OR '1'='1 -- %s",
    f'{MARK}" OR 1=1 -- %(name)s $1 ?',
    f"{MARK}%' UNION SELECT password FROM core_user --",
    f"{MARK}\\'); DELETE FROM core_user /*",
)


@contextmanager
def watched() -> Iterator[tuple[list[str], list[str]]]:
    """The statements that are sent meanwhile, and the parameters beside them."""
    statements: list[str] = []
    parameters: list[str] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        parameters.append(repr(params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(watch):
        yield statements, parameters


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


def places(resource: Resource) -> Iterator[tuple[str, dict[str, str]]]:
    """Everything of a list and of its API that takes text."""
    paths = [reverse(resource.route)] + ([f"/api/v1/{resource.api}"] if resource.api else [])
    first = HOSTILE[0]
    key = base64.urlsafe_b64encode(json.dumps([first, first]).encode()).decode().rstrip("=")
    for path in paths:
        for typed in HOSTILE:
            yield path, {"q": quoted(typed)}
        for name in resource.all_filters():
            for written in (f"{name}:", f"-{name}:", f"{name}:>="):
                yield path, {"q": written + quoted(first)}
        for name in ("sort", "cursor", "older", "newer", "columns", "limit", "view"):
            yield path, {name: first}
            yield path, {name: key}


@pytest.mark.parametrize("noun", [resource.noun for resource in resources()])
def test_no_list_puts_what_was_typed_into_a_statement(owner: Client, noun: str) -> None:
    """Each filter, sort, search, page and parameter of each resource, and of its API."""
    resource = next(one for one in resources() if one.noun == noun)
    with watched() as (statements, _parameters):
        for path, query in places(resource):
            assert owner.get(path, query).status_code in (200, 302, 400, 404), (path, query)
    assert statements
    assert [sql for sql in statements if MARK in sql] == []


def test_what_was_typed_reaches_the_database_beside_the_statement(owner: Client) -> None:
    """The watch above sees what it looks for: the same text, bound."""
    with watched() as (statements, parameters):
        owner.get("/settings/keys", {"q": f"name:{MARK}"})
        owner.get("/decisions", {"q": MARK})
    assert any(MARK in text for text in parameters)
    assert not any(MARK in sql for sql in statements)
    with watched() as (statements, _parameters), connection.cursor() as cursor:
        cursor.execute(f"SELECT '{MARK}'")
    assert MARK in statements[0]


@pytest.mark.parametrize("typed", HOSTILE)
def test_no_other_door_puts_what_was_sent_into_a_statement(
    decision: Decision,  # noqa: F811
    owner: Client,
    typed: str,
) -> None:
    escaped = quote(typed, safe="")
    calls: tuple[Callable[[], Any], ...] = (
        lambda: owner.get("/search", {"q": typed}),
        lambda: owner.post("/search", {"q": typed}),
        lambda: owner.post("/palette/search", {"q": typed}),
        lambda: owner.get(f"/entities/{escaped}/{escaped}"),
        lambda: owner.get(f"/api/v1/keys/{escaped}"),
        lambda: owner.get(f"/api/v1/decisions/{escaped}"),
        lambda: owner.post("/settings/keys/new", {"name": typed, "scopes": [typed]}),
        lambda: owner.post("/settings/keys/new", {"name": typed, "scopes": ["events:write"]}),
        lambda: owner.post("/discussion/fraud.decision/7/comment", {"text": typed}),
        lambda: owner.get(f"/discussion/{escaped}/{escaped}"),
        lambda: Client().post("/login", {"username": typed, "password": typed}),
        lambda: Client(headers={"Authorization": f"Bearer gl_{typed}"}).get("/api/v1/keys"),
        lambda: Client(headers={"Cookie": f"guanlan_session={escaped}"}).get("/"),
    )
    with watched() as (statements, _parameters):
        for call in calls:
            assert call().status_code < 500
    assert [sql for sql in statements if MARK in sql] == []


def found(client: Client, query: str) -> list[str]:
    rows = client.get("/settings/keys", {"q": query}).context["rows"]
    return sorted(unescape(row.cells[0].text) for row in rows)


def test_what_is_looked_for_is_a_text_and_no_pattern(owner: Client) -> None:
    for name in ("a.c*", "abc", "a%c", "a_c", "[abc]", "a\\c", "(a|b)+$"):
        services.create_api_key(name, ["events:write"])
    for typed in ("a.c", "a%c", "a_c", "[abc]", "a\\c", "(a|b)+$", "a.c*"):
        for query in (quoted(typed), f"name:{quoted(typed)}"):
            assert found(owner, query) == sorted(
                name
                for name in ("a.c*", "abc", "a%c", "a_c", "[abc]", "a\\c", "(a|b)+$")
                if typed in name
            ), query
    for typed in (".*", "^a", "(?i)ABC.", "a{1,}", "%%", "__"):
        assert found(owner, f"name:{quoted(typed)}") == []


TEMPLATES = (
    "{{ 'zq'|add:'xj' }}", "{% load static %}{{ settings.SECRET_KEY }}", "{{1234*5678}}",
    "${1234*5678}", "<%= 1234*5678 %>", "#{1234*5678}", "{0.__class__.__mro__}", "%(secret)s",
    "{case.__init__.__globals__}",
)  # fmt: skip


@pytest.mark.parametrize("text", TEMPLATES)
def test_no_text_is_run_as_a_template_or_a_format(
    decision: Decision,  # noqa: F811
    owner: Client,
    text: str,
) -> None:
    owner.post("/settings/keys/new", {"name": text, "scopes": ["events:write"]})
    owner.post("/discussion/fraud.decision/7/comment", {"text": text})
    pages = [
        owner.get("/settings/keys"),
        owner.get("/discussion/fraud.decision/7"),
        owner.get("/settings/keys", {"q": f"name:{quoted(text)}"}),
        owner.post("/settings/keys/new", {"name": text}),
        owner.post("/search", {"q": text}, follow=True),
    ]
    as_written = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for page in pages:
        body = page.content.decode()
        assert as_written in body.replace("&#x27;", "'").replace("&quot;", '"')
        for run in ("7006652", "zqxj", "SECRET_KEY"):
            assert run in text or run not in body


def test_an_address_is_decoded_once(owner: Client) -> None:
    """`%2525` is `%25`, which is looked for as it stands and not as `%`."""
    for name in ("100%", "100%25", "<b>", "&lt;b&gt;"):
        services.create_api_key(name, ["events:write"])
    (row,) = owner.get("/settings/keys?q=name%3A100%2525").context["rows"]
    assert row.cells[0].text == "100%25"
    assert found(owner, "name:100%25") == ["100%25"]
    assert found(owner, "name:&lt;b") == ["&lt;b&gt;"]
    assert found(owner, "name:\\u003cb") == []
    page = owner.get("/settings/keys", {"q": ""}).content.decode()
    assert "&amp;lt;b&amp;gt;" in page
    assert "<b>" not in page
    for path in ("/static/%252e%252e/settings.py", "/static/..%252f..%252fsettings.py",
                 "/attachments/%2531", "/decisions/%2537"):  # fmt: skip
        assert owner.get(path).status_code == 404, path


BIG = ("9223372036854775808", "99999999999999999999", "-9223372036854775809", "9" * 400, "1e400",
       "0x10", "NaN", "-0", "١٢")  # fmt: skip


@pytest.mark.parametrize("number", BIG)
def test_a_number_that_is_too_large_is_told_or_finds_nothing(
    decision: Decision,  # noqa: F811
    owner: Client,
    number: str,
) -> None:
    """No column, page or limit wraps round: what does not fit is not there."""
    for typed in (f"seq:{number}", f"amount:>={number}", f"score:>{number}", f"-seq:<{number}"):
        answer = owner.get("/api/v1/decisions", {"q": typed})
        assert answer.status_code in (200, 400), typed
        if number.startswith("9"):
            assert not answer.json().get("items"), typed
    for path in (f"/decisions/{number}", f"/attachments/{number}", f"/settings/people/{number}",
                 f"/api/v1/decisions/{number}", f"/api/v1/keys?limit={number}"):  # fmt: skip
        assert owner.get(path).status_code in (400, 404), path
