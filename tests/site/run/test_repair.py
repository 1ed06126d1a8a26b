"""Opening a damaged log says so, the louder the more was lost."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from pytest_django import Settings

from guanlan.engine.log import LogTail
from guanlan.fraud.services import project
from guanlan.site.run.checks import event_log
from guanlan.site.run.serve import open_engine
from tests.fraud.world import World


@pytest.fixture
def segment(tmp_path: Path, settings: Settings) -> Path:
    """The only segment of a log of some events, and settings that lead to it."""
    settings.LOG_DIRECTORY = tmp_path / "log"
    settings.CACHE_DIRECTORY = tmp_path / "cache"
    world = World(tmp_path / "log")
    world.program()
    world.events(20)
    world.close()
    (file,) = (tmp_path / "log").glob("*.glog")
    return file


def damage(segment: Path) -> None:
    """Spoil the last commit, which was acknowledged."""
    whole = bytearray(segment.read_bytes())
    whole[len(whole.rstrip(b"\0")) - 40] ^= 0xFF
    segment.write_bytes(whole)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    with caplog.at_level(logging.WARNING, "guanlan.run"):
        open_engine(None, "event", warm=False).close()
    return [(r.levelno, r.getMessage()) for r in caplog.records if r.name == "guanlan.run"]


def test_a_whole_log_opens_in_silence(segment: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert told(caplog) == []


def test_an_unfinished_commit_is_a_warning(segment: Path, caplog: pytest.LogCaptureFixture) -> None:
    with segment.open("ab") as file:
        file.write(b"half a frame")
    ((level, message),) = told(caplog)
    assert level == logging.WARNING
    assert segment.name in message


def test_lost_acknowledged_events_are_an_error(
    segment: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damage(segment)
    ((level, message),) = told(caplog)
    assert level == logging.ERROR
    assert "acknowledged" in message
    (kept,) = segment.parent.glob("*.torn")
    assert kept.name in message


@pytest.mark.django_db
@pytest.mark.parametrize("events", [0, 30])
def test_doctor_says_when_the_database_knows_more_than_the_log(segment: Path, events: int) -> None:
    def faults() -> list[str]:
        return [f.check for f in event_log() if f.state == "fault"]

    project(LogTail(segment.parent))
    assert faults() == []
    damage(segment)
    # The engine notes its opening, a few bytes; events soon go past where the database stands.
    with open_engine(None, "event", warm=False) as engine:
        for number in range(events):
            engine.decide([transfer(number)])
        engine.commit()
    assert faults() == ["log", "projection"]


def transfer(number: int) -> bytes:
    return (
        f'{{"id":"t-{number}","type":"transfer","entities":{{"user":"u-1","payee":"u-2"}},'
        f'"fields":{{"amount":1}}}}'
    ).encode()
