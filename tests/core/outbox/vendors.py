"""The vendors' side of a signed call, written from their documents: what came over the wire is
taken apart, put into canonical form and signed anew. Nothing of ours is used."""

from __future__ import annotations

import hashlib
import hmac
import re
import urllib.parse
from datetime import UTC, datetime

from tests.core.egress.servers import Got


def _sha(data: bytes) -> str:
    return hashlib.new("sha256", data).hexdigest()


def aliyun_takes(got: Got, key: str, secret: str) -> bool:
    """Signature V3 (ACS3-HMAC-SHA256) of an RPC call whose parameters stand in the query."""
    found = re.fullmatch(
        r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})",
        got.headers["authorization"],
    )
    if found is None or found[1] != key:
        return False
    named = found[2].split(";")
    must = {"host"} | {name for name in got.headers if name.startswith("x-acs-")}
    if named != sorted(named) or not must <= set(named):
        return False
    if got.headers["x-acs-content-sha256"] != _sha(got.body):
        return False
    path, _, query = got.path.partition("?")
    pairs = urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))

    # RFC 3986: all but unreserved characters as %XX of their UTF-8 bytes, sorted by name.
    def encoded(text: str) -> str:
        return "".join(
            chr(byte) if chr(byte) in UNRESERVED else f"%{byte:02X}" for byte in text.encode()
        )

    canonical_query = "&".join(
        f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, v in pairs)
    )
    lines = [got.method, path or "/", canonical_query]
    lines += [f"{name}:{got.headers[name].strip()}" for name in named]
    lines += ["", ";".join(named), _sha(got.body)]
    to_sign = "ACS3-HMAC-SHA256\n" + _sha("\n".join(lines).encode())
    return found[3] == hmac.new(secret.encode(), to_sign.encode(), "sha256").hexdigest()


UNRESERVED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"


def tencent_takes(got: Got, key: str, secret: str) -> bool:
    """Signature v3 (TC3-HMAC-SHA256) of a POST of JSON."""
    found = re.fullmatch(
        r"TC3-HMAC-SHA256 Credential=([^/]+)/(\d{4}-\d\d-\d\d)/(\w+)/tc3_request, "
        r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})",
        got.headers["authorization"],
    )
    if found is None or found[1] != key:
        return False
    seconds = int(got.headers["x-tc-timestamp"])
    if found[2] != f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}":
        return False
    named = found[4].split(";")
    if named != sorted(named) or not {"content-type", "host"} <= set(named):
        return False
    headers = "".join(f"{name}:{got.headers[name].strip().lower()}\n" for name in named)
    path, _, query = got.path.partition("?")
    canonical = f"{got.method}\n{path}\n{query}\n{headers}\n{found[4]}\n{_sha(got.body)}"
    scope = f"{found[2]}/{found[3]}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{seconds}\n{scope}\n{_sha(canonical.encode())}"
    signing = b"TC3" + secret.encode()
    for part in (found[2], found[3], "tc3_request", text):
        signing = hmac.new(signing, part.encode(), "sha256").digest()
    return found[5] == signing.hex()
