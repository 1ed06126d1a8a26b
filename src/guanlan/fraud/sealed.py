from __future__ import annotations

import hmac
import os

from guanlan.core.sealing_stub import cipher, root


class Column:
    def __init__(self, name: str) -> None:
        self._name = name.encode()

    def seal(self, row: int, value: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + cipher().encrypt(nonce, value, self._name + b"%d" % row)

    def open(self, row: int, sealed: bytes | memoryview) -> bytes:
        sealed = bytes(sealed)
        return cipher().decrypt(sealed[:12], sealed[12:], self._name + b"%d" % row)


def entity_index(key: str) -> bytes:
    return hmac.digest(root(), key.encode("utf-8", "surrogatepass"), "sha256")[:16]


ENTITY_KEY = Column("fraud_entity.sealed_key")
DECISION_ENTITIES = Column("fraud_decision.sealed_entities")
LIST_CHANGE = Column("fraud_listact.sealed_change")
PROGRAM_CANONICAL = Column("fraud_program.sealed_canonical")
PROGRAM_STATE = Column("fraud_program.sealed_state")
