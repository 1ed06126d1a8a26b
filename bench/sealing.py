"""A sealed field against raw AES-256-GCM over the same values, in processor time.

The sealed side is what the database layer calls: `pre_save` and `get_db_prep_value` to write,
`from_db_value` and the attribute to read, each on an instance of its own. The raw side has the
cipher at hand, draws a nonce, binds table, column and row, and does nothing else. Each value is
written once and read once; writing, reading and both together are held against the reach. Values
are short texts such as e-mail addresses and phone numbers, and notes of some hundred letters. What
was sealed is opened by the other side first, and must be equal.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

VALUES = 20_000
TURNS = 7
REACH = 2.5

os.environ["DJANGO_SETTINGS_MODULE"] = "guanlan.site.settings"


def spent(work: Callable[[], object]) -> float:
    """Processor seconds of `work`."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> int:
    """Print three JSON lines a size; 1 where one is out of reach."""
    with tempfile.TemporaryDirectory() as data:
        os.environ["GUANLAN_DATA"] = data
        import django

        django.setup()
        return 0 if all([measured("short", short()), measured("note", notes())]) else 1


def short() -> list[str]:
    return [f"person{n}@example.com" for n in range(VALUES)]


def notes() -> list[str]:
    return [f"客户来电，称未收到验证码，编号 {n}。" * 12 for n in range(VALUES)]


def measured(name: str, values: list[str]) -> bool:
    """Both sides in turns; the middle of their ratios."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from django.apps.registry import Apps
    from django.db import connections, models

    from guanlan.core.sealing import SealedField, Stored, keyring

    meta = type("Meta", (), {"app_label": "core", "apps": Apps()})
    row_key = models.CharField(max_length=24, primary_key=True)
    body = {"id": row_key, "text": SealedField(), "Meta": meta, "__module__": __name__}
    Row: Any = type("Row", (models.Model,), body)
    connection = connections["default"]
    field: Any = Row._meta.get_field("text")
    rows = [f"{n:024x}" for n in range(len(values))]
    key = keyring().current("field")
    cipher = AESGCM(keyring().secret(key))
    bound = b"core_row\0text\0"

    def write_sealed() -> list[bytes]:
        return [
            field.get_db_prep_value(field.pre_save(one, True), connection)
            for one in [Row(id=row, text=text) for row, text in zip(rows, values, strict=True)]
        ]

    def write_raw() -> list[bytes]:
        found = []
        for row, text in zip(rows, values, strict=True):
            nonce = os.urandom(12)
            found.append(nonce + cipher.encrypt(nonce, text.encode(), bound + row.encode()))
        return found

    sealed, raw = [bytes(blob) for blob in write_sealed()], write_raw()
    head = sealed[0][:6]
    equal = all(
        cipher.decrypt(blob[6:18], blob[18:], head + bound + row.encode()).decode() == text
        for blob, row, text in zip(sealed, rows, values, strict=True)
    )

    def read_sealed(instances: list[Any]) -> list[str]:
        found = []
        for one, blob in zip(instances, sealed, strict=True):
            one.text = field.from_db_value(blob, None, connection)
            found.append(one.text)
        return found

    def read_raw() -> list[str]:
        return [
            cipher.decrypt(blob[:12], blob[12:], bound + row.encode()).decode()
            for blob, row in zip(raw, rows, strict=True)
        ]

    instances = [Row(id=row) for row in rows]
    equal = equal and read_sealed(instances) == read_raw() == values
    assert isinstance(instances[0].__dict__["text"], Stored)
    ratios: dict[str, list[float]] = {"write": [], "read": [], "both": []}
    for _turn in range(TURNS):
        made = [Row(id=row, text=text) for row, text in zip(rows, values, strict=True)]

        def write(made: list[Any] = made) -> None:
            for one in made:
                field.get_db_prep_value(field.pre_save(one, True), connection)

        fresh = [Row(id=row) for row in rows]
        ours = spent(write), spent(partial(read_sealed, fresh))
        theirs = spent(write_raw), spent(read_raw)
        ratios["write"].append(ours[0] / theirs[0])
        ratios["read"].append(ours[1] / theirs[1])
        ratios["both"].append(sum(ours) / sum(theirs))
    passed = []
    for what, found in ratios.items():
        ratio = median(found)
        passed.append(equal and ratio <= REACH)
        told = {"bench": f"sealed field {name} {what}", "ratio": round(ratio, 2), "reach": REACH,
                "equal": equal, "ok": passed[-1]}  # fmt: skip
        print(json.dumps(told))
    return all(passed)


if __name__ == "__main__":
    sys.exit(main())
