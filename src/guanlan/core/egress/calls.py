"""HTTP calls under the policy."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import httpcore
import httpx
from msgspec import Struct

from guanlan.core.egress.policy import WEB_PORTS, Refused, policy
from guanlan.core.egress.telling import told

TIMEOUT_SECONDS: Final = 10.0
LIMIT_BYTES: Final = 1 << 20
AGENT: Final = "Guanlan"


class Answer(Struct, frozen=True):
    """What came back; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class _Timed(httpcore.NetworkStream):
    """A connection that no drip of bytes keeps open past a deadline of the steady clock."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def _left(self, timeout: float | None) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._left(timeout))
        return _Timed(secure, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Checked(httpcore.NetworkBackend):
    """Connects to checked addresses only; the name stays in the Host header and in TLS."""

    def __init__(self, until: float, proxy: tuple[str, int] | None = None) -> None:
        self._plain = httpcore.SyncBackend()
        self._until = until
        self._proxy = proxy

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if self._proxy is not None and (host, port) == self._proxy:
            stream = self._plain.connect_tcp(host, port, timeout, local_address, socket_options)
            return _Timed(stream, self._until)
        last: Exception | None = None
        for address in policy().addresses(host, port, WEB_PORTS):
            try:
                stream = self._plain.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
                return _Timed(stream, self._until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                last = error
        assert last is not None
        raise last


class _Transport(httpx.HTTPTransport):
    def __init__(self, context: ssl.SSLContext, until: float) -> None:
        super().__init__(verify=context, trust_env=False)
        if way := policy().proxy:
            parts = httpx.URL(way)
            self._pool = httpcore.HTTPProxy(
                way,
                ssl_context=context,
                network_backend=_Checked(until, (parts.host, parts.port or 80)),
            )
        else:
            self._pool = httpcore.ConnectionPool(
                ssl_context=context, network_backend=_Checked(until)
            )


def request(
    method: str,
    url: str,
    *,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    limit: int = LIMIT_BYTES,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Call `url` (http or https) and read the whole answer, at most `limit` bytes.

    Raises Refused where the policy forbids it, where the answer is a redirect or too long;
    OSError (TimeoutError, ConnectionError) where the other side does not answer within
    `timeout` seconds, all told.
    """
    parsed = _parsed(url)
    with told(parsed.host):
        return _called(
            method, parsed, content=content, headers=headers, timeout=timeout, limit=limit,
            context=context,
        )  # fmt: skip


def _called(
    method: str,
    parsed: httpx.URL,
    *,
    content: bytes | None,
    headers: Mapping[str, str] | None,
    timeout: float,
    limit: int,
    context: ssl.SSLContext | None,
) -> Answer:
    until = time.monotonic() + timeout
    if policy().proxy:
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        policy().check_by_proxy(parsed.host, port)
    sent = {"User-Agent": AGENT, "Accept-Encoding": "identity", **(headers or {})}
    try:
        with (
            httpx.Client(
                transport=_Transport(context or ssl.create_default_context(), until),
                timeout=timeout,
                follow_redirects=False,
                trust_env=False,
            ) as client,
            client.stream(method, parsed, content=content, headers=sent) as response,
        ):
            if 300 <= response.status_code < 400:
                raise Refused(f"{parsed.host}: answered with a redirect, which is not followed")
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Refused(f"{parsed.host}: answered in an encoding that was not asked for")
            body = bytearray()
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > limit:
                    raise Refused(f"{parsed.host}: the answer is longer than {limit} bytes")
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, found, bytes(body))
    except httpx.TimeoutException:
        raise TimeoutError(f"{parsed.host}: no answer in {timeout:g} s") from None
    except httpx.HTTPError as error:
        kind = type(error).__name__
        raise ConnectionError(f"{parsed.host}: the call failed ({kind})") from None


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise Refused("the address cannot be read; expected https://host/path") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise Refused("expected an address that begins with https:// or http://")
    if parsed.userinfo:
        raise Refused(f"{parsed.host}: a name or password in the address is not used")
    return parsed
