"""Types: what may be computed and compared, and what is said when it may not."""

from __future__ import annotations

import pytest

from guanlan.engine.language import Type, check, parse
from tests.engine.language.world import ENV, env, issues, typed


@pytest.mark.parametrize(
    ("source", "kind", "optional"),
    [
        ("amount + money(5)", Type.MONEY, False),
        ("amount * 2", Type.MONEY, False),
        ("2 * amount", Type.MONEY, False),
        ("amount / 2", Type.MONEY, False),
        ("amount / user_out_24h", Type.NUMBER, True),  # the sum may be 0
        ("amount / money(2)", Type.NUMBER, False),
        ("amount % money(100)", Type.MONEY, False),
        ("amount - user_avg", Type.MONEY, True),
        ("time - valid_until", Type.DURATION, True),
        ("time + hours(2)", Type.TIME, False),
        ("hours(2) + time", Type.TIME, False),
        ("lateness + minutes(1)", Type.DURATION, False),
        ("lateness * 1.5", Type.DURATION, False),
        ("lateness / hours(1)", Type.NUMBER, False),
        ("fails + 1", Type.INT, False),
        ("fails * fails - fails", Type.INT, False),
        ("fails / 2", Type.NUMBER, False),
        ("fails % devices", Type.INT, True),
        ("fails + lat", Type.NUMBER, False),
        ("-fails", Type.INT, False),
        ("round(lat)", Type.INT, False),
        ("round(user_avg)", Type.MONEY, True),
        ("len(note)", Type.INT, True),
        ("hour(time)", Type.INT, False),
        ("distance_km(lat, 1, lat, 2)", Type.NUMBER, True),  # the place may be off the map
        ("coalesce(devices, 0)", Type.INT, False),
        ("coalesce(devices, 0.5)", Type.NUMBER, False),
        ("coalesce(user_avg, money(0))", Type.MONEY, False),
        ("known(note)", Type.BOOL, False),
        ("new_payee and success", Type.BOOL, True),
        ("money(220) < amount <= user_out_24h", Type.BOOL, False),
        ('channel in ["app", "web"]', Type.BOOL, False),
        ("fails not in [1, devices]", Type.BOOL, True),
        ('in_list(payee, "mules")', Type.BOOL, True),
        ("success == false", Type.BOOL, False),
        ("true", Type.BOOL, False),
        ("max(fails, 2, devices)", Type.INT, True),
    ],
)
def test_types_and_what_may_be_unknown(source: str, kind: Type, optional: bool) -> None:
    found = typed(source)
    assert (found.type, found.optional) == (kind, optional)


@pytest.mark.parametrize(
    ("source", "column", "says"),
    [
        ("amount > 220", 1, "`220` is a whole number: write money(220)"),
        ("220 < amount", 1, "write money(220)"),
        ("amount > 0", 1, "write money(0)"),
        ("amount in [220.5]", 1, "write money(220.5)"),
        ("amount + 5 > money(1)", 1, "write money(5)"),
        ("amount > 2 * 110", 1, "did you forget money(…)?"),
        ("amount - fails > money(1)", 1, "did you forget money(…)?"),
        ("coalesce(user_avg, 0) > money(1)", 20, "write money(0)"),
        ("lateness > 5", 1, "write hours(5), or another unit"),
        ("time > 5", 1, "they cannot be compared"),
        ("time + 5 > time", 1, "write hours(5), or another unit"),
        ("lateness < fails", 1, "did you forget hours(…) or another unit?"),
        ("amount * amount > money(1)", 1, "`*` has no meaning between them"),
        ("5 / amount > 1", 1, "write money(5)"),
        ("time + time > time", 1, "no meaning"),
        ("note + note == note", 1, "no meaning"),
        ("success + 1 == 2", 1, "no meaning"),
        ("note > note", 1, "== and != only"),
        ("success < new_payee", 1, "== and != only"),
        ("success == 1", 1, "cannot be compared"),
        ("note == 1", 1, "cannot be compared"),
        ("fails", 1, "but the whole must be true or false"),
        ("fails and success", 1, "`fails` is a whole number, but true or false is needed here"),
        ("not amount", 5, "`amount` is money, but true or false"),
        ("-success", 1, "has no sign"),
        ("amuont > money(1)", 1, "there is no `amuont` here: did you mean `amount`?"),
        ("Amount > money(1)", 1, "did you mean `amount`?"),
        ("zzz > 1", 1, "there is no `zzz` here"),
        ("hours > 1", 1, "`hours` is a function: write it as hours(n)"),
        ("fails(1) > 1", 1, "no function: write it without ( )"),
        ("lenght(note) > 1", 1, "did you mean `len`?"),
        ("distance(lat, 1, lat, 2) > 1.0", 1, "did you mean `distance_km`?"),
        ("eval(note)", 1, "there is no function `eval`"),
        ("hour() > 1", 1, "write it as hour(time)"),
        ("hour(time, 1) > 1", 1, "write it as hour(time)"),
        ("hour(amount) > 1", 6, "hour(…) needs a time here, and this is money"),
        ("lower(fails) == note", 7, "needs a text"),
        ("max(amount, 3) > amount", 13, "write money(3)"),
        ("money(fails) < amount", 7, "constant"),
        ('money("2 20") < amount', 7, "money needs an amount"),
        ('money("NaN") < amount', 7, "money needs an amount"),
        ('money("２２０") < amount', 7, "money needs an amount"),
        ('money("1,000") < amount', 7, "money needs an amount"),
        ("money(1e20) < amount", 7, "too large"),
        ("money(1e-7) < amount", 7, "CNY has 2 digits"),
        ("money(0.001) < amount", 7, "CNY has 2 digits after the point"),
        ("fails / 0 > 1", 9, "always unknown"),
        ("fails % 0 > 1", 9, "always unknown"),
        ("days(1000000000) < lateness", 6, "too long"),
        ('channel == "ap"', 12, '"ap" is never a value of `channel`: did you mean `app`?'),
        ('channel == "sms"', 12, 'it is one of "app", "web", "branch"'),
        ('"sms" != channel', 1, "never a value"),
        ('channel in ["app", "sms"]', 20, "never a value"),
        ("fails in []", 10, "the list is empty"),
        ('fails in ["a"]', 1, "cannot be compared"),
        ('matches(note, "(a")', 15, "the pattern cannot be used: missing ): (a"),
        (r'matches(note, r"(a)\1")', 15, "invalid escape"),
        ('matches(note, "a{1000}{1000}")', 15, "the pattern cannot be used"),
        ('matches(note, "((a{100}){100}){100}")', 15, "the pattern cannot be used"),
        ('matches(note, "\\\\pL{999}")', 15, "too large"),
        ("matches(note, note)", 15, "constant pattern"),
        ('in_list(note, "mules")', 9, "needs a role"),
        ('in_list(user, "mule")', 15, 'no list "mule": did you mean `mules`?'),
        ('in_list(device, "mules")', 17, "of user, and this role is of device"),
        ("in_list(user, note)", 15, "in quotes"),
    ],
)
def test_faults_are_told_in_one_sentence(source: str, column: int, says: str) -> None:
    found = check(parse(source), ENV, Type.BOOL)
    assert isinstance(found, list)
    assert len(found) == 1
    assert (found[0].line, found[0].column) == (1, column)
    assert says in found[0].message
    assert "\n" not in found[0].message


def test_all_faults_are_found_at_once_in_reading_order() -> None:
    found = issues('amount > 5\n  or nope\n  or hour(fails) > 3\n  or channel == "sms"')
    assert [(one.line, one.column) for one in found] == [(1, 1), (2, 6), (3, 11), (4, 17)]


def test_money_follows_the_currency() -> None:
    yen = env(currency="JPY")
    assert typed("amount == money(220)", yen).type is Type.BOOL
    assert "JPY has 0 digits" in issues("amount == money(220.5)", yen)[0].message
    dinar = env(currency="KWD")
    assert typed('amount == money("0.005")', dinar).type is Type.BOOL


def test_an_unknown_time_zone_is_told() -> None:
    for name in ("Asia/Beijing2", "../../etc/passwd", ""):
        assert "time zone" in issues("hour(time) > 3", env(timezone=name))[0].message


def test_what_an_expression_speaks_of() -> None:
    found = typed(
        'amount > money(1) and in_list(payee, "mules") and known(note) and amount > amount'
    )
    assert found.names == ("amount", "note", "payee")
    assert found.lists == ("mules",)
