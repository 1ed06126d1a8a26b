"""Second factors, sessions, doors and letters, through the pages."""

from __future__ import annotations

import re
import time
from ipaddress import ip_network

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal import auth as webauthn_auth
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from guanlan.core.access import subject_of
from guanlan.core.egress import using
from guanlan.core.models import Channel, Invitation, SignedIn, User
from guanlan.core.outbox.keeping import config_of
from guanlan.core.people.inviting import invite
from guanlan.core.people.limiting import DOORS
from guanlan.core.people.organisation import forget, new_setup_code
from guanlan.core.people.session_store import kept_key
from guanlan.core.people.sessions import switch_off
from guanlan.web.accounts.addresses import client_address
from guanlan.web.accounts.recovery import make_codes
from guanlan.web.templatetags.console import money
from tests.core.egress.servers import http_server
from tests.people import app_code, confirm, person

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CODE = r"<li><code>(\w{4}-\w{4}-\w{4})</code></li>"


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def owner() -> User:
    made = person("owner", password=PASSWORD)
    made.email = "owner@example.com"
    made.save()
    return made


def code(step: int = 0) -> str:
    return app_code(SECRET, step)


def sign_in(client: Client, password: str = PASSWORD) -> str:
    answer = client.post("/login", {"username": "owner", "password": password})
    return str(answer.headers.get("Location", answer.status_code))


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.fixture
def seed(owner: User) -> Authenticator:
    from_seed = TOTP.activate(owner, SECRET).instance
    assert SECRET not in str(from_seed.data)
    return from_seed


def test_a_password_alone_is_half_of_a_sign_in(seed: Authenticator, client: Client) -> None:
    assert sign_in(client) == "/login/factor"
    assert not signed_in(client)
    assert client.get("/settings/keys")["Location"].startswith("/login?")
    before = client.session.session_key
    assert client.post("/login/factor", {"code": "000000"}).status_code == 200
    assert not signed_in(client)
    assert client.post("/login/factor", {"code": code()})["Location"] == "/"
    assert signed_in(client)
    assert client.session.session_key != before


def test_a_passkey_is_offered_to_those_who_have_one(
    seed: Authenticator, owner: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webauthn_auth, "begin_authentication", lambda user: {})
    sign_in(client)
    offer = 'data-passkey="authenticate"'
    assert offer not in client.get("/login/factor").content.decode()
    Authenticator.objects.create(user=owner, type=Authenticator.Type.WEBAUTHN, data={})
    assert offer in client.get("/login/factor").content.decode()


def test_a_code_is_used_once_by_whomever(seed: Authenticator) -> None:
    first, second, used = Client(), Client(), code()
    for client in (first, second):
        assert sign_in(client) == "/login/factor"
        client.post("/login/factor", {"code": used})
    assert signed_in(first)
    assert not signed_in(second)


def test_a_half_done_sign_in_cannot_be_replayed_after_it_is_done(seed: Authenticator) -> None:
    client = Client()
    sign_in(client)
    half = client.cookies["guanlan_session"].value
    client.post("/login/factor", {"code": code()})
    assert signed_in(client)
    thief = Client()
    thief.cookies["guanlan_session"] = half
    assert thief.post("/login/factor", {"code": code(1)})["Location"] == "/login"
    assert not signed_in(thief)


def test_a_recovery_code_signs_in_once(seed: Authenticator, owner: User) -> None:
    chosen = make_codes(owner)[0].lower().replace("-", " ")
    for index, expected in enumerate((True, False)):
        client = Client()
        sign_in(client)
        client.post("/login/factor", {"code": chosen})
        assert signed_in(client) is expected, index


def test_without_a_second_factor_only_its_set_up_is_reached(
    owner: User, client: Client, settings: Settings
) -> None:
    settings.MFA = "required"
    sign_in(client)
    for path in ("/", "/settings/keys", "/account", "/settings/invitations", "/settings/people"):
        assert client.get(path)["Location"] == "/account/second-factor", path
    part = client.get("/", headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == "/account/second-factor"
    here = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/second-factor"}
    assert "HX-Redirect" not in client.get("/notifications/bell", headers=here).headers
    assert client.get("/account/second-factor").status_code == 200
    # Setting one up asks for the password again, then opens the rest.
    assert client.get("/account/app")["Location"].startswith("/account/confirm?")
    assert client.post("/account/confirm", {"password": PASSWORD}).status_code == 302
    page = client.get("/account/app").content.decode()
    found = re.search(r'class="token">(\w+)<', page)
    assert found is not None
    given = app_code(found[1])
    done = client.post("/account/app", {"code": given})
    assert len(re.findall(CODE, done.content.decode())) == 10
    assert client.get("/settings/keys").status_code == 200


def test_other_sessions_end_when_a_factor_or_the_password_changes(owner: User) -> None:
    here, there = Client(), Client()
    for client in (here, there):
        sign_in(client)
    here.post("/account/confirm", {"password": PASSWORD})
    page = here.get("/account/app").content.decode()
    secret = page.split('class="token">')[1].split("<")[0]
    given = app_code(secret)
    assert here.post("/account/app", {"code": given}).status_code == 200
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    form = {"password": PASSWORD, "new_password": "another long pass phrase"}
    assert here.post("/account/password", form)["Location"] == "/account"
    assert here.get("/account").status_code == 200
    assert SignedIn.objects.get().session_key == kept_key(here.session.session_key)


def test_sessions_are_listed_and_ended_one_by_one_and_all(owner: User) -> None:
    clients = [Client(), Client(), Client()]
    for client in clients:
        sign_in(client)
    first = clients[0]
    keys = [client.session.session_key for client in clients]
    assert first.get("/account").content.decode().count("/end") == 3
    other = SignedIn.objects.get(session_key=kept_key(keys[1])).pk
    first.post(f"/account/sessions/{other}/end")
    assert clients[1].get("/account").status_code == 302
    assert clients[2].get("/account").status_code == 200
    mine = SignedIn.objects.get(session_key=kept_key(keys[0])).pk
    first.post(f"/account/sessions/{mine}/end")
    assert first.get("/account").status_code == 200
    first.post("/account/sessions/end")
    assert clients[2].get("/account").status_code == 302
    assert first.get("/account").status_code == 200


def test_nobody_ends_anothers_session(owner: User, client: Client) -> None:
    sign_in(client)
    mine = SignedIn.objects.get().pk
    stranger = Client()
    stranger.force_login(person("operations"))
    stranger.post(f"/account/sessions/{mine}/end")
    assert client.get("/account").status_code == 200


def test_a_session_ends_when_it_is_idle_when_it_is_old_and_with_its_account(
    owner: User, settings: Settings
) -> None:
    for mark, past in (("seen", settings.SESSION_IDLE), ("started", settings.SESSION_COOKIE_AGE)):
        client = Client()
        sign_in(client)
        session = client.session
        session[mark] = time.time() - past - 1
        session.save()
        assert client.get("/account").status_code == 302, mark
        assert not signed_in(client)
    client = Client()
    sign_in(client)
    switch_off(owner)
    assert client.get("/account").status_code == 302


def test_unknown_wrong_and_disabled_are_answered_alike(owner: User) -> None:
    disabled = person("operations", password=PASSWORD)
    switch_off(disabled)
    answers = set()
    tried = (("owner", "wrong"), ("nobody", "wrong"), ("operations", PASSWORD))
    for name, password in tried:
        answer = Client().post("/login", {"username": name, "password": password})
        text = re.sub(r'value="[^"]*"', "", answer.content.decode())
        answers.add((answer.status_code, text))
    assert len(answers) == 1


def test_a_letter_is_promised_alike_and_written_only_to_an_account(
    owner: User, client: Client
) -> None:
    sign_in(client)  # a letter is void once its account signs in
    answers = set()
    for address in ("nobody@example.com", "OWNER@example.com"):
        answer = client.post("/forgotten", {"email": address})
        text = re.sub(r'value="[^"]*"', "", answer.content.decode())
        answers.add((answer.status_code, text))
    assert len(answers) == 1
    (letter,) = mail.outbox
    link = re.search(r"http://testserver(/forgotten/\S+)", str(letter.body))
    assert link is not None
    form = {"new_password": "another long pass phrase"}
    thief = Client()
    assert thief.post(link[1], {"new_password": "short"}).status_code == 422
    assert thief.post(link[1], form)["Location"] == "/login"
    assert thief.post(link[1], form).status_code == 410
    assert client.get("/account").status_code == 302
    assert sign_in(client, "another long pass phrase") == "/"


def test_a_letter_replaces_the_password_and_not_the_second_factor(
    seed: Authenticator, client: Client
) -> None:
    client.post("/forgotten", {"email": "owner@example.com"})
    (letter,) = mail.outbox
    link = re.search(r"http://testserver(/forgotten/\S+)", str(letter.body))
    assert link is not None
    client.post(link[1], {"new_password": "another long pass phrase"})
    assert not signed_in(client)
    assert sign_in(client, "another long pass phrase") == "/login/factor"
    assert client.get("/account")["Location"].startswith("/login?")
    client.post("/login/factor", {"code": code()})
    assert signed_in(client)


@pytest.mark.parametrize(
    ("path", "form", "door"),
    [
        ("/login", {"username": "owner", "password": "wrong"}, "password"),
        ("/login/factor", {"code": "000000"}, "factor"),
        ("/login/passkey", {"credential": "{}"}, "passkey"),
        ("/account/confirm", {"password": "wrong"}, "confirm"),
        ("/account/confirm/code", {"code": "000000"}, "confirm"),
        ("/account/confirm/passkey", {"credential": "{}"}, "confirm"),
        ("/account/password", {"password": "wrong", "new_password": "x"}, "confirm"),
        ("/join/guessed", {"username": "x", "password": "y"}, "invitation"),
        ("/forgotten", {"email": "owner@example.com"}, "reset"),
        ("/forgotten/MQ/guessed", {"new_password": "x"}, "reset"),
        ("/setup", {"code": "x"}, "setup"),
        ("/language", {"language": "en"}, "language"),
    ],
)
def test_every_door_shuts(
    owner: User, client: Client, monkeypatch: pytest.MonkeyPatch, path: str, form: dict[str, str],
    door: str,
) -> None:  # fmt: skip
    monkeypatch.setitem(DOORS, door, DOORS[door]._replace(per_name=3, per_address=3))
    if path.startswith("/account"):
        sign_in(client)
    for _index in range(3):
        assert client.post(path, form).status_code != 429
    shut = client.post(path, form)
    assert shut.status_code == 429
    assert int(shut["Retry-After"]) > 0


def test_a_new_browser_does_not_open_the_door_of_codes(seed: Authenticator) -> None:
    for _index in range(DOORS["factor"].per_name):
        client = Client()
        sign_in(client)
        client.post("/login/factor", {"code": "000000"})
    client = Client()
    sign_in(client)
    assert client.post("/login/factor", {"code": code()}).status_code == 429
    assert not signed_in(client)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
    ],
)
def test_only_our_proxies_say_where_a_request_comes_from(
    settings: Settings, peer: str, forwarded: str, expected: str
) -> None:
    settings.PROXIES = (ip_network("10.0.0.0/8"),)
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=peer)
    assert client_address(request) == expected


def test_an_invitation_is_sent_accepted_and_over(owner: User, client: Client) -> None:
    sign_in(client)
    form = {"email": "new@example.com", "role": "fraud_analyst"}
    asked = client.post("/settings/invitations/new", form)
    assert "_proof-password" in asked.content.decode()
    client.post("/account/confirm", {"password": PASSWORD})
    made = client.post("/settings/invitations/new", form)
    assert made["Location"] == f"/settings/invitations/{Invitation.objects.get().pk}"
    (letter,) = mail.outbox
    link = re.search(r"/join/\S+", str(letter.body))
    assert link is not None
    newcomer = Client()
    assert newcomer.get(link[0]).status_code == 200
    joining = {"username": "newcomer", "password": PASSWORD}
    assert newcomer.post(link[0], {**joining, "password": "short"}).status_code == 422
    assert newcomer.post(link[0], joining)["Location"] == "/login"
    assert newcomer.get(link[0]).status_code == 410
    assert newcomer.post(link[0], joining).status_code == 410
    assert newcomer.post("/login", joining).status_code == 302


def test_an_administrator_cannot_invite_an_owner(client: Client) -> None:
    client.force_login(person("administrator", password=PASSWORD))
    client.post("/account/confirm", {"password": PASSWORD})
    answer = client.post("/settings/invitations/new", {"email": "a@example.com", "role": "owner"})
    assert answer.status_code == 422
    assert not mail.outbox


def test_an_unknown_invitation_looks_like_a_used_one(owner: User, client: Client) -> None:
    made = invite(subject_of(owner), "new@example.com", "auditor")
    Client().post(f"/join/{made.token}", {"username": "newcomer", "password": PASSWORD})
    answers = {client.get(f"/join/{t}").content for t in (made.token, "x" * len(made.token))}
    texts = {re.sub(rb'value="[^"]*"', b"", answer) for answer in answers}
    assert len(texts) == 1


def test_the_first_run_needs_the_code_and_happens_once(client: Client) -> None:
    assert client.get("/setup").status_code == 404
    printed = new_setup_code()
    assert client.get("/login")["Location"] == "/setup"
    assert client.get("/setup").status_code == 200
    form = {
        "code": "AAAAA", "name": "Pond Pay", "time_zone": "Asia/Taipei", "currency": "TWD",
        "username": "first", "email": "first@example.com", "password": PASSWORD,
    }  # fmt: skip
    assert client.post("/setup", form).status_code == 422
    assert not User.objects.exists()
    assert client.post("/setup", form | {"code": printed})["Location"] == "/login"
    assert client.post("/setup", form | {"code": printed}).status_code == 404
    assert client.post("/login", {"username": "first", "password": PASSWORD})["Location"] == "/"
    assert "Pond Pay" in client.get("/account").content.decode()
    forget()


SETTING_UP = {
    "name": "Pond Pay", "time_zone": "Asia/Taipei", "currency": "TWD", "username": "first",
    "email": "first@example.com", "password": PASSWORD,
}  # fmt: skip


def set_up(client: Client, **more: str) -> tuple[int, str]:
    """Set up with a channel; the status, and what the next page says."""
    client.cookies["guanlan_language"] = "en"
    form = {**SETTING_UP, "code": str(new_setup_code()), **more}
    answer = client.post("/setup", form)
    forget()
    return answer.status_code, client.get("/login").content.decode()


def test_the_first_run_makes_a_channel_and_tries_it(client: Client) -> None:
    with http_server() as server, using(server.policy("hook.test")):
        address = f"http://hook.test:{server.port}/in"
        said = {"channel": "webhook", "webhook-url": address, "webhook-secret": "s3cr3t-of-hook"}
        status, page = set_up(client, **said)
        [got] = server.got
    assert status == 302
    assert "accepted the test message" in page
    assert (got.method, got.path) == ("POST", "/in")
    assert "channel.test" in got.body.decode()
    made = Channel.objects.get()
    assert made.kind == "webhook"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM core_channel")
        assert "s3cr3t-of-hook" not in str([bytes(v) if isinstance(v, memoryview) else v
                                            for v in cursor.fetchall()[0]])  # fmt: skip
    assert config_of(made)["secret"] == "s3cr3t-of-hook"


def test_the_first_run_says_that_a_test_failed_and_keeps_the_channel(client: Client) -> None:
    said = {
        "channel": "email", "email-host": "127.0.0.1", "email-port": "25",
        "email-security": "none", "email-sender": "risk@example.com",
    }  # fmt: skip
    status, page = set_up(client, **said)
    assert status == 302
    assert "was not sent: the address lies inside the network" in page
    assert config_of(Channel.objects.get())["sender"] == "risk@example.com"


def test_what_a_channel_lacks_is_said_before_anything_is_made(client: Client) -> None:
    for said in (
        {"channel": "email", "email-host": "mail.example.com"},
        {"channel": "webhook", "webhook-url": "gopher://x", "webhook-secret": "s"},
        {"channel": "slack"},
        {"channel": "carrier pigeon"},
    ):
        assert set_up(client, **said)[0] == 422, said
    assert not User.objects.exists()
    assert not Channel.objects.exists()


def test_the_organisation_is_shown_changed_and_used(owner: User, client: Client) -> None:
    client.cookies["guanlan_language"] = "en"
    client.force_login(owner)
    said = {"name": "Pond Pay", "time_zone": "Asia/Taipei", "currency": "TWD"}
    asked = client.post("/settings/organisation/change", said)
    assert "_proof-password" in asked.content.decode()
    confirm(client)
    bad = client.post("/settings/organisation/change", {**said, "time_zone": "Mars/Olympus"})
    assert bad.status_code == 422
    assert (
        client.post("/settings/organisation/change", said)["Location"] == "/settings/organisation"
    )
    page = client.get("/settings/organisation").content.decode()
    for one in said.values():
        assert one in page
    # An amount without a currency of its own is told in the organisation's.
    assert money(123_400, "") == money(123_400, "TWD")
    assert money(123_400, "USD") != money(123_400, "")
    forget()
    administrator, stranger = person("administrator"), person("communications")
    for user, status in ((administrator, 200), (stranger, 403)):
        client.force_login(user)
        confirm(client)
        assert client.get("/settings/organisation/change").status_code == status


def test_whoever_manages_people_ends_the_sessions_of_one_or_of_all(owner: User) -> None:
    mine = Client()
    mine.force_login(owner)
    others = []
    for name in ("ann", "bob", "cho"):
        one = Client()
        one.force_login(person("operations", name))
        others.append(one)
    ann = User.objects.get(username="ann")

    def inside() -> list[bool]:
        return [one.get("/account").status_code == 200 for one in others]

    stranger = Client()
    stranger.force_login(person("fraud_analyst"))
    stranger.post(f"/settings/people/{ann.pk}/do/end_sessions")
    assert inside() == [True, True, True]
    mine.post(f"/settings/people/{ann.pk}/do/end_sessions")
    assert inside() == [False, True, True]
    # All that fit the filter, which here is everybody; one's own go on.
    mine.post("/settings/people/act", {"action": "end_sessions", "all": "1", "sure": "1"})
    assert inside() == [False, False, False]
    assert mine.get("/account").status_code == 200
