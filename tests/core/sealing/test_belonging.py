"""Keys that are lost, older or another installation's are recognised before anything is written."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from guanlan.core import event_log
from guanlan.core.audit import open_log, record, recording
from guanlan.core.event_log import log_keys
from guanlan.core.models import KeyCheck
from guanlan.core.sealing import KeysUnusable, installation, keyring, rotating
from guanlan.core.sealing.belonging import check_keys, note_keys
from guanlan.engine.log.sealing import Seals
from guanlan.web.discussion import storing

pytestmark = pytest.mark.django_db


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """An installation that was started once, and holds a log and an attachment."""
    place(settings, tmp_path / "data")
    start()
    Seals(tmp_path / "data" / "log", log_keys()).begin(0)
    attach(b"plain")
    record("key.create", ("core.apikey", "1"))
    open_log().store.checkpoint()
    restart()
    return tmp_path / "data"


def place(settings: Settings, data: Path) -> None:
    settings.DATA = data
    settings.KEYS_DIRECTORY = data / "keys"
    settings.LOG_DIRECTORY = data / "log"
    (data / "log").mkdir(parents=True, exist_ok=True)


def start() -> None:
    check_keys()
    note_keys()


def restart() -> None:
    """Forget what a process remembers."""
    installation._forget()
    installation._ring.cache_clear()
    recording._log.cache_clear()
    event_log._unwrapped.cache_clear()


def attach(plain: bytes) -> None:
    writer = storing.Writer()
    writer.write(plain)
    writer.finish()
    writer.keep()


def another(data: Path, settings: Settings, database: dict[str, str]) -> Path:
    """The keys of another installation; the database stays what `database` says."""
    other = data.with_name("other")
    KeyCheck.objects.all().delete()
    place(settings, other)
    start()
    place(settings, data)
    restart()
    KeyCheck.objects.all().delete()
    KeyCheck.objects.bulk_create(KeyCheck(name=n, value=v) for n, v in database.items())
    return other / "keys"


def known() -> dict[str, str]:
    return dict(KeyCheck.objects.values_list("name", "value"))


def refused(data: Path, said: str) -> None:
    """The start says one sentence and leaves everything as it was."""
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file() and p.name != ".lock"}
    with pytest.raises(KeysUnusable, match=said) as error:
        check_keys()
    assert "\n" not in str(error.value)
    assert "put back" in str(error.value)
    after = {p: p.read_bytes() for p in data.rglob("*") if p.is_file() and p.name != ".lock"}
    assert after == before
    restart()


def test_the_same_keys_start_again(data: Path) -> None:
    start()
    numbers = {key.id for key in keyring().all_keys()}
    assert known().keys() >= {"ring", "secret.key", "audit", *(f"key {n}" for n in numbers)}
    assert not any(keyring().secret(k).hex() in known().values() for k in keyring().all_keys())


def test_a_lost_folder_makes_no_new_ring(data: Path) -> None:
    shutil.rmtree(data / "keys")
    refused(data, "key ring is missing")
    with pytest.raises(KeysUnusable, match="key ring is missing"):  # whoever asks first
        keyring().current("field")
    assert not (data / "keys").exists()


@pytest.mark.parametrize("evidence", ["database", "log", "attachments"])
def test_a_lost_folder_is_seen_by_whatever_is_sealed(data: Path, evidence: str) -> None:
    shutil.rmtree(data / "keys")
    (data / "keys.id").unlink()
    if evidence != "database":
        KeyCheck.objects.all().delete()
    if evidence != "log":
        shutil.rmtree(data / "log" / "keys")
    if evidence != "attachments":
        shutil.rmtree(data / "attachments")
    refused(data, evidence)


def test_where_nothing_is_sealed_a_ring_is_made(tmp_path: Path, settings: Settings) -> None:
    restart()
    place(settings, tmp_path / "new")
    start()
    assert keyring().begun
    assert known()["ring"] == keyring().identity


def in_database(data: Path) -> None:
    shutil.rmtree(data / "log" / "keys")
    shutil.rmtree(data / "attachments")


def in_log(data: Path) -> None:
    shutil.rmtree(data / "attachments")
    KeyCheck.objects.all().delete()


def in_attachments(data: Path) -> None:
    shutil.rmtree(data / "log" / "keys")
    KeyCheck.objects.all().delete()


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (in_database, "the database is sealed with ring"),
        (in_log, "does not open the event log"),
        (in_attachments, "does not open .*attachments"),
    ],
)
def test_a_foreign_folder_is_recognised(
    data: Path, settings: Settings, left: Callable[[Path], None], said: str
) -> None:
    keys = another(data, settings, known())
    pem = (data / "keys" / "audit-ed25519.pem").read_bytes()
    shutil.rmtree(data / "keys")
    shutil.copytree(keys, data / "keys")
    (data / "keys" / "audit-ed25519.pem").write_bytes(pem)
    refused(data, "the data here is sealed with ring")  # by the name beside the folder
    (data / "keys.id").unlink()
    left(data)
    with pytest.raises(KeysUnusable, match=said):
        check_keys()


def test_a_foreign_master_key_is_recognised(data: Path, settings: Settings) -> None:
    keys = another(data, settings, known())
    shutil.copy(keys / "master.key", data / "keys" / "master.key")
    with pytest.raises(KeysUnusable, match="not the key file these keys were wrapped with"):
        check_keys()


def test_an_older_copy_of_the_ring_is_recognised(data: Path) -> None:
    older = (data / "keys" / "ring.json").read_bytes()
    made = rotating.rotate("field")
    (data / "keys" / "ring.json").write_bytes(older)
    restart()
    refused(data, f"lacks key {made.id}, .*older copy")


def test_a_key_of_the_same_number_that_is_another_is_recognised(data: Path) -> None:
    older = (data / "keys" / "ring.json").read_bytes()
    number = rotating.rotate("field").id
    proof = known()[f"key {number}"]
    (data / "keys" / "ring.json").write_bytes(older)
    restart()
    assert keyring().new_key("field").id == number
    assert known()[f"key {number}"] == proof
    refused(data, f"its key {number} is not the one")


def test_a_destroyed_key_is_not_missed(data: Path) -> None:
    old = keyring().current("index").id
    rotating.rotate("index")
    rotating.destroy(old)
    restart()
    start()


@pytest.mark.parametrize("lost", ["checkpoints", "audit", "neither"])
def test_another_signing_key_of_the_audit_log_is_recognised(
    data: Path, settings: Settings, lost: str
) -> None:
    before = known()
    keys = another(data, settings, before)
    KeyCheck.objects.filter(name="audit").delete()
    shutil.copy(keys / "audit-ed25519.pem", data / "keys")
    if lost == "checkpoints":
        shutil.rmtree(data / "checkpoints")
    elif lost == "audit":
        (data / "audit" / "signer.pub").unlink()
    refused(data, "the audit log was signed by")
    (data / "keys" / "audit-ed25519.pem").unlink()
    refused(data, "key that signed the audit log .* is missing")
    assert not (data / "keys" / "audit-ed25519.pem").exists()


def test_the_database_knows_the_signing_key_too(data: Path, settings: Settings) -> None:
    keys = another(data, settings, known())
    shutil.copy(keys / "audit-ed25519.pem", data / "keys")
    shutil.rmtree(data / "checkpoints")
    (data / "audit" / "signer.pub").unlink()
    with pytest.raises(KeysUnusable, match="the database knows"):
        check_keys()


def test_another_secret_is_recognised(data: Path, settings: Settings) -> None:
    settings.SECRET_KEY = "another" * 10
    restart()
    refused(data, "secret.key: is not the secret")


def test_one_damaged_file_does_not_stop_the_start(data: Path) -> None:
    (damaged,) = [p for p in (data / "attachments").rglob("*") if p.is_file()]
    damaged.write_bytes(damaged.read_bytes()[:-30] + bytes(30))
    check_keys()
    damaged.write_bytes(b"GLA1" + bytes(99))
    check_keys()
    KeyCheck.objects.all().delete()
    check_keys()
