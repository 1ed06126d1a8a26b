"""The doctor names in a sentence what is wrong with single sign-on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from guanlan.site.run import checks
from tests.openid import Provider, signing_on_with_one


@pytest.fixture
def provider(settings: Settings) -> Iterator[Provider]:
    with signing_on_with_one(settings) as running:
        settings.ADDRESS = "https://risk.example.com"
        yield running


def test_without_a_provider_nothing_is_said() -> None:
    assert list(checks.single_sign_on()) == []


def test_a_provider_that_answers_is_fine(provider: Provider, settings: Settings) -> None:
    (finding,) = checks.single_sign_on()
    assert (finding.state, finding.what) == ("ok", "127.0.0.1 answers, with 1 keys")
    settings.ADDRESS = ""
    assert [finding.state for finding in checks.single_sign_on()] == ["ok", "note"]
    assert provider.calls("/keys") == 2  # asked each time, whatever is kept


def test_each_fault_is_one_sentence_with_its_mend(provider: Provider, settings: Settings) -> None:
    said: list[checks.Finding] = []
    provider.description = {"issuer": "https://another.example.com"}
    said += checks.single_sign_on()
    provider.description = {"token_endpoint": "http://another.example.com/token"}
    said += checks.single_sign_on()
    provider.description, provider.keys = {}, [{"kty": "oct", "k": "c2VjcmV0"}]
    said += checks.single_sign_on()
    settings.EGRESS_ALLOW = ()
    said += checks.single_sign_on()
    assert [finding.state for finding in said] == ["fault"] * 4
    assert all(finding.mend and "\n" not in finding.what for finding in said)
    words = ("another issuer", "token_endpoint", "no key that is taken", "inside the network")
    for finding, word in zip(said, words, strict=True):
        assert word in finding.what
