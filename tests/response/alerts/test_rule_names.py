"""Rules whose alerts name values are called by a name of their own."""

from __future__ import annotations

import pytest
from django.utils import translation

from guanlan.response.alerts.crossing import RULES as INDICATORS
from guanlan.response.alerts.crossing import TEXTS
from guanlan.response.alerts.titles import name_rule, rule_words
from guanlan.response.complaints.bursts import RULES, TEXT


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_no_two_rules_are_called_alike_and_none_by_a_sentence_with_gaps(language: str) -> None:
    with translation.override(language):
        names = [rule_words(rule, TEXT) for rule in RULES.values()]
        names += [rule_words(rule, TEXTS[state]) for state, rule in INDICATORS.items()]
    assert len(set(names)) == len(names)
    assert not any("…" in name or "%" in name for name in names)


def test_a_rule_is_named_once() -> None:
    with pytest.raises(ValueError, match="named twice"):
        name_rule(RULES["product"], "x")
