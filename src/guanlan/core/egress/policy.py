"""Whom the platform may call, and sockets to those it may."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from msgspec import Struct

from guanlan.core.egress.addresses import is_public

WEB_PORTS: Final = frozenset({80, 443})
MAIL_PORTS: Final = frozenset({25, 465, 587, 2525})
CONNECT_SECONDS: Final = 5.0

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?\.?")

_PROXY = re.compile(r"http://[A-Za-z0-9._-]+:\d{1,5}/?")


class Refused(OSError):
    """A call that the policy does not allow; the text names host and reason."""


class Rule(Struct, frozen=True):
    """A host or network that may be called though it is not public; any usual port, or one."""

    host: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None


Resolve = Callable[[str, int], Sequence[str]]


def system_resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, by the machine's resolver."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Policy(Struct, frozen=True):
    """The rules in force; `resolve` gives the addresses of a name.

    `proxy` (`http://host:port`) is the organisation's own way out for HTTP: then the proxy is
    connected to, and it resolves names; a name that leads inside for us too is refused.
    """

    allow: tuple[Rule, ...] = ()
    resolve: Resolve = system_resolve
    proxy: str = ""

    def check_by_proxy(self, host: str, port: int) -> None:
        """Raises Refused where the proxy may not be asked for this host."""
        name = host.strip("[]").rstrip(".").lower()
        if _literal(name) is None and _HOST.fullmatch(name):
            try:
                self.resolve(name, port)
            except (OSError, UnicodeError):
                # Behind a proxy names of the internet are often unknown; it will know them.
                if port not in WEB_PORTS:
                    raise Refused(f"{name}: port {port} is not one of 80, 443") from None
                return
        self.addresses(host, port)

    def addresses(self, host: str, port: int, ports: frozenset[int] = WEB_PORTS) -> list[str]:
        """The addresses at which `host` may be called on `port`. Raises Refused.

        All of a name's addresses must be allowed: a name that also leads inside is refused.
        """
        name = host.strip("[]").rstrip(".").lower()
        literal = _literal(name)
        if literal is None and not _HOST.fullmatch(name):
            raise Refused("the host of the address is not a name")
        named = [rule for rule in self.allow if rule.host == name]
        by_name = any(rule.port == port or (not rule.port and port in ports) for rule in named)
        if literal is not None:
            found: Sequence[str] = [name]
        else:
            try:
                found = self.resolve(name, port)
            except (OSError, UnicodeError):
                raise Refused(f"{name}: the name cannot be resolved") from None
        if not found:
            raise Refused(f"{name}: the name has no address")
        if not by_name:
            for address in found:
                self._check(name, address, port, ports)
        return list(found)

    def _check(self, name: str, address: str, port: int, ports: frozenset[int]) -> None:
        parsed = ip_address(address.partition("%")[0] if "%" in address else address)
        inside = [rule for rule in self.allow if rule.network and parsed in rule.network]
        if any(rule.port == port or (not rule.port and port in ports) for rule in inside):
            return
        if "%" in address or not is_public(parsed):
            raise Refused(
                f"{name}: leads to an address inside the network; GUANLAN_EGRESS_ALLOW may name it"
            )
        if port not in ports:
            raise Refused(f"{name}: port {port} is not one of {', '.join(map(str, sorted(ports)))}")


def _literal(name: str) -> str | None:
    try:
        return str(ip_address(name))
    except ValueError:
        return None


def parse_rule(text: str) -> Rule:
    """A rule: `host`, `host:port`, `10.1.0.0/16`, `10.1.2.3:8080`, `[fd00::1]:8080`.

    Raises ValueError saying what was expected.
    """
    body, port = text.strip(), None
    if found := re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d{1,5})", body):
        body, port = found[1], int(found[2])
        if not 0 < port < 65536:
            raise ValueError("expected a port from 1 to 65535")
    body = body.strip("[]").rstrip(".").lower()
    try:
        return Rule(network=ip_network(body), port=port)
    except ValueError:
        if not _HOST.fullmatch(body) or body.replace(".", "").isdigit():
            raise ValueError("expected host, host:port, an address or a network") from None
        return Rule(host=body, port=port)


def parse_rules(texts: Iterable[str]) -> tuple[Rule, ...]:
    return tuple(parse_rule(text) for text in texts)


_used: ContextVar[Policy | None] = ContextVar("guanlan_egress", default=None)


def policy() -> Policy:
    """The policy in force: that of `using`, else that of the settings.

    Raises ImproperlyConfigured where `egress_allow` holds what is no rule.
    """
    return _used.get() or _of_settings(tuple(settings.EGRESS_ALLOW), settings.EGRESS_PROXY)


@cache
def _of_settings(allow: tuple[str, ...], proxy: str) -> Policy:
    if proxy and not _PROXY.fullmatch(proxy):
        raise ImproperlyConfigured("GUANLAN_EGRESS_PROXY: expected http://host:port")
    try:
        return Policy(parse_rules(allow), proxy=proxy)
    except ValueError as error:
        raise ImproperlyConfigured(f"GUANLAN_EGRESS_ALLOW: {error}") from None


@contextmanager
def using(other: Policy) -> Iterator[None]:
    """Within, `other` is in force (for tests, and for a call that needs a narrower one)."""
    token = _used.set(other)
    try:
        yield
    finally:
        _used.reset(token)


def open_socket(
    host: str,
    port: int,
    *,
    timeout: float = CONNECT_SECONDS,
    ports: frozenset[int] = WEB_PORTS,
) -> socket.socket:
    """A socket connected to a checked address of `host`. Raises Refused, OSError."""
    last: OSError | None = None
    for address in policy().addresses(host, port, ports):
        try:
            return socket.create_connection((address, port), timeout)
        except OSError as error:
            last = error
    assert last is not None
    raise last
