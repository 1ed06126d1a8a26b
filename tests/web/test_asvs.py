"""Small promises of OWASP ASVS that no other test makes; docs/security/asvs.yaml names them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import subject_of
from guanlan.core.people.inviting import invite
from guanlan.core.people.organisation import new_setup_code
from tests.house.tree import ROOT, sources
from tests.people import person

pytestmark = pytest.mark.django_db

OVER_HTTPS = """
import json
from guanlan.site import settings as s
print(json.dumps({
    "names": [s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME],
    "prefix": s.COOKIE_PREFIX,
    "secure": [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE],
    "debug": s.DEBUG,
}))
"""


@pytest.fixture(scope="module")
def over_https(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What the settings are where the console is only reached over https."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUANLAN_")}
    data = str(tmp_path_factory.mktemp("data"))
    done = subprocess.run(
        [sys.executable, "-c", OVER_HTTPS],
        env={**kept, "GUANLAN_DATA": data, "GUANLAN_HTTPS": "yes"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_over_https_cookies_are_secure_and_of_this_host_only(over_https: dict[str, object]) -> None:
    assert over_https["secure"] == [True, True]
    assert all(str(name).startswith("__Host-") for name in over_https["names"])  # type: ignore[attr-defined]


def test_debugging_is_off(over_https: dict[str, object]) -> None:
    assert over_https["debug"] is False


def test_no_other_origin_is_allowed_to_read(client: Client) -> None:
    answer = client.get("/login", headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_over_https_every_cookie_of_a_choice_is_secure_and_of_this_host_only(
    client: Client, settings: Settings
) -> None:
    settings.HTTPS, settings.COOKIE_PREFIX = True, "__Host-"
    settings.LANGUAGE_COOKIE_NAME = "__Host-guanlan_language"
    client.force_login(person("owner"))
    client.post(reverse("language"), {"language": "zh-hant", "next": "/account"})
    client.post(reverse("dismiss_first_steps"))
    kept = {name: one for name, one in client.cookies.items() if "session" not in name}
    assert set(kept) == {"__Host-guanlan_language", "__Host-guanlan_first_steps"}
    for one in kept.values():
        assert (one["secure"], one["httponly"], one["path"], one["domain"]) == (True, True, "/", "")
    # They are read under the same names, and those that scripts set as well.
    client.cookies["__Host-guanlan_theme"] = "dark"
    page = client.get("/account").content.decode()
    assert '<html lang="zh-Hant" data-theme="dark" data-cookies="__Host-">' in page
    named = re.findall(r"document\.cookie = `\$\{.+dataset\.cookies \|\| \"\"\}(\w+)=", scripts())
    assert sorted(named) == ["guanlan_sidebar", "guanlan_theme"]
    assert scripts().count("document.cookie =") == 2


def scripts() -> str:
    """Every script of ours."""
    return "".join(p.read_text("utf-8") for p in (ROOT / "src").rglob("*.js"))


@pytest.mark.parametrize("path", ["/login", "/no/such/page", "/api/openapi.json"])
def test_an_answer_says_what_it_is_and_in_which_characters(client: Client, path: str) -> None:
    client.force_login(person("owner"))
    kind = client.get(path, follow=True).headers["Content-Type"]
    assert re.fullmatch(r"text/html; charset=utf-8|application/json.*", kind)


def test_trace_and_listings_are_not_answered(client: Client) -> None:
    client.force_login(person("owner"))
    assert client.trace("/").status_code in (403, 405)
    for path in ("/static/", "/static/web/"):
        assert client.get(path).status_code == 404


def test_source_control_is_not_served(client: Client) -> None:
    for path in ("/.git/config", "/static/.git/config", "/static/../.git/config"):
        assert client.get(path, follow=True).status_code in (200, 404)
        assert b"[core]" not in client.get(path).content


@pytest.mark.parametrize("short", ["", "abc", "elevenchars"])
def test_short_passwords_are_refused(short: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(short)


@pytest.mark.parametrize(
    "fine",
    [
        "just small letters here",
        "水落石出月明风清云淡天高",
        "x9 qk " * 2 + "7w" * 60,
        "8462093715528403",
    ],
)
def test_length_is_enough_and_no_kind_of_character_is_demanded(fine: str) -> None:
    validate_password(fine)


@pytest.mark.parametrize("typed", ["  spaces around it  ", "CaSe CoUnTs HeRe", "é" * 40, "x" * 90])
def test_a_password_is_checked_as_it_was_typed(settings: Settings, typed: str) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    encoded = make_password(typed)
    assert check_password(typed, encoded)
    for other in (typed.strip() + "!", typed.swapcase() + " ", typed[:-1], typed + " "):
        assert not check_password(other, encoded)


def test_a_password_is_changed_only_by_who_knows_it(client: Client, settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    owner = person("owner")
    owner.set_password("the old one, as it was")
    owner.save()
    client.force_login(owner)
    new = "quite another one, later"
    form = {"password": "a wrong guess, that is", "new_password": new}
    assert client.post(reverse("change_password"), form).status_code == 422
    owner.refresh_from_db()
    assert owner.check_password("the old one, as it was")
    client.post(reverse("change_password"), {**form, "password": "the old one, as it was"})
    owner.refresh_from_db()
    assert owner.check_password(new)


def test_passwords_are_stored_by_scrypt() -> None:
    assert django_settings.PASSWORD_HASHERS[0].endswith("ScryptPasswordHasher")


def test_password_fields_are_masked_and_take_what_is_pasted(client: Client) -> None:
    page = client.get("/login").content.decode()
    field = re.search(r"<input[^>]*name=\"password\"[^>]*>", page)
    assert field is not None
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]
    assert "paste" not in scripts()


def test_every_password_field_is_for_managers_and_can_be_shown(
    client: Client, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    new_setup_code()
    found = {"/setup": client.get("/setup").content.decode()}
    owner = person("owner", password="the old one, as it was")
    invited = invite(subject_of(owner), "a@example.com", "operations")
    path = f"/join/{invited.token}"
    found |= {"/login": client.get("/login").content.decode()}
    found |= {path: client.get(path).content.decode()}
    client.force_login(owner)
    for path in ("/account/password", "/account/confirm"):
        found[path] = client.get(path).content.decode()
    for path, page in found.items():
        fields = re.findall(r"<input[^>]*type=\"password\"[^>]*>", page)
        assert fields, path
        for field in fields:
            assert re.search(r'autocomplete="(new|current)-password"', field), (path, field)
            assert "onpaste" not in field
            assert "readonly" not in field
        assert "web/password.js" in page, path


def test_a_session_is_a_long_random_word_of_the_servers(client: Client) -> None:
    keys = set()
    owner = person("owner")
    for _ in range(3):
        other = Client()
        other.force_login(owner)
        keys.add(other.session.session_key)
    assert len(keys) == 3
    # 32 characters of 36 are 165 bits.
    assert all(key and re.fullmatch(r"[a-z0-9]{32}", key) for key in keys)


def test_signing_out_is_on_every_page_and_clears_the_browser(client: Client) -> None:
    client.force_login(person("owner"))
    assert reverse("logout") in client.get("/decisions").content.decode()
    answer = client.post(reverse("logout"))
    assert "cache" in answer.headers.get("Clear-Site-Data", "")


FORBIDDEN = re.compile(
    r"\bshell=True|\bos\.system\(|hashlib\.(?:md5|sha1)\(|import pickle|\byaml\.load\(|\beval\("
)


def test_no_shell_no_weak_hash_no_code_out_of_data() -> None:
    bad = []
    for path in sources():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            code = line.split("#", 1)[0]
            if FORBIDDEN.search(code) and not path.as_posix().endswith(GENERATED):
                bad.append(f"{path.relative_to(ROOT)}:{number}")
    assert bad == []


# Two places compile code of their own making, from names that a scenario's check has let pass.
GENERATED = ("src/guanlan/engine/event.py", "src/guanlan/engine/kernel/shape.py")


def test_what_a_browser_keeps_is_kept_for_one_person_and_forgotten() -> None:
    """Scripts keep the last places a person was at, under the person's name, until sign-out."""
    kept = set()
    for path in (ROOT / "src").rglob("*.js"):
        text = path.read_text("utf-8")
        assert "indexedDB" not in text
        kept |= set(re.findall(r"(?:local|session)Storage\.setItem\((\w+)", text))
    assert kept <= {"owner"}


OWN = {"'self'", "'none'"}
LOADS = re.compile(r"""\b(?:src|href|action|hx-[a-z]+|srcset|poster|data)=["']([^"']*)""")
ELSEWHERE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//|(?:javascript|data|mailto|ftp):", re.IGNORECASE)


def test_no_page_loads_from_or_sends_to_another_host(client: Client) -> None:
    """No tracker, no font, no picture and no script of others; and no address is told them."""
    client.force_login(person("owner"))
    for path in ("/login", "/", "/decisions", "/entities", "/settings/keys", "/settings/people"):
        answer = client.get(path, follow=True)
        assert answer.status_code == 200, path
        parts = [part.split() for part in answer.headers["Content-Security-Policy"].split(";")]
        policy = {words[0]: set(words[1:]) for words in parts}
        assert policy["default-src"] == {"'none'"}
        assert {"script-src", "connect-src", "img-src", "form-action"} <= policy.keys()
        assert policy.pop("img-src") <= OWN | {"data:"}  # a picture that is part of a style sheet
        assert set().union(*policy.values()) <= OWN, path
        assert answer.headers["Referrer-Policy"] == "same-origin"
        found = LOADS.findall(answer.content.decode())
        assert found
        assert [place for place in found if ELSEWHERE.match(place)] == [], path


def test_no_file_a_browser_gets_names_another_host() -> None:
    files = [
        path
        for kind in ("*.js", "*.css", "*.html")
        for path in (ROOT / "src" / "guanlan").rglob(kind)
    ]
    assert len(files) > 20
    named = [
        path.name for path in files if re.search(r"(?:https?:|wss?:)//", path.read_text("utf-8"))
    ]
    assert named == []
