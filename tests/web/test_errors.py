"""Pages for errors: in the console's style, and without what may have failed."""

from __future__ import annotations

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.utils import translation
from pytest_django import DjangoAssertNumQueries

from guanlan.core.process_log import Lines
from guanlan.web.pages import errors
from tests.people import person


def test_a_fault_is_told_without_asking_the_database(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    request = RequestFactory().get("/")
    request.COOKIES["guanlan_theme"] = "dark"
    with translation.override("en"), django_assert_num_queries(0):
        for answer, status in ((errors.failed(request), 500), (errors.unavailable(request), 503)):
            assert answer.status_code == status
            assert 'data-theme="dark"' in answer.content.decode()
        assert errors.unavailable(request)["Retry-After"] == "60"


def test_a_database_that_does_not_answer_is_503(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise OperationalError("gone")

    client.force_login(person())
    monkeypatch.setattr("guanlan.fraud.pages.figures.read_window", broken)
    client.raise_request_exception = False
    response = client.get("/decisions/figures")
    assert response.status_code == 503
    assert "gone" not in response.content.decode()


def test_too_much_and_too_often_say_how_much_and_how_long(db: None, client: Client) -> None:
    request = RequestFactory().get("/")
    request.user = person()
    with translation.override("en"):
        large = errors.bad_request(request, RequestDataTooBig())
        often = errors.too_many(request, 30)
    assert large.status_code == 413
    assert "1.0" in large.content.decode()
    assert (often.status_code, often["Retry-After"]) == (429, "30")


def test_a_part_of_a_page_is_answered_with_a_sentence(db: None, client: Client) -> None:
    client.force_login(person())
    text = client.get("/decisions/999999", headers={"HX-Request": "true"}).content.decode()
    assert text.startswith('<p class="notice error" role="alert">')


def test_an_unexpected_error_is_logged_with_its_place_and_told_without_it(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    value = "ann" + "@example.com"

    def broken(*args: object, **kwargs: object) -> None:
        raise ValueError(value)

    client.force_login(person())
    monkeypatch.setattr("guanlan.fraud.pages.figures.read_window", broken)
    client.raise_request_exception = False
    response = client.get("/decisions/figures")
    assert response.status_code == 500
    text = response.content.decode()
    assert value not in text
    assert "Traceback" not in text
    assert "ValueError" not in text
    (record,) = [one for one in caplog.records if one.name == "django.request"]
    line = Lines().format(record)
    assert "ERROR django.request" in line
    assert "ValueError" in line
    assert "test_errors.py" in line
    assert value not in line


@pytest.mark.parametrize(
    ("language", "title", "back"),
    [("en", "There is no page here", "Back"), ("zh-hans", "这里没有页面", "返回"),
     ("zh-hant", "這裡沒有頁面", "返回")],
)  # fmt: skip
def test_an_address_of_a_form_that_is_opened_says_so_and_leads_back(
    db: None, client: Client, language: str, title: str, back: str
) -> None:
    client.force_login(person())
    client.cookies["guanlan_language"] = language
    asked = {"Accept": "text/html", "Referer": "http://testserver/settings/keys?q=1"}
    answer = client.get("/logout", headers=asked)
    text = answer.content.decode()
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert f"<h1>{title}</h1>" in text
    assert f'href="/settings/keys">{back}</a>' in text
    assert client.session["_auth_user_id"], "nothing was done"
    abroad = client.get("/logout", headers=asked | {"Referer": "https://evil.example/settings"})
    assert "evil" not in abroad.content.decode()
    assert 'href="/settings' not in abroad.content.decode().split("<main")[1]
    for bare in ({"Accept": "application/json"}, asked | {"HX-Request": "true"}):
        assert (client.get("/logout", headers=bare).status_code, client.get(
            "/logout", headers=bare).content) == (405, b"")  # fmt: skip
