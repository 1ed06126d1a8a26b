"""Values that came in through the door stand nowhere on the disk in the clear.

The platform runs as people run it; everything it leaves under its data directory and
everything it says is searched for values that nothing but a caller can have brought.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from guanlan.client import Client
from tests.site.cli.running import Result, Started
from tests.site.cli.small import SCENARIO
from tests.site.cli.test_kill import projected

pytestmark = pytest.mark.usefixtures("migrated")

PHONE = "13912345678"
IDENTITY = "11010519491231002X"
CARD = "6222020200112233445"
MEMO = "周末还你钱，别告诉阿姨"
LISTED = "13987654321"
AMOUNT = 73_219_845
CANARIES = (PHONE, IDENTITY, CARD, MEMO, LISTED, str(AMOUNT))

ROLES = "user: required, phone: optional, identity: optional, card: optional"
WATCHFUL = (
    SCENARIO.replace(
        "entities:\n",
        "entities:\n"
        "  phone: {title: {en: phone, zh: 手机号, zh-Hant: 手機號碼}, level: 3}\n"
        "  identity: {title: {en: document, zh: 证件, zh-Hant: 證件}, level: 4}\n"
        "  card: {title: {en: card, zh: 卡, zh-Hant: 卡}, level: 3}\n",
        1,
    )
    .replace("user: required", ROLES)
    .replace("required: true, level: 2", "required: true, level: 3")
    .replace(
        "features:\n",
        "      memo:\n"
        "        {type: string, level: 3, title: {en: memo, zh: 附言, zh-Hant: 附言}}\n"
        "lists:\n"
        "  watched:\n"
        "    title: {en: watched, zh: 观察, zh-Hant: 觀察}\n"
        "    kind: watch\n"
        "    entity: phone\n"
        "    outcome: monitor\n"
        f'    entries: [{{key: "{LISTED}", reason: told by the police, author: li}}]\n'
        "features:\n",
        1,
    )
)  # fmt: skip


def event(number: int, phone: str) -> dict[str, object]:
    return {
        "id": f"t-{number}",
        "type": "transfer",
        "entities": {"user": "u-1", "phone": phone, "identity": IDENTITY, "card": CARD},
        "fields": {"amount": AMOUNT, "memo": MEMO},
    }


def spellings(value: str) -> Iterator[bytes]:
    """Ways in which a value may stand in a file."""
    yield value.encode()
    yield value.encode("utf-16-le")
    yield value.encode("unicode_escape")
    for before in range(3):
        # Base64 writes three bytes at a time: cut off what neighbours would change.
        text = base64.b64encode(b"-" * before + value.encode()).rstrip(b"=")
        yield text[4 : len(text) - 1]


def found(data: Path) -> set[tuple[str, str]]:
    """(file, canary) wherever one stands in the clear."""
    return {
        (str(file.relative_to(data)), value)
        for file in data.rglob("*")
        if file.is_file()
        for content in [file.read_bytes()]
        for value in CANARIES
        if any(spelling in content for spelling in spellings(value))
    }


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    for number, value in enumerate(CANARIES):
        for way, spelling in enumerate(spellings(value)):
            (tmp_path / f"{number}-{way}").write_bytes(b"before" + spelling + b"behind")
    (tmp_path / "none").write_bytes(bytes(range(256)))
    assert {value for _file, value in found(tmp_path)} == set(CANARIES)


def test_no_value_of_a_caller_stands_in_the_clear(
    guanlan: Callable[..., Result],
    start: Callable[..., Started],
    data: Path,
    tmp_path: Path,
) -> None:
    scenario = tmp_path / "watchful.yaml"
    scenario.write_text(WATCHFUL, encoding="utf-8")
    key = guanlan("key", "create", "test", "--scope", "events:write", "--scope", "decisions:read",
                  "--scope", "entities:read").out.strip()  # fmt: skip
    running = start("up", "--port", "0", "--no-warm", "--scenario", scenario)
    url = running.ready()
    with Client(url, key) as client:
        first = client.post(event(1, PHONE))
        assert client.post(event(2, LISTED)).lists
        assert client.post(event(1, PHONE)) == first
        bearer = {"Authorization": f"Bearer {key}"}
        again = httpx.post(f"{url}/v1/events", json={**event(1, PHONE), "fields": {"amount": 1}},
                           headers=bearer)  # fmt: skip
        assert again.status_code == 409
        # A refusal, too, must not write down what it refuses.
        bad = {**event(3, PHONE), "fields": {"amount": PHONE, "memo": MEMO}}
        refused = httpx.post(f"{url}/v1/events", json=bad, headers=bearer)
        assert refused.status_code == 422
        assert PHONE not in refused.text
        held = httpx.get(f"{url}/v1/decisions/t-1", headers=bearer)
        assert held.status_code == 200
        until = time.monotonic() + 30
        while projected(data) != (2, 2):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert found(data) == set()
        running.process.kill()
        running.process.wait(10)
    assert found(data) == set()
    second = start("up", "--port", "0", "--no-warm")
    with Client(second.ready(), key) as client:
        assert client.post(event(1, PHONE)) == first
    assert second.end() == 0
    assert guanlan("log", "replay", "--json").json["report"]["equal"] == 2
    assert found(data) == set()
    said = "\n".join(running.lines + second.lines)
    assert not [value for value in CANARIES if value in said]
