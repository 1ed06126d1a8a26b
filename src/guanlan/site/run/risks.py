"""The register of the demo company: the ten risks of examples/risks/wallet.yaml, what moves them,
and what they have cost.

They are written down through the services that people use.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any, Final

from guanlan.core.access import SYSTEM
from guanlan.core.models import User
from guanlan.core.people.organisation import organisation
from guanlan.risk.loss.keeping import add_loss, add_recovery, propose_loss
from guanlan.risk.models import Indicator, Product, Risk, RiskSettings
from guanlan.risk.register.keeping import add_risk, keep_product, open_risk
from guanlan.risk.register.parameters import set_driver, set_parameters

DAY: Final = dt.timedelta(days=1)
REASON: Final = "虚构示例：由两位专家估计。"
# By name in the file: title, category, cause, event, consequence, type of its losses.
TOLD: Final[dict[str, tuple[str, str, str, str, str, str]]] = {
    "account_takeover": (
        "账户盗用", "fraud", "其他网站泄露的密码被用来撞库，验证码被骗取",
        "陌生人登录客户账户并转走余额", "向客户赔付，部分客户流失", "external_fraud",
    ),
    "merchant_collusion": (
        "商户合谋", "fraud", "入网审核不严，商户与买家串通",
        "虚假交易套取优惠与结算款", "结算款损失，通道费率上升", "external_fraud",
    ),
    "card_testing": (
        "盗卡试卡", "fraud", "泄露的卡号被批量尝试",
        "小额交易被用来验证盗取的卡", "拒付与卡组织罚款", "external_fraud",
    ),
    "payment_failure": (
        "支付失败", "operations", "上游处理方故障，容量不足",
        "支付长时间失败或重复扣款", "退款、补偿与加班费用", "disruption",
    ),
    "data_breach": (
        "个人信息泄露", "privacy", "接口越权，密钥保管不当",
        "大量客户个人信息被取走", "通知与赔偿、处罚、整改", "clients",
    ),
    "ransomware": (
        "勒索软件", "security", "钓鱼邮件，补丁滞后",
        "核心系统被加密，无法使用", "停业损失与恢复费用", "disruption",
    ),
    "regulatory_fine": (
        "监管处罚", "compliance", "法规变化后未及时调整业务",
        "检查发现违规", "罚款与限期整改", "clients",
    ),
    "complaints_wave": (
        "集中投诉", "reputation", "收费说明不清，提现延迟",
        "短时间内出现大量同类投诉", "补偿、客服成本与声誉受损", "clients",
    ),
    "partner_penalty": (
        "合作方违约金", "operations", "未达到约定的服务水平",
        "合作方依合同索取违约金", "支付违约金，续约条件变差", "execution",
    ),
    "insider": (
        "内部人员舞弊", "security", "权限过大，复核缺失",
        "员工利用权限转移资金或出售数据", "资金损失与刑事调查", "internal_fraud",
    ),
}  # fmt: skip
# Risk, indicator, beta, centre, spread.
DRIVES: Final = (
    ("account_takeover", "fraud.decline_share", 0.4, 0.01, 0.01),
    ("complaints_wave", "complaints.received", 0.3, 3.0, 3.0),
    ("complaints_wave", "complaints.past_due", 0.2, 5.0, 5.0),
)


def write_risks(said: dict[str, Any], now: dt.datetime) -> int:
    """Write the register of a risk file's plain values; how many risks. None where there are some,
    or where the organisation has said another currency than the file's."""
    if Risk.objects.exists() or organisation().currency not in ("", said["currency"]):
        return 0
    owner = User.objects.filter(is_active=True).order_by("pk").first()
    _settings(said, now)
    wallet = keep_product(
        SYSTEM, None,
        {"code": "wallet", "name": "钱包", "stage": "operation", "owner": owner,
         "description": "余额、转账与扫码支付"},
    )  # fmt: skip
    names = dict(Indicator.objects.in_bulk(field_name="name"))
    chance = random.Random(20261128)
    for name, stated in said["risks"].items():
        row = _risk(name, stated, wallet, owner, now, said["currency"])
        for risk, indicator, beta, centre, spread in DRIVES:
            if risk == name and indicator in names:
                values = {"beta": beta, "centre": centre, "spread": spread, "reason": REASON}
                set_driver(SYSTEM, row, names[indicator], values, now)
        _losses(row, TOLD[name][5], wallet, chance, now)
    propose_loss(
        ("demo", "outage"), title="上周支付通道中断的补偿", type="disruption", gross=1_860_000,
        money=said["currency"], occurred=now - 6 * DAY, discovered=now - 6 * DAY, now=now,
        product=wallet,
    )  # fmt: skip
    return len(said["risks"])


def _settings(said: dict[str, Any], now: dt.datetime) -> None:
    codes = {name: f"R-{at:03}" for at, name in enumerate(said["risks"], 1)}
    shocks = {
        name: {"rate": one["rate"], "hits": {codes[risk]: p for risk, p in one["hits"].items()}}
        for name, one in said.get("shocks", {}).items()
    }
    newest = RiskSettings.objects.order_by("-version").first()
    RiskSettings.objects.create(
        version=1 if newest is None else newest.version + 1, currency=said["currency"],
        frailty=said.get("frailty", 0.0),
        groups={name: one["variance"] for name, one in said.get("groups", {}).items()},
        shocks=shocks, tolerance=said.get("tolerance"), reason=REASON, effective=now, created=now,
    )  # fmt: skip


def _risk(
    name: str, stated: dict[str, Any], wallet: Product, owner: User | None, now: dt.datetime,
    currency: str,
) -> Risk:  # fmt: skip
    title, category, cause, event, consequence, _type = TOLD[name]
    row = add_risk(
        SYSTEM,
        {
            "title": title, "category": category, "cause": cause, "event": event,
            "consequence": consequence, "product": wallet, "owner": owner,
            "group": stated.get("group", ""), "due": (now + 90 * DAY).date(),
        },
        now,
    )  # fmt: skip
    frequency = dict(stated["frequency"])
    frequency.pop("observed", None)  # the losses that are written down say it
    set_parameters(
        SYSTEM, row,
        {
            "frequency": frequency, "severity": stated["severity"],
            "insurance": stated.get("insurance"),
            "year_insurance": stated.get("year_insurance"), "currency": currency,
            "basis": "current", "knowledge": "moderate", "reason": REASON,
            "counted_from": now - 90 * DAY if name == "account_takeover" else None,
        },
        now,
    )  # fmt: skip
    return open_risk(SYSTEM, row)


def _losses(row: Risk, type: str, wallet: Product, chance: random.Random, now: dt.datetime) -> None:
    """Some losses of the frequent risks, and a near miss of a rare one."""
    often = {"R-001": 5, "R-003": 6, "R-004": 2, "R-008": 1}.get(row.code, 0)
    near = row.code == "R-005"
    for n in range(often + near):
        at = now - dt.timedelta(days=chance.randrange(3, 85), minutes=chance.randrange(1440))
        gross = 0 if near else 100 * chance.randrange(2_000, 60_000)
        made = add_loss(
            SYSTEM,
            {
                "title": f"{row.title}（第 {n + 1} 起）", "type": type, "near_miss": near,
                "gross": gross, "risk": row, "product": wallet, "occurred": at,
                "discovered": at + dt.timedelta(hours=chance.randrange(1, 40)), "booked": None,
            },
            now,
        )  # fmt: skip
        if gross and n % 2 == 0:
            back = gross * chance.randrange(10, 60) // 100
            add_recovery(SYSTEM, made, "customer", back, (at + 2 * DAY).date(), "")
