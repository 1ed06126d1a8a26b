"""Settings: from the environment and one TOML file, typed; unknown names are refused."""

from __future__ import annotations

import socket
import ssl
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import ConnectionHandler
from hypothesis import given
from hypothesis import strategies as st

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.site.cli.config import shown, toml_template
from guanlan.site.config import DECLARED, FLAG, Setting, choice, load, whole
from guanlan.site.database import database
from tests.certificates import of_its_own

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


def at(
    url: str, environment: dict[str, str] | None = None, *, unverified: bool = False
) -> dict[str, Any]:
    return database(url, Path("/srv"), unverified=unverified, environment=environment or {})


def test_databases_by_address() -> None:
    assert at("")["NAME"] == "/srv/db.sqlite3"
    assert at("sqlite:////srv/g.db")["NAME"] == "/srv/g.db"
    found = at("postgresql://u:p%40ss@db:5433/guanlan?sslmode=verify-full&sslrootcert=%2Fca.pem")
    assert (found["USER"], found["PASSWORD"], found["PORT"]) == ("u", "p@ss", "5433")
    assert (found["HOST"], found["NAME"]) == ("db", "guanlan")
    assert found["OPTIONS"] == {"sslmode": "verify-full", "sslrootcert": "/ca.pem"}


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:hunter2@db/x",
        "postgresql://u:hunter2/more@localhost/x",
        "postgresql://u:hunter2@[localhost/x",
        "postgresql://u:p@localhost/x?hostaddr=hunter2",
    ],
)
def test_an_address_of_no_database_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^GUANLAN_DATABASE_URL: expected") as caught:
        at(url)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("localhost", "localhost"), ("127.0.0.1", "127.0.0.1"), ("127.8.9.1:5433", "127.8.9.1"),
        ("[::1]:5433", "::1"), ("", ""), ("%2Frun%2FPostgreSQL:5433", "/run/PostgreSQL"),
    ],
)  # fmt: skip
def test_a_database_on_this_machine_needs_no_tls(host: str, found: str) -> None:
    assert at(f"postgresql://u:p@{host}/x")["HOST"] == found


ELSEWHERE = ("db", "db.example.com", "10.0.0.7", "[2001:db8::1]", "0.0.0.0", "localhost.example",
             "127.0.0.1,db")  # fmt: skip


@pytest.mark.parametrize("mode", ["", "?sslmode=require", "?sslmode=verify-ca", "?sslmode="])
@pytest.mark.parametrize("host", ELSEWHERE)
def test_a_database_elsewhere_must_prove_who_it_is(host: str, mode: str) -> None:
    url = f"postgresql://u:hunter2@{host}/x{mode}"
    with pytest.raises(ImproperlyConfigured, match=r"expected \?sslmode=verify-full") as caught:
        at(url)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert "hunter2" not in sentence
    assert at(url, unverified=True)["NAME"] == "x"
    assert at(f"postgresql://u:hunter2@{host}/x?sslmode=verify-full")["NAME"] == "x"


@pytest.mark.parametrize(
    ("host", "variable", "value"),
    [
        ("", "PGHOST", "db"),
        ("127.0.0.1", "PGHOSTADDR", "10.0.0.7"),
        ("", "PGSERVICE", "elsewhere"),
    ],
)
def test_a_variable_of_the_library_leads_nowhere_unproven(
    host: str, variable: str, value: str
) -> None:
    url = f"postgresql://u:p@{host}/x"
    with pytest.raises(ImproperlyConfigured, match="verify-full"):
        at(url, {variable: value})
    assert at(f"{url}?sslmode=verify-full", {variable: value})["NAME"] == "x"


class Impostor:
    """In PostgreSQL's place: takes TLS and keeps what is said within it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.heard: list[bytes] = []
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _peer = self._listener.accept()
            except OSError:
                return
            try:
                plain.recv(8)  # the wish for TLS
                plain.sendall(b"S")
                with self._context.wrap_socket(plain, server_side=True) as inside:
                    self.heard.append(inside.recv(1000))
            except OSError:
                plain.close()

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[tuple[Impostor, Path]]:
    context, certificate = of_its_own(tmp_path, "localhost")
    server = Impostor(context)
    yield server, certificate
    server.stop()


def test_a_server_that_does_not_prove_who_it_is_hears_nothing(
    impostor: tuple[Impostor, Path], tmp_path: Path
) -> None:
    server, certificate = impostor
    _context, another = of_its_own(tmp_path, "another")

    def said(host: str, trusted: Path) -> str:
        url = f"postgresql://us:hunter2@{host}:{server.port}/x?sslmode=verify-full"
        found = at(f"{url}&sslrootcert={trusted}")
        with pytest.raises(psycopg.OperationalError) as caught:
            ConnectionHandler({"default": found})["default"].connect()
        return str(caught.value)

    assert "certificate verify failed" in said("localhost", another)
    assert "does not match host name" in said("127.0.0.1", certificate)
    assert [heard for heard in server.heard if heard] == []
    said("localhost", certificate)  # who proves it is spoken to
    assert any(b"user\0us\0" in heard for heard in server.heard)
