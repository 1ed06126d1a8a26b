"""The sentences a reviewer reads, in the three languages."""

from __future__ import annotations

import pytest

from guanlan.engine.language import LanguageError, parse, sentence
from guanlan.engine.language.functions import FUNCTIONS
from tests.engine.language.world import ENV, env


@pytest.mark.parametrize(
    ("source", "en", "hans", "hant"),
    [
        (
            "user_out_24h > money(50000) and new_payee",
            "customer's outgoing sum in 24 h is more than ¥50,000 and the payee is new",
            "24小时转出总额超过 ¥50,000，且新收款人",
            "24小時轉出總額超過 ¥50,000，且新收款人",
        ),
        (
            "(fails >= 3 or not new_payee) and rooted",
            "(failed logins in 5 min is at least 3 or the payee is not new) and rooted device",
            "（5分钟登录失败数不少于 3，或并非新收款人），且设备越狱",
            "（5分鐘登入失敗數不少於 3，或並非新收款人），且裝置越獄",
        ),
        (
            "fails >= 3 or new_payee and not success",
            "failed logins in 5 min is at least 3 or (the payee is new and not success)",
            "5分钟登录失败数不少于 3，或（新收款人，且并非成功）",
            "5分鐘登入失敗數不少於 3，或（新收款人，且並非成功）",
        ),
        (
            "not (rooted and success)",
            "not (rooted device and success)",
            "并非（设备越狱，且成功）",
            "並非（裝置越獄，且成功）",
        ),
        (
            "success == false and not not rooted",
            "success is false and rooted device",
            "是否成功为否，且设备越狱",
            "是否成功為否，且裝置越獄",
        ),
        (
            "not amount > money(220.5)",
            "amount is at most ¥220.50",
            "金额不超过 ¥220.50",
            "金額不超過 ¥220.50",
        ),
        (
            "1 < fails <= 5",
            "failed logins in 5 min is more than 1 and at most 5",
            "5分钟登录失败数超过 1 且不超过 5",
            "5分鐘登入失敗數超過 1 且不超過 5",
        ),
        (
            "5 < fails",
            "failed logins in 5 min is more than 5",
            "5分钟登录失败数超过 5",
            "5分鐘登入失敗數超過 5",
        ),
        (
            'channel in ["app", "web"]',
            "channel is one of “app”, “web”",
            "渠道为“app”、“web”之一",
            "管道為「app」、「web」之一",
        ),
        (
            'not channel in ["app"]',
            "channel is not “app”",
            "渠道不为“app”",
            "管道不為「app」",
        ),
        (
            "weekday(time) in [5, 6] and hour(time) < 6",
            (
                "the weekday of time of the event is one of Saturday, Sunday "
                "and the hour of time of the event is less than 6"
            ),
            "事件时间的星期为星期六、星期日之一，且事件时间的小时数小于 6",
            "事件時間的星期為星期六、星期日之一，且事件時間的小時數小於 6",
        ),
        (
            'in_list(payee, "mules") and not in_list(user, "mules")',
            "payee is in the list “mule payees” and customer is not in the list “mule payees”",
            "收款人在名单“骡子账户”中，且客户不在名单“骡子账户”中",
            "收款人在名單「人頭帳戶」中，且客戶不在名單「人頭帳戶」中",
        ),
        (
            'in_list(device, "bad_devices")',
            "device is in the list “bad_devices”",
            "设备在名单“bad_devices”中",
            "裝置在名單「bad_devices」中",
        ),
        (
            "amount > 3 * (user_avg + money(10))",
            "amount is more than 3 × (customer's average + ¥10)",
            "金额超过 3 ×（客户平均金额 + ¥10）",
            "金額超過 3 ×（客戶平均金額 + ¥10）",
        ),
        (
            "amount - (user_avg - money(1)) > money(0)",
            "amount − (customer's average − ¥1) is more than ¥0",
            "金额 −（客户平均金额 − ¥1）超过 ¥0",
            "金額 −（客戶平均金額 − ¥1）超過 ¥0",
        ),
        (
            "since_last <= hours(1.5) or not known(device)",
            "time since the last login is at most 1 h 30 min or device is unknown",
            "距上次登录时长不超过 1 小时 30 分钟，或设备未知",
            "距上次登入時長不超過 1 小時 30 分鐘，或裝置未知",
        ),
        (
            "since_last > days(90) and lateness < seconds(0.5)",
            "time since the last login is more than 90 days and lateness is less than 0.5 s",
            "距上次登录时长超过 90 天，且迟到时长少于 0.5 秒",
            "距上次登入時長超過 90 天，且遲到時長少於 0.5 秒",
        ),
        (
            "time < valid_until",
            "time of the event is before expiry of the card",
            "事件时间早于卡有效期",
            "事件時間早於卡有效期",
        ),
        (
            'coalesce(user_avg, money(0)) <= amount and not matches(note, r"^\\d+$")',
            (
                "customer's average (if unknown, ¥0) is at most amount "
                "and note does not match the pattern “^\\d+$”"
            ),
            "客户平均金额（未知时取 ¥0）不超过金额，且附言不匹配正则表达式 “^\\d+$”",
            "客戶平均金額（未知時取 ¥0）不超過金額，且附言不符合正規表示式 「^\\d+$」",
        ),
        (
            "fails > 1000000 and lat < -12.5",
            "failed logins in 5 min is more than 1,000,000 and latitude is less than −12.5",
            "5分钟登录失败数超过 1,000,000，且纬度小于 −12.5",
            "5分鐘登入失敗數超過 1,000,000，且緯度小於 −12.5",
        ),
        (
            "note == channel and note != user",
            "note is the same as channel and note is different from customer",
            "附言与渠道相同，且附言与客户不同",
            "附言與管道相同，且附言與客戶不同",
        ),
        (
            "success and (vpn or not vpn)",
            "success and ((VPN or proxy) or not (VPN or proxy))",
            "成功，且（（VPN或代理），或并非（VPN或代理））",
            "成功，且（（VPN或代理），或並非（VPN或代理））",
        ),
        ("vpn", "VPN or proxy", "VPN或代理", "VPN或代理"),
        ("true", "in every case", "任何情况下", "任何情況下"),
    ],
)
def test_sentences(source: str, en: str, hans: str, hant: str) -> None:
    expr = parse(source)
    found = [sentence(expr, ENV, lang) for lang in ("en", "zh-Hans", "zh-Hant")]
    assert found == [en, hans, hant]


@pytest.mark.parametrize(
    ("currency", "source", "shown"),
    [
        ("USD", "amount > money(1234567.8)", "$1,234,567.80"),
        ("JPY", "amount > money(220)", "JP¥220"),
        ("KWD", 'amount > money("0.005")', "KWD 0.005"),
        ("TWD", "amount > -money(5)", "−NT$5"),
    ],
)
def test_money_is_written_as_in_its_country(currency: str, source: str, shown: str) -> None:
    assert sentence(parse(source), env(currency=currency), "en").endswith(shown)


def test_an_opposite_sentence_for_every_yes_no_function() -> None:
    for function in FUNCTIONS.values():
        yes_no = str(function.result) == "bool"
        assert (function.negative is not None) == yes_no, function.name


def test_what_does_not_fit_has_no_sentence() -> None:
    with pytest.raises(LanguageError, match=r"money\(220\)"):
        sentence(parse("amount > 220"), ENV, "en")
    with pytest.raises(ValueError, match="zh-Hans"):
        sentence(parse("true"), ENV, "fr")
