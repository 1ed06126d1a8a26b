"""A restored instance has the roots of the one that was copied, or is none."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from pytest_django import Settings

from guanlan.core.audit import open_log, record
from guanlan.core.audit.checkpoints import FILE, load_signer
from guanlan.core.audit.rows import Row, Who
from guanlan.core.audit.store import ROWS
from guanlan.core.event_log import log_keys
from guanlan.core.sealing import keyring
from guanlan.core.sealing.belonging import check_keys, note_keys
from guanlan.engine.log import EVENT, LogReader, LogWriter, log_root
from guanlan.site.run import proving
from guanlan.site.run.archive import LIST, BackupError, Contents, Entry
from guanlan.site.run.backup import back_up
from guanlan.site.run.restoring import restore
from tests.core.sealing.test_belonging import place, restart

pytestmark = pytest.mark.django_db
Files = dict[str, bytes]


@pytest.fixture
def data(tmp_path: Path, settings: Settings) -> Path:
    """An instance with events and acts."""
    place(settings, tmp_path / "data")
    restart()
    (tmp_path / "data" / "secret.key").write_text(settings.SECRET_KEY)
    check_keys()
    note_keys()
    writer = LogWriter.open(tmp_path / "data" / "log", keys=log_keys())
    for number in range(5):
        writer.append(EVENT, number, 1_000 + number, (b"row", b"out", b"event", b"decision"))
        writer.commit()
    writer.close()
    for number in range(5):
        record("key.create", ("core.apikey", str(number)))
    return tmp_path / "data"


@pytest.fixture
def copied(data: Path, tmp_path: Path) -> tuple[Path, Path]:
    out, keys = tmp_path / "b.tar", tmp_path / "k.tar"
    back_up(out, keys, database=False, told=lambda n: None)
    return out, keys


def rewritten(archive: Path, change: Callable[[Files], None], *, sealed: bool) -> None:
    """Change files of an archive and make its list right again; with the keys too if `sealed`."""
    with tarfile.open(archive) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar}  # type: ignore[union-attr]
    change(files)
    contents = msgspec.json.decode(files.pop(LIST), type=Contents)
    head = {name: files.pop(name) for name in [next(iter(files))]}
    entries = [
        Entry(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in files.items()
    ]
    contents = structs.replace(contents, files=entries)
    if sealed:
        contents = structs.replace(contents, seal=proving.seal(keyring(), contents))
    with tarfile.open(archive, "w") as tar:
        for name, content in {**head, **files, LIST: msgspec.json.encode(contents)}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def restored(copied: tuple[Path, Path], target: Path) -> Contents:
    return restore(copied[0], copied[1], target, lambda n: None)


def test_the_roots_are_those_of_the_instance(
    data: Path, copied: tuple[Path, Path], tmp_path: Path
) -> None:
    roots = restored(copied, tmp_path / "new").roots
    rows = (tmp_path / "new" / "audit" / ROWS).read_bytes()
    assert (data / "audit" / ROWS).read_bytes().startswith(rows)
    assert (roots.audit_rows, roots.audit_bytes) == (rows.count(b"\n"), len(rows))
    assert proving.audit_head(tmp_path / "new" / "audit") == (roots.audit_rows, roots.audit)
    reader = LogReader(data / "log", log_keys())
    assert roots.log == log_root(reader.frames())
    assert roots.log_position == reader.committed
    size = int(roots.checkpoint.split("\n")[1])
    assert size == roots.audit_rows  # signed at the time of the copy


def test_acts_go_on_while_it_is_copied(data: Path, tmp_path: Path) -> None:
    """Rows and checkpoints are written as fast as can be; every copy of them holds."""
    done = threading.Event()
    failed: list[Exception] = []

    def act() -> None:
        log = open_log()
        number = 0
        try:
            while not done.is_set():
                number += 1
                log.store.append(record_row(number))
                log.store.checkpoint(
                    lambda f, clock: log.checkpointer.grown(f, clock, at_once=True)
                )
        except Exception as error:  # noqa: BLE001 - shown by the test
            failed.append(error)

    writer = threading.Thread(target=act)
    writer.start()
    sizes = []
    try:
        for turn in range(4):
            pair = (tmp_path / f"b{turn}.tar", tmp_path / f"k{turn}.tar")
            back_up(*pair, database=False, told=lambda n: None)
            sizes.append(restored(pair, tmp_path / f"new{turn}").roots.audit_rows)
    finally:
        done.set()
        writer.join()
    assert failed == []
    assert sizes == sorted(set(sizes))


def record_row(number: int) -> Row:
    return Row(i=0, t=0, who=Who("system", None, "system"), act="x", on=("a", str(number)))


def one_row_edited(files: Files) -> None:
    files[f"audit/{ROWS}"] = files[f"audit/{ROWS}"].replace(b'"key.create"', b'"key.revoke"', 1)


def rows_cut(files: Files) -> None:
    files[f"audit/{ROWS}"] = files[f"audit/{ROWS}"].rsplit(b"\n", 2)[0] + b"\n"


def checkpoints_cut(files: Files) -> None:
    files[f"checkpoints/{FILE}"] = b""


def audit_gone(files: Files) -> None:
    del files[f"audit/{ROWS}"], files[f"checkpoints/{FILE}"]


def events_gone(files: Files) -> None:
    for name in [name for name in files if name.startswith("log/")]:
        del files[name]


def another_key_of_the_log(files: Files) -> None:
    name = next(name for name in files if name.startswith("log/keys/"))
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])


def settings_added(files: Files) -> None:
    contents = files.pop(LIST)
    files["guanlan.toml"] = b'hosts = "evil.example"\n'
    files[LIST] = contents


def another_root(files: Files) -> None:
    contents = json.loads(files[LIST])
    contents["roots"]["log"] = "00" * 32
    files[LIST] = json.dumps(contents).encode()


CHANGES = [
    (one_row_edited, "the audit log has .* rows and the root"),
    (rows_cut, "the audit log has .* rows and the root"),
    (checkpoints_cut, "newest signed checkpoint"),
    (audit_gone, "the audit log has 0 rows"),
    (events_gone, "the event log"),
    (another_key_of_the_log, "the event log in it does not open"),
    (another_root, "has the state root"),
]


@pytest.mark.parametrize("change", [change for change, _said in CHANGES] + [settings_added])
def test_whoever_has_no_keys_alters_nothing_unseen(
    copied: tuple[Path, Path], tmp_path: Path, change: Callable[[Files], None]
) -> None:
    rewritten(copied[0], change, sealed=False)
    with pytest.raises(BackupError, match="list of contents was altered"):
        restored(copied, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(("change", "said"), CHANGES)
def test_even_with_the_keys_the_roots_tell(
    copied: tuple[Path, Path], tmp_path: Path, change: Callable[[Files], None], said: str
) -> None:
    rewritten(copied[0], change, sealed=True)
    with pytest.raises(BackupError, match=said) as error:
        restored(copied, tmp_path / "new")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "new").exists()


def test_a_backup_rewritten_and_sealed_anew_restores(
    copied: tuple[Path, Path], tmp_path: Path
) -> None:
    """The helper itself changes nothing, so what the tests above find is the change."""
    rewritten(copied[0], lambda files: None, sealed=True)
    assert restored(copied, tmp_path / "new").roots.audit_rows


def test_keys_of_another_signer_are_refused(copied: tuple[Path, Path], tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "data" / "keys", other)
    (other / "audit-ed25519.pem").unlink()
    load_signer(other)
    pem = (other / "audit-ed25519.pem").read_bytes()

    def change(files: Files) -> None:
        files["keys/audit-ed25519.pem"] = pem

    rewritten(copied[1], change, sealed=True)
    with pytest.raises(BackupError, match="the audit log was signed by"):
        restored(copied, tmp_path / "new")
