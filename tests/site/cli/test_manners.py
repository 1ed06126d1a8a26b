"""Bad use and bad input are answered with one line and exit code 2, never with a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from guanlan.site.cli.verbs import VERBS
from tests.site.cli.running import Result

Guanlan = Callable[..., Result]
Together = Callable[..., list[Result]]


def one_line(result: Result) -> str:
    assert "Traceback" not in result.err
    assert result.err.startswith("guanlan: ")
    assert result.err.count("\n") == 1
    return result.err


BAD_USE: dict[tuple[str, ...], str] = {
    ("fly",): "No such command 'fly'",
    ("up", "--port", "high"): "--port",
    ("up", "--port", "70000"): "--port",
    ("up", "--clock", "sundial"): "--clock",
    ("up", "--split", "--port", "0"): "--port",
    ("demo", "--rate", "0"): "--rate",
    ("key", "create"): "NAME",
    ("key", "create", "x", "--scope", "everything"): "--scope",
    ("key", "create", ""): "name",
    ("log", "verify"): "no event log",
    ("scenario", "check", "absent.yaml"): "absent.yaml",
    ("simulate", "--events", "5"): "--out",
    ("simulate", "--events", "none", "--out", "x.parquet"): "--events",
    ("simulate", "--events", "5", "--out", "x.xlsx"): "x.xlsx",
    ("simulate", "--events", "5", "--out", "no/such/folder.parquet"): "no/such/folder.parquet",
    ("simulate", "--events", "5", "--seed", "-1", "--out", "x.parquet"): "--seed",
    ("simulate", "--events", "5", "--attack", "magic", "--out", "x.parquet"): "--attack",
    ("backtest", "absent.yaml", "--events", "x.parquet"): "absent.yaml",
    ("backtest", "x.yaml"): "--events",
    ("send", "x.ndjson"): "GUANLAN_KEY",
    ("send", "absent.ndjson", "--key", "k"): "absent.ndjson",
    ("send", "x.ndjson", "--key", "k", "--to", "ftp://x"): "--to",
    ("bench", "sundial"): "sundial",
}


def test_bad_use_is_one_line(together: Together) -> None:
    results = together(*BAD_USE)
    for (words, told), result in zip(BAD_USE.items(), results, strict=True):
        assert result.code == 2, words
        assert told in one_line(result), words


def test_every_verb_explains_itself(together: Together) -> None:
    results = together(*([verb, "--help"] for verb in VERBS))
    for verb, result in zip(VERBS, results, strict=True):
        assert result.code == 0, result.err
        assert f"Usage: guanlan {verb}" in result.out


def test_a_wrong_setting_is_one_line(guanlan: Guanlan) -> None:
    result = guanlan("key", "list", GUANLAN_TIME_ZONE="Mars/Olympus")
    assert result.code == 2
    assert "GUANLAN_TIME_ZONE" in one_line(result)


def test_a_directory_that_cannot_be_made_is_one_line(guanlan: Guanlan, data: Path) -> None:
    data.write_text("a file where the directory should be")
    result = guanlan("key", "list")
    assert result.code == 2
    assert str(data) in one_line(result)


@pytest.mark.sqlite
def test_a_database_that_cannot_be_read_is_one_line(guanlan: Guanlan, data: Path) -> None:
    data.mkdir()
    (data / "db.sqlite3").write_text("no database " * 1000)
    result = guanlan("key", "list")
    assert result.code == 1
    assert "guanlan doctor" in one_line(result)


def test_help_names_every_verb_and_loads_none(guanlan: Guanlan, data: Path) -> None:
    result = guanlan("--help")
    assert result.code == 0
    assert all(name in result.out for name in VERBS)
    assert not data.exists()  # settings were not imported


@pytest.mark.sqlite
def test_data_may_be_named_on_the_command_line(guanlan: Guanlan, data: Path) -> None:
    other = data.parent / "elsewhere"
    assert guanlan("key", "list", "--data", other, "--json").out == "[]\n"
    assert (other / "db.sqlite3").is_file()
    assert guanlan("key", "list", f"--data={data}", "--json").out == "[]\n"
    assert (data / "db.sqlite3").is_file()
