"""Moving everything to new keys; a kill in the middle loses nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from guanlan.core.audit import AuditUnavailable, recording
from guanlan.core.audit.rows import Row
from guanlan.core.event_log import log_keys, wrapped_by
from guanlan.core.models import Channel, User
from guanlan.core.sealing import (
    Keyring,
    Stored,
    Unopened,
    inventory,
    open_text,
    rotating,
    seal_text,
)
from guanlan.core.sealing.inventory import taken
from guanlan.engine.log.sealing import Seals, wrapped_keys
from tests.core.sealing.conftest import Person


@pytest.fixture(autouse=True)
def only_people(
    tables: None, ring: Keyring, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    """The table of the test is the one that is moved; the log has no keys yet."""
    for module in (rotating, inventory):
        monkeypatch.setattr(module, "sealed_models", lambda: [Person])
        monkeypatch.setattr(module, "sealed_files", list)
    settings.LOG_DIRECTORY = tmp_path / "log"
    (tmp_path / "log").mkdir()


def people(count: int) -> None:
    Person.objects.bulk_create(
        [
            Person(phone=f"1380013{n:04}", email=f"{n}@example.com", more={"n": n})
            for n in range(count)
        ]
    )


def whole(count: int) -> bool:
    found = {p.phone: (p.email, p.more) for p in Person.objects.all()}
    return found == {f"1380013{n:04}": (f"{n}@example.com", {"n": n}) for n in range(count)}


def test_exactly_what_is_not_current_is_moved(ring: Keyring) -> None:
    people(7)
    assert rotating.waiting() == 0
    assert rotating.reencrypt(lambda rows: None).rows == 0
    old = ring.current("field").id
    made = rotating.rotate("field")
    Person.objects.create(phone="+1", email=None)
    assert rotating.waiting() == 7
    with pytest.raises(rotating.InUse, match="values need it"):
        rotating.destroy(old)
    told: list[int] = []
    assert rotating.reencrypt(told.append) == (7, 0, 0, 0)
    assert sum(told) == 7
    assert rotating.waiting() == rotating.uses(old) == 0
    assert rotating.uses(made.id) == 7 * 3 + 2
    Person.objects.filter(phone_index="+1").delete()
    assert whole(7)
    rotating.destroy(old)
    assert whole(7)
    assert [key.destroyed is not None for key in ring.all_keys() if key.purpose == "field"] == [
        True, False,
    ]  # fmt: skip


def test_indexes_move_too_and_find_before_and_after(ring: Keyring) -> None:
    people(3)
    old = ring.current("index").id
    rotating.rotate("index")
    assert Person.objects.filter(email_index="1@EXAMPLE.com").count() == 1
    rotating.reencrypt(lambda rows: None)
    assert rotating.uses(old) == 0
    rotating.destroy(old)
    assert Person.objects.get(email_index="1@example.com").phone == "13800130001"


class Killed(BaseException):
    pass


@pytest.mark.parametrize("after", [0, 1, 3, 6, 9])
def test_a_run_that_is_killed_is_simply_run_again(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(10)
    rotating.rotate("field")
    monkeypatch.setattr(rotating, "BATCH", 4)
    true, left = rotating._fresh, [after]

    def dying(model: Any, row: Any) -> Any:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return true(model, row)

    monkeypatch.setattr(rotating, "_fresh", dying)
    with pytest.raises(Killed):
        rotating.reencrypt(lambda rows: None)
    assert whole(10)
    assert rotating.waiting() == 10 - after // 4 * 4
    monkeypatch.setattr(rotating, "_fresh", true)
    assert rotating.reencrypt(lambda rows: None).rows == 10 - after // 4 * 4
    assert rotating.waiting() == 0
    assert whole(10)


def test_what_does_not_open_is_left_and_its_key_kept(ring: Keyring) -> None:
    people(3)
    old = ring.current("field").id
    broken = Person.objects.all()[0]
    (held,) = Person.objects.filter(pk=broken.pk).values_list("phone", flat=True)
    Person.objects.filter(pk=broken.pk).update(phone=Stored(held.blob[:-1] + b"\0"))
    rotating.rotate("field")
    assert rotating.reencrypt(lambda rows: None) == (2, 1, 0, 0)
    with pytest.raises(rotating.InUse):
        rotating.destroy(old)


def test_the_keys_of_the_log_are_wrapped_anew(ring: Keyring, tmp_path: Path) -> None:
    Seals(tmp_path / "log", log_keys()).begin(0)
    old = ring.current("log").id
    made = rotating.rotate("log")
    assert [wrapped_by(w) for w in wrapped_keys(tmp_path / "log")] == [old]
    assert rotating.reencrypt(lambda rows: None).log_keys == 1
    assert [wrapped_by(w) for w in wrapped_keys(tmp_path / "log")] == [made.id]
    rotating.destroy(old)
    Seals(tmp_path / "log", log_keys()).look()


def test_no_key_is_made_or_destroyed_unseen(ring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    people(1)
    old = ring.current("field").id
    rotating.rotate("field")
    rotating.reencrypt(lambda rows: None)
    before = ring.all_keys()

    def full(row: Row) -> int:
        raise AuditUnavailable("the disk is full")

    monkeypatch.setattr(recording, "_append", full)
    for deed in (lambda: rotating.destroy(old), lambda: rotating.rotate("field"),
                 rotating.rotate_master):  # fmt: skip
        with pytest.raises(AuditUnavailable):
            deed()
    assert ring.all_keys() == before
    told: list[tuple[str, str]] = []

    def tell(row: Row) -> int:
        told.append((row.act, row.outcome))
        return len(told)

    monkeypatch.setattr(recording, "_append", tell)
    with pytest.raises(ValueError, match="in use"):
        rotating.destroy(ring.new_key("index").id)
    assert told == [("key.destroy", "done"), ("key.destroy", "failed")]


def test_an_index_cannot_be_opened_as_a_field(ring: Keyring) -> None:
    with pytest.raises(Unopened):
        ring.open("field", ring.seal("index", b"x", b""), b"")


def test_the_inventory_counts_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    people(5)
    rotating.rotate("field")
    Person.objects.create(phone="+1")
    lines = {line.place: line for line in taken().lines}
    phone = lines["core_person.phone"]
    assert (phone.values, phone.current, phone.algorithm) == (6, 1, "aes-256-gcm")
    assert (lines["core_person.email"].values, lines["core_person.email"].current) == (5, 0)
    assert lines["core_person.email_index"].algorithm == "HMAC-SHA-256"
    monkeypatch.setattr("guanlan.core.sealing.inventory.COUNTED_ROWS", 3)
    phone = {line.place: line for line in taken().lines}["core_person.phone"]
    assert (phone.values, phone.current) == (None, None)


def test_the_platforms_own_tables_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "sealed_models", lambda: [Channel])
    Channel.objects.create(name="n", kind="file", config={"name": "t"})
    rotating.rotate("field")
    assert rotating.reencrypt(lambda rows: None).rows == 1
    assert Channel.objects.get().config == {"name": "t"}
    assert connection.vendor in ("sqlite", "postgresql")


def test_seeds_of_second_factors_are_moved_and_hold_their_key(ring: Keyring) -> None:
    label, field, place = rotating.TEXTS[0]
    factors = apps.get_model(label)
    person = User.objects.create_user("lin", password="long enough it is")
    kept = {"secret": seal_text("JBSWY3DP", place), "n": 1, "codes": [seal_text("c", place), "x"]}
    row = factors.objects.create(user=person, type="totp", data=kept)
    old = ring.current("field").id
    made = rotating.rotate("field")
    with pytest.raises(rotating.InUse):
        rotating.destroy(old)
    assert rotating.reencrypt(lambda rows: None) == (1, 0, 0, 0)
    assert rotating.uses(old) == 0
    assert rotating.uses(made.id) == 1
    rotating.destroy(old)
    row.refresh_from_db()
    moved = getattr(row, field)
    assert open_text(moved["secret"], place) == "JBSWY3DP"
    assert (moved["n"], open_text(moved["codes"][0], place), moved["codes"][1]) == (1, "c", "x")
    assert rotating.reencrypt(lambda rows: None) == (0, 0, 0, 0)
