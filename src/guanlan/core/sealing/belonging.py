"""Whether these keys belong to this data: asked at every start, before anything is written.

The database keeps, for each key, a value that proves it and tells nothing of it: the ring's
name, and HMAC-SHA-256 of a constant under each data key and under `secret.key`. The event log
and sealed files prove their keys themselves, by what is wrapped in them; the audit log by the
public key beside its rows. A ring is made only where nothing is sealed yet.
"""

from __future__ import annotations

import hmac
from itertools import islice
from typing import Final

from django.conf import settings
from django.db import connection

from guanlan.core.audit import AuditUnavailable, open_log
from guanlan.core.event_log import log_keys, wrapped_by
from guanlan.core.models import KeyCheck
from guanlan.core.sealing.errors import KeysUnusable
from guanlan.core.sealing.files import sealed_files
from guanlan.core.sealing.installation import keyring
from guanlan.core.sealing.ring import PURPOSES, PUT_BACK, DataKey, Keyring
from guanlan.engine.log.sealing import wrapped_keys

RING: Final = "ring"
SECRET: Final = "secret.key"  # noqa: S105 - a file's name
SIGNER: Final = "audit"
KEY: Final = "key "
SAMPLE: Final = 3  # files of each kind that are tried
_CONSTANT: Final = b"guanlan key check\0"


def check_keys() -> None:
    """Raises KeysUnusable, saying what, where and what to do, where the keys are lost, damaged
    or another installation's. Makes the key ring where nothing is sealed yet."""
    ring = keyring()
    expected = _expected()
    if not ring.begun:
        sealed = _sealed_already(expected)
        if sealed:
            raise KeysUnusable(
                f"{ring.path}: the key ring is missing, and {sealed} with it;"
                f" {PUT_BACK.format(ring.path.parent)}"
            )
    ring.check()
    _check_database(ring, expected)
    _check_log(ring)
    if RING not in expected:  # else a file that does not open is damage, and told when it is read
        _check_files(ring)
    _check_signer(expected.get(SIGNER, ""))


def note_keys() -> None:
    """Have the database know the keys that are here now; call after `check_keys`."""
    ring = keyring()
    for purpose in PURPOSES:  # made at the first start, so that all are known from then on
        ring.current(purpose)
    values = {
        RING: ring.identity,
        SECRET: _proof(settings.SECRET_KEY.encode(), SECRET),
        SIGNER: open_log().checkpointer.signer.name,
    }
    for key in ring.all_keys():
        if key.wrapped:
            values[_name(key)] = _proof(ring.secret(key), f"{ring.identity} {key.id}")
    fresh = [KeyCheck(name=name, value=value) for name, value in values.items()]
    KeyCheck.objects.bulk_create(fresh, ignore_conflicts=True)


def _expected() -> dict[str, str]:
    """What the database knows of the keys; nothing where it is new."""
    if KeyCheck._meta.db_table not in connection.introspection.table_names():
        return {}
    return dict(KeyCheck.objects.values_list("name", "value"))


def _sealed_already(expected: dict[str, str]) -> str:
    """What is sealed here, as the middle of a sentence; empty where nothing is."""
    if RING in expected:
        return f"the database is sealed (ring {expected[RING]})"
    if wrapped_keys(settings.LOG_DIRECTORY):
        return f"the event log {settings.LOG_DIRECTORY} is sealed"
    for kept in sealed_files():
        if any(True for _ in kept.each()):
            return f"{settings.DATA / kept.place} are sealed"
    return ""


def _check_database(ring: Keyring, expected: dict[str, str]) -> None:
    folder = ring.path.parent
    named = expected.get(RING, ring.identity)
    if named != ring.identity:
        raise KeysUnusable(
            f"{ring.path}: this is key ring {ring.identity}, and the database is sealed with"
            f" ring {named}; {PUT_BACK.format(folder)}"
        )
    there = {_name(key): key for key in ring.all_keys()}
    for name, value in expected.items():
        if not name.startswith(KEY):
            continue
        key = there.get(name)
        if key is None:
            raise KeysUnusable(
                f"{ring.path}: lacks {name}, which the database was sealed with, so it is an older"
                f" copy; {PUT_BACK.format(folder)}"
            )
        proof = _proof(ring.secret(key), f"{ring.identity} {key.id}") if key.wrapped else value
        if not hmac.compare_digest(proof, value):
            raise KeysUnusable(
                f"{ring.path}: its {name} is not the one the database was sealed with;"
                f" {PUT_BACK.format(folder)}"
            )
    secret = _proof(settings.SECRET_KEY.encode(), SECRET)
    if not hmac.compare_digest(expected.get(SECRET, secret), secret):
        path = settings.DATA / SECRET
        raise KeysUnusable(
            f"{path}: is not the secret that this database was made with; put back {path} from"
            " the backup of the keys"
        )


def _check_log(ring: Keyring) -> None:
    """Try one key of the log for each of ours that wrapped some."""
    newest = {wrapped_by(wrapped): wrapped for wrapped in wrapped_keys(settings.LOG_DIRECTORY)}
    for wrapped in newest.values():
        try:
            log_keys().unwrap(wrapped)
        except ValueError as error:
            raise KeysUnusable(
                f"{ring.path}: does not open the event log {settings.LOG_DIRECTORY} ({error});"
                f" {PUT_BACK.format(ring.path.parent)}"
            ) from None


def _check_files(ring: Keyring) -> None:
    """Try some of each kind; one of them may be damaged, all of them are another ring's."""
    for kept in sealed_files():
        named = (name for name, key in kept.each() if key is not None)
        tried = [kept.opens(name) for name in islice(named, SAMPLE)]
        if tried and not any(tried):
            raise KeysUnusable(
                f"{ring.path}: does not open {settings.DATA / kept.place};"
                f" {PUT_BACK.format(ring.path.parent)}"
            )


def _check_signer(known: str) -> None:
    try:
        signer = open_log().checkpointer.signer
    except AuditUnavailable as error:
        raise KeysUnusable(str(error)) from None
    if known and signer.name != known:
        folder = settings.DATA / "keys"
        raise KeysUnusable(
            f"{folder}: the key there that signs the audit log is {signer.name}, and the database"
            f" knows {known}; {PUT_BACK.format(folder)}"
        )


def _name(key: DataKey) -> str:
    return f"{KEY}{key.id}"


def _proof(secret: bytes, what: str) -> str:
    return hmac.digest(secret, _CONSTANT + what.encode(), "sha256").hex()
