"""Attacks that belong to no other file. THREAT_MODEL.md names the test of each class of them."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.http.multipartparser import MultiPartParser
from django.test import Client, RequestFactory
from django.utils.datastructures import MultiValueDict
from pytest_django import Settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import User
from guanlan.core.people.session_store import SessionStore
from guanlan.web.discussion.receiving import FIELD, Received, SealingHandler
from tests.house.tree import ROOT
from tests.people import person

PASSWORD = "a long pass phrase"


@pytest.fixture
def owner(db: None, settings: Settings) -> User:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return person("owner", password=PASSWORD)


def sign_in(client: Client, name: str = "owner", password: str = PASSWORD) -> int:
    return client.post("/login", {"username": name, "password": password}).status_code


# -- user enumeration -------------------------------------------------------------------------


def test_an_unknown_name_costs_as_much_as_a_known_one(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What takes the time is the hash of a password: each try makes one, whoever it names."""
    off = person("operations", password=PASSWORD)
    User.objects.filter(pk=off.pk).update(is_active=False)
    without = person("auditor")
    without.set_unusable_password()
    without.save()
    hashed: list[str] = []
    made = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return made(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    costs = {}
    for name in ("owner", "nobody", "operations", "auditor", "x" * 150):
        hashed.clear()
        assert sign_in(Client(), name, "wrong") == 401
        costs[name[:10]] = len(hashed)
    assert set(costs.values()) == {1}, costs


# -- session fixation -------------------------------------------------------------------------


def planted(key: str) -> Client:
    client = Client()
    client.cookies["guanlan_session"] = key
    return client


def test_a_session_that_somebody_planted_is_not_the_one_that_signs_in(owner: User) -> None:
    begun = SessionStore()
    begun["anything"] = "yes"
    begun.create()
    for key in (str(begun.session_key), "a" * 32, "thekeyofanattackerwhoknowsit1234"):
        victim = planted(key)
        victim.get("/login")
        assert sign_in(victim) == 302
        fresh = victim.cookies["guanlan_session"].value
        assert fresh != key
        assert victim.get("/").status_code == 200
        assert planted(key).get("/").status_code == 302


def test_a_session_does_not_come_by_an_address(owner: User) -> None:
    victim = Client()
    victim.get(f"/login?guanlan_session={'a' * 32}&sessionid={'a' * 32}")
    assert sign_in(victim) == 302
    assert victim.cookies["guanlan_session"].value != "a" * 32


# -- oversized uploads ------------------------------------------------------------------------

HEAD = (
    b'--edge\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\n"
)


class Endless:
    """A form whose file has as many bytes as somebody asks for, made while they are read."""

    def __init__(self, size: int) -> None:
        self.left = size
        self.head, self.tail = HEAD, b"\r\n--edge--\r\n"
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        if self.head:
            part, self.head = self.head, b""
            return part
        part = b"x" * min(size if size > 0 else 1 << 16, self.left, 1 << 16)
        self.left -= len(part)
        self.given += len(part)
        if not part and self.tail:
            part, self.tail = self.tail, b""
        return part


@pytest.mark.parametrize("size", [8 << 20, 64 << 20])
def test_an_upload_is_read_in_bounded_memory_and_no_further_than_its_limit(
    tmp_path: Path, settings: Settings, size: int
) -> None:
    settings.DATA = tmp_path
    limit = 16 << 20
    handler = SealingHandler(RequestFactory().post("/"), limit)
    body = Endless(size)
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=edge", "CONTENT_LENGTH": str(size + 200)}
    tracemalloc.start()
    try:
        parser = MultiPartParser(meta, body, [handler])  # type: ignore[arg-type]
        _fields, files = parser.parse()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 << 20
    if size <= limit:
        assert isinstance(files[FIELD], Received)
        assert body.given == size
    else:
        assert handler.fault == "size"
        assert body.given <= limit + (1 << 20)
        assert files == MultiValueDict()
    handler.discard()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# -- the table --------------------------------------------------------------------------------

CLASSES = (
    "writable foreign keys", "two-identifier confusion", "aggregate leaks", "self-promotion",
    "state change by GET", "SSRF", "template execution", "stored XSS", "open redirect",
    "formulas in CSV and XLSX", "user enumeration", "session fixation", "CSRF", "clickjacking",
    "replay of a second factor", "reuse of a code", "copied passkey", "API key in an address",
    "oversized upload", "wrong key file", "field that cannot be opened", "audit log that is full",
    "SQL injection", "request smuggling", "log injection", "mail injection", "parameter pollution",
    "prototype pollution",
)  # fmt: skip
LINE = re.compile(r"^\| ([^|]+?) \| (.*tests/.*) \|$", re.MULTILINE)


def test_each_class_of_attack_has_its_tests_and_they_are_there() -> None:
    text = (ROOT / "THREAT_MODEL.md").read_text("utf-8").split("## Attacks, class by class")[1]
    table = dict(LINE.findall(text))
    assert set(CLASSES) <= set(table)
    for name, cell in table.items():
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", cell)
        assert tests, name
        for file, function in tests:
            source = (ROOT / file).read_text("utf-8")
            assert re.search(rf"^(?:async )?def {function}\(", source, re.MULTILINE), function
