"""Every route × role × data level, against a golden file.

`tests/site/golden_access.json` says what each role gets of each route: the status of GET and of
POST, and up to which data level a value stood in the answer in the clear; `golden_door.json` says
the same of the door and the scopes of its keys. A route without its line fails, and so does an
answer that changed. After a wanted change:

    WRITE_GOLDEN=yes pytest tests/site/test_golden_access.py -p no:xdist

and read the difference before you commit it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access.table import KEY_SCOPES, PURPOSES, ROLES
from guanlan.fraud.models import Entity
from guanlan.fraud.services import store_backtest
from guanlan.site.door import Door, KeyRing
from guanlan.web.pages import errors
from tests.addresses import ARGUMENTS, fill, lines
from tests.fraud import conftest
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.people import confirm, person
from tests.site.door.fake import memory_engine, record

GOLDEN = Path(__file__).parent / "golden_access.json"
GOLDEN_DOOR = Path(__file__).parent / "golden_door.json"
# In every request: what a reveal takes. The other forms find it wanting, after the rights.
FORM = {"value": "entity phone", "purpose": "fraud_investigation", "reason": "case 12, call back"}
WRITING = os.environ.get("WRITE_GOLDEN") == "yes"

Golden = dict[str, dict[str, str]]


nothing_remembered, pond = conftest.nothing_remembered, conftest.pond  # fixtures


@pytest.fixture
def seeded(pond: World) -> tuple[dict[str, list[Any]], dict[int, str]]:
    """Arguments of routes, and a value of each level that stands behind them."""
    event = next(
        d for d in pond.decisions() if "phone" in d["entities"] and "user" in d["entities"]
    )
    phone = event["entities"]["phone"]
    entity = next(e for e in Entity.objects.filter(kind="phone") if e.key == phone)
    stored = store_backtest("A year", "pond", "abc", report())
    someone = person(None, "some.body")
    someone.email = "some.body@example.com"
    someone.save()
    arguments: dict[str, list[Any]] = {
        "decision": [event["seq"]], "recompute": [event["seq"]],
        "reveal_decision": [event["seq"]], "entity": ["phone", f"~{entity.id}"],
        "reveal_entity": [entity.id], "backtest": [stored.pk],
        "person": [someone.pk], "people_do": [someone.pk, "give_role"],
    }  # fmt: skip
    for name in ("run_job", "new_channel", "discussion", "mentionable", "add_comment"):
        arguments[name] = ARGUMENTS[name]
    return arguments, {2: event["entities"]["user"], 3: phone, 4: "scrypt$"}


@pytest.fixture
def errors_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the page of an error only what is its own: the frame around it is that of all pages, and
    drawing it would take most of the walk of a role that may do little. Nor is each refusal told
    to the log of the process."""

    def words(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
        return HttpResponse(f"{title}\n{text}", status=status)

    monkeypatch.setattr(errors, "error_page", words)
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)


class Walker:
    """One person asking for one address after the other, each time as one who has just signed in
    and confirmed who they are; None is a person who is not signed in."""

    def __init__(self, user: Any) -> None:
        self._user = user
        self._cookie = ""
        self._session: dict[str, Any] = {}

    def answer(self, method: str, path: str, canaries: dict[int, str]) -> str:
        client = self._client()
        data = FORM if method == "post" else {}
        response = getattr(client, method)(path, data)
        text = b"".join(response.streaming_content if response.streaming else [response.content])
        shown = [
            str(n) for n, value in canaries.items() if value in text.decode("utf-8", "replace")
        ]
        return f"{response.status_code}" + (f" shows level {', '.join(shown)}" if shown else "")

    def _client(self) -> Client:
        """A client that has nothing of an earlier request. Signing in costs more than most
        requests: it is done again only where a request left something in the session."""
        client = Client(raise_request_exception=False)
        if self._user is None:
            return client
        if self._cookie:
            client.cookies[settings.SESSION_COOKIE_NAME] = self._cookie
            if dict(client.session) == self._session:
                return client
            client = Client(raise_request_exception=False)
        client.force_login(self._user)
        confirm(client)
        self._cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        self._session = dict(client.session)
        return client


@pytest.mark.django_db
@pytest.mark.usefixtures("errors_in_words")
@pytest.mark.parametrize("role", ["anonymous", "nobody", *ROLES])
def test_each_role_gets_of_each_route_what_the_golden_file_says(
    seeded: tuple[dict[str, list[Any]], dict[int, str]], role: str
) -> None:
    arguments, canaries = seeded
    user = None
    if role != "anonymous":
        user = person(
            None if role == "nobody" else role, "walker", clearance=3, purposes=list(PURPOSES)
        )
    walker = Walker(user)
    got: dict[str, str] = {}
    for pattern, name in lines():
        path = fill(pattern, arguments.get(name, []))
        both = [f"{m.upper()} {walker.answer(m, path, canaries)}" for m in ("get", "post")]
        got[pattern] = ", ".join(both)
    golden: Golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if WRITING:
        for pattern, line in got.items():
            golden.setdefault(pattern, {})[role] = line
        kept = {pattern: golden[pattern] for pattern in sorted(golden) if pattern in got}
        GOLDEN.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        return
    expected = {pattern: golden.get(pattern, {}).get(role, "no line") for pattern in got}
    assert got == expected
    assert set(golden) == set(got)


SHOWS = re.compile(r"(GET|POST) (\d+)(?: shows level ([2-4](?:, [2-4])*))?")


def test_the_golden_file_lets_nobody_see_by_looking_what_is_masked() -> None:
    golden: Golden = json.loads(GOLDEN.read_text())
    for pattern, roles in golden.items():
        for role, line in roles.items():
            for method, _status, shown in SHOWS.findall(line):
                assert "4" not in shown, (pattern, role)
                if "3" in shown:
                    assert method == "POST", (pattern, role)
                    assert pattern.endswith("/reveal"), (pattern, role)
                    assert role not in ("anonymous", "nobody", "auditor", "administrator")


SECRETS = {3: "rent of a flat", 4: "110101199003070012"}
EVENT = {
    "id": "golden-1", "type": "transfer",
    "entities": {"user": "u-1", "id_number": SECRETS[4]},
    "fields": {"amount": 5, "memo": SECRETS[3]},
}  # fmt: skip
NAMED = {"decisions": ["golden-1"], "lists": ["mule_payees"]}
BODIES = {
    "/v1/entities/look-up": {"kind": "user", "key": "u-1"},
    "/v1/lists/*/entries": {"key": "u-7", "reason": "case 12"},
    "/v1/lists/*/entries/remove": {"key": "u-7"},
}


def token(scope: str) -> str:
    return f"gl_{scope.replace(':', '')[:8]}_{'k' * 43}"


async def walk_door(cache: Path) -> Golden:
    """Each route and method of the door, with a key of each scope, of none, and without one."""
    keys = [record(token(scope), frozenset({scope})) for scope in KEY_SCOPES]
    keys += [
        record(token("no scope"), frozenset()),
        record(token("all-of-it"), frozenset(KEY_SCOPES)),
    ]
    callers: dict[str, dict[str, str]] = {"nobody": {}}
    callers |= {
        scope: {"authorization": f"Bearer {token(scope)}"}
        for scope in (*KEY_SCOPES, "no scope", "all-of-it")
    }
    got: Golden = {}
    with memory_engine(cache) as engine:
        door = Door(engine, KeyRing(lambda: keys))
        await door.startup()
        transport = httpx.ASGITransport(app=door)
        async with httpx.AsyncClient(transport=transport, base_url="http://door") as client:
            await client.post("/v1/events", json=EVENT, headers=callers["all-of-it"])
            for route in door.routes:
                rest = list(NAMED.get(route.pattern[1] if len(route.pattern) > 1 else "", []))
                path = "/" + "/".join(part or rest.pop(0) for part in route.pattern)
                name = "/" + "/".join(part or "*" for part in route.pattern)
                for method in sorted({"GET", "POST", "PUT", "DELETE", *route.handlers}):
                    for caller, headers in callers.items():
                        answer = await client.request(
                            method, path, headers=headers, json=BODIES.get(name)
                        )
                        shown = [str(n) for n, text in SECRETS.items() if text in answer.text]
                        line = f"{answer.status_code}{' shows ' if shown else ''}{','.join(shown)}"
                        got.setdefault(f"{method} {name}", {})[caller] = line
        await door.shutdown()
    return got


def test_each_key_gets_of_each_route_of_the_door_what_the_golden_file_says(tmp_path: Path) -> None:
    got = asyncio.run(walk_door(tmp_path))
    if WRITING:
        GOLDEN_DOOR.write_text(json.dumps(got, indent=1, sort_keys=True) + "\n")
        return
    assert got == json.loads(GOLDEN_DOOR.read_text())


def test_no_key_is_shown_what_is_masked_and_none_passes_without_its_scope() -> None:
    golden: Golden = json.loads(GOLDEN_DOOR.read_text())
    public = ("/v1/openapi.json", "/healthz", "/readyz")
    for route, callers in golden.items():
        assert not any("shows" in line for line in callers.values()), route
        if not route.endswith(public):
            passing = {
                caller for caller, line in callers.items() if line not in ("401", "403", "405")
            }
            assert not passing & {"nobody", "no scope"}, route
            assert len(passing) in (0, 2), route  # one scope opens it, and the key with all
