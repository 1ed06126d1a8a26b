"""A throw-away PostgreSQL for a run of the tests: GUANLAN_TEST_DATABASE=postgresql.

The cluster stands in a directory of its own, listens on this machine only, and is gone when the
run ends. PostgreSQL does not run as root: there the account `postgres` runs it.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

WANTED = "GUANLAN_TEST_DATABASE"
ADDRESS = "GUANLAN_TEST_DATABASE_URL"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
# What is written need not outlive the run.
SETTINGS = (
    "fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_wal_size=1GB",
    "shared_buffers=64MB", "max_connections=60", "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
)  # fmt: skip


def wanted() -> bool:
    """Whether this run is to use PostgreSQL."""
    return os.environ.get(WANTED, "").lower() in {"postgresql", "postgres"}


def programs() -> Path | None:
    """The directory of PostgreSQL's programs, the newest version's where there are several."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(4)
    )
    places = [*reversed(found), *(Path(p) for p in os.environ.get("PATH", "").split(os.pathsep))]
    return next((p for p in places if all((p / name).exists() for name in PROGRAMS)), None)


def start() -> str | None:
    """The address of this run's server, started if none runs yet; None where none is wanted or
    PostgreSQL is absent. Processes that this one starts find the same server."""
    if not wanted():
        return None
    if ADDRESS not in os.environ and (found := programs()) is not None:
        cluster = Cluster(found)
        atexit.register(cluster.stop)
        os.environ[ADDRESS] = cluster.address
    return os.environ.get(ADDRESS)


def of_its_own(template: str | None = None) -> dict[str, str]:
    """What a process needs in its environment for a database of its own, empty or a copy of the
    one named `template`; nothing on SQLite, where its data directory holds it."""
    address = start()
    if address is None:
        return {}
    server, _slash, _name = address.rpartition("/")
    name = f"other_{secrets.token_hex(6)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template or "template0")
            )
        )
    return {"GUANLAN_DATABASE_URL": f"{server}/{name}"}


class Cluster:
    """A running server; `address` is its GUANLAN_DATABASE_URL."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._root = Path(tempfile.mkdtemp(prefix="guanlan-postgresql-"))
        password = secrets.token_hex(16)
        kept = self._root / "password"
        kept.write_text(password)
        if os.geteuid() == 0:
            for path in (self._root, kept):
                shutil.chown(path, "postgres", "postgres")
        port = _free_port()
        self.address = f"postgresql://guanlan:{password}@127.0.0.1:{port}/guanlan"
        try:
            self._run(
                "initdb", "--pgdata", str(self._root / "data"), "--username=guanlan",
                "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--no-sync",
                f"--pwfile={kept}",
            )  # fmt: skip
            options = " ".join(f"-c {setting}" for setting in (*SETTINGS, f"port={port}"))
            self._control("start", "--wait", f"--log={self._root / 'log'}", f"--options={options}")
        except BaseException:
            shutil.rmtree(self._root, ignore_errors=True)
            raise

    def stop(self) -> None:
        """End the server and remove all of it."""
        self._control("stop", "--mode=immediate")
        shutil.rmtree(self._root, ignore_errors=True)

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", "--silent", "--pgdata", str(self._root / "data"), *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        # Not a pipe: the server inherits it, and would keep it open.
        with (self._root / "said").open("w+") as said:
            done = subprocess.run(
                command, stdout=said, stderr=said, check=False, cwd=self._root,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            )  # fmt: skip
            if done.returncode:
                said.seek(0)
                raise RuntimeError(f"{program} ended with {done.returncode}: {said.read()[-500:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
