"""Calls reach whom the policy allows, at the address that was checked, and nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from typing import Any

import pytest
import requests
from apprise.plugins.custom_json import NotifyJSON
from django.core.exceptions import ImproperlyConfigured

from guanlan.core import egress
from guanlan.core.egress import Policy, Refused, parse_rule, using
from guanlan.core.egress.policy import _of_settings
from tests.core.egress.servers import Got, Reply, http_server, resolver

INSIDE = Policy((), resolver({"inside.test": ["10.1.2.3"], "both.test": ["1.1.1.1", "10.1.2.3"]}))


def test_a_named_host_is_called_under_its_own_name() -> None:
    with http_server() as server, using(server.policy("relay.test")):
        answer = egress.request("POST", f"http://relay.test:{server.port}/x", content=b"hello")
        [got] = server.got
    assert answer.ok
    assert answer.body == b"{}"
    assert (got.method, got.path, got.body) == ("POST", "/x", b"hello")
    assert got.headers["host"] == f"relay.test:{server.port}"


def test_a_name_that_changes_its_address_is_not_asked_twice() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with http_server() as server:
        policy = Policy((parse_rule(f"127.0.0.1:{server.port}"),), resolve)
        with using(policy):
            assert egress.request("GET", f"http://rebind.test:{server.port}/").ok
            with pytest.raises(Refused, match=r"rebind\.test"):
                egress.request("GET", f"http://rebind.test:{server.port}/")
    assert asked == ["rebind.test"] * 2


@pytest.mark.parametrize(
    "url",
    [
        "http://inside.test/",
        "http://both.test/",
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://unknown.test/",
        "http://1.1.1.1:22/",
        "ftp://1.1.1.1/",
        "file:///etc/passwd",
        "gopher://1.1.1.1/",
        "http://user:word@1.1.1.1/",
        "http:///x",
        "not an address",
        "http://in side.test/",
    ],
)
def test_what_the_policy_does_not_allow_is_refused(url: str) -> None:
    with using(INSIDE), pytest.raises(Refused):
        egress.request("GET", url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost"])
def test_odd_spellings_of_this_machine_are_resolved_before_they_are_judged(host: str) -> None:
    with using(Policy()), pytest.raises(Refused):
        egress.request("GET", f"http://{host}/")


def test_a_redirect_is_refused_and_not_followed() -> None:
    reply = Reply(302, b"", (("Location", "http://relay.test/elsewhere"),))
    with (
        http_server(lambda got: reply) as server,
        using(server.policy("relay.test")),
        pytest.raises(Refused, match="redirect"),
    ):
        egress.request("GET", f"http://relay.test:{server.port}/")
    assert len(server.got) == 1


def test_an_answer_too_long_or_encoded_is_cut_off() -> None:
    def answer(got: Got) -> Reply:
        encoded = (("Content-Encoding", "gzip"),) if got.path == "/z" else ()
        return Reply(200, b"x" * 5000, encoded)

    with http_server(answer) as server, using(server.policy("relay.test")):
        with pytest.raises(Refused, match="longer than 4096"):
            egress.request("GET", f"http://relay.test:{server.port}/", limit=4096)
        with pytest.raises(Refused, match="encoding"):
            egress.request("GET", f"http://relay.test:{server.port}/z")


def test_a_drip_of_bytes_does_not_hold_a_call_past_its_time() -> None:
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        peer, _address = listener.accept()
        with peer:
            peer.recv(4096)
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            try:
                while not ended.wait(0.02):
                    peer.sendall(b"X-Drip: 1\r\n")
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=drip, args=(listener,), daemon=True)
        thread.start()
        policy = Policy((parse_rule(f"127.0.0.1:{port}"),))
        try:
            with using(policy), pytest.raises(TimeoutError):
                egress.request("GET", f"http://127.0.0.1:{port}/", timeout=0.3)
        finally:
            ended.set()
            thread.join()


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    egress.guard_requests()
    with http_server() as server, using(server.policy("relay.test")):
        assert egress.request("GET", f"http://relay.test:{server.port}/").ok
        assert requests.get(f"http://relay.test:{server.port}/", timeout=5).ok


@pytest.mark.parametrize(
    "text", ["", "http://x", "a b", "10.0.0.0/99", "host:0", "host:70000", "1.2.3", "x/y"]
)
def test_a_bad_rule_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_rule(text)


@pytest.mark.parametrize(
    ("rule", "host", "port", "allowed"),
    [
        ("10.1.0.0/16", "10.1.2.3", 443, True),
        ("10.1.0.0/16", "10.2.2.3", 443, False),
        ("10.1.0.0/16", "10.1.2.3", 8080, False),
        ("10.1.0.0/16:8080", "10.1.2.3", 8080, True),
        ("[fd00::1]:8080", "fd00::1", 8080, True),
        ("fd00::/8", "fd00::2", 80, True),
        ("inside.test", "inside.test", 443, True),
        ("inside.test", "both.test", 443, False),
        ("inside.test:8443", "inside.test", 443, False),
        ("INSIDE.test.", "inside.test", 80, True),
    ],
)
def test_rules_allow_what_they_name(rule: str, host: str, port: int, allowed: bool) -> None:
    policy = Policy((parse_rule(rule),), INSIDE.resolve)
    if allowed:
        assert policy.addresses(host, port)
    else:
        with pytest.raises(Refused):
            policy.addresses(host, port)


def notify(url: str) -> bool:
    egress.guard_requests()
    plugin: Any = NotifyJSON
    target = plugin(**plugin.parse_url(url))
    return bool(target.notify(body="text", title="title"))


def test_apprise_calls_whom_the_policy_allows() -> None:
    with http_server() as server, using(server.policy("relay.test")):
        assert notify(f"json://relay.test:{server.port}/x")
        assert [got.path for got in server.got] == ["/x"]


def test_apprise_is_refused_a_private_address_and_a_redirect() -> None:
    moved = Reply(307, b"", (("Location", "/elsewhere"),))
    with http_server(lambda got: moved) as server:
        with using(Policy()):
            assert not notify(f"json://127.0.0.1:{server.port}/")
        assert server.got == []
        with using(server.policy("relay.test")):
            assert not notify(f"json://relay.test:{server.port}/start")
        assert [got.path for got in server.got] == ["/start"]


def test_the_proxy_of_the_settings_is_used_for_what_lies_outside() -> None:
    names = resolver({"inside.test": ["10.1.2.3"], "outside.test": ["1.1.1.1"]})
    egress.guard_requests()
    with http_server() as server:
        way = f"http://127.0.0.1:{server.port}"
        with using(Policy((), names, way)):
            for host in ("outside.test", "unknown.test"):
                assert egress.request("GET", f"http://{host}/x").ok
                assert requests.get(f"http://{host}/y", timeout=5).ok
            for url in ("http://inside.test/", "http://127.0.0.1/", "http://unknown.test:22/"):
                with pytest.raises(Refused):
                    egress.request("GET", url)
                with pytest.raises(Refused):
                    requests.get(url, timeout=5)
    assert [got.path for got in server.got] == [
        f"http://{host}/{path}" for host in ("outside.test", "unknown.test") for path in "xy"
    ]


def test_a_call_over_tls_goes_through_the_proxy_as_a_tunnel() -> None:
    with http_server(lambda got: Reply(403)) as server:
        way = f"http://127.0.0.1:{server.port}"
        with using(Policy((), resolver({}), way)):
            for call in (
                lambda: egress.request("GET", "https://outside.test/x"),
                lambda: requests.get("https://outside.test/x", timeout=5),
            ):
                with pytest.raises(OSError, match=r"outside\.test|[Pp]roxy|[Tt]unnel"):
                    call()
    assert {(got.method, got.path) for got in server.got} == {("CONNECT", "outside.test:443")}


@pytest.mark.parametrize("way", ["socks5://x:1", "http://user:word@x:1", "x:1", "http://x"])
def test_a_proxy_that_cannot_be_read_is_named_and_not_shown(way: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        _of_settings((), way)
    assert str(refused.value) == "GUANLAN_EGRESS_PROXY: expected http://host:port"
