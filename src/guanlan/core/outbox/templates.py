"""What a message says, in three languages, with the names it may use.

    template(
        "case.assigned",
        names={"case": 2, "account": 3},
        texts={
            "en": ("Case {case} is yours", "Account {account} …"),
            "zh-hans": (…), "zh-hant": (…),
        },
    )

Templates stand in code; nobody can write one on a screen. `{name}` is replaced and nothing else
is understood: no attribute, no index, no format. A name of level 3 or above is masked before
the message is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from django.utils import translation
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core.access import MASKED_FROM

LANGUAGES: Final = ("en", "zh-hans", "zh-hant")
LONGEST_VALUE: Final = 500
LETTER: Final = "letter"  # what is written by hand, or by another part, to one address
_NAME: Final = re.compile(r"\{(\w+)\}")
_BRACE: Final = re.compile(r"[{}]")
# From behind, where it stands: nothing is read twice.
_TAIL: Final = re.compile(r"(?:\s*+(?:[:：,，]\s*+)?[\]】”」]?…[\[【“「]?)+\s*+(?:[:：·]\s*+)?")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

Value = str | int | float


class Text(NamedTuple):
    """Subject and body; the body may have several lines."""

    subject: str
    body: str


class Template(Struct, frozen=True):
    """A registered template; `names` says the data level of each name, `lines` which of them
    may have several lines, `words` which of them are codes and what names those. `title` says
    in each language what messages of it are called where the subject alone tells nothing."""

    name: str
    names: dict[str, int]
    texts: dict[str, Text]
    lines: frozenset[str] = frozenset()
    words: dict[str, Callable[[str], str]] = {}
    title: dict[str, str] = {}


_templates: dict[str, Template] = {}


def template(
    name: str,
    *,
    names: Mapping[str, int],
    texts: Mapping[str, tuple[str, str]],
    lines: Collection[str] = (),
    words: Mapping[str, Callable[[str], str]] | None = None,
    title: Mapping[str, str] | None = None,
) -> Template:
    """Register a template; a value of a name in `words` is a code, which is told in the
    reader's language. Raises ValueError where it is registered twice, a language is
    missing, or a text uses a name that is not declared."""
    if name in _templates:
        raise ValueError(f"template {name} is registered twice")
    if set(texts) != set(LANGUAGES) or set(title or LANGUAGES) != set(LANGUAGES):
        raise ValueError(f"template {name}: expected texts in {', '.join(LANGUAGES)}")
    for language, parts in texts.items():
        for part in parts:
            used = set(_NAME.findall(part))
            if not used <= set(names) or _BRACE.search(_NAME.sub("", part)):
                raise ValueError(f"template {name}: {language} uses a name that is not declared")
    ready = {code: Text(*parts) for code, parts in texts.items()}
    made = Template(
        name, dict(names), ready, frozenset(lines), dict(words or {}), dict(title or {})
    )
    _templates[name] = made
    return made


def get_template(name: str) -> Template:
    """The template of this name. Raises ValueError where there is none."""
    try:
        return _templates[name]
    except KeyError:
        raise ValueError(f"there is no template {name}") from None


def titles() -> dict[str, str]:
    """What the messages of each template are called in the current language, by its name."""
    return {name: title_of(name) for name in _templates}


def title_of(name: str) -> str:
    """What messages of a template are called in the current language: their subject without what
    differs from one to the next. Of one that this version no longer has there is only the name."""
    chosen = _templates.get(name)
    if chosen is None:
        return _("a letter") if name == LETTER else name
    language = translation.get_language() or "en"
    language = language if language in LANGUAGES else "en"
    said = chosen.title.get(language) or _NAME.sub("…", chosen.texts[language].subject)
    return without_tail(said)


def without_tail(text: str) -> str:
    """A text in which `…` stands for each value, without those at its end.

    >>> without_tail("Case … is yours: …"), without_tail("The job … is late")
    ('Case … is yours', 'The job … is late')
    """
    tail = _TAIL.match(text[::-1])
    return (text[: len(text) - tail.end()] if tail else text) or text


def prepared(name: str, context: Mapping[str, Value]) -> dict[str, Value]:
    """The context as it may be stored and sent. Raises ValueError naming what is wrong."""
    chosen = get_template(name)
    if set(context) != set(chosen.names):
        expected = ", ".join(sorted(chosen.names)) or "nothing"
        raise ValueError(f"template {name}: expected values for {expected}")
    ready: dict[str, Value] = {}
    for key, value in context.items():
        if not isinstance(value, str | int | float):
            raise ValueError(f"template {name}: {key} is not a text or a number")
        if chosen.names[key] >= MASKED_FROM:
            ready[key] = masked(str(value))
        elif isinstance(value, str):
            parts = value.split("\n") if key in chosen.lines else [value]
            ready[key] = "\n".join(_CONTROL.sub(" ", part) for part in parts)[:LONGEST_VALUE]
        else:
            ready[key] = value
    return ready


def rendered(name: str, context: Mapping[str, Value], language: str) -> Text:
    """The text for a reader of `language`; another language's where ours are not his.

    Of a template that this version no longer has there is only the name.
    """
    chosen = _templates.get(name)
    if chosen is None:
        return Text(name, "")
    text = chosen.texts.get(language)
    if text is None:
        language, text = "en", chosen.texts["en"]
    values = dict(context)
    with translation.override(language):
        for key, named in chosen.words.items():
            values[key] = named(str(values.get(key, "")))

    def said(part: str) -> str:
        return _NAME.sub(lambda found: str(values.get(found[1], "")), part)

    return Text(" ".join(said(text.subject).split())[:200], said(text.body))


def masked(value: str) -> str:
    """What may be shown of a value of level 3: enough to recognise it, not to know it."""
    value = _CONTROL.sub("", value).strip()
    name, at, domain = value.partition("@")
    if at and name and domain:
        return f"{name[0]}***@{domain}"
    if sum(character.isdigit() for character in value) >= 7:
        return f"***{value[-4:]}"
    return f"{value[:1]}***" if value else ""
