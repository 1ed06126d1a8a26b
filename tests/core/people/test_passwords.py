"""What may be a password: not what is guessed soon, not what has leaked."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import CommonPasswordValidator, validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings
from zxcvbn.frequency_lists import FREQUENCY_LISTS

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.egress import using
from guanlan.core.models import Organisation, User
from guanlan.core.people.organisation import forget
from guanlan.core.people.passwords import at_service, context_words, in_file
from tests.core.egress.servers import Got, Reply, http_server
from tests.people import person

pytestmark = pytest.mark.django_db

LEAKED = "nine purple kettles sail"  # strong by any estimate
FINE = "seven quiet lanterns drift"


def sha1(password: str) -> str:
    return hashlib.new("sha1", password.encode(), usedforsecurity=False).hexdigest().upper()


def refused(password: str, user: User | None = None) -> bool:
    try:
        validate_password(password, user)
    except ValidationError:
        return True
    return False


def test_common_passwords_of_the_length_we_ask_for_are_refused() -> None:
    """Every one of them that two lists know, and what people make of shorter ones to fill up."""
    listed: list[str] = FREQUENCY_LISTS["passwords"]
    known = {*listed, *CommonPasswordValidator().passwords}
    long_enough = [password for password in known if len(password) >= 12]
    assert len(long_enough) > 300
    assert [password for password in long_enough if not refused(password)] == []
    filled = [
        (word * 12)[: max(12, 2 * len(word))] if turn % 3 == 0 else word + ending
        for turn, word in enumerate(listed[:3000:10])
        for ending in ("123456789012"[: max(4, 12 - len(word))],)
    ]
    assert len(filled) == 300
    assert [password for password in filled if len(password) >= 12 and not refused(password)] == []


@pytest.mark.parametrize(
    "typed",
    [
        "123456789012",
        "qwertyuiop12",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "P@ssw0rd2026!",
        "19880808 1988",
    ],
)
def test_patterns_are_refused(typed: str) -> None:
    assert refused(typed)


@pytest.mark.parametrize(
    "typed", [FINE, LEAKED, "correct horse battery staple", "8462093715528403"]
)
def test_words_that_do_not_belong_together_and_random_ones_pass(typed: str) -> None:
    assert not refused(typed)


@pytest.fixture
def named(settings: Settings) -> Iterator[User]:
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Pondwater Pay"})
    forget()
    settings.PASSWORD_WORDS = ("ZhuhaiCard",)
    user = User(username="li.na", first_name="Na", last_name="Zhangsun", email="nana@kettle.test")
    yield user
    forget()


@pytest.mark.parametrize(
    "typed",
    [
        "guanlan2026!", "guanlanguanlan", "观澜观澜观澜观澜观澜观澜", "Pondwater2026",
        "pondwaterpay1", "ZhuhaiCard123", "zhangsun1234", "kettle.test12", "li.na.li.na.1",
    ],
)  # fmt: skip
def test_words_that_lie_near_make_no_password(named: User, typed: str) -> None:
    assert refused(typed, named)


def test_the_words_are_those_of_product_organisation_settings_and_person(named: User) -> None:
    found = set(context_words(named))
    assert {"guanlan", "观澜", "pondwater", "pondwater pay", "zhuhaicard"} <= found
    assert {"li.na", "zhangsun", "nana", "kettle"} <= found
    assert "" not in found


def test_a_password_does_not_grow_old(settings: Settings) -> None:
    """It is changed when its owner wants to or when it is known to be out, not by the calendar."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    user = person("operations", password=FINE)
    long_ago = timezone.now() - timedelta(days=9 * 365)
    User.objects.filter(pk=user.pk).update(date_joined=long_ago, last_login=long_ago)
    assert authenticate(None, username="operations", password=FINE) == user


# Leaked ones


@pytest.fixture
def hashes(tmp_path: Path) -> Path:
    path = tmp_path / "leaked.txt"
    some = sorted(sha1(f"leaked {number}") for number in range(500))
    lines = sorted([*(f"{one}:{len(one)}" for one in some), f"{sha1(LEAKED)}:3"])
    path.write_text("\r\n".join(lines) + "\r\n", "ascii")
    return path


def test_a_password_in_the_file_of_hashes_is_refused(settings: Settings, hashes: Path) -> None:
    assert not refused(LEAKED)
    settings.LEAKED_PASSWORDS = hashes
    assert refused(LEAKED)
    assert not refused(FINE)


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    known=st.sets(st.integers(0, 60), max_size=40), asked=st.integers(0, 60), counted=st.booleans()
)
def test_the_file_holds_what_a_set_of_its_lines_holds(
    tmp_path: Path, known: set[int], asked: int, counted: bool
) -> None:
    path = tmp_path / "some.txt"
    lines = sorted(sha1(str(number)) for number in known)
    rest = ":1" if counted else ""
    path.write_text("".join(f"{line}{rest}\n" for line in lines), "ascii")
    assert in_file(path, sha1(str(asked))) is (asked in known)


@pytest.mark.parametrize("content", [None, "a text\n", "\0" * 90], ids=["no", "text", "noughts"])
def test_a_file_that_cannot_be_read_lets_no_password_through(
    settings: Settings, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "leaked.txt"
    if content is not None:
        path.write_text(content)
    settings.LEAKED_PASSWORDS = path
    with translation.override("en"), pytest.raises(ValidationError, match="cannot be read"):
        validate_password(FINE)


def test_a_service_is_told_five_digits_and_answers_with_the_rest(settings: Settings) -> None:
    wanted = sha1(LEAKED)

    def answer(got: Got) -> Reply:
        others = [f"{random.Random(n).getrandbits(140):035X}:{n}" for n in range(1, 9)]
        padding = f"{sha1(FINE)[5:]}:0"  # what padding looks like counts for nothing
        body = "\r\n".join([*others, padding, f"{wanted[5:]}:7"])
        return Reply(200, body.encode())

    with http_server(answer) as server, using(server.policy("leaks.test")):
        settings.LEAKED_SERVICE = f"http://leaks.test:{server.port}/range/"
        assert refused(LEAKED)
        assert not refused(FINE)
        paths = [got.path for got in server.got]
    assert paths == [f"/range/{wanted[:5]}", f"/range/{sha1(FINE)[:5]}"]
    assert not any(LEAKED in str(got) or wanted in str(got) for got in server.got)


def test_without_the_setting_nobody_is_asked(settings: Settings) -> None:
    assert (settings.LEAKED_SERVICE, settings.LEAKED_PASSWORDS) == ("", None)
    with http_server() as server, using(server.policy("leaks.test")):
        assert not refused(LEAKED)
        assert server.got == []


@pytest.mark.parametrize("status", [500, 404])
def test_a_service_that_fails_refuses_nothing(
    settings: Settings, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    with http_server(lambda got: Reply(status)) as server, using(server.policy("leaks.test")):
        assert not at_service(f"http://leaks.test:{server.port}", sha1(LEAKED))
    assert not at_service("http://127.0.0.1:9/", sha1(LEAKED))  # the egress policy forbids it
    assert "leaked passwords were not asked for" in caplog.text
    assert sha1(LEAKED)[:5] not in caplog.text
