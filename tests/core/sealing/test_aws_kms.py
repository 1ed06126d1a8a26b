"""AWS KMS as the keeper of the master key: its side is written from its API reference."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.egress import Policy, using
from guanlan.core.sealing.aws_kms import AwsKms, authorization
from guanlan.core.sealing.errors import KeysUnusable
from guanlan.core.sealing.ring import Keyring
from tests.core.egress.servers import Got, Reply, Server, http_server

ACCESS, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-central-1"
HOST = "kms.test"


def signed_by(got: Got, secret: str) -> bool:
    """Takes the signature apart and makes it anew, as the documents of version 4 say."""
    found = re.fullmatch(
        r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/([\w-]+)/kms/aws4_request, "
        r"SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})",
        got.headers.get("authorization", ""),
    )
    if found is None or found[1] != ACCESS or found[3] != REGION:
        return False
    names = found[4].split(";")
    must = {"host", *(name for name in got.headers if name.startswith("x-amz-"))}
    if names != sorted(names) or not must <= set(names):
        return False
    head = "".join(f"{name}:{got.headers[name]}\n" for name in names)
    body = hashlib.sha256(got.body).hexdigest()
    canonical = f"{got.method}\n{got.path}\n\n{head}\n{found[4]}\n{body}"
    date, scope = got.headers["x-amz-date"], f"{found[2]}/{found[3]}/kms/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = ("AWS4" + secret).encode()
    for part in (date[:8], REGION, "kms", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"
    return found[5] == hmac.new(key, text.encode(), "sha256").hexdigest()


class Service:
    """Encrypt, Decrypt and RotateKeyOnDemand of one key."""

    def __init__(self) -> None:
        self.versions = [AESGCM.generate_key(256)]
        self.disabled = False

    def answer(self, got: Got) -> Reply:
        status, told = self._told(got)
        return Reply(status, json.dumps(told).encode())

    def _told(self, got: Got) -> tuple[int, dict[str, Any]]:
        if not signed_by(got, SECRET):
            return 400, {"__type": "InvalidSignatureException", "message": f"not {SECRET}"}
        if got.headers["content-type"] != "application/x-amz-json-1.1":
            return 400, {"__type": "SerializationException"}
        said = json.loads(got.body)
        if said["KeyId"] != "alias/guanlan":
            return 400, {"__type": "com.amazonaws.kms#NotFoundException"}
        if self.disabled:
            return 400, {"__type": "DisabledException"}
        bound = json.dumps(said.get("EncryptionContext", {}), sort_keys=True).encode()
        action = got.headers["x-amz-target"]
        if action == "TrentService.Encrypt":
            nonce, plain = os.urandom(12), base64.b64decode(said["Plaintext"], validate=True)
            sealed = AESGCM(self.versions[-1]).encrypt(nonce, plain, bound)
            blob = bytes([len(self.versions) - 1]) + nonce + sealed
            return 200, {"CiphertextBlob": base64.b64encode(blob).decode()}
        if action == "TrentService.Decrypt":
            blob = base64.b64decode(said["CiphertextBlob"], validate=True)
            try:
                plain = AESGCM(self.versions[blob[0]]).decrypt(blob[1:13], blob[13:], bound)
            except (InvalidTag, IndexError):
                return 400, {"__type": "InvalidCiphertextException"}
            return 200, {"Plaintext": base64.b64encode(plain).decode()}
        if action == "TrentService.RotateKeyOnDemand":
            self.versions.append(AESGCM.generate_key(256))
            return 200, {"KeyId": said["KeyId"]}
        return 400, {"__type": "UnknownOperationException"}


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def server(service: Service) -> Iterator[Server]:
    with http_server(service.answer) as made, using(made.policy(HOST)):
        yield made


def kms(server: Server, **more: str) -> AwsKms:
    said = {"region": REGION, "key": "alias/guanlan", "access": ACCESS, "secret": SECRET} | more
    return AwsKms(**said, address=f"http://{HOST}:{server.port}/")


def test_the_signature_is_that_of_the_published_example() -> None:
    """`post-vanilla` of the test suite that AWS publishes for version 4."""
    told = authorization(
        {"host": "example.amazonaws.com", "x-amz-date": "20150830T123600Z"},
        b"",
        region="us-east-1",
        service="service",
        key=ACCESS,
        secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    )
    assert told == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


def test_a_ring_whose_master_key_is_in_the_service(
    service: Service, server: Server, tmp_path: Path
) -> None:
    ring = Keyring(tmp_path / "keys", kms(server), "aes-256-gcm")
    blob = ring.seal("field", b"x", b"")
    assert ring.rotate_master() == 1
    assert len(service.versions) == 2
    again = Keyring(tmp_path / "keys", kms(server, session="temporary"), "aes-256-gcm")
    again.check()
    assert again.open("field", blob, b"") == b"x"
    assert server.got[-1].headers["x-amz-security-token"] == "temporary"
    # What was wrapped for something else with the same key does not open.
    foreign = base64.b64encode(
        b"\1" + bytes(12) + AESGCM(service.versions[1]).encrypt(bytes(12), b"x", b"{}")
    ).decode()
    with pytest.raises(KeysUnusable, match="InvalidCiphertextException"):
        kms(server).unwrap(foreign)
    del service.versions[1]
    with pytest.raises(KeysUnusable, match="answered 400"):
        Keyring(tmp_path / "keys", kms(server), "aes-256-gcm").check()


def test_what_the_service_refuses_is_one_sentence_without_a_secret(
    service: Service, server: Server
) -> None:
    with pytest.raises(KeysUnusable, match="InvalidSignatureException") as error:
        kms(server, secret="another").wrap(b"x")
    assert SECRET not in str(error.value)
    assert "another" not in str(error.value)
    with pytest.raises(KeysUnusable, match="NotFoundException"):
        kms(server, key="alias/none").wrap(b"x")
    service.disabled = True
    with pytest.raises(KeysUnusable, match="DisabledException; is the key enabled"):
        kms(server).wrap(b"x")
    with using(Policy()), pytest.raises(KeysUnusable, match="GUANLAN_EGRESS_ALLOW"):
        kms(server).wrap(b"x")
    with pytest.raises(KeysUnusable, match="expected GUANLAN_AWS_KMS_KEY"):
        kms(server, secret="")
    with pytest.raises(KeysUnusable, match="expected a region"):
        kms(server, region="evil.example.com/")


@pytest.mark.parametrize(
    ("region", "address"),
    [("eu-central-1", "https://kms.eu-central-1.amazonaws.com key"),
     ("cn-north-1", "https://kms.cn-north-1.amazonaws.com.cn key")],
)  # fmt: skip
def test_the_usual_address_is_that_of_the_region(region: str, address: str) -> None:
    assert AwsKms(region, "key", ACCESS, SECRET).place == address


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"CiphertextBlob": 7}'])
def test_an_answer_of_another_kind_is_not_taken(body: bytes) -> None:
    with (
        http_server(lambda got: Reply(200, body)) as made,
        using(made.policy(HOST)),
        pytest.raises(KeysUnusable, match="something unexpected"),
    ):
        kms(made).wrap(b"x")
