"""Single sign-on against a real provider: who comes in, and every answer that is not believed."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from guanlan.core import sign_on
from guanlan.core.access import subject_of
from guanlan.core.audit.rows import decode
from guanlan.core.models import (
    Attempt,
    Invitation,
    LinkedIdentity,
    RoleAssignment,
    User,
)
from guanlan.core.people.inviting import invite
from guanlan.core.people.limiting import DOORS
from guanlan.core.people.linking import unlink
from guanlan.core.people.sessions import switch_off
from tests.openid import (
    CLIENT,
    SECRET,
    Provider,
    ec_key,
    openid_provider,
    public,
    rsa_key,
)
from tests.people import person
from tests.web.accounts.signing_on import acts, away, back, refusals, sign_in, signed_in

pytestmark = pytest.mark.django_db


# --- who comes in ------------------------------------------------------------------------


def test_the_first_time_by_the_verified_address_then_by_the_name_there_alone(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    assert "Sign in with Staff directory" in english.get("/login").content.decode()
    assert sign_in(english, provider)["Location"] == "/"
    assert english.session["_auth_user_id"] == str(li_na.pk)
    link = LinkedIdentity.objects.get()
    assert (link.user, link.issuer) == (li_na, provider.issuer)
    # The address changes there, and is not even said to be verified: the name is the same.
    provider.person |= {"email": "mallory@example.com", "email_verified": False}
    again = Client()
    assert sign_in(again, provider)["Location"] == "/"
    assert again.session["_auth_user_id"] == str(li_na.pk)
    assert LinkedIdentity.objects.count() == 1
    assert acts(log).count("sso.link") == 1
    begun = [decode(line) for line in log.read_bytes().splitlines() if b"session.begin" in line]
    assert [row.detail["by"] for row in begun] == [["sso"], ["sso"]]
    for secret in (b"li.na@example.com", b"mallory", provider.person["sub"].encode(), b"s3cret"):
        assert secret not in log.read_bytes()


def test_the_question_is_new_each_time_and_holds_no_secret(
    english: Client, provider: Provider, li_na: User
) -> None:
    for _turn in range(2):
        away(english)
        provider.sign_in(away(english))
    first, second = provider.questions
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]
    assert first["redirect_uri"] == "http://testserver/login/sso/back"
    assert first["scope"] == "openid email"
    assert SECRET not in str(provider.questions)


def test_the_session_gets_a_new_key_and_keeps_no_token(
    english: Client, provider: Provider, li_na: User
) -> None:
    address = away(english)
    before = english.session.session_key
    back(english, provider, address)
    assert english.session.session_key not in ("", None, before)
    kept = str(dict(english.session))
    assert "for-userinfo" not in kept
    assert "eyJ" not in kept  # how every token begins
    fixed = Client()
    fixed.cookies["guanlan_session"] = str(before)
    assert fixed.get("/account").status_code == 302


def test_who_was_invited_gets_the_role_of_the_invitation_and_none_of_a_claim(
    english: Client, provider: Provider
) -> None:
    invite(subject_of(person("owner")), "li.na@example.com", "fraud_analyst")
    provider.claims = {"roles": ["owner"], "groups": ["owner"], "role": "owner"}
    assert sign_in(english, provider)["Location"] == "/"
    made = User.objects.get(username="li.na")
    assert list(RoleAssignment.objects.filter(person=made).values_list("role", flat=True)) == [
        "fraud_analyst"
    ]
    assert not made.has_usable_password()
    assert not made.is_superuser
    assert Invitation.objects.get().account == made


def test_a_taken_name_gets_a_number(english: Client, provider: Provider) -> None:
    owner = person("owner", "LI.NA")
    invite(subject_of(owner), "li.na@example.com", "auditor")
    sign_in(english, provider)
    assert User.objects.filter(username="li.na-2").exists()


@pytest.mark.parametrize("state", ["none", "revoked", "expired", "accepted"])
def test_an_unknown_person_is_told_whom_to_ask(
    english: Client, provider: Provider, log: Path, state: str
) -> None:
    owner = person("owner")
    if state != "none":
        made = invite(subject_of(owner), "li.na@example.com", "auditor").invitation
        past = timezone.now() - timedelta(days=1)
        field = {"expired": "expires"}.get(state, state)
        Invitation.objects.filter(pk=made.pk).update(**{field: past})
    answer = sign_in(english, provider)
    assert answer.status_code == 403
    assert "Ask an owner or an administrator of it to invite" in answer.content.decode()
    assert not signed_in(english)
    assert list(User.objects.all()) == [owner]
    assert refusals(log) == ["unknown"]


@pytest.mark.parametrize("said", [False, "true", 1, None])
def test_an_address_that_is_not_verified_opens_nothing(
    english: Client, provider: Provider, li_na: User, log: Path, said: object
) -> None:
    provider.person["email_verified"] = said
    answer = sign_in(english, provider)
    assert (answer.status_code, signed_in(english)) == (403, False)
    assert "verified" in answer.content.decode()
    assert refusals(log) == ["unverified"]


def test_an_account_that_is_switched_off_stays_so(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    switch_off(li_na)
    assert sign_in(english, provider).status_code == 403
    li_na.is_active = True
    li_na.save()
    assert sign_in(english, provider).status_code == 302
    switch_off(li_na)
    answer = sign_in(Client(headers={"accept-language": "en"}), provider)
    assert answer.status_code == 403
    assert "switched off" in answer.content.decode()
    assert refusals(log) == ["disabled", "disabled"]


def test_whose_account_was_ended_comes_back_by_a_new_invitation_and_without_the_old_link(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    owner = subject_of(person("owner"))
    sign_in(Client(), provider)
    switch_off(li_na)
    invite(owner, "li.na@example.com", "auditor")
    assert sign_in(english, provider).status_code == 403
    unlink(owner, li_na)
    assert sign_in(english, provider).status_code == 302
    assert english.session["_auth_user_id"] == str(User.objects.get(username="li.na-2").pk)
    assert refusals(log) == ["disabled"]


def test_an_address_that_went_to_somebody_else_there_opens_nothing(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    sign_in(english, provider)
    provider.person["sub"] = "another"
    stranger = Client(headers={"accept-language": "en"})
    answer = sign_in(stranger, provider)
    assert (answer.status_code, signed_in(stranger)) == (403, False)
    assert str(li_na.pk) in log.read_text().splitlines()[-1]
    assert "unlink" in answer.content.decode()
    assert refusals(log) == ["linked"]
    assert LinkedIdentity.objects.count() == 1


def test_an_address_of_two_accounts_and_one_that_only_looks_alike_open_nothing(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    provider.person["email"] = "l\u0131.na@example.com"  # a dotless i
    sign_in(english, provider)
    provider.person["email"] = "li.na@example.com"
    other = person("auditor")
    other.email = "li.na@example.com"
    other.save()
    sign_in(english, provider)
    assert not signed_in(english)
    assert refusals(log) == ["unknown", "ambiguous"]


def test_the_same_name_at_another_provider_is_another_person(
    english: Client, provider: Provider, li_na: User, settings: Settings
) -> None:
    sign_in(english, provider)
    with openid_provider() as second:
        settings.OIDC_ISSUER, settings.EGRESS_ALLOW = second.issuer, second.egress
        second.person |= {"email": "mallory@example.com"}
        stranger = Client()
        assert sign_in(stranger, second).status_code == 403
        assert not signed_in(stranger)


# --- answers that are not believed -------------------------------------------------------

NOW = int(time.time())
LIES: dict[str, tuple[str, dict[str, Any]]] = {
    "another issuer": ("issuer", {"claims": {"iss": "https://sso.example.com"}}),
    "another audience": ("audience", {"claims": {"aud": "another"}}),
    "several audiences": ("party", {"claims": {"aud": [CLIENT, "another"]}}),
    "another party": ("party", {"claims": {"azp": "another"}}),
    "another nonce": ("nonce", {"claims": {"nonce": "guessed"}}),
    "an odd nonce": ("nonce", {"claims": {"nonce": "\ud800"}}),
    "no nonce": ("incomplete", {"claims": {"nonce": None}}),
    "no name": ("incomplete", {"claims": {"sub": None}}),
    "an odd name": ("token", {"claims": {"sub": "\ud800"}}),
    "a long name": ("token", {"claims": {"sub": "x" * 256}}),
    "no end": ("incomplete", {"claims": {"exp": None}}),
    "an end that is past": ("expired", {"claims": {"iat": NOW - 900, "exp": NOW - 600}}),
    "made before it was asked for": ("old", {"claims": {"iat": NOW - 900}}),
    "made in time to come": ("early", {"claims": {"iat": NOW + 9000, "exp": NOW + 9900}}),
    "no algorithm": ("algorithm", {"header": {"alg": "none"}, "key": None}),
    "a secret for a key": ("algorithm", {"header": {"alg": "HS256"}, "key": SECRET.encode()}),
    "another's key": ("signature", {"key": rsa_key(1)}),
    "a key it brought along": (
        "key",
        {
            "key": rsa_key(1),
            "header": {"alg": "RS256", "kid": "two", "jwk": public(rsa_key(1), "two")},
        },
    ),
    "a key for something else": (
        "key", {"keys": [public(rsa_key(), "one") | {"use": "enc"}]},
    ),
    "a short key": ("key", {"key": rsa_key(0, 1024), "keys": [public(rsa_key(0, 1024), "one")]}),
    "an access token": ("type", {"header": {"alg": "RS256", "kid": "one", "typ": "at+jwt"}}),
    "what must be understood": (
        "type", {"header": {"alg": "RS256", "kid": "one", "crit": ["b64"], "b64": True}},
    ),
    "another's answer": ("issuer", {"answer": {"iss": "https://sso.example.com"}}),
    "nobody's answer": ("issuer", {"answer": {"iss": ""}}),
    "no code": ("answer", {"answer": {"code": ""}}),
    "a made-up code": ("code", {"answer": {"code": "guessed"}}),
    "a refusal": ("declined", {"answer": {"code": "", "error": "access_denied"}}),
    "no token": ("incomplete", {"token_error": (200, {"access_token": "x"}, {})}),
    "no token at all": ("token", {"token_error": (200, {"id_token": "x.y"}, {})}),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_believed_signs_nobody_in(
    english: Client, provider: Provider, li_na: User, log: Path, lie: str
) -> None:
    why, said = LIES[lie]
    for name, value in said.items():
        setattr(provider, name, value)
    answer = sign_in(english, provider)
    assert (answer.status_code, signed_in(english)) == (403, False)
    assert refusals(log) == [why]
    assert not LinkedIdentity.objects.exists()
    assert "Begin again" in answer.content.decode()


def test_an_elliptic_curve_is_as_good(english: Client, provider: Provider, li_na: User) -> None:
    provider.key, provider.header = ec_key(), {"alg": "ES256", "kid": "curve", "typ": "JWT"}
    provider.keys.append(public(ec_key(), "curve"))
    provider.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    sign_in(english, provider)
    assert signed_in(english)


def test_a_key_of_another_kind_is_no_key_of_the_algorithm(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    provider.header = {"alg": "ES256", "kid": "one"}
    sign_in(english, provider)
    assert refusals(log) == ["key"]


def test_without_a_name_a_key_must_be_the_only_one(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    provider.header = {"alg": "RS256"}
    provider.keys = [public(rsa_key(), None), public(rsa_key(1), None)]
    sign_in(english, provider)
    assert refusals(log) == ["key"]
    provider.keys = [public(rsa_key(), None)]
    sign_on.forget()
    sign_in(english, provider)
    assert signed_in(english)


@pytest.mark.parametrize("kid", ["two", "one"])
def test_new_keys_are_fetched_once_when_the_old_fit_no_longer(
    provider: Provider, li_na: User, kid: str
) -> None:
    for _turn in range(2):
        sign_in(Client(), provider)
    assert provider.calls("/keys") == 1
    assert provider.calls("/.well-known/openid-configuration") == 1
    provider.key, provider.header = rsa_key(1), {"alg": "RS256", "kid": kid}
    provider.keys = [public(rsa_key(1), kid)]
    for _turn in range(2):
        client = Client()
        sign_in(client, provider)
        assert signed_in(client)
    assert provider.calls("/keys") == 2
    provider.header = {"alg": "RS256", "kid": "never published"}
    client = Client()
    sign_in(client, provider)
    assert not signed_in(client)
    assert provider.calls("/keys") == 3


def test_what_was_published_is_not_believed_for_ever(
    provider: Provider, li_na: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(Client(), provider)
    monkeypatch.setattr("guanlan.core.sign_on.published.KEPT_SECONDS", 0.0)
    sign_in(Client(), provider)
    assert provider.calls("/keys") == 2
    assert provider.calls("/.well-known/openid-configuration") == 3  # both ways, then there


# --- the flow belongs to one session and one moment ---------------------------------------


def test_an_answer_counts_once(english: Client, provider: Provider, li_na: User, log: Path) -> None:
    parts = urlsplit(provider.sign_in(away(english)))
    assert english.get(f"{parts.path}?{parts.query}").status_code == 302
    replayed = english.get(f"{parts.path}?{parts.query}")
    assert replayed.status_code == 403
    assert "used already" in replayed.content.decode()
    assert refusals(log) == ["state"]


def test_an_answer_counts_only_in_the_session_that_asked(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    """Nobody is signed in as somebody else by a link that was sent to them."""
    mine = provider.sign_in(away(english))
    victim = Client()
    away(victim)
    parts = urlsplit(mine)
    assert victim.get(f"{parts.path}?{parts.query}").status_code == 403
    assert not signed_in(victim)
    assert refusals(log) == ["state"]
    assert provider.calls("/token") == 0


@pytest.mark.parametrize(
    "query", ["", "state=guessed&code=x", "state={0}&state={0}&code=x", "state={0}&code=x&code=y"]
)
def test_an_answer_that_is_none_is_refused_before_anybody_is_called(
    english: Client, provider: Provider, query: str
) -> None:
    (state,) = parse_qs(urlsplit(away(english)).query)["state"]
    assert english.get(f"/login/sso/back?{query.format(state)}").status_code == 403
    assert provider.calls("/token") == 0


def test_an_answer_that_comes_too_late_is_refused(
    english: Client, provider: Provider, li_na: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = away(english)
    later = time.time() + 601
    monkeypatch.setattr("guanlan.web.accounts.signing_on.time.time", lambda: later)
    assert back(english, provider, address).status_code == 403
    assert not signed_in(english)


def test_two_tabs_may_be_under_way_but_not_endlessly_many(
    english: Client, provider: Provider, li_na: User
) -> None:
    addresses = [away(english) for _turn in range(7)]
    assert len(english.session["sso_flows"]) == 5
    assert back(english, provider, addresses[0]).status_code == 403
    assert back(english, provider, addresses[-2]).status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", ""],
)
def test_the_way_leads_only_into_this_console(
    english: Client, provider: Provider, li_na: User, target: str
) -> None:
    assert sign_in(english, provider, next=target)["Location"] == "/"
    within = Client()
    assert sign_in(within, provider, next="/account?x=1")["Location"] == "/account?x=1"


def test_the_door_shuts_after_many_begun_and_none_ended(
    provider: Provider, li_na: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DOORS, "sso", DOORS["sso"]._replace(per_address=3))
    for _turn in range(5):  # what ends well does not count
        client = Client()
        sign_in(client, provider)
        assert signed_in(client)
    assert not Attempt.objects.filter(door="sso").exists()
    for _turn in range(3):
        away(Client())
    shut = Client().post("/login/sso")
    assert shut.status_code == 429
    assert int(shut["Retry-After"]) > 0


def test_without_a_provider_there_is_no_door(english: Client) -> None:
    assert "sign-on" not in english.get("/login").content.decode()
    assert english.post("/login/sso").status_code == 404
    assert english.get("/login/sso/back?state=x&code=y").status_code == 404
    english.force_login(person())
    assert english.get("/account/confirm/sso").status_code == 404


def test_it_begins_by_a_form_only(english: Client, provider: Provider) -> None:
    assert english.get("/login/sso").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/login/sso").status_code == 403


# --- a provider that is down, or set up wrongly -------------------------------------------


def unreachable(client: Client, provider: Provider) -> str:
    """The sentence that stands on the page."""
    begun = client.post("/login/sso")
    if begun.status_code == 200:
        address = str(begun.headers["Refresh"]).removeprefix("0; url=")
        begun = back(client, provider, address)
    assert begun.status_code == 503
    text = str(begun.content.decode())
    assert "cannot be reached" in text
    assert "Traceback" not in text
    assert not signed_in(client)
    return text


def test_a_provider_that_is_down_is_told_in_a_sentence(
    english: Client, provider: Provider, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    settings.EGRESS_ALLOW = ("127.0.0.1:9",)
    unreachable(english, provider)
    assert "127.0.0.1" in caplog.text


DESCRIPTIONS: dict[str, dict[str, Any]] = {
    "another issuer": {"issuer": "https://sso.example.com"},
    "a slash more": {"issuer": "http://127.0.0.1/"},
    "no issuer": {"issuer": None},
    "plain http": {"token_endpoint": "http://sso.example.com/token"},
    "a line more": {"authorization_endpoint": "https://sso.example.com/\r\nSet-Cookie: a=b"},
    "a word more": {"authorization_endpoint": "https://sso.example.com/ x"},
    "no scheme": {"authorization_endpoint": "javascript:alert(1)"},
    "no keys": {"jwks_uri": None},
    "another way to prove oneself": {
        "token_endpoint_auth_methods_supported": ["client_secret_post", "none"]
    },
}


@pytest.mark.parametrize("what", DESCRIPTIONS)
def test_a_provider_that_describes_itself_wrongly_is_not_used(
    english: Client, provider: Provider, what: str
) -> None:
    provider.description = DESCRIPTIONS[what]
    assert english.post("/login/sso").status_code == 503
    assert provider.questions == []


ANSWERS: dict[str, tuple[int, dict[str, Any], dict[str, str]]] = {
    "a redirect": (307, {}, {"Location": "/keys"}),
    "an error": (500, {}, {}),
    "a wrong secret": (401, {"error": "invalid_client"}, {}),
    "a long answer": (200, {"id_token": "x" * (300 << 10)}, {}),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_a_token_endpoint_that_answers_otherwise_is_refused(
    english: Client, provider: Provider, li_na: User, what: str
) -> None:
    provider.token_error = ANSWERS[what]
    unreachable(english, provider)
    assert provider.calls("/keys") == 0  # a redirect is not followed


def test_a_provider_inside_must_be_allowed_by_the_operator(
    english: Client, provider: Provider, settings: Settings
) -> None:
    settings.EGRESS_ALLOW = ()
    unreachable(english, provider)
    assert provider.asked == []


# --- what the provider tells only when asked ----------------------------------------------


def test_an_address_may_be_told_by_userinfo_of_the_same_person_only(
    english: Client, provider: Provider, li_na: User, log: Path
) -> None:
    provider.claims = {"email": None, "email_verified": None}
    provider.userinfo = {"sub": "another"}
    sign_in(english, provider)
    assert refusals(log) == ["token"]
    provider.userinfo = {"email_verified": False}
    sign_in(english, provider)
    assert refusals(log) == ["token", "unverified"]
    provider.userinfo = {}
    sign_in(english, provider)
    assert signed_in(english)
