"""Signed checkpoints sent to people or machines elsewhere, through the outbox.

What somebody else has received nobody here can take back: a log that was cut off or rewritten,
its file of checkpoints with it, no longer agrees with the letter.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core import outbox
from guanlan.core.audit.recording import open_log
from guanlan.core.jobs import Progress, Told, job
from guanlan.core.models import Channel, Message
from guanlan.core.outbox.adapters import ADAPTERS
from guanlan.core.outbox.keeping import Unreadable, config_of

TEMPLATE = outbox.template(
    "audit.checkpoint",
    names={"rows": 1, "note": 1},
    lines=("note",),
    texts={
        "en": (
            "Audit log: {rows} rows signed for",
            (
                "Keep this letter where nobody of the platform can change it. To check it, save it"
                " as a file and run guanlan audit check FILE --key KEY, with the public key that"
                " you were given.\n\n{note}"
            ),
        ),
        "zh-hans": (
            "审计日志：已签名 {rows} 行",
            (
                "请把此信保存在平台人员无法更改的地方。验证方法：将其存为文件，然后用事先得到的公钥运行"
                " guanlan audit check 文件 --key 公钥。\n\n{note}"
            ),
        ),
        "zh-hant": (
            "稽核日誌：已簽章 {rows} 列",
            (
                "請把此信保存在平台人員無法更改的地方。驗證方法：將其存為檔案，然後以事先取得的公鑰執行"
                " guanlan audit check 檔案 --key 公鑰。\n\n{note}"
            ),
        ),
    },
)


class NoWayOut(LookupError):
    """Checkpoints cannot be sent where the settings say; the text says why."""


def way_out() -> Channel | None:
    """The channel that the setting `audit_channel` names; None without that setting.

    Raises NoWayOut where there is no such channel, or where it could not carry a letter.
    """
    name = settings.AUDIT_CHANNEL
    if not name:
        return None
    channel = Channel.objects.filter(name=name, enabled=True).first()
    if channel is None:
        raise NoWayOut("audit_channel: there is no channel of this name in use")
    needs = ADAPTERS[channel.kind].needs
    if needs == "phone":
        raise NoWayOut("audit_channel: an SMS cannot carry a checkpoint; name another channel")
    try:
        lacks = needs == "email" and not config_of(channel).get("to")
    except Unreadable:
        raise NoWayOut("audit_channel: what is kept of the channel cannot be opened") from None
    if lacks:
        raise NoWayOut("audit_channel: the channel has no address that it sends to")
    return channel


def tell(now: datetime | None = None) -> int:
    """Send the newest checkpoint if the log has grown and it is time; its rows, 0 for nothing.

    Raises NoWayOut.
    """
    channel = way_out()
    if channel is None:
        return 0
    at = now or timezone.now()
    told = Message.objects.filter(template=TEMPLATE.name, channel=channel).order_by("-pk").first()
    if told and at - told.created < timedelta(minutes=settings.AUDIT_CHANNEL_MINUTES):
        return 0
    log = open_log()
    log.store.checkpoint()
    newest = log.checkpointer.newest_checkpoint()
    once = f"{TEMPLATE.name} {newest.size}" if newest else ""
    if newest is None or (told is not None and told.dedup == once):
        return 0
    outbox.send(
        TEMPLATE.name,
        to=channel,
        context={"rows": newest.size, "note": newest.note},
        dedup=once,
        now=at,
    )
    return newest.size


@job("audit.tell", title=_("Audit checkpoints to another place"), every=60)
def tell_elsewhere(progress: Progress) -> Told:
    """Send a checkpoint when it is time."""
    rows = tell()
    if not rows:
        return Told("")
    return Told(gettext_noop("A checkpoint of %(n)s rows is on its way"), {"n": rows})
