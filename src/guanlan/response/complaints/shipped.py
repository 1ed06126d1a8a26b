"""Categories and texts that come with the platform, in its three languages; people change them."""

from __future__ import annotations

from typing import Final, NamedTuple


class Category(NamedTuple):
    """A category that comes with the platform."""

    code: str
    risk: str
    complex: bool
    en: str
    hans: str
    hant: str
    words: tuple[str, ...]


OTHER: Final = "other"
CATEGORIES: Final = (
    Category("payment", "operations", False, "Payment failed or charged twice",
             "支付失败或重复扣款", "支付失敗或重複扣款",
             ("支付失败", "支付失敗", "重复扣款", "重複扣款", "扣了两次", "扣了兩次", "付款失败",
              "付款失敗", "charged twice", "double charge", "payment failed")),
    Category("withdrawal", "operations", False, "Withdrawal or refund not received",
             "提现或退款未到账", "提現或退款未入帳",
             ("提现", "提現", "提款", "退款", "到账", "到帳", "入帳", "入账", "withdraw",
              "withdrawal", "refund")),
    Category("fees", "compliance", False, "Fees and terms", "费用与条款", "費用與條款",
             ("手续费", "手續費", "收费", "收費", "利息", "违约金", "違約金", "fee", "fees",
              "interest")),
    Category("frozen", "operations", False, "Account frozen or limited",
             "账户被冻结或限制", "帳戶被凍結或限制",
             ("冻结", "凍結", "限额", "限額", "解封", "封号", "封號", "frozen", "blocked",
              "locked out")),
    Category("fraud", "fraud", True, "Cheated, or payment not made by the customer",
             "被诈骗或被盗刷", "遭詐騙或盜刷",
             ("诈骗", "詐騙", "被骗", "被騙", "盗刷", "盜刷", "非本人", "scam", "fraud",
              "unauthorised", "unauthorized", "not by me")),
    Category("account", "security", True, "Account taken over", "账号被盗", "帳號遭盜用",
             ("盗号", "盜號", "账号被盗", "帳號被盜", "登录异常", "登入異常", "hacked",
              "taken over")),
    Category("privacy", "privacy", True, "Personal information", "个人信息", "個人資料",
             ("个人信息", "個人資料", "个资", "個資", "隐私", "隱私", "泄露", "洩漏", "骚扰电话",
              "騷擾電話", "privacy", "personal data", "leaked")),
    Category("service", "reputation", False, "Service and manners", "服务与态度", "服務與態度",
             ("态度", "態度", "客服", "没人接", "沒人接", "rude", "no answer", "support")),
    Category("marketing", "compliance", True, "Misleading offer", "误导宣传", "誤導宣傳",
             ("误导", "誤導", "虚假宣传", "不實廣告", "misleading", "mis-sold")),
    Category("outage", "operations", False, "System does not work", "系统故障", "系統故障",
             ("打不开", "打不開", "闪退", "閃退", "系统故障", "系統故障", "崩溃", "當機", "outage",
              "crash", "crashes", "not working")),
    Category(OTHER, "operations", False, "Something else", "其他", "其他", ()),
)  # fmt: skip


class Answer(NamedTuple):
    """A text that comes with the platform: titles and texts, zh-Hans, zh-Hant, English."""

    code: str
    titles: tuple[str, str, str]
    texts: tuple[str, str, str]


RECEIVED: Final = "received"
ANSWERS: Final = (
    Answer(
        RECEIVED,
        ("已收到投诉", "已收到投訴", "We have your complaint"),
        (
            "您的投诉已收到，编号 {receipt}。我们将在 {due} 前给您答复。\n\n{link}",
            "您的投訴已收到，編號 {receipt}。我們將於 {due} 前給您答覆。\n\n{link}",
            ("We have your complaint; its number is {receipt}. You will have our answer by {due}."
            "\n\n{link}"),
        ),
    ),
    Answer(
        "more",
        ("请补充情况", "請補充情況", "Please tell us more"),
        (
            "关于投诉 {receipt}：请补充发生的时间、金额和您已看到的提示。请勿发送密码或验证码。",
            "關於投訴 {receipt}：請補充發生的時間、金額與您看到的提示。請勿傳送密碼或驗證碼。",
            ("About complaint {receipt}: please tell us when it happened, the amount, and what you"
            " saw. Never send a password or a code."),
        ),
    ),
    Answer(
        "longer",
        ("处理需要更长时间", "處理需要更長時間", "It takes longer"),
        (
            "投诉 {receipt} 情况较复杂，处理期限为 {due}。感谢您的耐心。",
            "投訴 {receipt} 情況較複雜，處理期限為 {due}。感謝您的耐心。",
            ("Complaint {receipt} is complex. You will have our answer by {due}. Thank you for your"
            " patience."),
        ),
    ),
    Answer(
        "upheld",
        ("投诉成立", "投訴成立", "Your complaint is justified"),
        (
            ("投诉 {receipt}：经核实，您反映的问题属实，我们深表歉意，并已予以纠正。\n"
            "如有异议，可申请核查，或向金融监管部门、调解组织反映。\n\n{link}"),
            ("投訴 {receipt}：經查您反映的問題屬實，我們深感抱歉，並已予以改正。\n"
            "如有異議，可申請複查，或向主管機關、評議機構反映。\n\n{link}"),
            ("Complaint {receipt}: you are right, we are sorry, and it has been put right.\nIf you"
            " disagree you may ask for a review, or turn to the authority.\n\n{link}"),
        ),
    ),
    Answer(
        "rejected",
        ("投诉答复", "投訴答覆", "Our answer to your complaint"),
        (
            ("投诉 {receipt}：经核实，我们的处理符合约定和规定。\n"
            "如有异议，可自收到答复之日起三十日内申请核查，或向金融监管部门、调解组织反映。\n\n{link}"),
            ("投訴 {receipt}：經查，我們的處理符合約定與規定。\n"
            "如有異議，可於收到答覆三十日內申請複查，或向主管機關、評議機構反映。\n\n{link}"),
            ("Complaint {receipt}: what was done is in line with the terms and the law.\nIf you"
            " disagree you may ask for a review within thirty days, or turn to the authority."
            "\n\n{link}"),
        ),
    ),
)  # fmt: skip
