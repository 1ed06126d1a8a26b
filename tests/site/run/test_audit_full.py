"""The disk under the audit log is full: no reveal, decisions all the same, and the gap is shown."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from guanlan.core.audit import AuditUnavailable, open_log, record
from guanlan.core.audit.recording import DIRECTORY
from guanlan.core.audit.rows import decode
from guanlan.core.audit.store import ROWS
from guanlan.core.event_log import log_keys
from guanlan.engine.log import verify
from guanlan.fraud.services import project
from guanlan.site.door.trail import Trail
from guanlan.site.run.checks import audit
from guanlan.site.run.serve import open_engine
from tests.fraud.test_reveals import GOOD
from tests.fraud.world import World
from tests.people import confirm, person
from tests.site.run.test_repair import transfer

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path: Path, settings: Settings) -> World:
    settings.DATA = tmp_path
    settings.CHECKPOINTS = tmp_path / "elsewhere"
    settings.LOG_DIRECTORY = tmp_path / "log"
    settings.CACHE_DIRECTORY = tmp_path / "cache"
    made = World(tmp_path / "log", keys=log_keys())
    made.program()
    made.events(60)
    project(made.tail())
    made.close()
    return made


def no_space(_descriptor: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_reveals_stop_and_decisions_go_on(
    world: World, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(person("fraud_analyst", clearance=3, purposes=["fraud_investigation"]))
    confirm(client)
    record("key.create", ("core.apikey", "1"))
    event = next(d for d in world.decisions() if "phone" in d["entities"])
    address, phone = f"/decisions/{event['seq']}/reveal", event["entities"]["phone"]

    with monkeypatch.context() as full:
        full.setattr(open_log().store, "_sync", no_space)
        refused = client.post(address, GOOD)
        assert refused.status_code == 503
        assert phone not in refused.content.decode()
        with pytest.raises(AuditUnavailable, match="No space left"):
            record("key.revoke", ("core.apikey", "1"))
        with open_engine(None, "event", warm=False) as engine:
            decided = engine.decide([transfer(number) for number in range(3)])
            engine.commit()
        assert [answer.status for answer in decided] == [200] * 3
        assert verify(tmp_path / "log").events == 63
        assert client.get(f"/decisions/{event['seq']}").status_code == 200

        (fault,) = [f for f in audit() if f.state == "fault"]
        assert "2 rows were refused" in fault.what
        gauges = {name: value for name, _help, value in Trail(5).gauges()}
        assert gauges["guanlan_audit_refused"] == 2

    shown = client.post(address, GOOD)
    assert phone in shown.content.decode()
    rows = [decode(line) for line in (tmp_path / DIRECTORY / ROWS).read_bytes().splitlines()]
    assert [row.act for row in rows][-2:] == ["audit.gap", "value.reveal"]
    assert rows[-2].detail["refused"] == 2
    assert not [f for f in audit() if f.state == "fault"]
