"""SMS through Aliyun, Tencent Cloud and Twilio, by their signed HTTP interfaces.

Chinese vendors send only templates that they have approved: the channel names the template, and
the subject of our message is its one variable.

Aliyun: Dysmsapi 2017-05-25 SendSms, signature V3 (ACS3-HMAC-SHA256).
Tencent Cloud: sms 2021-01-11 SendSms, signature v3 (TC3-HMAC-SHA256).
Twilio: Messages resource 2010-04-01, HTTP basic authentication.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from guanlan.core import egress
from guanlan.core.outbox.adapters.parcel import (
    Adapter,
    Config,
    Field,
    NotDelivered,
    Parcel,
    for_status,
)

ALIYUN_HOST: Final = "dysmsapi.aliyuncs.com"
TENCENT_HOST: Final = "sms.tencentcloudapi.com"
TWILIO_HOST: Final = "api.twilio.com"
SCHEME = "https"
LONGEST_VALUE: Final = 35  # of a variable in a vendor's template
LONGEST_TEXT: Final = 1600  # of a message of Twilio's, in as many parts as it takes
# The vendor asks to come back later; everything else that it refuses it will refuse again.
_LATER: Final = ("LimitExceeded", "RequestLimitExceeded", "InternalError", "Throttling", "isp.")


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def aliyun_query(parameters: Mapping[str, str]) -> str:
    """Parameters sorted and percent-encoded as the signature wants them (RFC 3986)."""
    pairs = ((quote(name, safe=""), quote(value, safe="")) for name, value in parameters.items())
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def aliyun_authorization(
    headers: Mapping[str, str], query: str, key: str, secret: str, method: str = "POST"
) -> str:
    """The Authorization of a call without a body; `headers` are those signed, in lower case."""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join((method, "/", query, lines, names, headers["x-acs-content-sha256"]))
    text = f"ACS3-HMAC-SHA256\n{_hex(request.encode())}"
    signed = _mac(secret.encode(), text).hex()
    return f"ACS3-HMAC-SHA256 Credential={key},SignedHeaders={names},Signature={signed}"


def aliyun(config: Config, parcel: Parcel) -> None:
    host = config.get("host") or ALIYUN_HOST
    parameters = {
        "PhoneNumbers": parcel.phone.removeprefix("+"),
        "SignName": config["sign_name"],
        "TemplateCode": config["template"],
        "TemplateParam": msgspec.json.encode(
            {config["variable"]: parcel.subject[:LONGEST_VALUE]}
        ).decode(),
        "OutId": parcel.key,
    }
    query = aliyun_query(parameters)
    headers = {
        "host": host,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": _hex(b""),
        "x-acs-date": datetime.fromtimestamp(parcel.sent, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": _hex(f"{parcel.key}:{parcel.sent}".encode())[:32],
        "x-acs-version": "2017-05-25",
    }
    signed = aliyun_authorization(headers, query, config["key"], config["secret"])
    answer = _call(host, f"/?{query}", b"", {**headers, "Authorization": signed})
    code = str(answer.get("Code", ""))
    if code != "OK":
        raise _refusal(code)


def tencent_authorization(
    host: str, service: str, body: bytes, timestamp: int, key: str, secret: str
) -> str:
    """The Authorization of a POST of JSON."""
    day = datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%d")
    lines = f"content-type:application/json; charset=utf-8\nhost:{host}\n"
    request = "\n".join(("POST", "/", "", lines, "content-type;host", _hex(body)))
    scope = f"{day}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{_hex(request.encode())}"
    derived = _mac(_mac(_mac(f"TC3{secret}".encode(), day), service), "tc3_request")
    signed = _mac(derived, text).hex()
    return (
        f"TC3-HMAC-SHA256 Credential={key}/{scope}, "
        f"SignedHeaders=content-type;host, Signature={signed}"
    )


def tencent(config: Config, parcel: Parcel) -> None:
    host = config.get("host") or TENCENT_HOST
    body = msgspec.json.encode(
        {
            "PhoneNumberSet": [parcel.phone],
            "SmsSdkAppId": config["app"],
            "SignName": config["sign_name"],
            "TemplateId": config["template"],
            "TemplateParamSet": [parcel.subject[:LONGEST_VALUE]],
            "SessionContext": parcel.key,
        }
    )
    timestamp = int(parcel.sent)
    headers = {
        "Host": host,
        "Content-Type": "application/json; charset=utf-8",
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": config.get("region") or "ap-guangzhou",
        "X-TC-Timestamp": str(timestamp),
        "Authorization": tencent_authorization(
            host, "sms", body, timestamp, config["key"], config["secret"]
        ),
    }
    answer = _call(host, "/", body, headers).get("Response", {})
    status = [entry.get("Code", "") for entry in answer.get("SendStatusSet", ())]
    code = str(answer.get("Error", {}).get("Code", "") or (status[0] if status else ""))
    if code != "Ok":
        raise _refusal(code)


def twilio(config: Config, parcel: Parcel) -> None:
    host = config.get("host") or TWILIO_HOST
    account = config["account"]
    word = base64.b64encode(f"{account}:{config['secret']}".encode()).decode()
    fields = {"To": parcel.phone, "From": config["sender"], "Body": parcel.subject}
    headers = {
        "Host": host,
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": f"Basic {word}",
    }
    path = f"/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
    _call(host, path, urlencode(fields).encode(), headers)


def _call(host: str, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    answer = egress.request("POST", f"{SCHEME}://{host}{path}", content=body, headers=headers)
    if not answer.ok:
        raise for_status(answer.status)
    try:
        return msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        raise NotDelivered("rejected", again=False) from None


def _refusal(code: str) -> NotDelivered:
    if code.startswith(_LATER):
        return NotDelivered("busy", again=True)
    return NotDelivered("rejected", again=False)


_MORE: Final = (Field("host", leads=True, required=False), Field("to", required=False))
_SIGNED: Final = (Field("key"), Field("secret", secret=True), Field("sign_name"), Field("template"))
ALIYUN: Final = Adapter(
    fields=(*_SIGNED, Field("variable", default="content"), *_MORE),
    deliver=aliyun,
    needs="phone",
    longest=LONGEST_VALUE,
)
TENCENT: Final = Adapter(
    fields=(
        *_SIGNED,
        Field("app"),
        Field("region", default="ap-guangzhou", required=False),
        *_MORE,
    ),
    deliver=tencent,
    needs="phone",
    longest=LONGEST_VALUE,
)
TWILIO: Final = Adapter(
    fields=(Field("account"), Field("secret", secret=True), Field("sender"), *_MORE),
    deliver=twilio,
    needs="phone",
    longest=LONGEST_TEXT,
)
