"""The words of restrictions, and the data that says who must agree to one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanlan.engine.scenario.model import Text
from guanlan.engine.scenario.vocabulary import ANY
from guanlan.response.terms import Words

EFFECTS: Final[dict[str, Words]] = {
    "block": pgettext_lazy("effect of a restriction", "block"),
    "limit": pgettext_lazy("effect of a restriction", "limit"),
    "watch": pgettext_lazy("effect of a restriction", "watch"),
    "allow": pgettext_lazy("effect of a restriction", "allow"),
}
STATES: Final[dict[str, Words]] = {
    "proposed": pgettext_lazy("state of a restriction", "waits for approval"),
    "in_force": pgettext_lazy("state of a restriction", "in force"),
    "lifted": pgettext_lazy("state of a restriction", "lifted"),
    "expired": pgettext_lazy("state of a restriction", "expired"),
    "refused": pgettext_lazy("state of a restriction", "refused"),
}
CAPABILITIES: Final[dict[str, Words]] = {
    ANY: pgettext_lazy("capability", "everything"),
    "transfer_out": pgettext_lazy("capability", "transfer out"),
    "add_payee": pgettext_lazy("capability", "add a payee"),
    "withdraw": pgettext_lazy("capability", "withdraw"),
    "pay": pgettext_lazy("capability", "pay"),
    "top_up": pgettext_lazy("capability", "top up"),
    "change_phone": pgettext_lazy("capability", "change the telephone number"),
    "change_password": pgettext_lazy("capability", "change the password"),
    "log_in": pgettext_lazy("capability", "log in"),
    "register": pgettext_lazy("capability", "register"),
}
REASONS: Final[dict[str, Words]] = {
    "takeover": _("account taken over"),
    "stolen": _("stolen card or credential"),
    "mule": _("account receives stolen money"),
    "scam": _("customer is being deceived"),
    "attack": _("attack from this source"),
    "abuse": _("abuse of the product"),
    "order": _("order of a court or an authority"),
    "wish": _("wish of the customer"),
    "inquiry": _("being investigated"),
    "trusted": _("known and trusted"),
    "other": _("another reason"),
}
# What the customer may be told; `none` where telling is forbidden or of no use.
TOLD: Final[Mapping[str, Text]] = {
    "verify": Text(
        "For your protection this is paused until we have verified that it is you.",
        "为保护您的账户，此功能已暂停，待核实您的身份后恢复。",
        "為保護您的帳戶，此功能已暫停，待確認您的身分後恢復。",
    ),
    "unusual": Text(
        "We have noticed unusual activity and have restricted this for the time being.",
        "我们发现异常活动，已暂时限制此功能。",
        "我們發現異常活動，已暫時限制此功能。",
    ),
    "scam": Text(
        "This may be a scam. We have restricted this for now; please call us before you go on.",
        "您可能正遭遇诈骗，我们已暂时限制此功能，请先致电客服再继续。",
        "您可能正遭遇詐騙，我們已暫時限制此功能，請先致電客服再繼續。",
    ),
    "limit": Text(
        "A temporary limit applies.",
        "您的账户目前适用临时限额。",
        "您的帳戶目前適用臨時限額。",
    ),
    "wish": Text(
        "This is restricted at your own request.",
        "此功能已按您的要求限制。",
        "此功能已依您的要求限制。",
    ),
    "law": Text(
        "We are required by law to restrict this.",
        "根据法律规定，我们须限制此功能。",
        "依法律規定，我們須限制此功能。",
    ),
}
NOT_TOLD: Final = ""
APPELLANTS: Final[dict[str, Words]] = {
    "customer": _("the customer"),
    "representative": _("a representative"),
    "colleague": _("a colleague"),
    "authority": _("an authority"),
}
OUTCOMES_OF_APPEALS: Final[dict[str, Words]] = {
    "open": pgettext_lazy("outcome of an appeal", "open"),
    "lifted": pgettext_lazy("outcome of an appeal", "restriction lifted"),
    "upheld": pgettext_lazy("outcome of an appeal", "restriction upheld"),
}

LONGEST_AUTOMATIC: Final = timedelta(days=30)
LONGEST_WINDOW: Final = timedelta(days=31)
LEAST_PREFIX: Final = {4: 16, 6: 32}
"""A network of a shorter prefix is too many people to restrict at once."""

ALWAYS: Final = timedelta(0)
NEVER: Final = timedelta.max
OTHERS: Final = "*"
# From how long on a restriction by a person needs another person's approval, by effect and kind.
APPROVAL_FROM: Final[dict[str, dict[str, timedelta]]] = {
    "watch": {OTHERS: NEVER},
    "limit": {"ip": timedelta(days=1), "device": timedelta(days=1), OTHERS: ALWAYS},
    "block": {"ip": timedelta(days=1), "device": timedelta(days=1), OTHERS: ALWAYS},
    "allow": {OTHERS: ALWAYS},
}


def needs_approval(effect: str, kind: str, lasts: timedelta | None, *, network: bool) -> bool:
    """Whether another person must agree; `lasts` None is without an end. A network is many
    people: restricting it always needs approval, unless it is only watched."""
    by_kind = APPROVAL_FROM[effect]
    least = by_kind.get(kind, by_kind[OTHERS])
    if least == NEVER:
        return False
    return network or lasts is None or lasts > least
