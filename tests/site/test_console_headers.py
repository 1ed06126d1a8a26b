"""Every answer of the console says what a browser may do with it: each route, each error."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.db import OperationalError
from django.http.response import HttpResponseBase
from django.test import Client

import tests.web.installation  # noqa: F401 - sets Django up
from tests.addresses import fill, lines
from tests.fraud import conftest
from tests.people import person
from tests.site import test_golden_access as golden

nothing_remembered, pond, seeded = (  # fixtures
    conftest.nothing_remembered,
    conftest.pond,
    golden.seeded,
)
pytestmark = pytest.mark.django_db

NEEDED = {"default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"}
KIND = re.compile(
    r"text/[a-z-]+; charset=\"?utf-8\"?|application/json|image/(?:svg\+xml|png)|font/woff2"
    r"|application/vnd\.openxmlformats-officedocument\.spreadsheetml\.sheet",
    re.IGNORECASE,
)


def carries_them(answer: HttpResponseBase, where: str) -> None:
    headers = answer.headers
    policy = {part.strip() for part in headers["Content-Security-Policy"].split(";")}
    assert policy >= NEEDED, where
    assert "unsafe" not in headers["Content-Security-Policy"], where
    assert "*" not in headers["Content-Security-Policy"], where
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["Referrer-Policy"] == "same-origin", where
    if "/static/" not in where:
        assert "no-store" in headers["Cache-Control"], where
    body = b"".join(answer) if answer.streaming else getattr(answer, "content", b"")
    answer.close()
    if body:
        assert KIND.fullmatch(headers["Content-Type"]), (where, headers["Content-Type"])


@pytest.mark.parametrize("role", ["anonymous", "owner", "auditor"])
def test_each_route_answers_with_them(seeded: Any, role: str) -> None:
    """All of the golden walk's routes, by GET and by POST, whatever the answer is."""
    arguments, _canaries = seeded
    user = None if role == "anonymous" else person(role, "walker")
    statuses = set()
    for pattern, name in lines():
        path = fill(pattern, arguments.get(name, []))
        for method in ("get", "post"):
            client = Client(raise_request_exception=False)
            if user is not None:
                client.force_login(user)
            answer = getattr(client, method)(path, golden.FORM if method == "post" else {})
            statuses.add(answer.status_code)
            carries_them(answer, f"{method} {path}")
    assert {200, 302, 404, 405} <= statuses or role != "owner"


@pytest.mark.parametrize(
    "path", ["/static/web/guanlan.css", "/static/web/page.js", "/static/nothing.js"]
)
def test_files_carry_them(client: Client, path: str) -> None:
    carries_them(client.get(path, follow=True), path)


@pytest.mark.parametrize(
    ("fault", "status"), [(ValueError, 500), (OperationalError, 503), (BadRequest, 400)]
)
def test_faults_carry_them(
    client: Client, monkeypatch: pytest.MonkeyPatch, fault: type[Exception], status: int
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise fault

    client.force_login(person("owner"))
    client.raise_request_exception = False
    monkeypatch.setattr("guanlan.fraud.pages.figures.read_window", broken)
    answer = client.get("/decisions/figures")
    assert answer.status_code == status
    carries_them(answer, "/")


def test_refusals_carry_them(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    answers = {
        "/login without its token": (strict.post("/login", {"username": "x"}), 403),
        "a host that is none of ours": (
            client.get("/login", headers={"host": "elsewhere.example"}), 400
        ),
        "too much": (
            client.post("/login", "x" * (1 << 21), "application/x-www-form-urlencoded"), 413
        ),
        "too many fields": (client.post("/login", {f"f{n}": "" for n in range(1500)}), 400),
        "/api without a caller": (client.get("/api/openapi.json"), 401),
    }  # fmt: skip
    for _n in range(10):
        client.post("/login", {"username": "somebody", "password": "wrong"})
    shut = client.post("/login", {"username": "somebody", "password": "wrong"})
    answers["a door that is shut"] = (shut, 429)
    for where, (answer, status) in answers.items():
        assert answer.status_code == status, where
        carries_them(answer, where)
