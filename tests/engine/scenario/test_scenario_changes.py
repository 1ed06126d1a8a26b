"""What changed between two versions, and whether what is remembered changed with it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings

from guanlan.engine.scenario import Changed, diff, parse_scenario
from guanlan.engine.scenario.model import Scenario
from tests.engine.scenario.marked import WALLET, changed
from tests.engine.scenario.worlds import scenarios

ORIGINAL = parse_scenario(WALLET, "wallet.yaml")


def other(old: str, new: str) -> Scenario:
    return parse_scenario(changed(old, new), "other.yaml")


@settings(max_examples=10, deadline=None)
@given(scenarios())
def test_a_scenario_does_not_differ_from_itself(scenario: Scenario) -> None:
    changes = diff(scenario, scenario)
    assert not changes
    assert not changes.shape_changed


@settings(max_examples=20, deadline=None)
@given(scenarios(), scenarios())
def test_no_changes_means_the_same_digest_and_what_came_also_went(a: Scenario, b: Scenario) -> None:
    there, back = diff(a, b), diff(b, a)
    assert bool(there) == bool(back)
    for one, two in ((there.features, back.features), (there.rules, back.rules)):
        assert set(one.added) == set(two.removed)
        assert one.changed == two.changed


def test_a_changed_rule_is_named_with_its_keys_and_keeps_the_state() -> None:
    changes = diff(ORIGINAL, other("score: 40\n    outcome: challenge", "score: 45"))
    assert changes.rules.changed == (Changed("transfer.velocity_1h", ("score", "outcome")),)
    assert not changes.rules.added + changes.rules.removed
    assert not changes.features
    assert not changes.shape_changed


def test_added_and_removed_features_change_the_shape() -> None:
    text = changed("  user_age: {", "  user_since: {")
    changes = diff(ORIGINAL, parse_scenario(text, "other.yaml"))
    assert changes.features.added == ("user_since",)
    assert changes.features.removed == ("user_age",)
    assert changes.shape_changed


def test_policy_lists_and_the_scenario_itself() -> None:
    changes = diff(ORIGINAL, other("fallback: review", "fallback: hold"))
    assert changes.policy == ("fallback",)
    changes = diff(ORIGINAL, other("reason: repeated chargebacks", "reason: another"))
    assert changes.lists.changed == (Changed("mule_payees", ("entries",)),)
    changes = diff(ORIGINAL, other("scenario: wallet", "scenario: purse"))
    assert changes.scenario == ("name",)
    assert not changes.shape_changed


def test_rules_in_another_order_are_said_to_be_so() -> None:
    swapped = ORIGINAL.rules[::-1]
    changes = diff(ORIGINAL, msgspec.structs.replace(ORIGINAL, rules=swapped))
    assert changes.rules_reordered
    assert not changes.rules


@pytest.mark.parametrize(
    ("old", "new", "shape"),
    [
        ("zh: 一小时转出},", "zh: 另一个标题},", False),
        ("IP 地址}, level: 3}", "IP 地址}, level: 2}", False),
        ("maximum: 10000", "maximum: 20000", False),
        ("      device: optional\n      payee:", "      device: required\n      payee:", True),
        ("lat: {type: number, decimals: 4", "lat: {type: number, decimals: 5", True),
        ("where: success == false", "where: success", True),
        ("where: success == false", "where: not (success != false)", True),
        ("where: success == false", "where: (success  ==  false)", False),
        ("window: 5m", "window: 6m", True),
        ("timezone: Asia/Shanghai", "timezone: UTC", True),
    ],
)
def test_what_changes_the_shape(old: str, new: str, shape: bool) -> None:
    assert diff(ORIGINAL, other(old, new)).shape_changed is shape
