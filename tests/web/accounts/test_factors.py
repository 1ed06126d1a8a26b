"""Second factors: of whom they are demanded, that the last one stays, and that each change of
them is on record before it is so."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.totp.internal.auth import TOTP
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import subject_of
from guanlan.core.access.assigning import give_role
from guanlan.core.access.factors import demanding_roles, factor_demanded
from guanlan.core.access.table import ROLES
from guanlan.core.audit import open_log
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.rows import Row
from guanlan.core.audit.store import Store
from guanlan.core.models import AccessGrant, Preference, SignedIn, User
from guanlan.web.accounts.factors import has_factor
from guanlan.web.accounts.recovery import codes_left, make_codes, spend
from guanlan.web.session import session_subject
from tests.people import app_code, confirm, person

pytestmark = pytest.mark.django_db

PASSWORD = "a long pass phrase"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SET_UP = "/account/second-factor"
STAYS = "A second factor is demanded of you, and this is your last one."


@pytest.fixture(autouse=True)
def quick(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def inside(user: User, *, factor: bool) -> Client:
    """A confirmed session of a person, with or without a second factor in it."""
    client = Client()
    client.cookies["guanlan_language"] = "en"
    client.force_login(user)
    confirm(client)
    session = client.session
    session["second_factor"] = factor
    session.save()
    return client


def passkey(user: User, name: str = "key") -> Authenticator:
    """A row like a passkey's, as far as the pages that list and remove it look."""
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
    )


# Of whom


def test_by_role_demands_of_whoever_may_change_approve_manage_or_reveal(
    settings: Settings,
) -> None:
    settings.MFA, settings.MFA_ROLES = "by_role", ()
    without = {"auditor"}  # who sits on the committee signs
    assert demanding_roles() == set(ROLES) - without
    for role in ROLES:
        assert factor_demanded(subject_of(person(role))) is (role not in without), role
    assert not factor_demanded(subject_of(person(None, "nobody")))


def test_a_list_of_roles_takes_the_place_of_the_derived_one(settings: Settings) -> None:
    settings.MFA, settings.MFA_ROLES = "by_role", ("auditor", "owner")
    demanded = {role for role in ROLES if factor_demanded(subject_of(person(role)))}
    assert demanded == {"auditor", "owner"}
    settings.MFA_ROLES = ("auditor", "ownr")
    with pytest.raises(ImproperlyConfigured, match="GUANLAN_MFA_ROLES: ownr is no role"):
        demanding_roles()


@pytest.mark.parametrize(("mfa", "answer"), [("required", True), ("optional", False)])
def test_everybody_or_nobody_whatever_the_role(settings: Settings, mfa: str, answer: bool) -> None:
    settings.MFA = mfa
    for user in (person("owner"), person("auditor"), person(None)):
        assert factor_demanded(subject_of(user)) is answer


@pytest.mark.django_db(transaction=True)  # the stream looks with a connection of its own
def test_a_role_given_now_sends_its_person_to_set_a_factor_up_at_the_next_request(
    settings: Settings,
) -> None:
    settings.MFA = "by_role"
    owner, user = person("owner"), person(None, "nobody")
    client = inside(user, factor=False)
    assert client.get("/settings/access").status_code == 200
    cookie = f"guanlan_session={client.cookies['guanlan_session'].value}"
    assert session_subject(cookie) is not None
    give_role(subject_of(owner), user, "operations")
    assert client.get("/settings/access")["Location"] == SET_UP
    assert client.get("/api/v1/keys")["Location"] == SET_UP
    assert session_subject(cookie) is None  # the live stream ends too


def test_a_lent_right_to_reveal_demands_it_too_and_only_while_it_holds(settings: Settings) -> None:
    settings.MFA = "by_role"
    user, now = person(None, "nobody"), timezone.now()
    client = inside(user, factor=False)
    grant = AccessGrant.objects.create(
        person=user, verb="reveal", noun="fraud.entity", level=3, purpose="audit", minutes=30,
        starts=now, ends=now + timedelta(minutes=30),
    )  # fmt: skip
    assert client.get("/settings/access")["Location"] == SET_UP
    AccessGrant.objects.filter(pk=grant.pk).update(ends=now)
    assert client.get("/settings/access").status_code == 200


def test_judging_it_takes_no_query(settings: Settings) -> None:
    user = person("operations")
    client = inside(user, factor=True)
    counts = set()
    for mfa in ("optional", "by_role", "required"):
        settings.MFA = mfa
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get("/settings/access").status_code == 200
        counts.add(len(asked))
    assert len(counts) == 1


# The last one stays


@pytest.mark.parametrize(("mfa", "role"), [("required", "auditor"), ("by_role", "operations")])
@pytest.mark.parametrize("kind", ["totp", "webauthn"])
def test_the_last_factor_is_not_removed_where_one_is_demanded(
    settings: Settings, mfa: str, role: str, kind: str
) -> None:
    settings.MFA = mfa
    user = person(role, password=PASSWORD)
    kept = TOTP.activate(user, SECRET).instance if kind == "totp" else passkey(user)
    make_codes(user)  # no factor on their own
    path = "/account/app/remove" if kind == "totp" else f"/account/passkeys/{kept.pk}/remove"
    client = inside(user, factor=True)
    page = client.get("/account").content.decode()
    assert path not in page
    assert "the last one cannot be removed" in page
    offered = client.get(path).content.decode()
    assert STAYS in offered
    assert 'class="button danger' not in offered
    answer = client.post(path, follow=True)
    assert STAYS in answer.content.decode()
    assert has_factor(user)
    assert codes_left(user) == 10


def test_of_two_factors_one_goes_and_the_other_stays(settings: Settings) -> None:
    settings.MFA = "required"
    user = person("owner", password=PASSWORD)
    TOTP.activate(user, SECRET)
    key = passkey(user)
    client = inside(user, factor=True)
    assert client.post("/account/app/remove")["Location"] == "/account"
    client.post(f"/account/passkeys/{key.pk}/remove")
    assert list(Authenticator.objects.filter(user=user)) == [key]


def test_a_factor_of_whom_none_is_demanded_goes_and_its_codes_with_it(settings: Settings) -> None:
    settings.MFA = "by_role"
    user = person("auditor", password=PASSWORD)
    key = passkey(user)
    make_codes(user)
    client = inside(user, factor=True)
    client.post(f"/account/passkeys/{key.pk}/remove")
    assert not Authenticator.objects.filter(user=user).exists()
    assert client.session["second_factor"] is False


def test_recovery_codes_alone_are_no_factor(settings: Settings) -> None:
    settings.MFA = "required"
    user = person("owner", password=PASSWORD)
    make_codes(user)
    client = Client()
    client.post("/login", {"username": "owner", "password": PASSWORD})
    assert client.get("/settings/keys")["Location"] == SET_UP
    confirm(client)
    assert client.get("/account/recovery-codes/new")["Location"] == SET_UP


# On record first


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    return tmp_path / DIRECTORY


def add_an_app(client: Client) -> int:
    page = client.get("/account/app").content.decode()
    found = re.search(r'class="token">(\w+)<', page)
    assert found is not None
    return client.post("/account/app", {"code": app_code(found[1])}).status_code


def test_a_change_of_factors_that_cannot_be_written_down_is_not_made(folder: Path) -> None:
    user = person("owner", password=PASSWORD)
    key = passkey(user)
    make_codes(user)
    before = [row.data for row in Authenticator.objects.filter(user=user).order_by("pk")]
    client, elsewhere = inside(user, factor=True), inside(user, factor=True)
    page = client.get("/account/app").content.decode()
    found = re.search(r'class="token">(\w+)<', page)
    assert found is not None
    open_log().store.close()
    if folder.exists():
        folder.rename(folder.with_name("aside"))
    folder.write_text("no directory")
    new = {"password": PASSWORD, "new_password": "another long pass phrase"}
    for path, form in (
        ("/account/app", {"code": app_code(found[1])}),
        (f"/account/passkeys/{key.pk}/remove", {}),
        ("/account/recovery-codes/new", {}),
        ("/account/password", new),
    ):
        assert client.post(path, form).status_code == 503, path
    after = [row.data for row in Authenticator.objects.filter(user=user).order_by("pk")]
    assert after == before
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert elsewhere.get("/account").status_code == 200


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """Acts as they are written down, and whether the transaction was still open then."""
    written: list[tuple[str, bool]] = []
    store = open_log().store
    append = type(store).append

    def noted(self: Store, row: Row) -> int:
        if row.outcome != "undone":  # of earlier tests' acts
            written.append((row.act, connection.in_atomic_block))
        return append(self, row)

    monkeypatch.setattr(type(store), "append", noted)
    return written


@pytest.mark.django_db(transaction=True)
def test_each_change_is_written_down_while_it_can_still_be_undone(
    rows: list[tuple[str, bool]],
) -> None:
    user = person("owner", password=PASSWORD)
    key = passkey(user)
    client, elsewhere = inside(user, factor=True), inside(user, factor=True)
    assert add_an_app(client) == 200
    assert client.post("/account/recovery-codes/new").status_code == 200
    client.post(f"/account/passkeys/{key.pk}/remove")
    new = {"password": PASSWORD, "new_password": "another long pass phrase"}
    assert client.post("/account/password", new)["Location"] == "/account"
    expected = ["factor.add", "factor.renew", "factor.remove", "password.change"]
    told = [(name, within) for name, within in rows if name in expected]
    assert told == [(name, True) for name in expected]
    assert elsewhere.get("/account").status_code == 302
    assert SignedIn.objects.filter(user=user).count() == 1


def test_what_belongs_to_the_account_is_changed_only_by_who_is_confirmed() -> None:
    user = person("owner", password=PASSWORD)
    TOTP.activate(user, SECRET)
    key = passkey(user)
    client = inside(user, factor=True)
    confirm(client, ago=601)
    for path in (
        "/account/app", "/account/app/remove", "/account/passkeys/add",
        f"/account/passkeys/{key.pk}/remove", "/account/recovery-codes/new",
    ):  # fmt: skip
        assert client.get(path)["Location"].startswith("/account/confirm?"), path
        assert "_proof-password" in client.post(path).content.decode(), path
    assert Authenticator.objects.filter(user=user).count() == 2
    wishes = {"language": "en", "zone": "", "digest": "", "phone": "+8613800138000"}
    asked = client.post("/notifications/preferences", wishes)
    assert "_proof-password" in asked.content.decode()
    assert not [one for one in Preference.objects.all() if one.phone]
    confirm(client)
    client.post("/notifications/preferences", wishes)
    assert Preference.objects.get(user=user).phone == "+8613800138000"


# What they are made of


def test_recovery_codes_are_random_kept_as_hashes_and_good_for_one_use(
    settings: Settings,
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
    user = person("owner")
    codes = make_codes(user)
    assert len({*codes, *make_codes(person(None, "other"))}) == 20
    for code in codes:
        # 31 letters and digits, twelve times: 59 bits.
        assert re.fullmatch(r"[A-HJKMNP-Z2-9]{4}(-[A-HJKMNP-Z2-9]{4}){2}", code)
    kept = Authenticator.objects.get(user=user).data
    assert all(one.startswith("scrypt$") for one in kept["hashes"])
    assert len(kept["salt"]) * 5.9 > 32
    assert not any(code in str(kept) or code.replace("-", "") in str(kept) for code in codes)
    assert spend(user, codes[3].lower()) is not None
    assert spend(user, codes[3]) is None
    assert spend(user, codes[4][:-1]) is None
    assert spend(person(None, "third"), codes[4]) is None
    assert codes_left(user) == 9
    make_codes(user)
    assert spend(user, codes[4]) is None


def test_a_code_of_the_app_lives_for_its_thirty_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    user = person("owner")
    app = TOTP.activate(user, SECRET)
    start = 1_800_000_000 // 30 * 30
    for asked, at, right in ((0, 0, True), (0, 29.9, True), (0, 30, False), (30, 29.9, False)):
        value = totp.format_hotp_value(totp.hotp_value(SECRET, (start + asked) // 30))
        monkeypatch.setattr(time, "time", lambda at=at: start + at)
        assert totp.validate_totp_code(SECRET, value) is right, (asked, at)
    monkeypatch.undo()
    assert app.validate_code(app_code(SECRET))


def test_seeds_of_apps_are_long_and_random() -> None:
    seeds = {totp.generate_totp_secret() for _index in range(20)}
    assert len(seeds) == 20
    assert all(len(seed) == 32 for seed in seeds)  # base32: 160 bits
