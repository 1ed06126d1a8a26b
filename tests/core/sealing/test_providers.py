"""Providers of the master key: Vault's transit protocol over HTTP, and a program."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanlan.core.egress import Policy, parse_rule, using
from guanlan.core.sealing.errors import KeysUnusable
from guanlan.core.sealing.providers import Command
from guanlan.core.sealing.ring import Keyring
from guanlan.core.sealing.vault import Vault

TOKEN = "s.test"


class Transit:
    """Encrypt, decrypt and rotate of the transit engine, as its API reference documents them."""

    def __init__(self) -> None:
        self.versions = [AESGCM.generate_key(256)]
        self.sealed = False

    def answer(self, path: str, token: str, body: dict[str, str]) -> tuple[int, Any]:
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if token != TOKEN:
            return 403, {"errors": ["permission denied"]}
        if path == "/v1/transit/keys/guanlan/rotate":
            self.versions.append(AESGCM.generate_key(256))
            return 200, {"data": {}}
        if path == "/v1/transit/encrypt/guanlan":
            nonce, version = os.urandom(12), len(self.versions)
            text = base64.b64decode(body["plaintext"], validate=True)
            sealed = nonce + AESGCM(self.versions[-1]).encrypt(nonce, text, None)
            return 200, {
                "data": {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}"}
            }
        if path == "/v1/transit/decrypt/guanlan":
            _vault, named, sealed_text = body["ciphertext"].split(":")
            blob = base64.b64decode(sealed_text)
            try:
                plain = AESGCM(self.versions[int(named[1:]) - 1]).decrypt(
                    blob[:12], blob[12:], None
                )
            except (InvalidTag, IndexError):
                return 400, {"errors": ["cipher: message authentication failed"]}
            return 200, {"data": {"plaintext": base64.b64encode(plain).decode()}}
        return 404, {"errors": []}


class Served:
    def __init__(self) -> None:
        self.transit = transit = Transit()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                status, told = transit.answer(
                    self.path,
                    self.headers.get("X-Vault-Token", ""),
                    json.loads(self.rfile.read(length)),
                )
                data = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def vault(self, token: str = TOKEN, key: str = "guanlan") -> Vault:
        return Vault(f"http://127.0.0.1:{self.port}/", token, key)


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    with using(Policy(allow=(parse_rule(f"127.0.0.1:{made.port}"),))):
        yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join(5)


def test_a_ring_whose_master_key_is_in_vault(served: Served, tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "keys", served.vault(), "aes-256-gcm")
    blob = ring.seal("field", b"x", b"")
    assert ring.rotate_master() == 1
    assert len(served.transit.versions) == 2
    again = Keyring(tmp_path / "keys", served.vault(), "aes-256-gcm")
    again.check()
    assert again.open("field", blob, b"") == b"x"
    assert "vault:v2:" in (tmp_path / "keys" / "ring.json").read_text()
    assert sorted(p.name for p in (tmp_path / "keys").iterdir()) == [".lock", "ring.json"]
    del served.transit.versions[1]
    with pytest.raises(KeysUnusable, match="Vault answered 400"):
        Keyring(tmp_path / "keys", served.vault(), "aes-256-gcm").check()


def test_what_vault_refuses_is_one_sentence_without_the_token(served: Served) -> None:
    with pytest.raises(KeysUnusable, match="does not let this token") as error:
        served.vault(token="s.other").wrap(b"x")
    assert "s.other" not in str(error.value)
    with pytest.raises(KeysUnusable, match="Vault answered 404"):
        served.vault(key="none").wrap(b"x")
    served.transit.sealed = True
    with pytest.raises(KeysUnusable, match="is it unsealed"):
        served.vault().wrap(b"x")
    with using(Policy()), pytest.raises(KeysUnusable, match="GUANLAN_EGRESS_ALLOW"):
        served.vault().wrap(b"x")
    with pytest.raises(KeysUnusable, match="expected letters"):
        Vault("https://vault", "t", "../sys")
    with pytest.raises(KeysUnusable, match="expected GUANLAN_VAULT_ADDRESS"):
        Vault("", "t", "k")


PROGRAM = """
import base64, sys
verb, text = sys.argv[-1], sys.stdin.read().strip()
if verb == "wrap": print("kms:" + text[::-1])
elif verb == "unwrap" and text.startswith("kms:"): print(text[4:][::-1])
elif verb == "rotate": pass
else: sys.exit(3)
"""


def test_a_program_that_asks_a_key_service(tmp_path: Path) -> None:
    program = tmp_path / "kms.py"
    program.write_text(PROGRAM)
    keeper = Command([sys.executable, str(program)])
    ring = Keyring(tmp_path / "keys", keeper, "sm4-gcm")
    blob = ring.seal("log", b"x", b"y")
    ring.rotate_master()
    assert Keyring(tmp_path / "keys", keeper, "sm4-gcm").open("log", blob, b"y") == b"x"
    with pytest.raises(KeysUnusable, match="ended with 3"):
        keeper.unwrap("other:abc")
    with pytest.raises(KeysUnusable, match="does not run"):
        Command([str(tmp_path / "none")]).wrap(b"x")
    with pytest.raises(KeysUnusable, match="GUANLAN_KEY_COMMAND"):
        Command([])
