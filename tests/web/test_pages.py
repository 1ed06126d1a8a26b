"""Sign-in, headers, keys and the small rules every answer of the console follows."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from guanlan.core import services
from guanlan.core.access import SYSTEM, Subject
from guanlan.core.models import ApiKey, User
from guanlan.core.people.limiting import DOORS
from guanlan.web import places
from guanlan.web.places import Place, add_place
from guanlan.web.session import session_subject
from tests.people import confirm, person

pytestmark = pytest.mark.django_db

# `session_subject` lets go of the connection, so what it reads must be committed.
in_its_own_transactions = pytest.mark.django_db(transaction=True)

PASSWORD = "a long pass phrase"


@pytest.fixture
def owner(settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return person("owner", password=PASSWORD)


def sign_in(client: Client, password: str = PASSWORD, target: str = "") -> int:
    form = {"username": "owner", "password": password, "next": target}
    return client.post("/login", form).status_code


@pytest.mark.parametrize("path", ["/login", "/static/web/guanlan.css", "/no/such/page"])
def test_every_answer_carries_the_security_headers(client: Client, path: str) -> None:
    response = client.get(path)
    response.close()  # a static file is open until then
    headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers.get("Cache-Control", "no-store") or path.startswith("/static/")


def test_pages_have_no_inline_script_or_style(owner: User, client: Client) -> None:
    client.force_login(owner)
    for path in ("/", "/live", "/decisions", "/settings/keys", "/login"):
        text = client.get(path, follow=True).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick" not in text
        for piece in text.split("<script")[1:]:
            opening, body = piece.split(">", 1)
            assert "src=" in opening or 'type="application/json"' in opening
            assert "src=" not in opening or body.startswith("</script>")


@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/decisions?q=x", "/decisions?q=x"),
        ("", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\elsewhere.example", "/"),
    ],
)
def test_signing_in_leads_only_to_this_console(
    owner: User, client: Client, target: str, lands: str
) -> None:
    form = {"username": "owner", "password": PASSWORD, "next": target}
    assert client.post("/login", form)["Location"] == lands
    assert client.get("/login", {"next": target})["Location"] == lands


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(client: Client) -> None:
    here = "http://testserver/?hours=1"
    response = client.get("/?hours=1", headers={"HX-Request": "true", "HX-Current-URL": here})
    assert response.status_code == 204
    assert response["HX-Redirect"] == "/login?next=%2F%3Fhours%3D1"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(
    owner: User, client: Client
) -> None:
    answers = [
        client.post("/login", {"username": name, "password": "wrong"})
        for name in ("owner", "nobody")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    first, second = (answer.content.decode().split('role="alert">')[1][:60] for answer in answers)
    assert first == second


def test_too_many_failures_stop_even_the_right_password(owner: User, client: Client) -> None:
    for _index in range(DOORS["password"].per_name):
        assert sign_in(client, "wrong") == 401
    assert sign_in(client) == 429
    assert "_auth_user_id" not in client.session


def test_the_session_gets_a_new_key_at_sign_in(owner: User, client: Client) -> None:
    client.get("/login")
    before = client.session.session_key
    assert sign_in(client) == 302
    assert client.session.session_key != before
    cookie = client.cookies["guanlan_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_form_without_its_token_is_refused_in_style(owner: User) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/login", {"username": "owner", "password": PASSWORD})
    assert response.status_code == 403
    assert "blank-code" in response.content.decode()


@in_its_own_transactions
def test_a_cookie_names_its_user_until_the_session_ends(owner: User, client: Client) -> None:
    sign_in(client)
    header = f"a=b; guanlan_session={client.cookies['guanlan_session'].value}"
    found = session_subject(header)
    assert found is not None
    assert found.name == "owner"
    assert session_subject("guanlan_session=forged") is None
    assert session_subject("") is None
    assert session_subject('bad"; =;;') is None
    client.post("/logout")
    assert session_subject(header) is None


@in_its_own_transactions
def test_an_account_switched_off_loses_its_stream(owner: User, client: Client) -> None:
    sign_in(client)
    header = f"guanlan_session={client.cookies['guanlan_session'].value}"
    User.objects.update(is_active=False)
    assert session_subject(header) is None


@in_its_own_transactions
def test_a_new_password_ends_other_sessions(owner: User, client: Client) -> None:
    sign_in(client)
    header = f"guanlan_session={client.cookies['guanlan_session'].value}"
    owner.set_password("another long pass phrase")
    owner.save()
    assert session_subject(header) is None


def test_the_language_is_one_of_ours_and_the_way_back_is_here(client: Client) -> None:
    response = client.post("/language", {"language": "zh-hant", "next": "//elsewhere.example"})
    assert response["Location"] == "/"
    assert client.cookies["guanlan_language"].value == "zh-hant"
    client.post("/language", {"language": "tlh"})
    assert client.cookies["guanlan_language"].value == "zh-hant"
    assert 'lang="zh-Hant"' in client.get("/login").content.decode()


def test_a_key_is_made_shown_once_and_revoked(owner: User, client: Client) -> None:
    client.force_login(owner)
    confirm(client)
    form = {"name": "w", "scopes": ["events:write"]}
    text = client.post("/settings/keys/new", form).content.decode()
    key = ApiKey.objects.get()
    assert f"gl_{key.id}_" in text
    token = text.split('class="token">')[1].split("<")[0]
    assert len(token) == 55
    assert token not in client.get("/settings/keys").content.decode()
    client.post(f"/settings/keys/{key.id}/do/revoke")
    assert services.load_api_keys() == []


def test_a_bad_key_form_says_why_and_loses_nothing(owner: User, client: Client) -> None:
    client.force_login(owner)
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    response = client.post("/settings/keys/new", {"name": "a fine name"})
    assert response.status_code == 422
    text = response.content.decode()
    assert 'class="field-error"' in text
    assert 'value="a fine name"' in text


def test_a_place_is_registered_once_in_a_known_group() -> None:
    with pytest.raises(ValueError, match="registered twice"):
        add_place(Place("settings", "keys", "again", 1))
    with pytest.raises(ValueError, match="unknown group"):
        add_place(Place("nowhere", "other", "lost", 1))


def test_groups_stand_in_the_order_of_the_loop() -> None:
    assert list(places.GROUPS) == [
        "overview", "watch", "respond", "assess", "strategy", "risks", "govern", "settings",
    ]  # fmt: skip
    shown = [[place.route for place in group.places] for group in places.groups(SYSTEM)]
    assert shown[0][0] == "figures", "the platform itself is nobody who looks at an overview"
    assert "keys" in shown[-1]
    stranger = places.groups(Subject(id=1, name="stranger"))
    assert [[place.route for place in group.places] for group in stranger] == [
        ["overview"], ["my_access"],
    ]  # fmt: skip
