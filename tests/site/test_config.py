"""Settings: from the environment and one TOML file, typed; unknown names are refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from guanlan.site.cli.config import shown, toml_template
from guanlan.site.config import DECLARED, FLAG, Setting, choice, load, whole

SECRET = "postgresql://u:hunter2@db/x"


def written(folder: Path, text: str) -> dict[str, str]:
    (folder / "guanlan.toml").write_text(text, "utf-8")
    return {"GUANLAN_DATA": str(folder)}


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        load(environment)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_without_anything_the_defaults_are_in_force(tmp_path: Path) -> None:
    found = load({"GUANLAN_DATA": str(tmp_path)})
    assert found["https"] is False
    assert found["time_zone"] == "Asia/Shanghai"
    assert found.of("https").origin == "default"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env = written(tmp_path, 'https = true\ntime_zone = "Asia/Taipei"\nhosts = ["a", "b"]\n')
    found = load({**env, "GUANLAN_TIME_ZONE": "Europe/Paris"})
    assert (found["https"], found.of("https").origin) == (True, "file")
    assert (found["time_zone"], found.of("time_zone").origin) == ("Europe/Paris", "environment")
    assert found["hosts"] == ("a", "b")


def test_a_named_file_is_read_and_must_be_there(tmp_path: Path) -> None:
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text("https = true\n")
    assert load({"GUANLAN_CONFIG": str(elsewhere)})["https"] is True
    assert "GUANLAN_CONFIG" in refusal({"GUANLAN_CONFIG": str(tmp_path / "none.toml")})


@pytest.mark.parametrize("name", ["GUANLAN_HTPS", "GUANLAN_FOO", "GUANLAN_HTTPS_FILE"])
def test_an_unknown_variable_is_refused(name: str) -> None:
    assert f"{name} is no setting" in refusal({name: "secret value"})
    assert "secret value" not in refusal({name: "secret value"})


def test_a_misspelt_key_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    sentence = refusal(written(tmp_path, "htps = true\n"))
    assert "guanlan.toml: htps is no setting" in sentence
    assert "did you mean https?" in sentence


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('https = "yes"', "https: expected yes or no"),
        ("hosts = 'quux'", "hosts: expected a list of texts"),
        ("hosts = [1]", "hosts: expected a list of texts"),
        ("time_zone = 'Mars/Olympus'", "time_zone: expected the name of a time zone"),
        ("language = 'tlh'", "language: expected one of en, zh-hans, zh-hant"),
        ("database_url = 5", "database_url: expected a text"),
        ("database_url_file = 5", "database_url_file: expected a path"),
        ("oidc_issuer = 'http://sso.example.com'", "oidc_issuer: expected an address such as"),
        ("oidc_issuer = 'https://sso.example.com/?a=b'", "oidc_issuer: expected an address"),
        ("oidc_issuer = 'https://me:hidden@sso.example.com'", "oidc_issuer: expected an address"),
        ("oidc_issuer = 'sso.bank.example'", "oidc_issuer: expected an address such as"),
        ("oidc_issuer = 5", "oidc_issuer: expected an address such as"),
        ("oidc_required = 'yes'", "oidc_required: expected yes or no"),
        ("oidc_second_factor = 'mfa'", "oidc_second_factor: expected a list of texts"),
    ],
)
def test_a_value_of_another_type_is_named_and_not_shown(
    tmp_path: Path, line: str, expected: str
) -> None:
    sentence = refusal(written(tmp_path, line))
    assert expected in sentence
    value = line.partition("= ")[2].strip("'\"[]")
    assert value not in sentence.replace(expected, "").replace(str(tmp_path), "")


def test_a_file_that_is_no_toml_names_its_line(tmp_path: Path) -> None:
    env = written(tmp_path, f"https = true\ndatabase_url = {SECRET}\n")
    assert "guanlan.toml, line 2: expected TOML" in refusal(env)
    assert "hunter2" not in refusal(env)
    (tmp_path / "guanlan.toml").write_bytes(b"\xff\xfe")
    assert "UTF-8" in refusal(env)


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text(SECRET + "\n")
    env = {"GUANLAN_DATA": str(tmp_path)}
    found = load({**env, "GUANLAN_DATABASE_URL_FILE": str(secret)})
    assert (found["database_url"], found.of("database_url").origin) == (SECRET, "secret file")
    assert load(written(tmp_path, f"database_url_file = '{secret}'"))["database_url"] == SECRET
    both = {**env, "GUANLAN_DATABASE_URL_FILE": str(secret), "GUANLAN_DATABASE_URL": "x"}
    assert "either" in refusal(both)
    secret.write_text("")
    assert "holds the secret" in refusal({**env, "GUANLAN_DATABASE_URL_FILE": str(secret)})


def test_names_that_are_no_settings_are_left_alone(tmp_path: Path) -> None:
    load({"GUANLAN_KEY": "gl_x", "GUANLAN_TEST_CHROMIUM": "x", "PATH": "/bin"})


def test_the_template_is_toml_whose_every_line_is_a_known_setting() -> None:
    lines = [line[1:] for line in toml_template().splitlines() if line.startswith("#")]
    given = [line for line in lines if not line.startswith(" ")]
    names = {name.removesuffix("_file") for name in tomllib.loads("\n".join(given))}
    assert names == {setting.name for setting in DECLARED} - {"data"}


def test_secrets_are_never_printed() -> None:
    (secret,) = (s for s in DECLARED if s.name == "database_url")
    assert shown(secret, SECRET) == "(set)"
    assert shown(secret, "") == "(not set)"


def kinds() -> Any:
    return st.sampled_from([FLAG, choice("a", "b"), whole(1, 9)])


@given(kind=kinds(), text=st.text(max_size=20))
def test_any_text_is_a_value_of_the_kind_or_is_refused(kind: Any, text: str) -> None:
    declared = (Setting("data", DECLARED[0].kind, Path("var"), ""), Setting("x", kind, None, ""))
    said = ""
    value = None
    try:
        value = load({"GUANLAN_X": text}, declared)["x"]
    except ImproperlyConfigured as error:
        said = str(error)
    assert said in ("", f"GUANLAN_X: expected {kind.expected}")
    assert value is None or value in (True, False, "a", "b", *range(1, 10))


def test_no_two_settings_have_one_name() -> None:
    names = [setting.name for setting in DECLARED]
    assert len(names) == len(set(names))
