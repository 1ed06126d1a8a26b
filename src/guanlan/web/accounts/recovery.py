"""Recovery codes: made at random, shown once, kept only as hashes, each good for one use.

A code is twelve letters and digits, 59 bits. All of a set are hashed with one salt by the hasher
of passwords, so that a try costs one hashing however many are left.
"""

from __future__ import annotations

import secrets
from typing import Final

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import get_hasher, identify_hasher
from django.db import transaction
from django.utils.crypto import constant_time_compare

from guanlan.core.audit import record
from guanlan.core.models import User

COUNT: Final = 10
GROUPS, GROUP = 3, 4
_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
_KIND: Final = Authenticator.Type.RECOVERY_CODES


def make_codes(person: User) -> list[str]:
    """New codes in place of those there are; they exist only in the answer. Call it within the
    act that tells of it."""
    codes = ["-".join(_word() for _group in range(GROUPS)) for _code in range(COUNT)]
    hasher = get_hasher()
    salt = hasher.salt()
    hashes = [hasher.encode(_plain(code), salt) for code in codes]
    Authenticator.objects.filter(user_id=person.pk, type=_KIND).delete()
    Authenticator.objects.create(user=person, type=_KIND, data={"salt": salt, "hashes": hashes})
    return codes


def codes_left(person: User) -> int | None:
    """How many codes can still be used; None where none were made."""
    kept = Authenticator.objects.filter(user_id=person.pk, type=_KIND).first()
    return None if kept is None else len(kept.data.get("hashes", ()))


def spend(person: User, code: str) -> Authenticator | None:
    """Use a code up; None where it is none of those left."""
    plain = _plain(code)
    if len(plain) != GROUPS * GROUP:
        return None
    with transaction.atomic():
        kept = Authenticator.objects.select_for_update().filter(user_id=person.pk, type=_KIND)
        row = kept.first()
        hashes: list[str] = row.data.get("hashes", []) if row is not None else []
        if row is None or not hashes:
            return None
        given = identify_hasher(hashes[0]).encode(plain, row.data["salt"])
        left = [one for one in hashes if not constant_time_compare(one, given)]
        if len(left) == len(hashes):
            return None
        row.data["hashes"] = left
        row.save(update_fields=["data"])
        record("factor.spend", person, detail={"left": len(left)})
    return row


def _word() -> str:
    return "".join(secrets.choice(_ALPHABET) for _letter in range(GROUP))


def _plain(code: str) -> str:
    return "".join(letter for letter in code.upper() if letter.isalnum())
