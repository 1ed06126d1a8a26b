"""Files and pages travel compressed; answers to what was posted do not."""

from __future__ import annotations

import gzip

import pytest
from django.test import Client

from tests.people import person

pytestmark = pytest.mark.django_db
CSS = "/static/web/guanlan.css"
GZIP = {"Accept-Encoding": "gzip"}


def test_a_file_is_compressed_once_and_is_the_same_file(client: Client) -> None:
    plain = client.get(CSS)
    body = plain.getvalue()
    assert "Content-Encoding" not in plain.headers
    small = client.get(CSS, headers=GZIP)
    assert small["Content-Encoding"] == "gzip"
    assert small["Content-Length"] == str(len(small.content))
    assert gzip.decompress(small.content) == body
    assert len(small.content) < len(body) / 3
    assert small["Content-Type"] == plain["Content-Type"]
    assert "Accept-Encoding" in small["Vary"]
    assert client.get(CSS, headers=GZIP).content == small.content
    picture = client.get("/static/web/mark.svg", headers=GZIP)
    assert gzip.decompress(picture.content).startswith(b"<svg")


def test_a_page_is_compressed_with_a_padding_that_differs(client: Client) -> None:
    client.force_login(person())
    lengths = set()
    for _index in range(12):
        page = client.get("/settings/keys", headers=GZIP)
        assert page["Content-Encoding"] == "gzip"
        lengths.add(len(page.content))
    assert len(lengths) > 3


def test_what_was_posted_for_is_not_compressed(client: Client) -> None:
    client.force_login(person())
    found = client.post("/search", {"q": "13800138000"}, headers=GZIP)
    assert found.status_code == 200
    assert "Content-Encoding" not in found.headers
