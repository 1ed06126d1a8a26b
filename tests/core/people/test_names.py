"""A person's name as its script writes it."""

from __future__ import annotations

import pytest

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import User


@pytest.mark.parametrize(
    ("surname", "given", "whole"),
    [
        ("欧阳", "静", "欧阳静"),
        ("佐々木", "さくら", "佐々木さくら"),
        ("Smith", "Mary", "Mary Smith"),
        ("王", "Mary", "Mary 王"),
        ("", "静", "静"),
        ("Smith", "", "Smith"),
        ("", "", ""),
    ],
)
def test_a_surname_comes_first_where_its_script_says_so(
    surname: str, given: str, whole: str
) -> None:
    assert User(last_name=surname, first_name=given).get_full_name() == whole
