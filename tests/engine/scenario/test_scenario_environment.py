"""What a rule may speak of in each event type."""

from __future__ import annotations

import pytest

from guanlan.engine.kernel.shape import Shape
from guanlan.engine.language import Type
from guanlan.engine.scenario import names, parse_scenario, readable, where_names
from guanlan.engine.scenario.model import Scenario
from tests.engine.scenario.marked import WALLET, changed

SCENARIO = parse_scenario(WALLET, "wallet.yaml")


def load(name: str) -> str:
    return f"v['{name}']"


def test_roles_fields_and_times_have_their_types() -> None:
    env = names(SCENARIO, "transfer", load)
    kinds = {name: (one.type, one.optional) for name, one in env.names.items()}
    assert kinds["user"] == (Type.STRING, False)
    assert kinds["device"] == (Type.STRING, True)
    assert kinds["amount"] == (Type.MONEY, False)
    assert kinds["fee"] == (Type.MONEY, True)
    assert kinds["lat"] == (Type.NUMBER, True)
    assert kinds["booked"] == (Type.TIME, True)
    assert kinds["retries"] == (Type.INT, True)
    assert kinds["time"] == kinds["clock"] == (Type.TIME, False)
    assert kinds["lateness"] == (Type.DURATION, False)
    assert kinds["event_type"] == (Type.STRING, False)
    assert "success" not in kinds
    assert env.names["payee"].kind == "user"
    assert env.names["payee"].title.get("zh-Hant") == "payee（客戶）"
    assert env.names["channel"].values == ("app", "web")
    assert env.names["event_type"].values == ("label", "login", "transfer")
    assert env.names["amount"].load == "v['amount']"
    assert env.lists == {"mule_payees": "user", "trusted": "user"}
    assert (env.timezone, env.currency) == ("Asia/Shanghai", "CNY")


def test_features_are_readable_where_every_role_of_their_lookup_is_declared() -> None:
    def read(event_type: str) -> set[str]:
        return {feature.name for feature in readable(SCENARIO, event_type)}

    assert "ip_fails_5m" in read("login")
    assert "ip_fails_5m" not in read("transfer")
    assert {"user_out_1h", "in_24h", "device_users_24h"} <= read("login")  # kept by transfers
    assert "user_new_payee" not in read("login")
    assert read("label") == {feature.name for feature in SCENARIO.features}


@pytest.mark.parametrize(
    ("feature", "kind", "login", "transfer", "label"),
    [
        ("user_out_1h", Type.MONEY, False, False, True),  # sum of nothing is 0
        ("user_avg_30d", Type.MONEY, True, True, True),  # the average of nothing is unknown
        ("user_sd_30d", Type.MONEY, True, True, True),
        ("device_users_24h", Type.INT, True, True, True),  # the device may be absent
        ("user_age", Type.DURATION, True, True, True),
        ("user_frauds", Type.INT, False, False, True),
        ("ip_fails_5m", Type.INT, True, None, True),
        ("user_new_payee", Type.BOOL, None, False, True),
    ],
)
def test_features_have_types_and_may_be_unknown(
    feature: str, kind: Type, login: bool | None, transfer: bool | None, label: bool | None
) -> None:
    for event_type, optional in (("login", login), ("transfer", transfer), ("label", label)):
        found = names(SCENARIO, event_type, load).names.get(feature)
        if optional is None:
            assert found is None
        else:
            assert found is not None
            assert (found.type, found.optional) == (kind, optional)


def test_averages_of_numbers_are_numbers_and_extremes_keep_the_type() -> None:
    def kind(old: str, new: str) -> Type:
        scenario: Scenario = parse_scenario(changed(old, new), "other.yaml")
        return names(scenario, "transfer", load).names["user_avg_30d"].type

    assert kind("agg: avg, of: amount", "agg: avg, of: retries") is Type.NUMBER
    assert kind("agg: avg, of: amount", "agg: max, of: retries") is Type.INT
    assert kind("agg: avg, of: amount", "agg: last, of: lat") is Type.NUMBER
    assert kind("agg: avg, of: amount", "agg: min, of: fee") is Type.MONEY


def test_a_filter_speaks_of_the_event_alone() -> None:
    own = where_names(SCENARIO, "login", load).names
    assert set(own) == {
        "time", "clock", "lateness", "event_type", "user", "device", "ip", "success",
    }  # fmt: skip


def test_an_event_type_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="refund"):
        names(SCENARIO, "refund", load)


def test_the_kernel_agrees_on_what_is_computed_and_what_may_be_unknown() -> None:
    shape = Shape(SCENARIO)
    for index, event in enumerate(SCENARIO.events):
        env = names(SCENARIO, event.name, load)
        computed = {feature.name for feature in readable(SCENARIO, event.name)}
        assert set(shape.slots[index]) == computed
        for feature in computed:
            assert shape.optional(index, feature) == env.names[feature].optional
