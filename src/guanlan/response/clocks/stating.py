"""Statements to customers, media, staff and partners: approved by communications and compliance."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act, record
from guanlan.response.clocks.disclosing import disclose
from guanlan.response.clocks.letters import STATEMENTS
from guanlan.response.clocks.terms import AUDIENCES, LANGUAGES, Matter
from guanlan.response.models import Statement

NOUN: Final = "response.statement"
# Which approvals there are, and who gives them: the role, or the owner in its place.
APPROVALS: Final = {"communications": "communications", "compliance": "compliance_officer"}


def compose(
    subject: Subject,
    matter: Matter,
    *,
    title: str,
    audience: str,
    channel: str,
    texts: Mapping[str, str],
    now: dt.datetime | None = None,
) -> Statement:
    """Begin a statement; without any text it begins with the template of its audience."""
    require(subject, "add", NOUN)
    given = {code: text for code, text in texts.items() if text.strip()}
    made = Statement(
        about_noun=matter.noun, about_id=matter.id, about_label=matter.label, title=title,
        audience=audience, channel=channel, texts=given or dict(STATEMENTS[audience]),
        author_id=subject.id, created=now or timezone.now(),
    )  # fmt: skip
    with act("statement.add", made):
        made.save()
    return made


def rewrite(
    subject: Subject, statement: Statement, title: str, channel: str, texts: Mapping[str, str]
) -> None:
    """Change the texts of a draft."""
    require(subject, "change", NOUN)
    _only(statement, "draft")
    given = {code: text for code, text in texts.items() if text.strip()}
    if not given:
        raise ValidationError({"text_zh_hans": _("A statement needs a text in one language.")})
    with act("statement.change", statement, detail={"languages": sorted(given)}):
        statement.title, statement.channel, statement.texts = title, channel, given
        statement.author_id = subject.id  # who wrote last approves nothing of it
        statement.save(update_fields=["title", "channel", "texts", "author"])


def hand_in(subject: Subject, statement: Statement) -> None:
    """Ask for both approvals."""
    require(subject, "change", NOUN)
    _only(statement, "draft")
    with act("statement.hand_in", statement):
        statement.state = "review"
        statement.save(update_fields=["state"])


def may_approve(subject: Subject, statement: Statement, which: str) -> bool:
    """Whether the subject gives this approval: by role, wrote nothing, and gave not the other."""
    other = statement.compliance_id if which == "communications" else statement.communications_id
    return (
        bool({APPROVALS[which], "owner"} & subject.roles)
        and subject.id is not None
        and subject.id not in (statement.author_id, other)
    )


def approve(
    subject: Subject, statement: Statement, which: str, now: dt.datetime | None = None
) -> bool:
    """Give one of the two approvals; whether both are there now. They come from two people, and
    neither is the author."""
    require(subject, "approve", NOUN)
    _only(statement, "review")
    if not may_approve(subject, statement, which):
        raise ValidationError(
            _("Communications and compliance approve, two people, neither of them the author.")
        )
    at = now or timezone.now()
    with act("statement.approve", statement, detail={"approval": which}):
        if which == "communications":
            statement.communications_id, statement.communications_at = subject.id, at
        else:
            statement.compliance_id, statement.compliance_at = subject.id, at
        if statement.communications_id is not None and statement.compliance_id is not None:
            statement.state = "approved"
        statement.save()
    return statement.state == "approved"


def send_back(subject: Subject, statement: Statement, answer: str) -> None:
    """Back to its author with an answer; approvals that were given are gone."""
    require(subject, "approve", NOUN)
    if statement.state not in ("review", "approved"):
        raise ValidationError(_("This is not possible for a text in this state."))
    if len(answer.strip()) < 5:
        raise ValidationError({"answer": _("Say why, in five characters at least.")})
    with act("statement.send_back", statement):
        statement.state, statement.answer = "draft", answer.strip()
        statement.communications_id = statement.compliance_id = None
        statement.communications_at = statement.compliance_at = None
        statement.save()


def publish(
    subject: Subject,
    statement: Statement,
    *,
    at: dt.datetime,
    proof: str,
    now: dt.datetime | None = None,
) -> None:
    """An approved statement was published; it stands in the register with its texts."""
    require(subject, "change", NOUN)
    _only(statement, "approved")
    with act("statement.publish", statement):
        statement.state, statement.published_at, statement.proof = "published", at, proof
        statement.save(update_fields=["state", "published_at", "proof"])
        disclose(
            subject,
            Matter(statement.about_noun, statement.about_id, statement.about_label),
            what="statement",
            at=at,
            recipient=str(AUDIENCES[statement.audience]),
            how=statement.channel,
            title=statement.title,
            words="\n\n".join(statement.texts[one] for one in LANGUAGES if one in statement.texts),
            statement=statement,
            now=now,
        )


def withdraw(subject: Subject, statement: Statement) -> None:
    """A statement that will not be published."""
    require(subject, "change", NOUN)
    if statement.state in ("published", "withdrawn"):
        raise ValidationError(_("This is not possible for a text in this state."))
    with act("statement.withdraw", statement):
        statement.state = "withdrawn"
        statement.save(update_fields=["state"])


def _only(statement: Statement, state: str) -> None:
    if statement.state != state:
        raise ValidationError(_("This is not possible for a text in this state."))


def reads(subject: Subject) -> bool:
    """Whether the subject reads texts that are not published: who writes or approves them."""
    return may(subject, "change", NOUN) or may(subject, "approve", NOUN)


def read_texts(subject: Subject, statement: Statement) -> dict[str, str]:
    """The texts by language, for who writes or approves; the reading is written down."""
    require(subject, "change" if may(subject, "change", NOUN) else "approve", NOUN)
    record("statement.read", statement, outcome="seen")
    return {one: statement.texts[one] for one in LANGUAGES if one in statement.texts}
