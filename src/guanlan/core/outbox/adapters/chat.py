"""Chat rooms through apprise: DingTalk, Feishu, WeCom, Slack.

The plugins are named one by one: no address that a person typed chooses what is called, and
apprise's `requests` are under the egress policy from the moment that this module is imported.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.slack import NotifySlack
from apprise.plugins.wecombot import NotifyWeComBot

from guanlan.core.egress.guard import guard_requests
from guanlan.core.outbox.adapters.parcel import Adapter, Config, Field, NotDelivered, Parcel

guard_requests()

_OPTIONS: Final = {"rto": 10.0, "cto": 5.0, "redirect": "no"}


def _target(kind: str, config: Config) -> Any:
    if kind == "dingtalk":
        secret = config.get("secret") or None
        return _make(NotifyDingTalk, token=config["token"], secret=secret)
    if kind == "feishu":
        return _make(NotifyFeishu, token=config["token"])
    if kind == "wecom":
        return _make(NotifyWeComBot, key=config["token"])
    first, second, third = config["token"].split("/")
    return _make(NotifySlack, token_a=first, token_b=second, token_c=third)


def _make(plugin: Any, **arguments: Any) -> Any:
    return plugin(**arguments, **_OPTIONS)


def deliver(kind: str, config: Config, parcel: Parcel) -> None:
    """Post the parcel to the room. apprise says only whether it went well."""
    try:
        target = _target(kind, config)
    except (TypeError, ValueError):
        raise NotDelivered("misconfigured", again=False) from None
    if not target.notify(body=parcel.text, title=parcel.subject):
        raise NotDelivered("unreachable", again=True)


def _adapter(kind: str, *more: Field) -> Adapter:
    return Adapter(fields=(Field("token", secret=True), *more), deliver=partial(deliver, kind))


DINGTALK: Final = _adapter("dingtalk", Field("secret", secret=True, required=False))
FEISHU: Final = _adapter("feishu")
WECOM: Final = _adapter("wecom")
SLACK: Final = _adapter("slack")
