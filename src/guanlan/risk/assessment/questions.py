"""The questionnaires, by version. A version that was used is never changed: a new one is added.

What a question is called stands in the catalogues, so that each reader has it in their language;
answers are kept as codes and say the same in all of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

Kind = Literal["choice", "number", "text"]
MOST_TEXT, MOST_EVIDENCE = 1000, 300
CHOICES: Final[dict[str, str | Promise]] = {
    "yes": pgettext_lazy("answer to a question", "yes"),
    "partly": pgettext_lazy("answer to a question", "partly"),
    "no": pgettext_lazy("answer to a question", "no"),
}
_NUMBER: Final = re.compile(r"\d{1,9}(\.\d{1,4})?")


class Question(NamedTuple):
    """What is asked of each risk. `explain` names the answers that need a comment, and `prove`
    those that need evidence."""

    key: str
    text: str | Promise
    kind: Kind
    explain: frozenset[str] = frozenset()
    prove: frozenset[str] = frozenset()


class Given(NamedTuple):
    """An answer as it is kept."""

    value: str
    comment: str = ""
    evidence: str = ""


_BAD: Final = frozenset({"yes", "partly"})
_DOUBT: Final = frozenset({"partly", "no"})
QUESTIONNAIRES: Final[dict[int, tuple[Question, ...]]] = {
    1: (
        Question(
            "cause",
            gettext_lazy("Has the cause of this risk, or what exposes us to it, changed?"),
            "choice",
            explain=_BAD,
        ),
        Question(
            "parameters",
            gettext_lazy("Do frequency and severity still describe it, given what was seen?"),
            "choice",
            explain=_DOUBT,
        ),
        Question(
            "measures",
            gettext_lazy("Do the measures against it work as they were designed?"),
            "choice",
            explain=_DOUBT,
            prove=frozenset({"yes"}),
        ),
        Question(
            "indicators",
            gettext_lazy("Would its indicators have warned of what happened in this period?"),
            "choice",
            explain=_DOUBT,
        ),
        Question(
            "near_misses",
            gettext_lazy("How many near misses were there that are not written down as losses?"),
            "number",
        ),
        Question(
            "new_risks",
            gettext_lazy("Is there a new risk beside it that the register does not have?"),
            "choice",
            explain=_BAD,
        ),
        Question(
            "outlook",
            gettext_lazy("What will change in the next period, and what is planned for it?"),
            "text",
        ),
    )
}
NEWEST: Final = max(QUESTIONNAIRES)


def checked(question: Question, given: Given) -> Given:
    """An answer as it is kept. Raises ValidationError by the question's key."""
    value, comment, evidence = (" ".join(one.replace("\0", "").split()) for one in given)
    if question.kind == "choice" and value not in CHOICES:
        raise ValidationError({question.key: _("Answer with yes, partly or no.")})
    if question.kind == "number":
        if not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            raise ValidationError({question.key: _("Write a number, 0 or more.")})
        value = f"{float(value):.15g}"
    if question.kind == "text" and not 3 <= len(value) <= MOST_TEXT:
        text = _("Write %(low)s to %(high)s characters.") % {"low": 3, "high": MOST_TEXT}
        raise ValidationError({question.key: text})
    if len(comment) > MOST_TEXT or len(evidence) > MOST_EVIDENCE:
        raise ValidationError({question.key: _("This is too long.")})
    if value in question.explain and len(comment) < 3:
        raise ValidationError({f"{question.key}_comment": _("Say in a comment what it is.")})
    if value in question.prove and len(evidence) < 3:
        raise ValidationError({f"{question.key}_evidence": _("Name what shows it.")})
    return Given(value, comment, evidence)


def missing(version: int, answers: Mapping[str, object]) -> list[Question]:
    """The questions that are not answered yet."""
    return [one for one in QUESTIONNAIRES[version] if one.key not in answers]
