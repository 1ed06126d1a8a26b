"""HashiCorp Vault's transit engine (or OpenBao's) as the keeper of the master key.

POST /v1/<mount>/encrypt/<key>  {"plaintext": base64}   -> {"data": {"ciphertext": "vault:v1:…"}}
POST /v1/<mount>/decrypt/<key>  {"ciphertext": "…"}     -> {"data": {"plaintext": base64}}
POST /v1/<mount>/keys/<key>/rotate                      -> 200 or 204

with the token in `X-Vault-Token`. The key itself never leaves Vault; its operator makes it and
sets what the token may do.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

import msgspec

from guanlan.core import egress
from guanlan.core.sealing.errors import KeysUnusable

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Vault:
    """Transit under one key. `address` is `https://host:8200`."""

    name = "vault"

    def __init__(self, address: str, token: str, key: str, mount: str = "transit") -> None:
        if not address or not token:
            raise KeysUnusable("key provider vault: expected GUANLAN_VAULT_ADDRESS and _TOKEN")
        for setting, text in (("GUANLAN_VAULT_KEY", key), ("GUANLAN_VAULT_MOUNT", mount)):
            if not _NAME.fullmatch(text):
                raise KeysUnusable(f"{setting}: expected letters, digits, - and _")
        self._base = f"{address.rstrip('/')}/v1/{mount}"
        self._token = token
        self._key = key

    @property
    def place(self) -> str:
        """Address of the key, without the token."""
        return f"{self._base}/keys/{self._key}"

    def make(self) -> None:
        """The operator of Vault makes the key."""

    def wrap(self, plain: bytes) -> str:
        """Vault's own form: vault:v1:…"""
        text = base64.b64encode(plain).decode()
        return self._asked(f"encrypt/{self._key}", {"plaintext": text}, "ciphertext")

    def unwrap(self, wrapped: str) -> bytes:
        """Raises KeysUnusable where Vault does not open it."""
        text = self._asked(f"decrypt/{self._key}", {"ciphertext": wrapped}, "plaintext")
        try:
            return base64.b64decode(text, validate=True)
        except ValueError:
            raise KeysUnusable(f"{self.place}: answered with something unexpected") from None

    def rotate(self) -> None:
        """A new version of the key in Vault."""
        self._post(f"keys/{self._key}/rotate", {})

    def settle(self) -> None:
        """Versions are retired in Vault (min_decryption_version), by its operator."""

    def _asked(self, path: str, body: dict[str, str], wanted: str) -> str:
        try:
            answer: Any = msgspec.json.decode(self._post(path, body))
            found = answer["data"][wanted]
        except (msgspec.DecodeError, KeyError, TypeError):
            found = None
        if not isinstance(found, str):
            raise KeysUnusable(f"{self.place}: answered with something unexpected")
        return found

    def _post(self, path: str, body: dict[str, str]) -> bytes:
        try:
            answer = egress.request(
                "POST",
                f"{self._base}/{path}",
                content=msgspec.json.encode(body),
                headers={"X-Vault-Token": self._token, "Content-Type": "application/json"},
            )
        except egress.Refused as error:
            raise KeysUnusable(f"{self.place}: {error}; see GUANLAN_EGRESS_ALLOW") from None
        except OSError:
            raise KeysUnusable(f"{self.place}: Vault does not answer") from None
        if answer.status == 403:
            raise KeysUnusable(f"{self.place}: Vault does not let this token use the key")
        if not answer.ok:
            raise KeysUnusable(
                f"{self.place}: Vault answered {answer.status}; is it unsealed, and was the key"
                " these keys were wrapped with kept?"
            )
        return answer.body
