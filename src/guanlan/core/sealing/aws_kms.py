"""A key of AWS Key Management Service as the keeper of the master key.

POST / with `X-Amz-Target: TrentService.<action>`, JSON both ways (AWS KMS API 2014-11-01):

    Encrypt {"KeyId", "Plaintext": base64, "EncryptionContext"} -> {"CiphertextBlob": base64}
    Decrypt {"KeyId", "CiphertextBlob", "EncryptionContext"}    -> {"Plaintext": base64}
    RotateKeyOnDemand {"KeyId"}                                 -> {}

signed with Signature Version 4. The key itself never leaves the service; its operator makes it
and sets what the access key may do with it. Older versions of it still decrypt.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from guanlan.core import egress
from guanlan.core.sealing.errors import KeysUnusable

SERVICE: Final = "kms"
TYPE: Final = "application/x-amz-json-1.1"
# Bound to what is wrapped: another use of the same key does not open it, and the trail of the
# service tells ours apart.
CONTEXT: Final = {"guanlan": "key-ring"}
_REGION: Final = re.compile(r"[a-z0-9-]{1,32}")
_CODE: Final = re.compile(r"[A-Za-z]{1,64}")


class AwsKms:
    """Encrypts and decrypts under one key: `key` is its id, its alias (`alias/guanlan`) or ARN.

    `address` is the service's where it is not the usual one of the region: a private endpoint,
    or another service of the same interface. `session` goes with temporary credentials.
    """

    name = "aws_kms"

    def __init__(
        self, region: str, key: str, access: str, secret: str, session: str = "", address: str = ""
    ) -> None:
        if not key or not access or not secret:
            raise KeysUnusable(
                "key provider aws_kms: expected GUANLAN_AWS_KMS_KEY, _ACCESS_KEY and _SECRET_KEY"
            )
        if not _REGION.fullmatch(region):
            raise KeysUnusable("GUANLAN_AWS_KMS_REGION: expected a region such as eu-central-1")
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        self._address = address.rstrip("/") or f"https://{SERVICE}.{region}.{domain}"
        self._region = region
        self._key = key
        self._access = access
        self._secret = secret
        self._session = session

    @property
    def place(self) -> str:
        """Address and key, without the credentials."""
        return f"{self._address} {self._key}"

    def make(self) -> None:
        """The operator of the service makes the key."""

    def wrap(self, plain: bytes) -> str:
        """The service's own form, base64."""
        text = base64.b64encode(plain).decode()
        return self._told("Encrypt", {"Plaintext": text}, "CiphertextBlob")

    def unwrap(self, wrapped: str) -> bytes:
        """Raises KeysUnusable where the service does not open it."""
        text = self._told("Decrypt", {"CiphertextBlob": wrapped}, "Plaintext")
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            raise self._unexpected() from None

    def rotate(self) -> None:
        """New key material in the service, under the same key."""
        self._called("RotateKeyOnDemand", {"KeyId": self._key})

    def settle(self) -> None:
        """The service keeps what its key was made of before."""

    def _told(self, action: str, said: Mapping[str, str], wanted: str) -> str:
        body = {"KeyId": self._key, "EncryptionContext": CONTEXT, **said}
        found = self._called(action, body).get(wanted)
        if not isinstance(found, str):
            raise self._unexpected()
        return found

    def _called(self, action: str, body: Mapping[str, Any]) -> dict[str, Any]:
        content = msgspec.json.encode(body)
        headers = {
            "content-type": TYPE,
            "host": urlsplit(self._address).netloc,
            "x-amz-date": datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"),
            "x-amz-target": f"TrentService.{action}",
        }
        if self._session:
            headers["x-amz-security-token"] = self._session
        signed = authorization(
            headers, content, region=self._region, service=SERVICE, key=self._access,
            secret=self._secret,
        )  # fmt: skip
        try:
            answer = egress.request(
                "POST", f"{self._address}/", content=content,
                headers={**headers, "authorization": signed},
            )  # fmt: skip
        except egress.Refused as error:
            raise KeysUnusable(f"{self.place}: {error}; see GUANLAN_EGRESS_ALLOW") from None
        except OSError:
            raise KeysUnusable(f"{self.place}: the key service does not answer") from None
        try:
            found = msgspec.json.decode(answer.body or b"{}", type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = {}
        if not answer.ok:
            code = str(found.get("__type", "")).rpartition("#")[2]
            named = f" {code}" if _CODE.fullmatch(code) else ""
            raise KeysUnusable(
                f"{self.place}: the key service answered {answer.status}{named}; is the key"
                " enabled, may this access key use it, and is it the one these keys were wrapped"
                " with?"
            )
        return found

    def _unexpected(self) -> KeysUnusable:
        return KeysUnusable(f"{self.place}: answered with something unexpected")


def authorization(
    headers: Mapping[str, str], body: bytes, *, region: str, service: str, key: str, secret: str
) -> str:
    """The Authorization of a POST to `/` with these headers (names in lower case, `x-amz-date`
    among them), all of them signed: AWS Signature Version 4."""
    moment = headers["x-amz-date"]
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = "\n".join(("POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()))
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signing = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.digest(signing, text.encode(), "sha256").hex()
    return (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
