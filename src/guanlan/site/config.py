"""The settings of an installation: declared once, typed, read once.

A setting called `time_zone` is the variable `GUANLAN_TIME_ZONE` or the key `time_zone` of one
TOML file; the environment wins. The file is `guanlan.toml` in the data directory, or the one
that `GUANLAN_CONFIG` names. A secret may instead stand in a file of its own: then
`GUANLAN_DATABASE_URL_FILE` (or `database_url_file`) names that file. An unknown name and a value
of another type stop the start with one sentence that names the setting, where it stands and
what was expected; the value itself is never shown.

Programs read `guanlan.site.settings`; `guanlan config` prints what is in force and why.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from msgspec import Struct

PREFIX: Final = "GUANLAN_"
FILE_NAME: Final = "guanlan.toml"
# Variables with our prefix that are no settings: where the settings are, the client's key, and
# what tests are told.
NOT_SETTINGS: Final = ("GUANLAN_CONFIG", "GUANLAN_KEY")
TESTS: Final = "GUANLAN_TEST_"
SECRET_BYTES: Final = 64 << 10
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")

Origin = Literal["default", "environment", "file", "secret file"]
_UNTYPED: Final = object()


class Kind(NamedTuple):
    """A type of setting: how text and a TOML value become it, and what was expected."""

    expected: str
    from_text: Callable[[str], Any]
    from_toml: Callable[[Any], Any]


class Setting(Struct, frozen=True):
    """One setting: its name, what it means, its type and its default."""

    name: str
    kind: Kind
    default: Any
    help: str
    secret: bool = False

    @property
    def variable(self) -> str:
        return PREFIX + self.name.upper()


class Value(NamedTuple):
    """A setting's value and where it stands."""

    value: Any
    origin: Origin
    place: str = ""


def _is(kind: type) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError
        return value

    return checked


def _flag(text: str) -> bool:
    if text.lower() in ("1", "yes", "true", "on"):
        return True
    if text.lower() in ("0", "no", "false", "off"):
        return False
    raise ValueError


def _word_list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValueError
    return tuple(word.strip() for word in value if word.strip())


def _split(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _zone(text: Any) -> str:
    try:
        ZoneInfo(_is(str)(text))
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError from None
    return str(text)


def _issuer(value: Any) -> str:
    """The issuer as it stands: it is compared letter by letter with what tokens say."""
    text = str(_is(str)(value))
    parts = urlsplit(text)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError
    return text


def choice(*words: str) -> Kind:
    """One of some words."""

    def chosen(value: Any) -> str:
        text = str(_is(str)(value)).lower()
        if text not in words:
            raise ValueError
        return text

    return Kind(f"one of {', '.join(words)}", chosen, chosen)


def whole(least: int, most: int) -> Kind:
    """A whole number within bounds."""

    def bounded(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError
        return value

    return Kind(f"a whole number from {least} to {most}", lambda t: bounded(int(t)), bounded)


TEXT: Final = Kind("a text", str, _is(str))
FLAG: Final = Kind("yes or no", _flag, _is(bool))
WORDS: Final = Kind("a list of texts", _split, _word_list)
PATH: Final = Kind("a path", Path, lambda value: Path(_is(str)(value)))
ISSUER: Final = Kind(
    "an address such as https://sso.example.com/realms/staff, without ? and #", _issuer, _issuer
)
ZONE: Final = Kind("the name of a time zone, such as Asia/Shanghai", _zone, _zone)

DECLARED: Final = (
    Setting("data", PATH, Path("var"), "directory of log, database, keys and everything else"),
    Setting("database_url", TEXT, "", "postgresql://user:password@host:port/name, or"
            " sqlite:///path; without it SQLite in the data directory; on another machine with"
            " ?sslmode=verify-full", secret=True),
    Setting("database_unverified", FLAG, False, "a PostgreSQL on another machine may go without"
            " TLS and a checked certificate: only where something else protects the way there"),
    Setting("hosts", WORDS, ("localhost", "127.0.0.1", "[::1]"), "host names the console"
            " answers to"),
    Setting("https", FLAG, False, "the console is only reached over https: secure cookies, HSTS"),
    Setting("origins", WORDS, (), "origins trusted for forms behind a proxy"),
    Setting("language", choice("en", "zh-hans", "zh-hant"), "zh-hans", "language when the browser"
            " asks for none of ours"),
    Setting("time_zone", ZONE, "Asia/Shanghai", "zone in which times are shown until the"
            " organisation names its own"),
    Setting("address", TEXT, "", "where people reach the console, for links in messages:"
            " https://risk.example.com"),
    Setting("egress_allow", WORDS, (), "in-house machines that may be called: host, host:port,"
            " address or network"),
    Setting("egress_proxy", TEXT, "", "the organisation's proxy for outgoing calls:"
            " http://host:port"),
    Setting("attachment_limit", whole(1, 1 << 40), 25 << 20, "bytes of one attachment at most"),
    Setting("attachment_quota", whole(0, 1 << 50), 10 << 30, "bytes of all attachments at most"),
    Setting("attachment_scanner", WORDS, (), "command that reads a file on its input and ends with"
            " 0 when it is clean, 1 when it is not: clamdscan,--no-summary,-"),
    Setting("oidc_issuer", ISSUER, "", "the OpenID Connect provider that staff sign in with: its"
            " issuer, exactly as it names itself"),
    Setting("oidc_client_id", TEXT, "", "this console's name at the provider"),
    Setting("oidc_client_secret", TEXT, "", "this console's secret at the provider", secret=True),
    Setting("oidc_name", TEXT, "", "what the sign-in page calls the provider: Sign in with ..."),
    Setting("oidc_required", FLAG, False, "whether staff sign in by the provider only; owners keep"
            " the other ways for the day it is down"),
    Setting("oidc_second_factor", WORDS, (), "words of the provider's amr, or its acr, that count"
            " as a second factor: mfa; without any our own is asked for"),
    Setting("mfa", choice("required", "by_role", "optional"), "required", "of whom a second factor"
            " is demanded, without which a person reaches only the page that sets one up:"
            " everybody, those with certain roles, or nobody"),
    Setting("mfa_roles", WORDS, (), "with mfa = by_role: these roles; without a list those that may"
            " change, approve, manage or reveal something"),
    Setting("password_words", WORDS, (), "words that are easy to guess here, besides the names of"
            " product, organisation and person: brands, products, towns"),
    Setting("leaked_passwords", PATH, None, "sorted file of the hashes (SHA-1) of leaked passwords,"
            " which nobody may choose; a list such as Pwned Passwords publishes"),
    Setting("leaked_service", TEXT, "", "service asked whether a password has leaked, by five"
            " digits of its hash: https://api.pwnedpasswords.com/range; without it nobody is"
            " asked"),
    Setting("idle_minutes", whole(1, 720), 30, "minutes without a request after which a session"
            " ends"),
    Setting("proxies", WORDS, (), "addresses or networks of proxies whose X-Forwarded-For is"
            " believed"),
    Setting("sealing_algorithm", choice("aes-256-gcm", "sm4-gcm"), "aes-256-gcm", "cipher of keys"
            " made from now on"),
    Setting("key_provider", choice("file", "vault", "aws_kms", "command"), "file", "who keeps the"
            " master key"),
    Setting("master_key_path", PATH, None, "the master key's file; else keys/master.key in the data"
            " directory"),
    Setting("key_command", WORDS, (), "program that wraps keys by a key service: it is given wrap,"
            " unwrap or rotate"),
    Setting("vault_address", TEXT, "", "where Vault answers: https://vault.example.com"),
    Setting("vault_token", TEXT, "", "token that may encrypt and decrypt with the transit key",
            secret=True),
    Setting("vault_key", TEXT, "guanlan", "name of the transit key"),
    Setting("vault_mount", TEXT, "transit", "where the transit engine is mounted"),
    Setting("aws_kms_region", TEXT, "", "region of AWS KMS: eu-central-1"),
    Setting("aws_kms_key", TEXT, "", "id, alias or ARN of the key there: alias/guanlan"),
    Setting("aws_kms_access_key", TEXT, "", "access key that may encrypt and decrypt with it"),
    Setting("aws_kms_secret_key", TEXT, "", "its secret", secret=True),
    Setting("aws_kms_session", TEXT, "", "session token of temporary credentials", secret=True),
    Setting("aws_kms_address", TEXT, "", "where it answers, if not at the region's usual address:"
            " https://kms.example.com"),
    Setting("checkpoints", PATH, None, "directory of the audit log's signed checkpoints, best on"
            " another machine's or a write-once disk; else in the data directory"),
    Setting("audit_channel", TEXT, "", "name of the channel (Settings, Channels) to which signed"
            " checkpoints of the audit log are sent"),
    Setting("audit_channel_minutes", whole(1, 7 * 24 * 60), 60, "minutes between two such"
            " checkpoints at least"),
    Setting("log_format", choice("line", "json"), "line", "how the process log on standard error"
            " is written: a line to read, or a line of JSON for a collector"),
    Setting("node_modules", PATH, None, "where the front-end packages are installed; else in the"
            " project"),
)  # fmt: skip


class Config(Mapping[str, Any]):
    """The settings in force: `config["https"]`, or with its origin `config.of("https")`."""

    def __init__(self, values: dict[str, Value]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name].value

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def of(self, name: str) -> Value:
        """The value and where it stands."""
        return self._values[name]


def load(environment: Mapping[str, str], declared: tuple[Setting, ...] = DECLARED) -> Config:
    """Read every setting. Raises ImproperlyConfigured with one sentence for the first fault."""
    by_name = {setting.name: setting for setting in declared}
    given = {
        name: text.strip()
        for name, text in environment.items()
        if name.startswith(PREFIX) and name not in NOT_SETTINGS and not name.startswith(TESTS)
    }
    _known([*given], by_name, lambda s: s.variable, "the environment")
    named = environment.get("GUANLAN_CONFIG", "").strip()
    data = Path(given.get("GUANLAN_DATA") or "var")
    path = Path(named) if named else data / FILE_NAME
    table = _table(path, required=bool(named))
    _known([*table], by_name, lambda s: s.name, str(path))
    values: dict[str, Value] = {}
    for setting in declared:
        values[setting.name] = (
            _from_environment(setting, given)
            or _from_file(setting, table, path)
            or Value(setting.default, "default")
        )
    return Config(values)


def _known(
    names: list[str],
    declared: Mapping[str, Setting],
    spelled: Callable[[Setting], str],
    where: str,
) -> None:
    known = {spelled(setting) for setting in declared.values()}
    for setting in declared.values():
        if setting.secret:
            suffix = "_FILE" if spelled(setting).isupper() else "_file"
            known.add(spelled(setting) + suffix)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ImproperlyConfigured(
                f"{where}: {name} is no setting of Guanlan{hint} (guanlan config lists them)"
            )


def _table(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        if required:
            raise ImproperlyConfigured(
                f"GUANLAN_CONFIG: expected the path of a TOML file, and {path} is not there"
            ) from None
        return {}
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"{path}: expected a readable TOML file in UTF-8") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = getattr(error, "lineno", None)
        if line is None:  # Python 3.11 tells it in words only
            line = str(error).rpartition("line ")[2].partition(",")[0]
        raise ImproperlyConfigured(
            f"{path}, line {line}: expected TOML, such as https = true"
        ) from None


def _from_environment(setting: Setting, given: Mapping[str, str]) -> Value | None:
    text = given.get(setting.variable, "")
    pointed = given.get(f"{setting.variable}_FILE", "") if setting.secret else ""
    if text and pointed:
        raise ImproperlyConfigured(
            f"{setting.variable}: expected either the variable or {setting.variable}_FILE"
        )
    if pointed:
        return _from_secret_file(setting, pointed, f"{setting.variable}_FILE")
    if not text:
        return None
    try:
        return Value(setting.kind.from_text(text), "environment", setting.variable)
    except ValueError:
        raise _unexpected(setting, setting.variable) from None


def _from_file(setting: Setting, table: Mapping[str, Any], path: Path) -> Value | None:
    value = table.get(setting.name, _UNTYPED)
    pointed = table.get(f"{setting.name}_file", _UNTYPED) if setting.secret else _UNTYPED
    place = f"{path}: {setting.name}"
    if value is not _UNTYPED and pointed is not _UNTYPED:
        raise ImproperlyConfigured(f"{place}: expected either this or {setting.name}_file")
    if pointed is not _UNTYPED:
        if not isinstance(pointed, str):
            raise ImproperlyConfigured(f"{place}_file: expected a path")
        return _from_secret_file(setting, pointed, f"{place}_file")
    if value is _UNTYPED:
        return None
    try:
        return Value(setting.kind.from_toml(value), "file", str(path))
    except ValueError:
        raise _unexpected(setting, place) from None


def _from_secret_file(setting: Setting, path: str, place: str) -> Value:
    try:
        with Path(path).open("rb") as file:
            text = file.read(SECRET_BYTES).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not text:
        raise ImproperlyConfigured(f"{place}: expected the path of a file that holds the secret")
    try:
        return Value(setting.kind.from_text(text), "secret file", path)
    except ValueError:
        raise _unexpected(setting, place) from None


def _unexpected(setting: Setting, place: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{place}: expected {setting.kind.expected}")


def read() -> Config:
    """The settings of this process."""
    return load(os.environ)
