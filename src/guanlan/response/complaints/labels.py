"""Words by which a complaint is escalated: who speaks of media, a regulator or a court. Pure."""

from __future__ import annotations

import re
from typing import Final

# Simplified and traditional writing stand side by side; English words are whole ones.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "media": (
        "曝光", "媒体", "媒體", "记者", "記者", "微博", "热搜", "熱搜", "小红书", "小紅書", "抖音",
        "上新闻", "上新聞", "黑猫投诉", "爆料", "投书", "投書",
        "journalist", "journalists", "newspaper", "newspapers", "reporter", "the press",
        "go viral", "social media", "television",
    ),
    "regulator": (
        "银保监", "銀保監", "金融监管", "金融監管", "金管局", "金管会", "金管會", "人民银行",
        "人民銀行", "央行", "证监会", "證監會", "消保委", "消协", "消協", "消费者协会",
        "消費者委員會", "消费者权益保护", "消保会", "消保會", "消保官", "网信办", "網信辦", "信访",
        "信訪", "12315", "12345", "12378", "12363", "评议中心", "評議中心",
        "regulator", "regulators", "ombudsman", "central bank", "consumer council", ("financial"
        " authority"), "data protection authority",
    ),
    "legal": (
        "律师", "律師", "起诉", "起訴", "法院", "仲裁", "诉讼", "訴訟", "报警", "報警", "报案",
        "報案", "公安", "派出所", "警察", "存证信函", "存證信函", "提告",
        "lawyer", "lawyers", "attorney", "solicitor", "lawsuit", "sue", "court", "legal action",
        "arbitration", "police",
    ),
}  # fmt: skip
_WORD: Final = re.compile(r"[a-z0-9]+")


def labels_of(text: str) -> frozenset[str]:
    """The labels whose words stand in a text.

    >>> sorted(labels_of("再不退款我就去12378投诉，并请律师"))
    ['legal', 'regulator']
    >>> labels_of("I courted trouble, pursued it, and pressed on")
    frozenset()
    """
    small = text.casefold()
    english = f" {' '.join(_WORD.findall(small))} "
    return frozenset(
        name
        for name, words in WORDS.items()
        if any(f" {word} " in english if word.isascii() else word in small for word in words)
    )


def priority_of(labels: frozenset[str]) -> int:
    """0 normal, 1 high with one label, 2 urgent with several or with the regulator's."""
    return 2 if "regulator" in labels or len(labels) > 1 else len(labels)
