"""What a scenario file becomes: every key, every default, in the units of the model."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.language.amounts import minor_digits
from guanlan.engine.scenario import (
    currency_decimals,
    load_scenario,
    parse_scenario,
    parse_window,
    window_text,
)
from guanlan.engine.scenario.model import (
    Band,
    EntityKind,
    EntityRole,
    EventType,
    Feature,
    Field,
    ListEntry,
    Outcome,
    Rule,
    Technique,
    Text,
)
from guanlan.engine.scenario.vocabulary import CURRENCIES, MAX_WINDOW
from tests.engine.scenario.marked import WALLET, changed

SECOND = 1_000_000
SCENARIO = parse_scenario(WALLET, "wallet.yaml")


def event(name: str) -> EventType:
    return next(one for one in SCENARIO.events if one.name == name)


def field(name: str) -> Field:
    return next(one for one in event("transfer").fields if one.name == name)


def feature(name: str) -> Feature:
    return next(one for one in SCENARIO.features if one.name == name)


def test_a_file_and_its_text_are_the_same_scenario() -> None:
    path = Path(__file__).parent / "wallet.yaml"
    assert load_scenario(path) == load_scenario(str(path)) == SCENARIO
    assert len(SCENARIO.digest) == 64


def test_the_head() -> None:
    assert SCENARIO.name == "wallet"
    assert SCENARIO.title == Text(en="Wallet", zh="钱包", zh_hant="錢包")
    assert (SCENARIO.currency, SCENARIO.timezone) == ("CNY", "Asia/Shanghai")
    assert SCENARIO.entities[1] == EntityKind("ip", Text(en="IP address", zh="IP 地址"), 3)


def test_declarations_are_sorted_by_name() -> None:
    assert [one.name for one in SCENARIO.events] == ["label", "login", "transfer"]
    assert [role.name for role in event("transfer").roles] == ["device", "payee", "user"]
    for names in ([f.name for f in SCENARIO.features], [f.name for f in event("transfer").fields]):
        assert names == sorted(names)


def test_roles_and_fields() -> None:
    assert event("transfer").roles == (
        EntityRole("device", "device", False),
        EntityRole("payee", "user", True),
        EntityRole("user", "user", True),
    )
    amount, fee, lat = field("amount"), field("fee"), field("lat")
    assert (amount.type, amount.required, amount.minimum, amount.maximum) == (
        "money",
        True,
        0,
        None,
    )
    assert (fee.required, fee.minimum, fee.maximum) == (False, -500, 10_000)
    assert (lat.decimals, lat.minimum, lat.maximum) == (4, -900_000, 900_000)
    assert field("channel").values == ("app", "web")
    assert (field("channel").max_length, field("memo").max_length) == (256, 1000)
    assert field("memo").level == 3


def test_the_label_type_is_there_and_takes_every_role() -> None:
    label = event("label")
    assert label.roles == (
        EntityRole("device", "device", False),
        EntityRole("ip", "ip", False),
        EntityRole("payee", "user", False),
        EntityRole("user", "user", False),
    )
    fields = {one.name: one for one in label.fields}
    assert list(fields) == ["source", "target", "value"]
    assert fields["value"].values == ("fraud", "legit")
    assert [name for name, one in fields.items() if one.required] == ["target", "value"]
    assert {one.type for one in label.fields} == {"string"}


def test_features() -> None:
    one = feature("in_24h")
    assert (one.on, one.by, one.lookup) == (("transfer",), ("payee",), ("user",))
    assert (one.agg, one.of, one.window) == ("sum", "amount", 86_400 * SECOND)
    assert feature("user_new_payee").by == feature("user_new_payee").lookup == ("user", "payee")
    assert feature("user_age").window is None
    assert feature("user_frauds").window is None
    assert feature("device_users_24h").on == ("login", "transfer")
    assert feature("ip_fails_5m").where == "success == false"


def test_lists() -> None:
    lists = {spec.name: spec for spec in SCENARIO.lists}
    mules = lists["mule_payees"]
    assert (mules.kind, mules.entity, mules.outcome) == ("block", "user", Outcome.decline)
    assert mules.entries == (
        ListEntry("u-9", "seen in case 12", "seed", 1_798_761_600 * SECOND),
        ListEntry("10", "repeated chargebacks", "seed", None),
    )
    assert lists["trusted"].outcome is Outcome.approve


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [("watch", Outcome.review), ("block", Outcome.decline), ("immutable_block", Outcome.decline)],
)
def test_outcomes_of_lists_that_name_none(kind: str, outcome: Outcome) -> None:
    scenario = parse_scenario(changed("kind: allow,", f"kind: {kind},"), "x.yaml")
    assert next(one.outcome for one in scenario.lists if one.name == "trusted") is outcome


def test_rules_and_policy() -> None:
    first, second = SCENARIO.rules
    assert first == Rule(
        id="transfer.velocity_1h",
        title=Text(en="Much sent in an hour", zh="一小时大额转出"),
        on=("transfer",),
        when="user_out_1h > money(50000) and user_new_payee",
        reason=Text(
            en="Much sent to a new payee.",
            zh="向新收款方大额转出。",
            zh_hant="向新收款方大額轉出。",
        ),
        severity="high",
        score=40,
        outcome=Outcome.challenge,
        on_unknown="no_hit",
        f3=(Technique("F1047", "monetization"),),
        tags=("mule",),
        actions=("otp",),
    )
    assert second.when == 'ip_fails_5m >= 20 and not in_list(user, "trusted")'
    assert (second.score, second.outcome, second.on_unknown) == (0, None, "review")
    assert SCENARIO.policy.fallback is Outcome.review
    assert SCENARIO.policy.bands[2] == Band(70, Outcome.challenge, ("otp",))


@settings(deadline=None)
@given(st.integers(1, MAX_WINDOW // SECOND))
def test_windows_are_written_and_read_alike(seconds: int) -> None:
    assert parse_window(f"{seconds}s") == seconds * SECOND
    assert parse_window(window_text(seconds * SECOND)) == seconds * SECOND


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("24h", 86_400), ("30d", 2_592_000)]
)
def test_window_units(text: str, seconds: int) -> None:
    assert parse_window(text) == seconds * SECOND


@pytest.mark.parametrize("text", ["", "h", "0s", "-1h", "1.5h", "1w", "1h\n", "٣h", "1H", "EVER"])
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(ValueError):
        parse_window(text)


def test_currencies_have_the_decimals_that_the_rule_language_uses() -> None:
    assert {"CNY", "HKD", "TWD", "USD", "EUR", "JPY", "SGD", "MOP", "GBP"} <= CURRENCIES.keys()
    assert (currency_decimals("CNY"), currency_decimals("JPY"), currency_decimals("KWD")) == (
        2,
        0,
        3,
    )
    assert all(currency_decimals(code) == minor_digits(code) for code in CURRENCIES)
