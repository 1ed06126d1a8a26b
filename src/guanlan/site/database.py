"""The database an address names, as Django takes it; a server elsewhere must prove who it is."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

VARIABLE: Final = "GUANLAN_DATABASE_URL"
TLS_OPTIONS: Final = ("sslmode", "sslrootcert", "sslcert", "sslkey")
VERIFIED: Final = "verify-full"  # libpq's word: the certificate's issuer and its name are checked


def database(
    url: str, data: Path, *, unverified: bool, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Django's settings of the database at `url`; without one, of SQLite in `data`.

    unverified: whether a server on another machine may go without TLS and a checked certificate.
    environment: libpq's own variables lead elsewhere too.

    Raises ImproperlyConfigured with one sentence that does not repeat the address.
    """
    try:
        parts = urlsplit(url)
        port = str(parts.port or "")
    except ValueError:  # its words repeat a part of the address, which may be of the password
        raise ImproperlyConfigured(
            f"{VARIABLE}: expected postgresql://user:password@host:port/name, with signs such as"
            " / and # in user or password written as %2F and %23"
        ) from None
    if not url or parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(data / "db.sqlite3") if not url else unquote(parts.path[1:]),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # NORMAL is enough under WAL: the log is the truth, a lost tail of the
                # projection is projected again from the stored cursor.
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                    "PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; "
                    "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=268435456"
                ),
            },
        }
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(f"{VARIABLE}: expected postgresql://... or sqlite:///...")
    place = parts.netloc.rpartition("@")[2]
    # A directory of sockets is written with escapes; `hostname` would make it lower-case.
    socket = place.lower().startswith("%2f")
    host = unquote(place.partition(":")[0]) if socket else parts.hostname or ""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if not options.keys() <= set(TLS_OPTIONS):
        raise ImproperlyConfigured(
            f"{VARIABLE}: expected no other options than {', '.join(TLS_OPTIONS)}"
        )
    if not unverified and options.get("sslmode") != VERIFIED and _elsewhere(host, environment):
        raise ImproperlyConfigured(
            f"{VARIABLE}: expected ?sslmode={VERIFIED}, because the database is on another machine"
            " (or database_unverified = true, where something else protects the way there)"
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": port,
        "CONN_MAX_AGE": 60,
        "OPTIONS": options,
    }


def _elsewhere(host: str, environment: Mapping[str, str]) -> bool:
    """Whether libpq would leave this machine: its variables fill in what an address leaves out,
    and an address of numbers wins over a host."""
    if environment.get("PGSERVICE"):
        return True
    named = [host or environment.get("PGHOST", ""), environment.get("PGHOSTADDR", "")]
    return not all(_here(name) for name in named)


def _here(host: str) -> bool:
    if host in ("", "localhost") or host.startswith(("/", "@")):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
