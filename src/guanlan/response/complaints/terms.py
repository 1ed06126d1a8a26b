"""The words of complaints, in the console's languages."""

from __future__ import annotations

from typing import Final

from django.utils.translation import pgettext_lazy

from guanlan.response.terms import Words

NOUN: Final = "response.complaint"
LANGUAGES: Final = ("zh-hans", "zh-hant", "en")
CHANNELS: Final[dict[str, Words]] = {
    "web": pgettext_lazy("way of a complaint", "web form"),
    "email": pgettext_lazy("way of a complaint", "e-mail"),
    "api": pgettext_lazy("way of a complaint", "interface"),
    "csv": pgettext_lazy("way of a complaint", "file"),
    "wechat": pgettext_lazy("way of a complaint", "WeChat"),
    "sms": pgettext_lazy("way of a complaint", "SMS"),
    "phone": pgettext_lazy("way of a complaint", "telephone"),
    "visit": pgettext_lazy("way of a complaint", "in person"),
}
STATES: Final[dict[str, Words]] = {
    "new": pgettext_lazy("state of a complaint", "new"),
    "working": pgettext_lazy("state of a complaint", "being worked on"),
    "waiting": pgettext_lazy("state of a complaint", "waiting for the customer"),
    "answered": pgettext_lazy("state of a complaint", "answered"),
    "closed": pgettext_lazy("state of a complaint", "closed"),
}
OPEN: Final = ("new", "working", "waiting")  # the customer has not been told yet
LABELS: Final[dict[str, Words]] = {
    "media": pgettext_lazy("label of a complaint", "media"),
    "regulator": pgettext_lazy("label of a complaint", "regulator"),
    "legal": pgettext_lazy("label of a complaint", "legal"),
}
PRIORITIES: Final[dict[str, Words]] = {
    "normal": pgettext_lazy("priority of a complaint", "normal"),
    "high": pgettext_lazy("priority of a complaint", "high"),
    "urgent": pgettext_lazy("priority of a complaint", "urgent"),
}
OUTCOMES: Final[dict[str, Words]] = {
    "upheld": pgettext_lazy("outcome of a complaint", "justified, put right"),
    "partly": pgettext_lazy("outcome of a complaint", "justified in part"),
    "rejected": pgettext_lazy("outcome of a complaint", "not justified"),
    "withdrawn": pgettext_lazy("outcome of a complaint", "withdrawn by the customer"),
    "duplicate": pgettext_lazy("outcome of a complaint", "the same as another"),
}
CAUSES: Final[dict[str, Words]] = {
    "system": pgettext_lazy("cause of a complaint", "fault of a system"),
    "process": pgettext_lazy("cause of a complaint", "flaw of a process"),
    "people": pgettext_lazy("cause of a complaint", "mistake of a person"),
    "terms": pgettext_lazy("cause of a complaint", "terms or fees"),
    "third_party": pgettext_lazy("cause of a complaint", "third party"),
    "fraud": pgettext_lazy("cause of a complaint", "fraud by others"),
    "customer": pgettext_lazy("cause of a complaint", "misunderstanding"),
    "unknown": pgettext_lazy("cause of a complaint", "not known"),
}
