"""docs/api*.md are true: their event is accepted and their decision has its members."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from guanlan.engine import Engine
from guanlan.engine.scenario import load_scenario
from guanlan.site.door.openapi import DECISION_EXAMPLE
from tests.site.door.fake import microseconds

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("page", ["api.md", "api.zh.md"])
def test_the_event_in_the_page_is_decided_as_the_page_shows(page: str, cache: Path) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (event,) = re.findall(r"-d '(\{\n.*?\n\})'", text, re.DOTALL)
    (shown,) = re.findall(r"^\{\"event_id\".*\}$", text, re.MULTILINE)
    scenario = load_scenario(ROOT / "examples" / "wallet" / "scenario.yaml")
    with Engine.in_memory(scenario, secret=b"s" * 32, now=microseconds, cache=cache) as engine:
        (answer,) = engine.decide([event.encode()])
        assert answer.status == 200, answer.body
        assert list(json.loads(answer.body)) == list(json.loads(shown)) == list(DECISION_EXAMPLE)


@pytest.mark.parametrize("page", ["api.md", "api.zh.md"])
def test_both_pages_speak_of_every_path_and_status(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for path in ("/v1/events", "/v1/events:batch", "/v1/decisions", "/v1/entities/look-up",
                 "/v1/lists/{list}/entries", "/v1/lists/{list}/entries/remove",
                 "/metrics", "/healthz", "/readyz", "/v1/openapi.json"):  # fmt: skip
        assert path in text
    for status in (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 503):
        assert str(status) in text
