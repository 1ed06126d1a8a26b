"""An event type that has a name of every type, known and maybe unknown, and its values."""

from __future__ import annotations

from typing import Any

from guanlan.engine.language import (
    Env,
    Fragment,
    LanguageIssue,
    Name,
    Type,
    Typed,
    check,
    compile_expr,
    parse,
)
from guanlan.engine.scenario.model import Text

Value = bool | int | float | str | None
MULES = frozenset({"u-9", "收款人"})


def _name(type_: Type, optional: bool, en: str, zh: str, hant: str, **more: Any) -> Name:
    return Name(type_, optional, Text(en=en, zh=zh, zh_hant=hant), **more)


_NAMES = {
    "amount": _name(Type.MONEY, False, "amount", "金额", "金額"),
    "user_out_24h": _name(
        Type.MONEY, False, "customer's outgoing sum in 24 h", "24小时转出总额", "24小時轉出總額"
    ),
    "user_avg": _name(Type.MONEY, True, "customer's average", "客户平均金额", "客戶平均金額"),
    "fails": _name(Type.INT, False, "failed logins in 5 min", "5分钟登录失败数", "5分鐘登入失敗數"),
    "devices": _name(Type.INT, True, "devices in 24 h", "24小时设备数", "24小時裝置數"),
    "lat": _name(Type.NUMBER, False, "latitude", "纬度", "緯度"),
    "lon": _name(Type.NUMBER, True, "longitude", "经度", "經度"),
    "success": _name(Type.BOOL, False, "success", "是否成功", "是否成功"),
    "new_payee": _name(Type.BOOL, True, "the payee is new", "新收款人", "新收款人"),
    "vpn": _name(Type.BOOL, False, "VPN or proxy", "VPN或代理", "VPN或代理"),
    "rooted": _name(Type.BOOL, True, "rooted device", "设备越狱", "裝置越獄"),
    "channel": _name(
        Type.STRING, False, "channel", "渠道", "管道", values=("app", "web", "branch")
    ),
    "note": _name(Type.STRING, True, "note", "附言", "附言"),
    "user": _name(Type.STRING, False, "customer", "客户", "客戶", kind="user"),
    "payee": _name(Type.STRING, True, "payee", "收款人", "收款人", kind="user"),
    "device": _name(Type.STRING, True, "device", "设备", "裝置", kind="device"),
    "time": _name(Type.TIME, False, "time of the event", "事件时间", "事件時間"),
    "valid_until": _name(Type.TIME, True, "expiry of the card", "卡有效期", "卡有效期"),
    "lateness": _name(Type.DURATION, False, "lateness", "迟到时长", "遲到時長"),
    "since_last": _name(
        Type.DURATION, True, "time since the last login", "距上次登录时长", "距上次登入時長"
    ),
}  # fmt: skip


def env(*, currency: str = "CNY", timezone: str = "Asia/Shanghai") -> Env:
    """The environment; a name loads as `e[<its place>]`."""
    names = {
        key: Name(
            type=name.type,
            optional=name.optional,
            title=name.title,
            load=f"e[{place}]",
            values=name.values,
            kind=name.kind,
        )
        for place, (key, name) in enumerate(_NAMES.items())
    }
    return Env(
        names=names,
        lists={"mules": "user", "bad_devices": "device"},
        timezone=timezone,
        currency=currency,
        list_titles={"mules": Text(en="mule payees", zh="骡子账户", zh_hant="人頭帳戶")},
    )


ENV = env()

TYPICAL: dict[str, Value] = {
    "amount": 12_345,
    "user_out_24h": 5_000_001,
    "user_avg": 4_000.5,
    "fails": 3,
    "devices": 2,
    "lat": 31.2304,
    "lon": 121.4737,
    "success": True,
    "new_payee": True,
    "vpn": False,
    "rooted": False,
    "channel": "app",
    "note": "转账 rent",
    "user": "u-1",
    "payee": "u-9",
    "device": "d-1",
    "time": 1_795_424_400_123_456,  # Monday 2026-11-23 09:00 UTC
    "valid_until": 1_900_000_000_000_000,
    "lateness": 0,
    "since_last": 90_000_000,
}
UNKNOWN: dict[str, Value] = {
    key: (None if ENV.names[key].optional else value) for key, value in TYPICAL.items()
}


def in_list(name: str, key: str) -> bool:
    return name == "mules" and key in MULES


def typed(source: str, where: Env = ENV) -> Typed:
    """The checked expression; fails the test when it has issues."""
    result = check(parse(source), where)
    assert isinstance(result, Typed), result
    return result


def issues(source: str, where: Env = ENV) -> list[LanguageIssue]:
    """What the checker has against an expression that can be read."""
    result = check(parse(source), where)
    assert isinstance(result, list), f"{source} has no issue"
    return result


def run(fragment: Fragment, values: dict[str, Value]) -> Any:
    """The fragment's value in a function as the engine builds it: no builtins at all."""
    space: dict[str, Any] = {"__builtins__": {}, **fragment.globals}
    exec(f"def judge(e, L): return {fragment.source}\n", space)
    return space["judge"]([values[name] for name in _NAMES], in_list)


def compiled(source: str, values: dict[str, Value], where: Env = ENV) -> Any:
    return run(compile_expr(typed(source, where), where), values)
