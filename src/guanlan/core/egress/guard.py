"""Puts libraries that call through `requests` (apprise does) under the same policy."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from guanlan.core.egress.policy import CONNECT_SECONDS, open_socket, policy


class RefusedRequest(requests.exceptions.ConnectionError):
    """A redirect or a proxy, in the form that users of `requests` understand as a failure."""


def _socket(connection: HTTPConnection) -> socket.socket:
    # Refused is raised as it is: urllib3 would take an OSError of its own for worth a retry.
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
    return open_socket(connection.host, connection.port or 0, timeout=timeout or CONNECT_SECONDS)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _socket(self)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _socket(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        if proxy.rstrip("/") != policy().proxy.rstrip("/"):
            raise RefusedRequest("this proxy is not used")
        return super().proxy_manager_for(proxy, **kwargs)


class GuardedSession(requests.sessions.Session):
    """A session that calls checked addresses, follows no redirect and knows only our proxy."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.max_redirects = 0
        self.mount("http://", _Adapter())
        self.mount("https://", _Adapter())

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        kwargs["allow_redirects"] = False
        kwargs["proxies"] = {}
        if way := policy().proxy:
            target = urlsplit(request.url or "")
            port = target.port or (443 if target.scheme == "https" else 80)
            policy().check_by_proxy(target.hostname or "", port)
            kwargs["proxies"] = {"http": way, "https": way}
        response = super().send(request, **kwargs)
        if response.is_redirect or response.is_permanent_redirect:
            response.close()
            raise RefusedRequest("answered with a redirect, which is not followed")
        return response


def guard_requests() -> None:
    """From now on every `requests` call of this process is under the policy; may be repeated."""
    requests.sessions.Session = GuardedSession  # type: ignore[misc]
    requests.Session = GuardedSession  # type: ignore[misc]
