"""Outgoing calls that were refused or not secure are told in the process log."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from guanlan.core.egress import Policy, Refused, parse_rule, request, using
from guanlan.core.egress.mail import smtp
from tests.certificates import of_its_own
from tests.core.egress.servers import resolver


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[int]:
    """The port of a TLS server whose certificate nobody vouches for."""
    context, _file = of_its_own(tmp_path, "hook.test")
    listener = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        while True:
            try:
                plain, _peer = listener.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    thread = threading.Thread(target=greet, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


def here(port: int) -> Policy:
    return Policy((parse_rule(f"hook.test:{port}"),), resolver({"hook.test": ["127.0.0.1"]}))


def test_a_certificate_that_cannot_be_verified_is_told(
    untrusted: int, caplog: pytest.LogCaptureFixture
) -> None:
    with using(here(untrusted)), pytest.raises(OSError, match="failed"):
        request("POST", f"https://hook.test:{untrusted}/path?token=s3cret", content=b"s3cret")
    assert "hook.test: TLS failed: self-signed certificate" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_mail_server_without_a_good_certificate_is_told(
    untrusted: int, caplog: pytest.LogCaptureFixture
) -> None:
    with using(here(untrusted)), pytest.raises(OSError):
        smtp("hook.test", untrusted, "tls")
    assert "hook.test: TLS failed: self-signed certificate" in caplog.text


def test_a_call_that_the_policy_refuses_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with using(Policy((), resolver({"inside.test": ["10.0.0.7"]}))), pytest.raises(Refused):
        request("GET", "http://inside.test/")
    assert "an outgoing call was refused: inside.test: leads to an address inside" in caplog.text


def test_what_merely_does_not_answer_is_no_security_event(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with using(here(port)), pytest.raises(OSError):
        request("GET", f"http://hook.test:{port}/")
    assert caplog.text == ""
