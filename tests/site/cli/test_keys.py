"""`guanlan first-run`, `key` and `doctor` on an installation of their own."""

from __future__ import annotations

import hashlib
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.site.cli.database import rows
from tests.site.cli.running import Result

Guanlan = Callable[..., Result]
Together = Callable[..., list[Result]]


def test_secrets_are_shown_once_and_never_stored(together: Together, data: Path) -> None:
    first, again = together(["first-run", "--json"], ["first-run", "--json"])
    assert first.code == 0
    assert set(first.json) == {"data", "code", "token"}
    token = first.json["token"]
    assert re.fullmatch(r"gl_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", token)
    code, other = first.json["code"], again.json["code"]
    # No account and no password yet: a code of 31 letters and digits, twenty times: 99 bits.
    assert re.fullmatch(r"[A-HJKMNP-Z2-9]{5}(-[A-HJKMNP-Z2-9]{5}){5}", code)
    assert other != code
    assert again.json["token"] is None

    files = [path.read_bytes() for path in data.rglob("*") if path.is_file()]
    for secret in (token, code, other, code.replace("-", "")):
        assert not any(secret.encode() in held for held in files)
    [[stored]] = rows(data, "SELECT sha256 FROM core_apikey")
    [[accounts]] = rows(data, "SELECT count(*) FROM core_user")
    [[waiting]] = rows(data, "SELECT code FROM core_organisation")
    assert bytes(stored) == hashlib.sha256(token.encode()).digest()
    assert accounts == 0
    # The later code counts: the earlier one is worthless.
    assert bytes(waiting) == hashlib.sha256(other.replace("-", "").encode()).digest()
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600


@pytest.mark.usefixtures("migrated")
def test_lost_keys_stop_the_start_and_are_not_made_anew(
    together: Together, guanlan: Guanlan, data: Path
) -> None:
    together(["first-run"])
    (data / "keys").rename(data / "elsewhere")
    verbs = (["up"], ["worker"], ["migrate"], ["key", "list"], ["audit", "verify"])
    *answers, report = together(*verbs, ["doctor", "--json"])
    for verb, refused in zip(verbs, answers, strict=True):
        assert refused.code in (1, 2), verb
        assert refused.err.count("\n") == 1, refused.err
        assert "is missing" in refused.err
        assert "from the backup of the keys" in refused.err
    faults = {f["check"]: f["what"] for f in report.json["findings"] if f["state"] == "fault"}
    assert "the key ring is missing" in faults["encryption"]
    assert not (data / "keys").exists()
    (data / "elsewhere").rename(data / "keys")
    assert guanlan("audit", "verify").code == 0


@pytest.mark.usefixtures("migrated")
def test_a_key_is_created_listed_and_revoked_once(together: Together) -> None:
    create = ["key", "create", "checkout"]
    made, plain, listed = together(
        [*create, "--scope", "events:write", "--json"], create, ["key", "list", "--json"]
    )
    assert made.json["scopes"] == ["events:write"]
    assert re.fullmatch(r"gl_\w{8}_[\w-]{43}\n", plain.out)
    assert [(key["name"], key["revoked"]) for key in listed.json] == [("checkout", None)] * 2

    identity = made.json["id"]
    revoke = ["key", "revoke", identity]
    once, twice, listed = together(revoke, revoke, ["key", "list", "--json"])
    assert once.code == 0
    assert twice.code == 1
    assert twice.err.count("\n") == 1
    revoked = {key["id"]: key["revoked"] is not None for key in listed.json}
    assert revoked == {identity: True, plain.out.split("_")[1]: False}


def test_doctor_finds_nothing_on_a_fresh_installation(together: Together) -> None:
    _, report = together(["first-run"], ["doctor", "--json"])
    # Front-end packages are the set-up's business, not this installation's.
    own = [f for f in report.json["findings"] if f["check"] != "assets"]
    assert [f for f in own if f["state"] == "fault"] == []
    assert {f["check"] for f in own} >= {"configuration", "database", "keys", "log", "clock"}


def test_doctor_names_each_fault_and_its_mend(together: Together, data: Path) -> None:
    before, migrated = together(["doctor", "--json"], ["migrate"])
    assert migrated.code == 0
    assert before.code == 1
    faults = {f["check"]: f["mend"] for f in before.json["findings"] if f["state"] == "fault"}
    assert faults["database"] == "guanlan migrate"

    (data / "secret.key").chmod(0o644)
    after, shown = together(["doctor", "--json"], ["doctor"])
    faults = {f["check"]: f["mend"] for f in after.json["findings"] if f["state"] == "fault"}
    assert faults["accounts"] == "guanlan first-run"
    assert faults["configuration"].startswith("chmod 600 ")
    assert "guanlan key create" in faults["keys"]
    assert "FAULT" in shown.out


@pytest.mark.parametrize("url", ["mysql://me:hunter2@db/x", "postgresql://me:hunter2@db/x"])
def test_doctor_survives_a_wrong_setting_and_does_not_repeat_it(guanlan: Guanlan, url: str) -> None:
    report = guanlan("doctor", "--json", GUANLAN_DATABASE_URL=url)
    assert report.code == 1
    (finding,) = report.json["findings"]
    assert "GUANLAN_DATABASE_URL" in finding["what"]
    assert "hunter2" not in report.out + report.err


@pytest.mark.usefixtures("migrated")
def test_doctor_finds_a_damaged_log(together: Together, data: Path) -> None:
    (data / "log").mkdir(parents=True)
    (data / "log" / f"{0:020}.glog").write_bytes(b"not a log" * 1000)
    _, report = together(["first-run"], ["doctor", "--json"])
    faults = {f["check"]: f for f in report.json["findings"] if f["state"] == "fault"}
    assert "log" in faults
    assert "backup" in faults["log"]["mend"]


@pytest.mark.usefixtures("migrated")
def test_doctor_names_what_a_repair_kept(together: Together, data: Path) -> None:
    (data / "log").mkdir(parents=True)
    torn = data / "log" / f"{4096:020}.torn"
    torn.write_bytes(b"once acknowledged")
    _, report = together(["first-run"], ["doctor", "--json"])
    (finding,) = [f for f in report.json["findings"] if f["check"] == "log" and f["mend"] and
                  f["state"] == "fault"]  # fmt: skip
    assert torn.name in finding["what"]
    assert str(torn) in finding["mend"]


def test_doctor_says_how_to_get_the_charts(guanlan: Guanlan, tmp_path: Path) -> None:
    empty = tmp_path / "packages"
    for missing in (empty, empty / "echarts" / "dist" / "echarts.common.min.js"):
        report = guanlan("doctor", "--json", GUANLAN_NODE_MODULES=str(empty))
        (finding,) = [
            f
            for f in report.json["findings"]
            if f["check"] == "assets" and "no charts" in f["what"]
        ]
        assert finding["state"] == "fault"
        assert finding["what"].startswith(f"{missing} is missing")
        assert "make assets" in finding["mend"]
        empty.mkdir(exist_ok=True)
