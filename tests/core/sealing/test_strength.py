"""How many bits the keys have, and what a signing key is."""

from __future__ import annotations

from math import log2
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from guanlan.core.audit.checkpoints import KEY_FILE, Verifier, load_signer
from guanlan.core.audit.store import AuditUnavailable
from guanlan.core.audit.tree import leaf_hash, node_hash
from guanlan.core.models import User
from guanlan.core.people.organisation import new_setup_code
from guanlan.core.sealing import Keyring, blind
from guanlan.core.sealing.ciphers import ALGORITHMS, TAG
from guanlan.core.sealing.ring import PURPOSES
from guanlan.core.services import create_api_key, ensure_owner
from guanlan.site.run.archive import fingerprint


def test_every_key_and_tag_has_128_bits(ring: Keyring) -> None:
    assert min(a.key_bytes for a in ALGORITHMS.values()) * 8 >= 128
    for purpose in PURPOSES:
        key = ring.current(purpose)
        assert len(ring.secret(key)) == ALGORITHMS[key.algorithm].key_bytes
    assert min(TAG, blind.DIGEST) * 8 >= 128
    assert len(fingerprint(b"secret")) * 4 >= 128


def test_what_is_collision_resistant_has_256_bits() -> None:
    assert len(leaf_hash(b"row")) == len(node_hash(b"left", b"right")) == 32


@pytest.mark.django_db
def test_codes_and_passwords_that_are_drawn_have_128_bits() -> None:
    code = new_setup_code()
    assert code is not None
    letters = code.replace("-", "")
    assert len(letters) * log2(31) >= 128
    assert len(set(letters)) > 4
    _name, password = ensure_owner()
    assert password is not None
    assert len(password) * 6 >= 128
    assert User.objects.get().check_password(password)
    assert len(create_api_key("k", ["metrics:read"]).token.split("_", 2)[2]) * 6 >= 128


def test_a_signing_key_is_ed25519_drawn_anew(tmp_path: Path) -> None:
    one, other = load_signer(tmp_path / "a"), load_signer(tmp_path / "b")
    assert one.public != other.public
    pem = load_pem_private_key((tmp_path / "a" / KEY_FILE).read_bytes(), None)
    assert isinstance(pem, Ed25519PrivateKey)
    assert Verifier(one.public).name == one.name


def test_a_signing_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    weak = rsa.generate_private_key(65537, 1024).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    (tmp_path / KEY_FILE).write_bytes(weak)
    with pytest.raises(AuditUnavailable, match="expected an Ed25519 key"):
        load_signer(tmp_path)
