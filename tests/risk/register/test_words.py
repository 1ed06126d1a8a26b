"""Parameters are said in words, in the currency, whichever way they were stated."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.risk.register.showing import cost_words, often_words


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"interval": [4, 20]}, "4 to 20, nine in ten sure"),
        ({"rate": 24}, "24, taken as known"),
        ({"rate": 1.2, "shape": 3}, "1.2, Gamma of shape 3"),
    ],
)
def test_how_often(said: dict[str, Any], words: str) -> None:
    with translation.override("en"):
        assert often_words(said) == words


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"lognormal": {"interval": [200_000, 60_000_000], "evidence": 25}},
         "¥2,000.00 to ¥600,000.00, nine in ten sure (lognormal); worth 25 losses"),
        ({"lognormal": {"median": 100, "quantile": 400, "level": 0.95}},
         "median ¥1.00, 95.0% below ¥4.00 (lognormal)"),
        ({"pert": {"least": 100, "mode": 200, "most": 900}},
         "¥1.00, ¥2.00, ¥9.00: least, most likely, most"),
        ({"losses": {"amounts": [1, 2, 3], "threshold": 200, "fit": "pwm"}},
         "3 counted losses, Pareto tail from ¥2.00"),
    ],
)  # fmt: skip
def test_what_an_event_costs(said: dict[str, Any], words: str) -> None:
    with translation.override("en"):
        assert cost_words(said, "CNY").replace("\N{NO-BREAK SPACE}", " ") == words
