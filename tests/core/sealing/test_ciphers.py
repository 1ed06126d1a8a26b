"""The ciphers against published vectors."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.sealing.ciphers import AES, ALGORITHMS, HEAD, LEAST, SM, head_of, key_of

# McGrew and Viega, The Galois/Counter Mode of Operation, test case 16 (AES-256).
GCM_16 = (
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    "cafebabefacedbaddecaf888",
    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    (
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    ),
    (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    ),
)
# RFC 8998, appendix A.1 (SM4-GCM).
SM4 = (
    "0123456789abcdeffedcba9876543210",
    "00001234567800000000abcd",
    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    (
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    ),
    (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    ),
)


@pytest.mark.parametrize(("algorithm", "vector"), [(AES, GCM_16), (SM, SM4)])
def test_published_vectors(algorithm: str, vector: tuple[str, ...]) -> None:
    key, nonce, bound, plain, sealed = map(bytes.fromhex, vector)
    cipher = ALGORITHMS[algorithm].begin(key)
    assert cipher.encrypt(nonce, plain, bound) == sealed
    assert cipher.decrypt(nonce, sealed, bound) == plain
    for broken in (sealed[:-1], b"", sealed[:20], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(InvalidTag):
            cipher.decrypt(nonce, broken, bound)
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, sealed, bound + b"x")


@given(st.sampled_from([AES, SM]), st.integers(0, 2**32 - 1))
def test_the_head_names_the_key(algorithm: str, key: int) -> None:
    head = head_of(algorithm, key)
    assert len(head) == HEAD
    assert key_of(head.ljust(LEAST, b"\0")) == key
    assert key_of(head) is None
    assert key_of(b"\x02" + head[1:].ljust(LEAST, b"\0")) is None
