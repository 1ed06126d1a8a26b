"""Small stories, one per detector: an attack that must be seen, and a near miss that must not.

Times are seconds from a Monday noon in Shanghai; amounts are yuan. The last event of `attack`
is the one that has to hit; no event of `near_miss` may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

NOON: Final = 1_780_286_400_000  # 2026-06-01T12:00:00+08:00 in milliseconds
MINUTE, HOUR, DAY = 60, 3600, 86_400
SHANGHAI: Final[dict[str, Any]] = {"lat": 31.2304, "lon": 121.4737}
BEIJING: Final[dict[str, Any]] = {"lat": 39.9042, "lon": 116.4074}
ROLES: Final = frozenset(
    (
        "user", "device", "ip", "subnet", "card", "payee", "merchant", "phone", "email",
        "email_domain", "email_stem", "id_number",
    )
)  # fmt: skip

Event = dict[str, object]
Events = list[Event]
Maker = Callable[[float, int], Event]


@dataclass(frozen=True)
class Story:
    attack: Events
    near_miss: Events


def _event(type_: str, at: float, given: dict[str, object]) -> Event:
    return {
        "type": type_,
        "time": NOON + round(at * 1000),
        "entities": {name: value for name, value in given.items() if name in ROLES},
        "fields": {name: value for name, value in given.items() if name not in ROLES},
    }


def register(at: float, user: str = "u", **given: object) -> Event:
    return _event("register", at, {"user": user, "id_match": True, **given})


def login(at: float, user: str = "u", *, success: bool = True, **given: object) -> Event:
    return _event("login", at, {"user": user, "success": success, **given})


def pay(at: float, amount: float, user: str = "u", kind: str = "p2p", **given: object) -> Event:
    return _event(
        "transfer", at, {"user": user, "amount": round(amount * 100), "kind": kind, **given}
    )


def label(at: float, value: str = "fraud", **given: object) -> Event:
    return _event("label", at, {"target": "earlier", "value": value, **given})


def known(**given: Any) -> Events:
    """A customer of a month, last seen yesterday on the device `old`."""
    return [login(-30 * DAY, device="old", **given), login(-1 * DAY, device="old", **given)]


def _many(count: int, make: Maker, gap: float) -> Events:
    return [make(i * gap, i) for i in range(count)]


def _paid_in(payers: int, amount: float, to: str = "u") -> Events:
    return [pay(-2 * HOUR + i * MINUTE, amount, user=f"payer{i}", payee=to) for i in range(payers)]


def _ordinary_month(payee: str = "friend", count: int = 5) -> Events:
    return [pay(-20 * DAY + i * 2 * DAY, 100, payee=payee) for i in range(count)]


def _counted(enough: int, make: Maker, gap: float = MINUTE) -> Story:
    """So many repetitions are an attack, one fewer is not."""
    return Story(_many(enough, make, gap), _many(enough - 1, make, gap))


def _after(before: Sequence[Event], attack: Event, near_miss: Event) -> Story:
    return Story([*before, attack], [*before, near_miss])


STORIES: Final[dict[str, Story]] = {
    # registration
    "register.ip_burst": _counted(8, lambda at, i: register(at, f"u{i}", ip="1"), HOUR),
    "register.subnet_burst": _counted(
        25, lambda at, i: register(at, f"u{i}", ip=f"{i}", subnet="n"), 50 * MINUTE
    ),
    "register.device_farm": _counted(4, lambda at, i: register(at, f"u{i}", device="d"), 2 * DAY),
    "register.robot_speed": Story([register(0, fill_seconds=3.9)], [register(0, fill_seconds=4)]),
    "register.emulator": Story(
        [register(0, is_emulator=False, is_hooked=True)],
        [register(0, is_emulator=False, is_hooked=False)],
    ),
    "register.rooted_fresh": Story(
        [register(0, is_rooted=True, vpn=True)], [register(0, is_rooted=True, vpn=False)]
    ),
    "register.disposable_email": Story(
        [register(0, email_domain="yopmail.com")], [register(0, email_domain="gmail.com")]
    ),
    "register.voip_phone": Story(
        [register(0, phone_type="voip")], [register(0, phone_type="mobile")]
    ),
    "register.hidden_origin": Story(
        [register(0, country="US", id_country="CN", vpn=True)],
        [register(0, country="US", id_country="CN", vpn=False, ip="1")],
    ),
    "register.identity_reused": _counted(
        3, lambda at, i: register(at, f"u{i}", id_number="n"), 400 * DAY
    ),
    "register.identity_mismatch": Story([register(0, id_match=False)], [register(0)]),
    "register.phone_recycled": _counted(
        3, lambda at, i: register(at, f"u{i}", phone="p"), 44 * DAY
    ),
    "register.serial_email": _counted(
        4, lambda at, i: register(at, f"u{i}", email_stem="s"), 7 * HOUR
    ),
    "register.reported_device": Story(
        [label(0, device="d"), register(89 * DAY, device="d")],
        [label(0, "legit", device="d"), register(89 * DAY, device="d")],
    ),
    # login
    "login.credential_stuffing": _counted(
        8, lambda at, i: login(at, f"u{i}", success=False, ip="1"), 42
    ),
    "login.password_spraying": _counted(
        20, lambda at, i: login(at, f"u{i}", success=False, ip=f"{i}", subnet="n"), 3 * MINUTE
    ),
    "login.device_stuffing": _counted(
        5, lambda at, i: login(at, f"u{i}", success=False, device="d"), 14 * MINUTE
    ),
    "login.password_guessing": _counted(
        6, lambda at, i: login(at, success=False, device="d"), 2.5 * MINUTE
    ),
    "login.break_in": Story(
        [*known(), *(login(-60 * i, success=False, device="new") for i in (3, 2, 1)),
         login(0, device="new")],
        [*known(), *(login(-60 * i, success=False, device="new") for i in (2, 1)),
         login(0, device="new")],
    ),
    "login.leaked_credential": _after(
        known(),
        login(0, device="new", leaked_credential=True),
        login(0, device="old", leaked_credential=True),
    ),
    "login.impossible_travel": Story(
        [login(0, **SHANGHAI), login(70 * MINUTE, **BEIJING)],
        [login(0, **SHANGHAI), login(72 * MINUTE, **BEIJING),
         login(73 * MINUTE, vpn=True, **SHANGHAI)],
    ),
    "login.new_device_far": _after(
        known(**SHANGHAI), login(0, device="new", **BEIJING), login(0, device="new", **SHANGHAI)
    ),
    "login.session_moved": _after(
        known(),
        login(0, device="new", session_moved=True),
        login(0, device="old", session_moved=True),
    ),
    "login.otp_bombing": _counted(
        6, lambda at, i: login(at, success=False, otp_sent=True), 1.9 * MINUTE
    ),
    "login.otp_pumping": _counted(
        8, lambda at, i: login(at, f"u{i}", success=False, otp_sent=True, ip="1"), 8 * MINUTE
    ),
    "login.sim_swap": _after(
        known(),
        login(0, device="new", sim_changed_hours=71),
        login(0, device="new", sim_changed_hours=73),
    ),
    "login.remote_control": Story(
        [login(0, remote_control=True)],
        [login(0, remote_control=False), login(1, success=False, remote_control=True)],
    ),
    "login.change_on_new_device": _after(
        known(),
        login(0, device="new", credential_change="phone"),
        login(0, device="old", credential_change="phone"),
    ),
    "login.shared_device": _counted(5, lambda at, i: login(at, f"u{i}", device="d"), 5 * HOUR),
    # transfer
    "transfer.velocity_count": _counted(
        8, lambda at, i: pay(at, 10, kind="merchant", merchant="m"), 80
    ),
    "transfer.velocity_amount": Story(
        [*_ordinary_month(), *_many(3, lambda at, i: pay(at, 7000, payee="friend"), HOUR)],
        [*_ordinary_month(), *_many(3, lambda at, i: pay(at, 6600, payee="friend"), HOUR)],
    ),
    "transfer.structuring": _counted(3, lambda at, i: pay(at, 49_000, payee=f"p{i}"), 3 * DAY),
    "transfer.mule_pass_through": _after(
        _paid_in(3, 1500), pay(0, 2700, kind="crypto"), pay(0, 2699, kind="crypto")
    ),
    "transfer.fan_in": Story(
        [register(-40 * DAY, "mule"), *_paid_in(6, 900, "mule")],
        [register(-46 * DAY, "mule"), *_paid_in(6, 900, "mule")],
    ),
    "transfer.payee_burst": Story(_paid_in(12, 900, "stall"), _paid_in(11, 1000, "stall")),
    "transfer.fan_out": _counted(6, lambda at, i: pay(at, 50 + i, payee=f"p{i}"), 10 * MINUTE),
    "transfer.circular": Story(
        [*_many(3, lambda at, i: pay(at, 1500, user="b", payee="u"), HOUR),
         pay(4 * HOUR, 1400, payee="b")],
        [*_many(3, lambda at, i: pay(at, 1500, user="b", payee="u"), HOUR),
         pay(4 * HOUR, 800, payee="b")],
    ),
    "transfer.dormant_awakened": Story(
        [pay(-31 * DAY, 10, payee="p"), pay(0, 2000, payee="p")],
        [pay(-29 * DAY, 10, payee="p"), pay(0, 2000, payee="p", idle_days=29)],
    ),
    "transfer.card_testing_device": _counted(
        4, lambda at, i: pay(at, 2, kind="card_topup", device="d", card=f"c{i}"), 15 * MINUTE
    ),
    "transfer.card_testing_ip": _counted(
        5,
        lambda at, i: pay(at, 2, f"u{i}", "card_topup", ip="1", card=f"c{i}", success=False),
        14 * MINUTE,
    ),
    "transfer.limit_probing": _counted(
        4, lambda at, i: pay(at, 900 - i, kind="merchant", merchant="m", success=False), 9 * MINUTE
    ),
    "transfer.repeated_amount": Story(
        _many(4, lambda at, i: pay(at, 500, payee=f"p{i % 2}"), 15 * MINUTE),
        _many(4, lambda at, i: pay(at, 500 + 5 * i, payee=f"p{i % 2}"), 15 * MINUTE),
    ),
    "transfer.first_payee_large": _after(
        _ordinary_month(), pay(0, 5000, payee="stranger"), pay(0, 5000, payee="friend")
    ),
    "transfer.after_credential_change": Story(
        [*known(), login(0, device="old", credential_change="password"),
         pay(23 * HOUR, 1000, payee="stranger")],
        [*known(), login(0, device="old", credential_change="password"),
         pay(25 * HOUR, 1000, payee="stranger")],
    ),
    "transfer.new_device_large": Story(
        [*known(), login(0, device="new"), pay(60, 3000, payee="p", device="new")],
        [*known(), login(0, device="old"), pay(60, 3000, payee="p", device="old")],
    ),
    "transfer.guided_by_call": Story(
        [pay(0, 1000, payee="stranger", on_call=True, screen_share=False)],
        [pay(-2 * DAY, 5, payee="friend"),
         pay(0, 1000, payee="friend", on_call=True, screen_share=False)],
    ),
    "transfer.remote_control": Story(
        [pay(0, 500, kind="withdrawal", remote_control=True)],
        [pay(0, 499, kind="withdrawal", remote_control=True),
         pay(1, 500, kind="merchant", merchant="m", remote_control=True)],
    ),
    "transfer.scam_memo": Story(
        [pay(0, 300, payee="stranger", memo="转入安全账户核验")],
        [pay(0, 300, payee="stranger", memo="一起吃午饭")],
    ),
    "transfer.elderly_at_night": Story(
        [pay(10 * HOUR, 2000, payee="stranger", customer_age=65)],
        [pay(9.9 * HOUR, 2000, payee="stranger", customer_age=65),
         pay(18 * HOUR, 2000, payee="other", customer_age=65)],
    ),
    "transfer.reported_payee": Story(
        [label(0, payee="mule"), pay(90 * DAY - 1, 5, payee="mule")],
        [label(0, payee="mule"), pay(90 * DAY, 5, payee="mule")],
    ),
    "transfer.crypto_cash_out": Story(
        [*_paid_in(1, 500), pay(0, 1000, kind="crypto")],
        [*known(), *_paid_in(1, 499), login(-60, device="old"),
         pay(0, 1000, kind="crypto", device="old")],
    ),
    "transfer.voucher_cash_out": _counted(
        3,
        lambda at, i: pay(
            at, 1000, kind="merchant", merchant="m", merchant_category="gift_card"
        ),
        11 * HOUR,
    ),
    "transfer.withdraw_after_credit": _after(
        _paid_in(2, 1500), pay(0, 1500, kind="withdrawal"), pay(0, 1499, kind="withdrawal")
    ),
    "transfer.refund_abuse": _counted(
        6, lambda at, i: pay(at, 80, f"u{i}", "refund", merchant="m", device="d"), 5 * DAY
    ),
    "transfer.promo_abuse": _counted(
        4,
        lambda at, i: pay(at, 20, f"u{i}", "merchant", merchant="m", device="d", promo=True),
        2 * DAY,
    ),
    "transfer.shared_device": _counted(
        5, lambda at, i: pay(at, 20, f"u{i}", "merchant", merchant="m", device="d"), 5 * HOUR
    ),
}  # fmt: skip
