"""The console's strings: found in sources and templates, compared with the catalogues.

Strings are English in the source; `locale/<language>/LC_MESSAGES/django.po` of each app holds
the other languages. Sources are read with Babel, templates through Django's own templatize,
so what is found here is what is looked up at run time.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

LOCALES = ("zh_Hans", "zh_Hant")
_KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettext_noop": None,
}


_HEAD = """\
# The table of words in the console's design is binding. Sorted: make messages
msgid ""
msgstr ""
"Project-Id-Version: Guanlan\\n"
"Language: {locale}\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


class Message(NamedTuple):
    """A translatable string, with its context if it has one, and its plural if it has one."""

    context: str | None
    text: str
    plural: str | None


def messages_of(package: Path) -> dict[Message, str]:
    """Every translatable string of an app's sources and templates, with a place it is used."""
    found: dict[Message, str] = {}
    for path in sorted([*package.rglob("*.py"), *package.rglob("*.html")]):
        text = path.read_text("utf-8")
        if path.suffix == ".html":
            text = templatize(text, origin=str(path))
        for message in _extract(text):
            found.setdefault(message, path.relative_to(package).as_posix())
    return found


def _extract(source: str) -> Iterator[Message]:
    lines = io.BytesIO(source.encode("utf-8"))
    for _line, text, _comments, context in extract("python", lines, keywords=_KEYWORDS):
        singular, plural = (text, None) if isinstance(text, str) else (text[0], text[1])
        if singular:
            yield Message(context, singular, plural)


def catalogue(package: Path, locale: str) -> Catalog:
    """An app's catalogue in one language. OSError when there is none."""
    with _po(package, locale).open("rb") as file:
        return read_po(file, locale=locale)


def untranslated(package: Path, locale: str) -> list[Message]:
    """Strings of an app that its catalogue does not translate (or only as fuzzy)."""
    known = catalogue(package, locale)
    missing = []
    for message in messages_of(package):
        identity = (message.text, message.plural) if message.plural else message.text
        entry = known.get(identity, message.context)
        texts = entry.string if entry is not None else ""
        whole = all(texts) if isinstance(texts, tuple | list) else bool(texts)
        if entry is None or entry.fuzzy or not whole:
            missing.append(message)
    return missing


def compile_catalogues(packages: Path) -> int:
    """Write a .mo beside every .po below `packages` that is newer than its .mo; how many."""
    written = 0
    for po in sorted(packages.rglob("locale/*/LC_MESSAGES/django.po")):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        with po.open("rb") as source:
            read = read_po(source, locale=po.parents[1].name)
        made = mo.with_suffix(f".{os.getpid()}")
        with made.open("wb") as target:
            write_mo(target, read)
        made.replace(mo)  # a reader never sees half a file
        written += 1
    return written


def update_catalogues(package: Path) -> None:
    """Make an app's catalogues say just what its sources say, sorted; keep translations.

    Sorted, so that two changes of one catalogue seldom touch the same place.
    """
    said = messages_of(package)
    for locale in LOCALES:
        known = catalogue(package, locale)
        made = Catalog(locale=locale)
        for message in said:
            identity = (message.text, message.plural) if message.plural else message.text
            entry = known.get(identity, message.context)
            flags = entry.flags - {"fuzzy"} if entry is not None else set()
            string = entry.string if entry is not None else None
            made.add(identity, string, context=message.context, flags=flags)
        text = io.BytesIO()
        write_po(text, made, width=100, sort_output=True, omit_header=True)
        head = _HEAD.format(locale=locale).encode()
        _po(package, locale).write_bytes(head + text.getvalue().strip() + b"\n")


def _po(package: Path, locale: str) -> Path:
    return package / "locale" / locale / "LC_MESSAGES" / "django.po"


if __name__ == "__main__":
    for app in sorted(Path(__file__).parents[1].glob("*/locale")):
        update_catalogues(app.parent)
