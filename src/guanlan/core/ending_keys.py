"""API keys that are about to expire: whoever answers for them is told before."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core import outbox
from guanlan.core.audit import act
from guanlan.core.jobs import Progress, Told, job
from guanlan.core.services import ENDING, live_api_keys

# So long before its end a key is told of: each step once.
STEPS: Final = (timedelta(days=1), timedelta(days=7), ENDING)

outbox.template(
    "key.ending",
    names={"name": 2, "key": 2, "day": 2, "days": 2},
    texts={
        "en": (
            "API key {name} expires in {days} days",
            "Key {name} (gl_{key}_…) is refused from {day} on. Make another one and revoke this.",
        ),
        "zh-hans": (
            "API 密钥 {name} 将在 {days} 天后到期",
            "密钥 {name}（gl_{key}_…）自 {day} 起将被拒绝。请新建密钥并交给后端，再吊销旧密钥。",
        ),
        "zh-hant": (
            "API 金鑰 {name} 將在 {days} 天後到期",
            "金鑰 {name}（gl_{key}_…）自 {day} 起將被拒絕。請建立新金鑰並交給後端，再撤銷舊金鑰。",
        ),
    },
)


def tell_of_ending_keys(now: datetime | None = None) -> int:
    """Tell of each live key that expires within 30, 7 or 1 days, once for each step: to who
    answers for it and to those who manage keys. How many messages were made."""
    at = now or timezone.now()
    told = 0
    ending = live_api_keys(at).filter(expires__lte=at + ENDING).select_related("created_by")
    managers = outbox.people_who_may("manage", "core.apikey") if ending else []
    for key in ending.order_by("expires"):
        if key.expires is None:
            continue
        left = key.expires - at
        step = next(step for step in STEPS if left <= step)
        days = -(-left // timedelta(days=1))
        people = [key.created_by, *managers] if key.created_by else managers
        with transaction.atomic():
            made = outbox.send(
                "key.ending",
                to=people,
                context={
                    "name": key.name,
                    "key": key.pk,
                    "day": timezone.localtime(key.expires).date().isoformat(),
                    "days": days,
                },
                urgency="urgent" if step < ENDING else "normal",
                about=key,
                dedup=f"key.ending {key.pk} {key.expires.isoformat()} {step.days}",
                now=at,
            )
            if made:
                with act("key.remind", key, detail={"days": days}):
                    told += len(made)
    return told


@job("keys.ending", title=_("Reminder of keys that expire"), every="7 8 * * *")
def remind(progress: Progress) -> Told:
    """Each morning."""
    return Told(gettext_noop("%(n)s reminders"), {"n": tell_of_ending_keys()})
