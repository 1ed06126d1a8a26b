"""The door itself: a raw ASGI application in front of one engine.

`POST /v1/events` is the hot path and is written out flat: one future per request, start
messages made ahead of time, no time-out object, no framework.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from guanlan.core.misplaced import key_in_address
from guanlan.site.door import batch, reads
from guanlan.site.door.asgi import Message, Receive, Scope, Send
from guanlan.site.door.bodies import Disconnected, Reader
from guanlan.site.door.committer import Committer
from guanlan.site.door.gauges import render_engine
from guanlan.site.door.incidents import incident
from guanlan.site.door.keys import NOBODY, Key, KeyRing
from guanlan.site.door.limits import Limits
from guanlan.site.door.metrics import (
    CONTENT_TYPE,
    EVENTS,
    Metrics,
    render_door,
    render_process,
    single,
)
from guanlan.site.door.openapi import document
from guanlan.site.door.protocol import EngineProtocol
from guanlan.site.door.replies import (
    JSON,
    NDJSON,
    Headers,
    Refusal,
    busy,
    ok_start,
    refuse,
    reply,
    retry_after,
)
from guanlan.site.door.rights import (
    CHANGE_LISTS,
    POST_EVENTS,
    PUBLIC,
    READ_DECISIONS,
    READ_ENTITIES,
    READ_METRICS,
    Need,
    faults,
    forbidden,
    unauthorized,
)
from guanlan.site.door.trail import Trail

log = logging.getLogger("guanlan.door")

PATHS = ("/v1/", "/healthz", "/readyz", "/metrics")
_BATCH_TYPES = (NDJSON, b"application/ndjson", b"application/jsonl", b"application/jsonlines")
_SWEEP_SECONDS = 0.5
_LONGEST_NAME = 256


class Request(NamedTuple):
    """A request off the hot path; `parameters` are the variable segments of its path. `key` is
    whose right was checked; a public route has nobody's."""

    scope: Scope
    receive: Receive
    send: Send
    headers: dict[bytes, bytes]
    parameters: list[str]
    key: Key


Handler = Callable[[Request], Awaitable[None]]


class Route(NamedTuple):
    """A pattern of path segments ("" = a parameter), the right it needs, what answers each
    method, and its label in the metrics."""

    pattern: tuple[str, ...]
    need: Need
    handlers: dict[str, Handler]
    label: str


class Door:
    """ASGI application answering `/v1/*`, `/healthz`, `/readyz` and `/metrics`.

    engine: the engine, or None while it is being opened (then call `attach` later; until
        then `/readyz` and every call answers 503).
    keys: who may call.
    limits: sizes, counts and times.
    trail: writes changes of lists into the audit log; without one they are not written down.
    """

    def __init__(
        self,
        engine: EngineProtocol | None,
        keys: KeyRing,
        limits: Limits | None = None,
        trail: Trail | None = None,
    ) -> None:
        self.limits = limits or Limits()
        self.keys = keys
        self.trail = trail
        self.metrics = Metrics()
        self.committer = Committer(self.limits, self.metrics)
        if engine is not None:
            self.committer.attach(engine)
        bounds = self.limits
        self._events = Reader("the body", bounds.event_bytes, bounds.body_seconds)
        self._batches = Reader("the batch", bounds.batch_bytes, bounds.batch_seconds)
        self._open_batches = 0
        self._document: tuple[str, bytes] | None = None  # of the scenario with this digest
        self._background: list[asyncio.Task[None]] = []
        health, ready = self._get_health, self._get_ready
        self.routes = (
            Route(("v1", "events"), POST_EVENTS, {"POST": self._post_slow}, EVENTS),
            Route(
                ("v1", "events:batch"), POST_EVENTS, {"POST": self._post_batch}, "/v1/events:batch"
            ),
            Route(
                ("v1", "decisions", ""), READ_DECISIONS, {"GET": self._get_decision},
                "/v1/decisions",
            ),
            Route(
                ("v1", "entities", "look-up"), READ_ENTITIES, {"POST": self._look_up},
                "/v1/entities",
            ),
            Route(
                ("v1", "lists", "", "entries"), CHANGE_LISTS, {"POST": self._put_entry},
                "/v1/lists",
            ),
            Route(
                ("v1", "lists", "", "entries", "remove"), CHANGE_LISTS,
                {"POST": self._remove_entry}, "/v1/lists",
            ),
            Route(("metrics",), READ_METRICS, {"GET": self._get_metrics}, "/metrics"),
            Route(("v1", "openapi.json"), PUBLIC, {"GET": self._get_openapi}, "/v1/openapi.json"),
            Route(("healthz",), PUBLIC, {"GET": health, "HEAD": health}, "/healthz"),
            Route(("readyz",), PUBLIC, {"GET": ready, "HEAD": ready}, "/readyz"),
        )  # fmt: skip
        if wrong := faults((route.label, route.need) for route in self.routes):
            raise RuntimeError("\n".join(wrong))

    # -- life --------------------------------------------------------------------------

    def attach(self, engine: EngineProtocol) -> None:
        """Give a door that was made without an engine its engine."""
        self.committer.attach(engine)

    async def startup(self) -> None:
        """Read the keys and start working. Call once, in the serving loop."""
        await asyncio.to_thread(self.keys.reload)
        self.committer.start()
        loop = asyncio.get_running_loop()
        self._background = [
            loop.create_task(self.keys.watch(self.limits.keys_seconds)),
            loop.create_task(self._sweep()),
        ]

    def stop(self) -> None:
        """Refuse new requests with 503; what is queued is still answered."""
        self.committer.stop()

    async def shutdown(self) -> None:
        """Answer everything queued, then end the background work."""
        await self.committer.drain()
        if self.trail is not None:
            await self.trail.settle()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._events.sweep()
            self._batches.sweep()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            if scope["path"] == EVENTS and scope["method"] == "POST":
                await self._post_event(scope, receive, send)
            else:
                await self._route(scope, receive, send)
        elif kind == "lifespan":
            await self._lifespan(receive, send)
        elif kind == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1003})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.startup()
                except Exception as error:
                    log.exception("the door could not start")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.shutdown()
                await send({"type": "lifespan.shutdown.complete"})
                return

    # -- the hot path ------------------------------------------------------------------

    async def _post_event(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        status = 200
        try:
            headers = dict(scope["headers"])
            if scope["query_string"]:
                self._without_key(scope)
            key = self.keys.check_header(headers.get(b"authorization"))
            if key is None or POST_EVENTS not in key.rights:
                raise self._denied(key, POST_EVENTS, headers)
            content_type = headers.get(b"content-type")
            if content_type != JSON:
                _expect(content_type, (JSON,))
            events = self._events
            events.declared(headers.get(b"content-length"))
            committer = self.committer
            committer.admit()
            if events.running >= self.limits.reading:
                raise busy(self.limits.retry_busy_seconds)
            answer = await committer.submit(await events.read(receive))
            body = answer.body
            if answer.status == 200:
                await send(ok_start(len(body)))
                await send({"type": "http.response.body", "body": body})
            else:
                status = answer.status
                await reply(send, status, body, headers=self._extra(status))
        except Refusal as refusal:
            status = refusal.status
            await refuse(send, refusal)
        except Disconnected:
            self.metrics.disconnects += 1
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            status = await self._unexpected(EVENTS, error, send)
        self.metrics.count_event(status, perf_counter() - began)

    def _extra(self, status: int) -> Headers:
        if status == 429:
            return retry_after(self.limits.retry_busy_seconds)
        return retry_after(self.limits.retry_down_seconds) if status == 503 else []

    async def _unexpected(self, route: str, error: Exception, send: Send) -> int:
        self.metrics.internal_errors += 1
        refusal = incident(route, error)
        with suppress(Exception):  # the answer may have begun already; uvicorn then closes
            await refuse(send, refusal)
        return refusal.status

    # -- everything else ---------------------------------------------------------------

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        route, status = "other", 200

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            self._without_key(scope)
            segments = _segments(scope)
            found, parameters = self._find(segments)
            route = found.label
            handler = found.handlers.get(scope["method"])
            if handler is None:
                answered = ", ".join(sorted(found.handlers))
                raise Refusal(
                    405,
                    "method_not_allowed",
                    f"this path answers {answered}",
                    headers=[(b"allow", answered.encode())],
                )
            headers = dict(scope["headers"])
            key = NOBODY if found.need is PUBLIC else self._allow(headers, found.need)
            await handler(Request(scope, receive, counted, headers, parameters, key))
        except Refusal as refusal:
            await refuse(counted, refusal)
        except Disconnected:
            self.metrics.disconnects += 1
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller gets an answer
            status = await self._unexpected(route, error, send)
        self.metrics.count(route, status)

    def _find(self, segments: list[str]) -> tuple[Route, list[str]]:
        for route in self.routes:
            pattern = route.pattern
            if len(pattern) == len(segments) and all(
                not want or want == got for want, got in zip(pattern, segments, strict=True)
            ):
                found = [got for want, got in zip(pattern, segments, strict=True) if not want]
                if not all(1 <= len(part) <= _LONGEST_NAME and "\0" not in part for part in found):
                    raise Refusal(
                        400,
                        "malformed",
                        f"names in the path have 1 to {_LONGEST_NAME} characters and no NUL",
                    )
                return route, found
        raise Refusal(404, "not_found", "no such path; GET /v1/openapi.json lists them to a key")

    def _without_key(self, scope: Scope) -> None:
        """Raises Refusal 401 where an API key stands in the address: those are kept in histories
        and in the logs of what lies between, so such a key is known to others."""
        address = (scope.get("raw_path") or scope["path"].encode()) + b"?" + scope["query_string"]
        name = key_in_address(address.decode("latin-1"))
        if not name:
            return
        log.warning("the API key gl_%s_... was sent in an address: revoke it", name)
        if self.trail is not None:
            self.trail.misplaced()
        raise Refusal(
            401,
            "key_in_address",
            "an API key belongs into the header Authorization: Bearer gl_..., never into an"
            " address, which logs keep: revoke this one and make another",
            headers=[(b"www-authenticate", b'Bearer realm="guanlan"')],
        )

    def _allow(self, headers: dict[bytes, bytes], need: Need) -> Key:
        key = self.keys.check_header(headers.get(b"authorization"))
        if key is None or need not in key.rights:
            raise self._denied(key, need, headers)
        return key

    def _denied(self, key: Key | None, need: Need, headers: dict[bytes, bytes]) -> Refusal:
        """The answer to who may not; that it was given is written down as well."""
        if self.trail is not None:
            self.trail.refused((key or NOBODY).subject, need)
        if key is not None:
            return forbidden(need)
        return unauthorized(ended=self.keys.has_ended(headers.get(b"authorization")))

    async def _post_slow(self, request: Request) -> None:
        # Reached when the path was written with escapes; the hot path compares plainly.
        await self._post_event(request.scope, request.receive, request.send)

    async def _post_batch(self, request: Request) -> None:
        _expect(request.headers.get(b"content-type"), _BATCH_TYPES)
        self._batches.declared(request.headers.get(b"content-length"))
        self.committer.admit()
        if self._open_batches >= self.limits.batches:
            raise busy(self.limits.retry_busy_seconds)
        self._open_batches += 1
        try:
            body = await self._batches.read(request.receive)
            if body.count(b"\n") > self.limits.batch_lines:
                raise Refusal(
                    413, "too_large", f"the batch has more than {self.limits.batch_lines} lines"
                )
            await batch.decide_lines(body, self.committer, self.limits, self.metrics, request.send)
        finally:
            self._open_batches -= 1

    async def _get_decision(self, request: Request) -> None:
        await reply(request.send, 200, await reads.decision(self.committer, request.parameters[0]))

    async def _look_up(self, request: Request) -> None:
        body = await self._json_of(request)
        await reply(request.send, 200, await reads.entity(self.committer, body))

    async def _put_entry(self, request: Request) -> None:
        body = await self._json_of(request)
        (name,) = request.parameters
        await reads.put_entry(self.committer, request.key, name, body, self.trail)
        await reply(request.send, 200, b'{"ok":true}')

    async def _remove_entry(self, request: Request) -> None:
        body = await self._json_of(request)
        (name,) = request.parameters
        await reads.remove_entry(self.committer, request.key, name, body, self.trail)
        await reply(request.send, 200, b'{"ok":true}')

    async def _json_of(self, request: Request) -> bytes:
        """The body of a call off the hot path. Raises Refusal 408, 413 or 415."""
        _expect(request.headers.get(b"content-type"), (JSON,))
        self._events.declared(request.headers.get(b"content-length"))
        return await self._events.read(request.receive)

    async def _get_openapi(self, request: Request) -> None:
        # It names what the scenario looks at, and who knows that knows what to evade.
        header = request.headers.get(b"authorization")
        if self.keys.check_header(header) is None:
            raise unauthorized(ended=self.keys.has_ended(header))
        scenario = self.committer.ready().program.scenario
        if self._document is None or self._document[0] != scenario.digest:
            self._document = scenario.digest, document(self.limits, scenario)
        await reply(request.send, 200, self._document[1])

    async def _get_health(self, request: Request) -> None:
        await reply(request.send, 200, b'{"status":"alive"}')

    async def _get_ready(self, request: Request) -> None:
        engine = self.committer.ready()
        await reply(request.send, 200, b'{"status":"ready","seq":%d}' % engine.seq)

    async def _get_metrics(self, request: Request) -> None:
        text = "\n".join([*render_door(self.metrics), *self._gauges(), *render_process(), ""])
        await reply(request.send, 200, text.encode(), content_type=CONTENT_TYPE)

    def _gauges(self) -> list[str]:
        committer = self.committer
        rows: list[tuple[str, str, float]] = [
            ("guanlan_queue_events", "Events waiting to be decided.", committer.queued_events),
            ("guanlan_queue_bytes", "Bytes of waiting events.", committer.queued_bytes),
            ("guanlan_reading_requests", "Bodies being read.", self._events.running),
            ("guanlan_open_batches", "Batches being answered.", self._open_batches),
            ("guanlan_keys", "Live API keys.", len(self.keys)),
            ("guanlan_keys_age_seconds", "Since the API keys were last read.", self.keys.age),
            ("guanlan_ready", "1 when events are decided.", float(committer.state == "ready")),
        ]
        if self.trail is not None:
            rows += self.trail.gauges()
        out = [line for name, text, value in rows for line in single(name, "gauge", text, value)]
        engine = committer.engine
        if engine is None:
            return out
        return out + render_engine(engine)


def _segments(scope: Scope) -> list[str]:
    """The decoded segments of the path; an escaped slash stays inside its segment."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    try:
        return [unquote_to_bytes(part).decode() for part in raw.split(b"/")[1:]]
    except UnicodeDecodeError:
        raise Refusal(400, "malformed", "the path is not UTF-8") from None


def _expect(content_type: bytes | None, allowed: tuple[bytes, ...]) -> None:
    """Raises Refusal 415 unless `content_type` is one of `allowed` (parameters aside)."""
    plain = (content_type or b"").partition(b";")[0].strip().lower()
    if plain not in allowed:
        raise Refusal(
            415, "unsupported_media_type", f"content-type {allowed[0].decode()} is expected"
        )
