"""Each route declares the right it needs, and nobody gets past it."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from guanlan.core.access import SYSTEM, Denied
from guanlan.web.middleware import Rights
from guanlan.web.rights import need_of, needs, route_allowed, undeclared
from tests.people import person


def test_every_route_declares_a_right_that_exists() -> None:
    assert undeclared() == []


def test_a_view_that_declares_nothing_is_reached_by_nobody() -> None:
    def bare(request: HttpRequest) -> HttpResponse:
        return HttpResponse("seen")

    middleware = Rights(bare)
    with pytest.raises(Denied):
        middleware.process_view(RequestFactory().get("/"), bare, (), {})
    assert need_of(bare) is None


def test_a_declared_view_is_refused_without_the_right() -> None:
    @needs("see", "core.apikey")
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("seen")

    with pytest.raises(Denied) as caught:
        Rights(view).process_view(RequestFactory().get("/"), view, (), {})
    assert (caught.value.verb, caught.value.noun) == ("see", "core.apikey")


@pytest.mark.django_db
def test_who_has_no_role_reaches_no_page_and_sees_no_place(client: Client) -> None:
    client.force_login(person(None))
    for path in (
        "/decisions/figures",
        "/decisions",
        "/entities",
        "/scenario",
        "/backtests",
        "/settings/keys",
    ):
        response = client.get(path)
        assert response.status_code == 403, path
        assert 'href="/decisions"' not in response.content.decode()


@pytest.mark.django_db
def test_the_sidebar_shows_what_may_be_reached(client: Client) -> None:
    client.force_login(person("committee_member"))
    text = client.get("/scenario").content.decode()
    assert 'href="/backtests"' in text
    assert 'href="/entities"' not in text
    assert client.get("/entities").status_code == 403


def test_a_route_without_a_name_in_the_registry_is_refused() -> None:
    assert not route_allowed(SYSTEM, "no such route")
