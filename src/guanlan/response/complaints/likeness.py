"""How alike two texts are: the share of their pieces of three characters that both have. Pure.

The Jaccard index over sets of character 3-grams, of the texts without spaces, punctuation and case
(A. Broder, On the resemblance and containment of documents, 1997). Exact: the texts compared are
few, those of one customer within some weeks.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

PIECE: Final = 3
ALIKE: Final = 60  # percent from which on one is proposed to be the same as another


def pieces(text: str) -> frozenset[str]:
    """The pieces of a text; of one shorter than a piece, the text itself."""
    said = "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
    if len(said) <= PIECE:
        return frozenset({said}) if said else frozenset()
    return frozenset(said[n : n + PIECE] for n in range(len(said) - PIECE + 1))


def likeness(one: str, other: str) -> int:
    """Percent of shared pieces, rounded down; 0 where a text has none.

    >>> likeness("The refund never came!", "the refund  never came")
    100
    >>> likeness("The refund never came", "Your app crashes at start")
    0
    """
    mine, yours = pieces(one), pieces(other)
    if not mine or not yours:
        return 0
    return 100 * len(mine & yours) // len(mine | yours)


def most_alike(text: str, others: Iterable[tuple[int, str]]) -> tuple[int, int] | None:
    """(key, percent) of the text most alike, the first of equals; None below `ALIKE`."""
    best = max(((likeness(text, other), -n, key) for n, (key, other) in enumerate(others)),
               default=None)  # fmt: skip
    return None if best is None or best[0] < ALIKE else (best[2], best[0])
