from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from django.conf import settings

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core import outbox
from guanlan.core.models import Channel, User
from guanlan.core.outbox import templates
from guanlan.core.outbox.adapters import Parcel

TEXTS = {
    "en": ("Case {case}", "Account {account} needs you."),
    "zh-hans": ("案件 {case}", "账户 {account} 需要您处理。"),
    "zh-hant": ("案件 {case}", "帳戶 {account} 需要您處理。"),
}


@pytest.fixture(autouse=True)
def _template(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "_templates", dict(templates._templates))
    outbox.template("test.case", names={"case": 2, "account": 3}, texts=TEXTS)


@pytest.fixture
def lin(db: None) -> User:
    return User.objects.create_user("lin", email="lin@example.com", password="long enough it is")


@pytest.fixture
def file_channel(db: None) -> Channel:
    channel = Channel.objects.create(name="file", kind="file", per_minute=1000)
    channel.config = {"name": "t"}
    channel.save()
    return channel


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.setattr(settings, "DATA", tmp_path)
    return Written(tmp_path / "outbox" / "t.ndjson")


class Written:
    """What the file channel has delivered."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self) -> list[Parcel]:
        lines = self.path.read_bytes().splitlines() if self.path.exists() else []
        return [msgspec.json.decode(line, type=Parcel) for line in lines]
