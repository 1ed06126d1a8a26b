"""Signatures of gateways, and what their calls say: by a shared secret, and WeChat's own way. Pure.

hmac, sms   X-Guanlan-Timestamp: seconds since 1970; X-Guanlan-Signature: hexadecimal HMAC-SHA-256
            of `timestamp.body` under the secret
wechat      the message encryption of WeChat's accounts: SHA-1 over the sorted token, timestamp,
            nonce and ciphertext in the query, AES-256-CBC under the EncodingAESKey
            (developers.weixin.qq.com, "Message encryption and decryption")
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

WINDOW: Final = 300  # seconds that a call's time may be off, either way
_BLOCK: Final = 32  # WeChat pads to this
_RANDOM: Final = 16  # bytes before the message
MOST_XML: Final = 64 << 10
MOST_TAGS: Final = 64


class BadCall(ValueError):
    """A call that is not believed or not understood; the argument names it: time, signature,
    cipher, account, body."""


def in_window(said: str, now: float) -> int:
    """The call's time, in seconds since 1970. Raises BadCall where it is none, or too far off."""
    if not (said.isascii() and said.isdecimal() and len(said) <= 12):
        raise BadCall("time")
    if abs(now - int(said)) > WINDOW:
        raise BadCall("time")
    return int(said)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a call, hexadecimal."""
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()


def check(secret: str, timestamp: str, body: bytes, given: str) -> None:
    """Raises BadCall unless `given` signs this body at this time."""
    if not secret or not hmac.compare_digest(
        sign(secret, timestamp, body).encode(), given.strip().lower().encode()
    ):
        raise BadCall("signature")


def wechat_sign(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    """WeChat's signature; what SHA-1 lacks is made up for by the cipher, whose key only we and
    WeChat have."""
    said = "".join(sorted((token, timestamp, nonce, encrypted))).encode()
    return hashlib.new("sha1", said, usedforsecurity=False).hexdigest()


def wechat_check(token: str, timestamp: str, nonce: str, encrypted: str, given: str) -> None:
    """Raises BadCall unless `given` is WeChat's signature."""
    made = wechat_sign(token, timestamp, nonce, encrypted)
    if not token or not hmac.compare_digest(made.encode(), given.strip().lower().encode()):
        raise BadCall("signature")


def cipher_key(encoded: str) -> bytes:
    """The 32 bytes of an EncodingAESKey (43 characters). Raises BadCall."""
    try:
        key = base64.b64decode(encoded + "=", validate=True)
    except (binascii.Error, ValueError):
        raise BadCall("cipher") from None
    if len(encoded) != 43 or len(key) != 32:
        raise BadCall("cipher")
    return key


def wechat_open(encoded_key: str, app: str, encrypted: str) -> str:
    """The message in WeChat's cipher, for this account. Raises BadCall."""
    key = cipher_key(encoded_key)
    try:
        sealed = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError):
        raise BadCall("cipher") from None
    if not sealed or len(sealed) % 16:
        raise BadCall("cipher")
    opener = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = opener.update(sealed) + opener.finalize()
    pad = plain[-1]
    if not 1 <= pad <= _BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise BadCall("cipher")
    plain = plain[_RANDOM:-pad]
    length = int.from_bytes(plain[:4], "big")
    said, owner = plain[4 : 4 + length], plain[4 + length :]
    if len(said) != length:
        raise BadCall("cipher")
    if not app or not hmac.compare_digest(owner, app.encode()):
        raise BadCall("account")
    try:
        return said.decode()
    except UnicodeDecodeError:
        raise BadCall("cipher") from None


def wechat_seal(encoded_key: str, app: str, said: str, random: bytes) -> str:
    """The cipher of a message, as WeChat makes it; `random` are 16 bytes of chance."""
    key = cipher_key(encoded_key)
    data = said.encode()
    plain = random + len(data).to_bytes(4, "big") + data + app.encode()
    pad = _BLOCK - len(plain) % _BLOCK
    maker = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = maker.update(plain + bytes([pad]) * pad) + maker.finalize()
    return base64.b64encode(sealed).decode()


def read_xml(text: str) -> dict[str, str]:
    """The texts of the elements below the root, by name. Raises BadCall for what is no XML, is
    nested deeper, or declares anything of its own."""
    if len(text) > MOST_XML:
        raise BadCall("body")
    found: dict[str, str] = {}
    path: list[str] = []
    reader = expat.ParserCreate()

    def refuse(*_said: object) -> None:
        raise BadCall("body")

    def start(name: str, _attributes: object) -> None:
        path.append(name)
        if len(path) > 3 or len(found) >= MOST_TAGS:
            raise BadCall("body")
        if len(path) == 2:
            found[name] = ""

    def end(_name: str) -> None:
        path.pop()

    def data(said: str) -> None:
        if len(path) == 2:
            found[path[-1]] += said

    reader.StartDoctypeDeclHandler = refuse
    reader.EntityDeclHandler = refuse
    reader.StartElementHandler = start
    reader.EndElementHandler = end
    reader.CharacterDataHandler = data
    try:
        reader.Parse(text.encode(), True)
    except expat.ExpatError:
        raise BadCall("body") from None
    return found
