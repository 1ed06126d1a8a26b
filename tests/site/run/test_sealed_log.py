"""An installation whose keys are gone says so, and does nothing with its log."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_django import Settings

from guanlan.core.event_log import log_keys
from guanlan.engine.log import LogSealed, verify
from guanlan.site.cli.log import log
from guanlan.site.run.checks import event_log
from guanlan.site.run.serve import open_engine
from tests.fraud.world import World
from tests.site.run.test_repair import transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory(tmp_path: Path, settings: Settings) -> Path:
    """A log from before sealing, that went on sealed."""
    settings.LOG_DIRECTORY = tmp_path / "log"
    settings.CACHE_DIRECTORY = tmp_path / "cache"
    world = World(tmp_path / "log")
    world.program()
    world.events(20)
    world.close()
    with open_engine(None, "event", warm=False) as engine:
        engine.decide([transfer(number) for number in range(5)])
        engine.commit()
    return tmp_path / "log"


def another_installation(directory: Path, settings: Settings) -> None:
    settings.SECRET_KEY = "another" * 10
    settings.KEYS_DIRECTORY = directory.parent / "another"


def no_key_files(directory: Path, settings: Settings) -> None:
    (directory / "keys" / "0000000001.key").unlink()


def emptied(directory: Path, settings: Settings) -> None:
    shutil.rmtree(directory / "keys")


def run(*words: str) -> object:
    return CliRunner().invoke(log, words, catch_exceptions=False, standalone_mode=False)


@pytest.mark.parametrize("lose", [another_installation, no_key_files, emptied])
def test_without_its_keys_a_sealed_log_is_left_alone(
    directory: Path, settings: Settings, tmp_path: Path, lose: Callable[[Path, Settings], None]
) -> None:
    assert [f.check for f in event_log() if f.state == "fault"] == []
    lose(directory, settings)
    before = {path: path.read_bytes() for path in directory.glob("*.glog")}
    sentence = f"event log {directory} is sealed and"
    with pytest.raises(LogSealed, match=sentence):
        open_engine(None, "event", warm=False)
    for words in (("replay",), ("export", str(tmp_path / "out.parquet"))):
        with pytest.raises(LogSealed, match=sentence):
            run(*words)
    assert not list(tmp_path.glob("out*"))
    (fault,) = [f for f in event_log() if f.state == "fault"]
    assert fault.what.startswith(sentence)
    assert {path: path.read_bytes() for path in directory.glob("*.glog")} == before
    assert verify(directory).events == 25


def test_a_mixed_log_goes_on_and_is_decided_again_alike(directory: Path) -> None:
    with open_engine(None, "event", warm=False) as engine:
        (again,) = engine.decide([transfer(3)])
        assert (again.status, again.duplicate) == (200, True)
        (other,) = engine.decide([transfer(3).replace(b":1}", b":2}")])
        assert other.status == 409
        assert engine.explain(24).event["id"] == "t-4"
    assert sorted(path.name for path in (directory / "keys").iterdir()) == [
        "0000000001.key",
        "0000000002.key",
    ]
    assert log_keys().unwrap(log_keys().wrap(b"k" * 44)) == b"k" * 44
