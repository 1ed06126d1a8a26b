"""Indicators that people compose: which thing, which measure, of what, over what time.

A composed indicator is an indicator like any other: it has limits, an owner, an alert when it is
red, and the same job measures it. What it says is a version of its declaration; it is switched off,
never removed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from time import monotonic
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Max, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.functional import lazystr
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from msgspec import Struct, convert, to_builtins

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.risk.counting import COUNTABLES, Chosen, Countable, measure
from guanlan.risk.keeping import LEAST_REASON, NOUN, said_text
from guanlan.risk.models import Indicator, IndicatorDeclaration, IndicatorLimits
from guanlan.risk.reading import FIRST
from guanlan.risk.registry import INDICATORS, Measured, Span, Spec, Work, address, written
from guanlan.risk.states import Limits, fault_of
from guanlan.risk.terms import CATEGORIES, MEASURED, MEASURES, Unit

OWN: Final = "own."  # how names of composed ones begin
LANGUAGES: Final = {"en": "en", "hans": "zh-hans", "hant": "zh-hant"}
LONGEST: Final = 80
MOST_OWN: Final = 20_000
WINDOWS: Final = (900, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400, 90 * 86_400)
TURNS: Final = (60, 300, 900, 3600, 86_400)


class Said(Struct, frozen=True, kw_only=True):
    """What a person composed. `chosen` and `part` hold values by the name of their choice; times
    are in seconds; `title` has at least one of `LANGUAGES`."""

    source: str
    measure: str
    title: Mapping[str, str]
    category: str
    window: int
    every: int
    chosen: Mapping[str, Sequence[str]] = {}
    part: Mapping[str, Sequence[str]] = {}

    @property
    def unit(self) -> Unit:
        """The unit of its values."""
        return MEASURED[self.measure]


def spec_of(row: Indicator) -> Spec | None:
    """How an indicator is measured: as an app registered it, or as somebody composed it; None where
    no part of this version measures it."""
    known = INDICATORS.get(row.name)
    if known is not None or not row.name.startswith(OWN):
        return known
    said: str | None = getattr(row, "said", None)  # read in bulk, see `as_text`
    if said is None:
        said = json.dumps(row.declared)
    return _composed(row.name, said)


def as_text() -> Cast:
    """Declarations as their text: read so, those that are known need not be read again."""
    return Cast("declared", TextField())


@lru_cache(maxsize=MOST_OWN)
def _composed(name: str, declared: str) -> Spec | None:
    said = _said(json.loads(declared))
    source = COUNTABLES.get(said.source)
    if source is None or not _known(source, said):
        return None
    return Spec(
        name=name,
        title=lazystr(_Titles(said.title)),
        what=lazystr(_What(source, said)),
        unit=said.unit,
        category=said.category,
        window=dt.timedelta(seconds=said.window),
        every=dt.timedelta(seconds=said.every),
        # Those in force are versions of its own; these only say when it is stale.
        limits=Limits(
            direction="higher", amber=1, red=1,
            stale_after=dt.timedelta(seconds=max(3 * said.every, 600)),
        ),
        reason=gettext_lazy("Its declaration says why."),
        drill=lambda span: drill(source, said, span),
        work=_work(source, said),
    )  # fmt: skip


def _known(source: Countable, said: Said) -> bool:
    names = {choice.name for choice in source.choices}
    return {*said.chosen, *said.part} <= names and said.measure in source.measures()


def _work(source: Countable, said: Said) -> Work:
    def work(span: Span) -> Measured:
        return measure(source, said.measure, said.chosen, said.part, span)

    return work


class _Titles:
    """A title in the language of who reads, else in one that there is."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self._titles = titles

    def __str__(self) -> str:
        return title_in(self._titles, get_language() or "en")


def title_in(titles: Mapping[str, str], language: str) -> str:
    """A title in a language, or in the one that is nearest to it."""
    tags = {tag: key for key, tag in LANGUAGES.items()}
    own = tags.get(language.lower(), "en")
    order = (own, "hans", "hant", "en") if own != "en" else ("en", "hans", "hant")
    return next((titles[key] for key in order if titles.get(key)), "")


class _What:
    """In a sentence, how it is computed."""

    def __init__(self, source: Countable, said: Said) -> None:
        self._source, self._said = source, said

    def __str__(self) -> str:
        return in_words(self._source, self._said)


def in_words(source: Countable, said: Said) -> str:
    """In a sentence, what is measured of what."""
    words = _("%(measure)s: %(what)s") % {
        "measure": MEASURES[said.measure],
        "what": _filtered(source, said.chosen),
    }
    if said.measure == "share":
        words += " · " + _("of these: %(part)s") % {"part": _values(source, said.part)}
    return words


def _filtered(source: Countable, chosen: Chosen) -> str:
    values = _values(source, chosen)
    return f"{source.title} ({values})" if values else str(source.title)


def _values(source: Countable, chosen: Chosen) -> str:
    parts = []
    for name in sorted(chosen):
        choice = source.choice(name)
        offered = choice.offered()
        values = ", ".join(str(offered.get(value, value)) for value in chosen[name])
        parts.append(f"{choice.title}: {values}")
    return "; ".join(parts)


def drill(source: Countable, said: Said, span: Span) -> str:
    """The rows that a value is made of."""
    chosen: dict[str, Sequence[str]] = {**said.chosen, **said.part}
    terms = [
        f"{name}:{','.join(map(_quoted, chosen[name]))}"
        for name in sorted(chosen)
        if source.choice(name).listed
    ]
    terms += filter(None, [source.always])
    if said.measure in ("open", "age"):
        return address(source.route, *terms, *filter(None, [source.still_term]))
    for name, at in ((source.after, span.start), (source.before, span.end)):
        if name:
            terms.append(f"{name}:{written(at)}")
    return address(source.route, *terms)


def _quoted(value: str) -> str:
    return value if value and value.replace("_", "").replace(".", "").isalnum() else f'"{value}"'


def indicator_name(name: str) -> str:
    """What an indicator is called in the reader's language; its name where there is no such."""
    spec = INDICATORS.get(name)
    if spec is not None:
        return str(spec.title)
    if name.startswith(OWN):
        titles = _own_titles(int(monotonic() // 60)).get(name)
        return title_in(titles, get_language() or "en") if titles else name
    return name


@lru_cache(maxsize=1)
def _own_titles(_minute: int) -> dict[str, Mapping[str, str]]:
    """Titles of all composed ones, read once in a minute."""
    rows = Indicator.objects.exclude(declared=None).values_list("name", "declared__title")
    return dict(rows)


def compose(
    subject: Subject,
    said: Said,
    limits: Limits,
    reason: str,
    now: dt.datetime,
    row: Indicator | None = None,
) -> Indicator:
    """Compose an indicator, or say anew what one is: a version of its declaration. A new one gets
    these limits as its first. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    check(said)
    why = said_text("reason", reason, LEAST_REASON)
    if row is None and (fault := fault_of(limits, said.unit)) is not None:
        raise ValidationError({fault[0]: fault[1]})
    if row is not None and row.declared is None:
        raise ValidationError(_("An app brings this indicator: it is not composed."))
    if row is not None and row.unit != said.unit:
        text = _("Its values would be of another unit: compose a new indicator.")
        raise ValidationError({"measure": text})
    content = to_builtins(said)
    with act("indicator.compose", row, reason=why, detail={"source": said.source}) as on:
        if row is None:
            kept = Indicator.objects.create(
                name=f"{OWN}new", category=said.category, unit=said.unit, due=now, created=now,
                why=FIRST, declared={**content, "version": 1},
            )  # fmt: skip
            kept.name = f"{OWN}n{kept.pk}"
            version = 1
            IndicatorLimits.objects.create(
                indicator=kept, version=1, direction=limits.direction, amber=limits.amber,
                red=limits.red, amber_low=limits.amber_low, red_low=limits.red_low,
                hysteresis=limits.hysteresis, minimum_volume=limits.minimum_volume,
                minimum_duration=round(limits.minimum_duration.total_seconds()),
                stale_after=max(3 * said.every, 600), reason=why, created=now,
                created_by_id=subject.id, effective=now,
            )  # fmt: skip
        else:
            kept = Indicator.objects.select_for_update().get(pk=row.pk)
            version = (kept.declarations.aggregate(at=Max("version"))["at"] or 0) + 1
            kept.category, kept.due = said.category, now
        kept.declared = {**content, "version": version}
        kept.save(update_fields=["name", "category", "due", "declared"])
        IndicatorDeclaration.objects.create(
            indicator=kept, version=version, said=content, reason=why, created=now,
            created_by_id=subject.id,
        )  # fmt: skip
        on(kept)
    return kept


def check(said: Said) -> None:
    """Raises ValidationError by field where something composed makes no sense."""
    source = COUNTABLES.get(said.source)
    if source is None:
        raise ValidationError({"source": _("Choose one of the list.")})
    if said.measure not in source.measures():
        raise ValidationError({"measure": _("This cannot be measured of it.")})
    if said.category not in CATEGORIES:
        raise ValidationError({"category": _("Choose one of the list.")})
    if said.window not in WINDOWS:
        raise ValidationError({"window": _("Choose one of the list.")})
    if said.every not in TURNS:
        raise ValidationError({"every": _("Choose one of the list.")})
    for field, some in (("chosen", said.chosen), ("part", said.part)):
        for name, values in some.items():
            offered = {one.name: one.offered() for one in source.choices}.get(name)
            if offered is None or not values or any(value not in offered for value in values):
                raise ValidationError({f"{field}_{name}": _("Choose some of the list.")})
    if said.measure == "share" and not said.part:
        raise ValidationError({"measure": _("Say of what the share is: choose values below.")})
    if said.measure != "share" and said.part:
        raise ValidationError({"measure": _("Only a share is of something.")})
    if said.measure == "sum" and len(said.chosen.get(source.currency, ())) != 1:
        text = _("Choose one currency: amounts of several are not added up.")
        raise ValidationError({f"chosen_{source.currency}": text})
    titles = [text for text in said.title.values() if text]
    if not titles or set(said.title) - set(LANGUAGES):
        raise ValidationError({"title_en": _("Write a title in one language at least.")})
    if any(len(text) > LONGEST for text in titles):
        raise ValidationError({"title_en": _("A title has %(n)s characters at most.")
                               % {"n": LONGEST}})  # fmt: skip


def composed_of(row: Indicator) -> Said | None:
    """What a composed indicator says at present."""
    if row.declared is None:
        return None
    return _said(row.declared)


def _said(declared: Mapping[str, Any]) -> Said:
    return convert({key: value for key, value in declared.items() if key != "version"}, Said)


def page_of(row: Indicator) -> str:
    """Where it is composed anew."""
    return reverse("indicator_recompose", args=[row.pk])
