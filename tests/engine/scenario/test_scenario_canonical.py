"""The canonical form: same meaning, same bytes; another meaning, another digest."""

from __future__ import annotations

import hashlib
import json
import random
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.scenario import (
    canonical,
    digest,
    from_canonical,
    normalised,
    parse_scenario,
)
from guanlan.engine.scenario.model import EventType, Scenario
from tests.engine.scenario.marked import WALLET, changed
from tests.engine.scenario.worlds import scenarios

ORIGINAL = parse_scenario(WALLET, "wallet.yaml")


@settings(max_examples=30, deadline=None)
@given(scenarios())
def test_the_canonical_form_reads_back_as_the_same_scenario(scenario: Scenario) -> None:
    data = canonical(scenario)
    back = from_canonical(data)
    assert back == normalised(scenario)
    assert canonical(back) == data
    assert back.digest == hashlib.sha256(data).hexdigest() == digest(scenario)


@settings(max_examples=15, deadline=None)
@given(scenarios(), st.randoms(use_true_random=False))
def test_the_order_of_declarations_has_no_meaning(
    scenario: Scenario, chance: random.Random
) -> None:
    def shuffled(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    other = msgspec.structs.replace(
        scenario,
        entities=shuffled(scenario.entities),
        events=shuffled(
            tuple(
                EventType(e.name, e.title, shuffled(e.roles), shuffled(e.fields))
                for e in scenario.events
            )
        ),
        features=shuffled(scenario.features),
        lists=shuffled(scenario.lists),
    )
    assert canonical(other) == canonical(scenario)


def test_the_canonical_form_is_minimal_sorted_json_with_trees_for_conditions() -> None:
    data = canonical(ORIGINAL)
    tree = json.loads(data)
    again = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data == again.encode()
    assert tree["guanlan"] == 1
    assert "digest" not in tree
    when = tree["rules"][1]["when"]
    assert when["language"] == 1
    assert when["expression"]["node"] == "logic"


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(item) for item in value] if isinstance(value, list) else value


def test_layout_comments_and_order_of_keys_do_not_change_the_digest() -> None:
    tree = yaml.load(WALLET, Loader=yaml.BaseLoader)
    plain = yaml.dump(_reversed(tree), allow_unicode=True, sort_keys=False, default_style=None)
    # The base loader forgets which scalars are numbers, so the dump is left unquoted where
    # the original was; only the list key "10" needs its quotes.
    for quoted in (
        "'1'",
        "'2'",
        "'3'",
        "'4'",
        "'-500'",
        "'-90'",
        "'90'",
        "'0'",
        "'10000'",
        "'1000'",
        "'20'",
        "'40'",
        "'50'",
        "'70'",
        "'100'",
        "'true'",
        "'false'",
    ):
        plain = plain.replace(f": {quoted}\n", f": {quoted[1:-1]}\n")  # fmt: skip
    assert plain != WALLET
    assert parse_scenario(plain, "other.yaml").digest == ORIGINAL.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ip_fails_5m >= 20\n      and not", "(ip_fails_5m>=20)   and\n\n      not"),
        ("where: success == false", "where: (success)==False"),
        ('where: value == "fraud"', "where: 'value == ''fraud'''"),
        ("on: [transfer, login]", "on: [login, transfer]"),
        ("on: [login]\n", "on: login\n"),
        ("by: payee, lookup: user", "by: [payee], lookup: [user]"),
        ("window: 90d", "window: 2160h"),
        ("agg: since_first}", "agg: since_first, window: ever}"),
        ("on_unknown: no_hit\n", "on_unknown: 'no_hit' # the default\n"),
        ("    on_unknown: no_hit\n", ""),
        ("      device: optional\n      payee:", "      device: {required: false}\n      payee:"),
        ("    outcome: decline\n    entries", "    entries"),
        ("expires: 2027-01-01T00:00:00Z", "expires: '2027-01-01 08:00:00+08:00'"),
        ("negative: true, minimum: -500", "minimum: -500, negative: true"),
        ("minimum: -90, maximum: 90,", "minimum: -90.0, maximum: 90.0000,"),
    ],
)  # fmt: skip
def test_other_ways_to_say_the_same_keep_the_digest(old: str, new: str) -> None:
    assert parse_scenario(changed(old, new), "same.yaml").digest == ORIGINAL.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scenario: wallet", "scenario: wallet2"),
        ("zh: 钱包, zh-Hant", "zh: 钱 包, zh-Hant"),
        ("currency: CNY", "currency: HKD"),
        ("timezone: Asia/Shanghai", "timezone: Asia/Taipei"),
        ("IP 地址}, level: 3}", "IP 地址}, level: 2}"),
        ("      device: optional\n      payee:", "      device: required\n      payee:"),
        ("payee: {kind: user, required: true}", "payee: {kind: user}"),
        ("lat: {type: number, decimals: 4", "lat: {type: number, decimals: 5"),
        ("values: [app, web]", "values: [app, web, mini]"),
        ("maximum: 10000", "maximum: 10001"),
        ("max_length: 1000", "max_length: 999"),
        ("window: 1h}", "window: 2h}"),
        ("agg: stddev", "agg: max"),
        ("where: success == false", "where: success"),
        ('where: value == "fraud"', 'where: value == "legit"'),
        ("by: [user, payee]", "by: [payee, user]"),
        ("kind: block\n", "kind: watch\n"),
        ("expires: 2027-01-01T00:00:00Z", "expires: 2027-01-01T00:00:00.000001Z"),
        ("key: u-9", "key: u-8"),
        ("money(50000)", "money(50001)"),
        ("money(50000)", 'money("50000")'),
        ("score: 40", "score: 41"),
        ("outcome: challenge\n    severity: high", "outcome: hold\n    severity: high"),
        ("    outcome: challenge\n    severity: high", "    severity: high"),
        ("severity: medium", "severity: low"),
        ("on_unknown: no_hit", "on_unknown: hit"),
        ("technique: F1047", "technique: F1046"),
        ("tags: [mule]", "tags: [mules]"),
        ("{score: 50, outcome: review}", "{score: 51, outcome: review}"),
        ("challenge, actions: [otp]}", "challenge, actions: [face]}"),
        ("fallback: review", "fallback: hold"),
    ],
)
def test_another_meaning_has_another_digest(old: str, new: str) -> None:
    assert parse_scenario(changed(old, new), "other.yaml").digest != ORIGINAL.digest


def test_the_order_of_rules_is_kept_and_counts() -> None:
    head, rest = WALLET.split("rules:\n")
    rules, policy = rest.split("policy:\n")
    first, second = rules.split("  - id: login.spraying")
    swapped = f"{head}rules:\n  - id: login.spraying{second}{first}policy:\n{policy}"
    other = parse_scenario(swapped, "swapped.yaml")
    assert [rule.id for rule in other.rules] == ["login.spraying", "transfer.velocity_1h"]
    assert other.digest != ORIGINAL.digest


@pytest.mark.parametrize("data", [b"{}", b"[]", b'{"guanlan":2}', b"nonsense", b'{"guanlan":1}'])
def test_what_is_no_canonical_scenario_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_canonical(data)


def test_a_stored_condition_that_is_no_expression_is_refused() -> None:
    tree = json.loads(canonical(ORIGINAL))
    tree["rules"][0]["when"] = {"language": 1, "expression": {"node": "name", "name": "__import__"}}
    with pytest.raises(ValueError):
        from_canonical(json.dumps(tree).encode())
