"""A mask shows enough to recognise what one knows, and never the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.access import MASKED_FROM
from guanlan.core.access.masking import mask


@pytest.mark.parametrize(
    ("kind", "key", "text"),
    [
        ("phone", "13800138000", "138••••8000"),
        ("phone", "+8613800138000", "+86138••••8000"),
        ("email", "li.na@example.com", "l•••@example.com"),
        ("card", "6222020200112233", "••••2233"),
        ("ip", "203.0.113.7", "203.0.•.•"),
        ("ip", "2001:db8::1", "2001:db8:•••"),
        ("id_number", "110101199003071234", "110•••1234"),
        ("device", "short", "•••"),
    ],
)
def test_masks_by_kind(kind: str, key: str, text: str) -> None:
    assert mask(kind, key, 3) == text
    assert mask(kind, key, 4) == text
    assert mask(kind, key, 2) == key


@given(
    kind=st.sampled_from(["phone", "email", "card", "ip", "id_number", "other"]),
    key=st.text(min_size=1, max_size=40),
    level=st.integers(MASKED_FROM, 4),
)
def test_a_sensitive_key_is_never_shown_whole(kind: str, key: str, level: int) -> None:
    assert mask(kind, key, level) != key or "•" in key
