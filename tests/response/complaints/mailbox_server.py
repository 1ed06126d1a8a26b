"""A small mail server that speaks IMAP4rev1 over TLS, as far as reading a folder needs it."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from guanlan.core.egress import Policy, parse_rule, using
from tests.certificates import of_its_own
from tests.core.egress.servers import resolver

HOST = "imap.test"


class Folder:
    """Letters by UID; `asked` are the commands that came. `lie` is a size that it announces."""

    def __init__(self) -> None:
        self.letters: dict[int, bytes] = {}
        self.validity = 7
        self.asked: list[str] = []
        self.password = "right"
        self.lie = 0
        self.hang_up_at = 0  # a UID at which the connection ends

    def add(self, raw: bytes, uid: int = 0) -> int:
        number = uid or max(self.letters, default=0) + 1
        self.letters[number] = raw
        return number

    @property
    def following(self) -> int:
        return max(self.letters, default=0) + 1


class _Session:
    def __init__(self, folder: Folder, stream: ssl.SSLSocket) -> None:
        self.folder = folder
        self.stream = stream
        self.file = stream.makefile("rb")

    def say(self, line: bytes) -> None:
        self.stream.sendall(line + b"\r\n")

    def run(self) -> None:
        self.say(b"* OK IMAP4rev1 ready")
        while line := self.file.readline():
            tag, _blank, rest = line.decode().strip().partition(" ")
            self.folder.asked.append(rest)
            words = rest.split(" ", 2)
            command = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
            if command == "CAPABILITY":
                self.say(b"* CAPABILITY IMAP4rev1")
            elif command == "LOGIN":
                if f'"{self.folder.password}"' not in rest:
                    self.say(f"{tag} NO wrong".encode())
                    continue
            elif command == "EXAMINE":
                self.say(f"* {len(self.folder.letters)} EXISTS".encode())
                self.say(f"* OK [UIDVALIDITY {self.folder.validity}] valid".encode())
                self.say(f"* OK [UIDNEXT {self.folder.following}] next".encode())
            elif command == "UID SEARCH":
                self.search(rest)
            elif command == "UID FETCH":
                if not self.fetch(rest):
                    return
            elif command == "LOGOUT":
                self.say(b"* BYE")
            else:
                self.say(f"{tag} BAD what".encode())
                continue
            self.say(f"{tag} OK done".encode())
            if command == "LOGOUT":
                return

    def search(self, rest: str) -> None:
        first = int(re.search(r"UID (\d+):\*", rest.removeprefix("UID SEARCH"))[1])  # type: ignore[index]
        uids = sorted(self.folder.letters)
        found = [uid for uid in uids if uid >= first] or uids[-1:]
        self.say(b"* SEARCH " + " ".join(map(str, found)).encode())

    def fetch(self, rest: str) -> bool:
        uid = int(rest.split(" ")[2])
        if uid == self.folder.hang_up_at:
            return False
        raw = self.folder.letters[uid]
        place = sorted(self.folder.letters).index(uid) + 1
        if "RFC822.SIZE" in rest:
            head = raw.split(b"\r\n\r\n", 1)[0][:65536] + b"\r\n\r\n"
            size = self.folder.lie or len(raw)
            start = (
                f"* {place} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE"
                f' "27-Nov-2026 08:00:00 +0000" BODY[HEADER]<0> {{{len(head)}}}\r\n'
            )
            self.stream.sendall(start.encode() + head + b")\r\n")
        else:
            start = f"* {place} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n"
            self.stream.sendall(start.encode() + raw + b")\r\n")
        return True


@contextmanager
def mailbox_server(directory: Path) -> Iterator[tuple[Folder, int, ssl.SSLContext]]:
    """The folder, its port, and a context that trusts the server; nothing else may be called."""
    folder = Folder()
    context, public = of_its_own(directory, HOST)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            try:
                plain, _address = listening.accept()
            except OSError:
                return
            with suppress(OSError), context.wrap_socket(plain, server_side=True) as stream:
                _Session(folder, stream).run()

    worker = threading.Thread(target=serve, daemon=True)
    worker.start()
    trusted = ssl.create_default_context(cafile=str(public))
    policy = Policy((parse_rule(f"{HOST}:{port}"),), resolver({HOST: ["127.0.0.1"]}))
    try:
        with using(policy):
            yield folder, port, trusted
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        worker.join(5)
