# ruff: noqa: E501 - tables read better in one line each
"""Bad input gets one sentence that names the field and never the value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine import Engine
from tests.engine.small import NOW, SECRET, scenario, transfer

ENGINE = Engine.in_memory(scenario(), secret=SECRET, now=lambda: NOW, clock="arrival")


def refusal(body: bytes) -> tuple[int, dict[str, Any]]:
    before = ENGINE.seq
    (answer,) = ENGINE.decide([body])
    assert ENGINE.seq == before, "a refused event is not recorded"
    error: dict[str, Any] = json.loads(answer.body)["error"]
    return answer.status, error


def event(**changes: Any) -> bytes:
    whole = json.loads(transfer("e-1"))
    whole.update(changes)
    return json.dumps(whole).encode()


NOT_JSON = [
    (b"", "the body is not JSON: it ends too early"),
    (b"{", "the body is not JSON: it ends too early"),
    (b"{]", "the body is not JSON: unexpected character at byte 1"),
    (b'{"id": NaN}', "the body is not JSON: unexpected character at byte 7"),
    (b"[]", "the body must be a JSON object, not an array"),
    (b"7", "the body must be a JSON object, not an integer"),
    (b'{"id": "\xff"}', "the body is not valid UTF-8"),
    (b"[" * 10_000, "the body is nested too deeply; an event is flat"),
    (
        b'{"id":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        "the body is nested too deeply; an event is flat",
    ),
]


@pytest.mark.parametrize(("body", "message"), NOT_JSON, ids=range(len(NOT_JSON)))
def test_what_is_not_json_is_400(body: bytes, message: str) -> None:
    status, error = refusal(body)
    assert (status, error["message"]) == (400, message)


AMOUNT = "fields.amount"
WRONG = [
    (event(type="transfr"), "type", "type is not one of this scenario's: label, login, transfer"),
    (event(type=None), "type", "type is missing; expected one of label, login, transfer"),
    (event(id=""), "id", "id is empty; expected 1 to 128 characters"),
    (event(id="x" * 129), "id", "id is 129 characters long; at most 128"),
    (event(id=7), "id", "id must be a string, not an integer"),
    (event(colour="red"), "colour", "colour is not declared for an event; declared are entities, fields, id, time, type"),
    (event(entities={"user": "u"}), "entities.payee", "entities.payee is missing; it is required"),
    (event(entities=[]), "entities", "entities must be an object, not an array"),
    (event(entities={"user": 5, "payee": "p"}), "entities.user", "entities.user must be a string, not an integer"),
    (event(entities={"user": "u", "payee": ""}), "entities.payee", "entities.payee is empty; expected 1 to 256 characters"),
    (event(entities={"user": "u", "paye": "p"}), "entities.paye", "entities.paye is not declared for event type transfer; did you mean payee?"),
    (event(fields={}), AMOUNT, "fields.amount is missing; it is required"),
    (event(fields={"amount": "100"}), AMOUNT, "fields.amount must be an integer of minor units, not a string"),
    (event(fields={"amount": 1.5}), AMOUNT, "fields.amount must be an integer of minor units, not a decimal number"),
    (event(fields={"amount": True}), AMOUNT, "fields.amount must be an integer of minor units, not a boolean"),
    (event(fields={"amount": -1}), AMOUNT, "fields.amount is a negative amount"),
    (event(fields={"amount": 10**14 + 1}), AMOUNT, "fields.amount is out of range"),
    (event(fields={"amount": 10**40}), AMOUNT, "fields.amount is out of range"),
    (event(fields={"amount": {"value": 1, "currency": "USD"}}), AMOUNT + ".currency", "fields.amount.currency must be CNY, the currency of this scenario"),
    (event(fields={"amount": {"value": 1}}), AMOUNT, 'fields.amount as an object needs exactly "value" and "currency"'),
    (event(fields={"amount": 1, "channel": "phone"}), "fields.channel", "fields.channel must be one of app, web"),
    (event(fields={"amount": 1, "memo": "x" * 41}), "fields.memo", "fields.memo is 41 characters long; at most 40"),
    (event(fields={"amount": 1, "memo": "a\x00b"}), "fields.memo", "fields.memo contains a NUL"),
    (event(fields={"amount": 1, "lat": "north"}), "fields.lat", "fields.lat must be a number, not a string"),
    (event(fields={"amount": 1, "lat": 1e300}), "fields.lat", "fields.lat is out of range"),
    (event(fields={"amount": 1, "due": "2026-01-01T00:00:00"}), "fields.due", "fields.due has no zone; end it with Z or an offset"),
    (event(time="yesterday"), "time", "time is not an RFC 3339 time with a zone, or integer milliseconds since 1970"),
    (event(time=1.5), "time", "time must be an RFC 3339 time with a zone, or integer milliseconds since 1970, not a decimal number"),
    (event(time="1999-12-31T23:59:59Z"), "time", "time is before the year 2000"),
    (event(time="2026-09-22T14:13:21Z"), "time", "time is more than a day ahead of this server's clock"),
    (event(time=10**15), "time", "time is out of range"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "field", "message"), WRONG, ids=range(len(WRONG)))
def test_what_does_not_fit_is_422_and_names_the_field(
    body: bytes, field: str, message: str
) -> None:
    status, error = refusal(body)
    assert (status, error.get("field"), error["message"]) == (422, field, message)


FORBIDDEN = [
    event(fields={"amount": 1, "cvv": "123"}),
    event(fields={"amount": 1, "CVC2": 123}),
    event(fields={"amount": 1, "pin": "1234"}),
    event(cvv="123"),
    event(entities={"user": "u", "payee": "p", "track2": "x"}),
    event(fields={"amount": 1, "memo": "cvv 123"}),
    event(fields={"amount": 1, "memo": "CVC2: 1234"}),
    event(fields={"amount": 1, "memo": "卡片安全码：123"}),
    event(fields={"amount": 1, "memo": "pin is 4711"}),
    event(fields={"amount": 1, "memo": ";4111111111111111=2512"}),
    event(entities={"user": "u", "payee": "支付密码123456"}),
    event(id="cvv=123"),
]


@pytest.mark.parametrize("body", FORBIDDEN, ids=range(len(FORBIDDEN)))
def test_card_verification_values_are_refused_naming_the_field_only(body: bytes) -> None:
    status, error = refusal(body)
    assert (status, error["code"]) == (422, "forbidden_data")
    assert not any(part in json.dumps(error) for part in ("123", "4711", "4111"))


@pytest.mark.parametrize("memo", ["shopping", "spinning", "receive 100", "E=mc2", "密码学 3 课"])
def test_ordinary_words_are_not_taken_for_secrets(memo: str) -> None:
    (answer,) = ENGINE.decide([transfer(f"ok-{memo}", memo=memo)])
    assert answer.status == 200


MARK = "SECRETVALUE987654321"


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.just(MARK) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["id", "type", "time", "entities", "fields", "user", "amount", "memo"]),
            inner, max_size=4,
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_no_body_makes_the_engine_stumble_or_say_what_was_posted(value: Any) -> None:
    (answer,) = ENGINE.decide([json.dumps(value).encode()])
    assert answer.status in (200, 400, 409, 422)
    assert MARK.encode() not in answer.body
