"""Calls of gateways: believed by their signature, within minutes of their time, and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core.access import SYSTEM
from guanlan.core.audit import act
from guanlan.core.sealing import Unreadable
from guanlan.response.complaints.intake import LONGEST, Incoming, take_in
from guanlan.response.complaints.letters import (
    NotTaken,
    Original,
    keep_letter,
    objection,
    seen_first,
)
from guanlan.response.complaints.signatures import (
    BadCall,
    check,
    in_window,
    read_xml,
    wechat_check,
    wechat_open,
)
from guanlan.response.models import Complaint, ComplaintGateway
from guanlan.response.terms import Words

KINDS: Final[dict[str, Words]] = {
    "hmac": gettext_lazy("JSON with a signature"),
    "sms": gettext_lazy("SMS gateway, JSON with a signature"),
    "wechat": gettext_lazy("WeChat, encrypted messages"),
}
CHANNELS: Final = {"hmac": "api", "sms": "sms", "wechat": "wechat"}
MOST_BODY: Final = 256 << 10  # bytes of a call
TIME_HEADER: Final = "X-Guanlan-Timestamp"
SIGNATURE_HEADER: Final = "X-Guanlan-Signature"
_WHY: Final = {
    "time": (gettext_noop("The call's time is missing, or more than five minutes off."), 401),
    "signature": (gettext_noop("The signature is not that of this gateway."), 401),
    "cipher": (gettext_noop("The message does not open with the key of this gateway."), 401),
    "account": (gettext_noop("The message is for another WeChat account."), 401),
    "body": (gettext_noop("The body is not what this gateway sends: see the documentation."), 422),
}
_FIELDS: Final = {
    "id": 200, "text": 20_000, "subject": 500, "product": 100, "category": 40, "customer": 256,
    "email": 254, "phone": 40, "language": 8,
}  # fmt: skip


class Call(NamedTuple):
    """A call as it came: headers and query have one value a name."""

    body: bytes
    headers: Mapping[str, str]
    query: Mapping[str, str]


class Answer(NamedTuple):
    """What is answered: the complaint (None: nothing to be taken in), or words for WeChat."""

    complaint: Complaint | None
    words: str = ""


def gateway_of(slug: str) -> ComplaintGateway | None:
    """The gateway in use that calls at this address; None where there is none."""
    return ComplaintGateway.objects.filter(slug=slug, enabled=True).first()


def receive(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> Answer:
    """Take a call in. Raises NotTaken with one sentence; then a dead letter is kept."""
    try:
        with transaction.atomic():
            answer = _received(gateway, call, now)
            _counted(gateway, True, now)
            return answer
    except NotTaken as why:
        with transaction.atomic():
            original = Original(salvaged(gateway, call), call.body, len(call.body), now)
            keep_letter(why, original, now)
            _counted(gateway, False, now)
        raise


def _received(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> Answer:
    if len(call.body) > MOST_BODY:
        raise NotTaken(gettext_noop("The body is larger than %(most)s KB."),
                       {"most": str(MOST_BODY >> 10)}, 413)  # fmt: skip
    try:
        name, incoming = _ADAPTERS[gateway.kind](gateway, call, now)
    except BadCall as bad:
        why, status = _WHY[str(bad)]
        raise NotTaken(why, status=status) from None
    if not seen_first(f"gate {gateway.pk}", name, now):
        raise NotTaken(gettext_noop("This very call was made before."), status=409)
    if incoming is None:
        return Answer(None, "success")
    try:
        return Answer(take_in(SYSTEM, incoming, now).complaint, "success")
    except ValidationError as error:
        raise objection(error.messages) from None


def _counted(gateway: ComplaintGateway, taken: bool, now: dt.datetime) -> None:
    with act("gateway.call", gateway, detail={"taken": taken}):
        row = ComplaintGateway.objects.select_for_update().get(pk=gateway.pk)
        row.taken += taken
        row.refused += not taken
        row.used = now
        row.save(update_fields=["taken", "refused", "used"])


def _secret(value: object) -> str:
    if isinstance(value, Unreadable) or not value:
        raise BadCall("signature")
    return str(value)


def _signed(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> tuple[str, dict[str, Any]]:
    """The name of a signed call, and the object in its body."""
    at = call.headers.get(TIME_HEADER, "")
    given = call.headers.get(SIGNATURE_HEADER, "")
    in_window(at, now.timestamp())
    check(_secret(gateway.secret), at, call.body, given)
    try:
        said = msgspec.json.decode(call.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadCall("body") from None
    if not isinstance(said, dict):
        raise BadCall("body")
    return given.strip().lower(), said


def _json(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> tuple[str, Incoming | None]:
    name, said = _signed(gateway, call, now)
    if unknown := sorted(set(map(str, said)) - set(_FIELDS)):
        raise NotTaken(gettext_noop("There is no field %(name)s."), {"name": unknown[0][:40]})
    values: dict[str, str] = {}
    for field, most in _FIELDS.items():
        value = said.get(field, "")
        if not isinstance(value, str) or len(value) > most:
            raise NotTaken(gettext_noop("The field %(name)s is no text of %(most)s characters at"
                                        " most."), {"name": field, "most": str(most)})  # fmt: skip
        values[field] = value
    external = values.pop("id")
    if not external:
        raise NotTaken(gettext_noop("The field %(name)s is missing."), {"name": "id"})
    return name, msgspec.structs.replace(_empty(gateway), external=external, **values)


def _sms(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> tuple[str, Incoming | None]:
    name, said = _signed(gateway, call, now)
    external, sender, text = (said.get(one) for one in ("id", "from", "text"))
    if not all(isinstance(one, str) and one for one in (external, sender, text)):
        raise BadCall("body")
    return name, msgspec.structs.replace(
        _empty(gateway), external=str(external)[:200], text=str(text), phone=str(sender)[:40]
    )


def _wechat(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> tuple[str, Incoming | None]:
    query = call.query
    at, nonce = query.get("timestamp", ""), query.get("nonce", "")
    given = query.get("msg_signature", "")
    in_window(at, now.timestamp())
    try:
        outer = read_xml(call.body.decode())
    except UnicodeDecodeError:
        raise BadCall("body") from None
    encrypted = outer.get("Encrypt", "")
    wechat_check(_secret(gateway.secret), at, nonce, encrypted, given)
    inner = read_xml(wechat_open(_secret(gateway.cipher_key), gateway.app, encrypted))
    name = f"{at} {nonce} {given}"
    if inner.get("MsgType") != "text" or not inner.get("Content", "").strip():
        return name, None  # a picture, a follower: answered, and nothing is taken in
    sender, number = inner.get("FromUserName", ""), inner.get("MsgId", "")
    if not sender or not number:
        raise BadCall("body")
    return name, msgspec.structs.replace(
        _empty(gateway), external=number[:200], text=inner["Content"], customer=sender[:256]
    )


def salvaged(gateway: ComplaintGateway, call: Call) -> Incoming:
    """What can be read of a call that is not taken in, whoever made it: its id, its words, whom
    they are of; where it is no message at all the body as it stands stands for its words."""
    empty = _empty(gateway)
    if gateway.kind == "wechat":
        return _salvaged_wechat(gateway, call, empty)
    try:
        said = msgspec.json.decode(call.body[: 4 * MOST_BODY])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        words = call.body[:MOST_BODY].decode("utf-8", "replace")
        return msgspec.structs.replace(empty, text=words[:LONGEST])
    if gateway.kind == "sms":
        said = {"id": said.get("id"), "text": said.get("text"), "phone": said.get("from")}
    values = {
        name: value[:most] for name, most in _FIELDS.items()
        if isinstance(value := said.get(name), str)
    }  # fmt: skip
    external = values.pop("id", "")
    return msgspec.structs.replace(empty, external=external, **values)


def _salvaged_wechat(gateway: ComplaintGateway, call: Call, empty: Incoming) -> Incoming:
    try:
        outer = read_xml(call.body.decode())
        encrypted = outer.get("Encrypt", "")
        inner = read_xml(wechat_open(_secret(gateway.cipher_key), gateway.app, encrypted))
    except (BadCall, UnicodeDecodeError):  # without the key there is nothing to be read
        return empty
    return msgspec.structs.replace(
        empty, external=inner.get("MsgId", "")[:200], text=inner.get("Content", "")[:LONGEST],
        customer=inner.get("FromUserName", "")[:256],
    )  # fmt: skip


def greeting(gateway: ComplaintGateway, call: Call, now: dt.datetime) -> str:
    """What WeChat wants to be told back when the address is set up. Raises NotTaken."""
    query = call.query
    at, nonce, echo = (query.get(one, "") for one in ("timestamp", "nonce", "echostr"))
    try:
        if gateway.kind != "wechat" or not echo:
            raise BadCall("body")
        in_window(at, now.timestamp())
        if given := query.get("msg_signature", ""):
            wechat_check(_secret(gateway.secret), at, nonce, echo, given)
            return wechat_open(_secret(gateway.cipher_key), gateway.app, echo)
        wechat_check(_secret(gateway.secret), at, nonce, "", query.get("signature", ""))
    except BadCall as bad:
        why, status = _WHY[str(bad)]
        raise NotTaken(why, status=status) from None
    if not (echo.isascii() and echo.isalnum() and len(echo) <= 64):
        raise NotTaken(_WHY["body"][0])
    return echo


def _empty(gateway: ComplaintGateway) -> Incoming:
    source = f"gateway {gateway.pk}"
    return Incoming(channel=CHANNELS[gateway.kind], source=source, gateway=gateway.pk, text="")


_Adapter = Callable[[ComplaintGateway, Call, dt.datetime], tuple[str, Incoming | None]]
_ADAPTERS: Final[dict[str, _Adapter]] = {"hmac": _json, "sms": _sms, "wechat": _wechat}
