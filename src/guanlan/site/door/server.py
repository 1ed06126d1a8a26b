"""uvicorn, bounded: head time-outs and sizes it lacks, and an orderly end.

uvicorn limits neither how long nor how large a request's head may be, so one client could
hold a connection, or fill memory, without ever becoming a request.
"""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from guanlan.site.door.app import PATHS, Door
from guanlan.site.door.asgi import App, Receive, Scope, Send
from guanlan.site.door.limits import Limits
from guanlan.site.door.replies import SECURE, Refusal, unavailable
from guanlan.site.door.stream import Stream

STREAM_PATH = "/console/stream"


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `expire` is called for all of them about once a second."""

    def __init__(self, limits: Limits, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._limits = limits
        self._head_since = 0.0  # when the head began that is still incomplete; 0 = none
        self._head_bytes = 0
        self._request_since = 0.0  # when the request began that is still arriving; 0 = none

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_since = self.loop.time()
        if len(self.connections) > self._limits.connections:
            self._answer(
                unavailable("too many connections are open", self._limits.retry_down_seconds)
            )

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._head_since:
            # Counts a whole packet even if it holds a body too: a head's bound is generous.
            self._head_bytes += len(data)
            if self._head_bytes > self._limits.head_bytes and not self._grows_a_body(data):
                self._answer(Refusal(431, "head_too_large", "the request's head is too large"))
                return
        super().data_received(data)

    def _grows_a_body(self, data: bytes) -> bool:
        # The head's end within this packet, itself within the bound: not a large head.
        end = data.find(b"\r\n\r\n")
        return end >= 0 and self._head_bytes - len(data) + end <= self._limits.head_bytes

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if not self._head_since:
            self._head_since = self.loop.time()

    def on_headers_complete(self) -> None:
        self._request_since = self._head_since
        self._head_since = 0.0
        self._head_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._request_since = 0.0
        super().on_message_complete()

    def expire(self) -> None:
        """Answer 408 to a head that is late; close a refused body that does not end."""
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._head_since and now - self._head_since > self._limits.head_seconds:
            if self._head_bytes:
                seconds = self._limits.head_seconds
                self._answer(
                    Refusal(408, "timeout", f"the head did not arrive within {seconds:g} seconds")
                )
            else:
                self.transport.close()
        elif (
            self._request_since
            and self.cycle.response_complete
            and now - self._request_since > self._limits.batch_seconds
        ):
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._answer(Refusal(400, "malformed", "this is not HTTP/1.1"))

    def _answer(self, refusal: Refusal) -> None:
        """Answer below ASGI, and close."""
        body = refusal.body
        headers = (*self.server_state.default_headers, *SECURE, *refusal.headers)
        more = b"".join(b"%b: %b\r\n" % header for header in headers)
        self.transport.write(
            b"%b%bcontent-type: application/json\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b" % (STATUS_LINE[refusal.status], more, len(body), body)
        )
        self.transport.close()


class DoorServer(uvicorn.Server):
    """uvicorn's server with something to call before it waits for open requests."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        before_stop: Iterable[Callable[[], None]] = (),
        ready: Callable[[int], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._before_stop = tuple(before_stop)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        # What lives as long as the process need not be looked at by the garbage collector,
        # and a request leaves no cycles behind: collecting often only holds requests up.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        if self.started and self._ready is not None:
            self._ready(self.port)

    @property
    def port(self) -> int:
        """The port listened on, also when 0 was asked for."""
        return int(self.servers[0].sockets[0].getsockname()[1])

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, BoundedProtocol):
                    connection.expire()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # An event stream never ends by itself, and shutdown waits for open requests.
        for call in self._before_stop:
            call()
        await super().shutdown(sockets)


def compose(door: Door, stream: Stream | None = None, rest: App | None = None) -> App:
    """One ASGI application: the door's paths, the event stream, and `rest` for all else.

    Without `rest` the door answers every other path (404).
    """
    fallback: App = door if rest is None else rest

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await door(scope, receive, send)
            return
        path: str = scope["path"]
        if path.startswith(PATHS):
            await door(scope, receive, send)
        elif stream is not None and path == STREAM_PATH:
            await stream(scope, receive, send)
        else:
            await fallback(scope, receive, send)

    return app


# A year, and every host below this one: RFC 6797.
STAY_HTTPS = ("strict-transport-security", "max-age=31536000; includeSubDomains")


def configure(
    app: App,
    limits: Limits,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    https: bool = False,
    **more: Any,
) -> uvicorn.Config:
    """uvicorn's configuration for the door: uvloop, httptools, bounded, quiet.

    https: the server is only reached over https; every answer, whoever gives it, says so.
    """
    settings: dict[str, Any] = {
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": partial(BoundedProtocol, limits),
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "log_level": "warning",
        "log_config": None,  # its words go where those of the rest go, in the same form
        "server_header": False,
        "headers": [STAY_HTTPS] if https else [],
        "proxy_headers": False,
        "backlog": 1024,
        "timeout_keep_alive": limits.idle_seconds,
        "timeout_graceful_shutdown": limits.stop_seconds,
    }
    return uvicorn.Config(app, **(settings | more))


def serve(
    door: Door,
    *,
    stream: Stream | None = None,
    rest: App | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Callable[[int], None] | None = None,
    **more: Any,
) -> None:
    """Serve until SIGINT or SIGTERM; `ready` is called with the port once listening.

    Afterwards uvicorn raises the signal again for the handler that was there before: a
    caller with work left to do installs one first.
    """
    config = configure(compose(door, stream, rest), door.limits, host=host, port=port, **more)
    stops = [door.stop] if stream is None else [stream.stop, door.stop]
    DoorServer(config, before_stop=stops, ready=ready).run()
