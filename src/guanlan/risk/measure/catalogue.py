"""Measures that come with the program, to be taken over as they are or changed: a catalogue.

Their texts stand in three languages. A measure that was taken over keeps the text of the language
it was taken in; as long as nobody has written it anew it is shown in the reader's language.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import yaml
from django.utils import translation

LANGUAGES: Final = ("en", "zh-hans", "zh-hant")
Texts = tuple[str, str, str]


class ShippedStep(NamedTuple):
    """A step, each text in `LANGUAGES`; the four last are roles of the policy, by commas."""

    title: Texts
    when: Texts
    evidence: Texts
    responsible: str
    accountable: str
    consulted: str
    informed: str


class Shipped(NamedTuple):
    """A measure of the catalogue; `every_days` 0: it runs by itself."""

    key: str
    category: str
    acts: str
    layer: str
    every_days: int
    test: str
    title: Texts
    purpose: Texts
    steps: tuple[ShippedStep, ...]


def _texts(said: list[str], where: str) -> Texts:
    if len(said) != len(LANGUAGES) or not all(said):
        raise ValueError(f"{where}: expected a text in each of {', '.join(LANGUAGES)}")
    return (said[0], said[1], said[2])


@cache
def catalogue() -> dict[str, Shipped]:
    """All measures that come with the program, by key. Raises ValueError naming what is wrong."""
    found = {}
    for path in sorted(
        (files("guanlan.risk.measure") / "shipped").iterdir(), key=lambda one: one.name
    ):
        if not path.name.endswith(".yaml"):
            continue
        for one in yaml.safe_load(path.read_text(encoding="utf-8")):
            where = f"{path.name}: {one['key']}"
            if one["key"] in found:
                raise ValueError(f"{where}: the key stands twice")
            found[one["key"]] = Shipped(
                key=one["key"],
                category=one["category"],
                acts=one["acts"],
                layer=one["layer"],
                every_days=one.get("every_days", 0),
                test=one.get("test", ""),
                title=_texts(one["title"], where),
                purpose=_texts(one["purpose"], where),
                steps=tuple(
                    ShippedStep(
                        _texts(step["title"], where),
                        _texts(step["when"], where),
                        _texts(step["evidence"], where),
                        *(str(role or "") for role in step["raci"]),
                    )
                    for step in one["steps"]
                ),
            )
    return found


@cache
def _known() -> dict[str, Texts]:
    known: dict[str, Texts] = {}
    for one in catalogue().values():
        texts = [one.title, one.purpose]
        for step in one.steps:
            texts += [step.title, step.when, step.evidence]
        for said in texts:
            for text in said:
                known.setdefault(text, said)
    return known


def here() -> int:
    """The reader's language, as a place in `LANGUAGES`."""
    language = (translation.get_language() or "").lower()
    return LANGUAGES.index(language) if language in LANGUAGES else 0


def own_words(text: str) -> str:
    """A text in the reader's language where it is one of the catalogue's; else as it is."""
    known = _known().get(text)
    return known[here()] if known is not None else text


def titles_with(words: str) -> list[str]:
    """The catalogue's titles, in every language, of the measures whose title in the reader's
    language contains these words."""
    wanted, at = words.casefold(), here()
    return [
        text
        for one in catalogue().values()
        if wanted in one.title[at].casefold()
        for text in one.title
    ]
