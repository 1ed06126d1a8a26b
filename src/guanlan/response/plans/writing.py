"""Writing plans: drafts, review by another person, approval; copies, imports, what is shipped."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

import msgspec
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core import outbox
from guanlan.core.access import Subject, require
from guanlan.core.access.revealing import checked_reason
from guanlan.core.audit import act
from guanlan.response.models import Plan, PlanVersion
from guanlan.response.plans.cacao import Playbook, Problem
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.cacao_read import Reading, read
from guanlan.response.plans.cacao_write import digest, to_json
from guanlan.response.plans.reading import known, playbook_of
from guanlan.response.terms import CATEGORIES

State = PlanVersion.State
MOST_SAID: Final = 100  # problems that are said at once


def stamp(now: dt.datetime) -> str:
    """A time as CACAO writes it: UTC, with Z."""
    return now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def problems_of(text: str) -> tuple[Playbook | None, list[Problem]]:
    """The plan in a text, and everything that is wrong with it."""
    found: Reading = read(text)
    if found.plan is None:
        return None, found.problems
    return found.plan, [*found.problems, *check(found.plan, known())]


def new_plan(subject: Subject, plan: Playbook, category: str, now: dt.datetime) -> PlanVersion:
    """A plan with its first draft, which may still have problems. Raises Denied,
    ValidationError."""
    require(subject, "add", "response.plan")
    if category not in CATEGORIES:
        raise ValidationError({"category": _("Choose one of the kinds of risk.")})
    plan = msgspec.structs.replace(
        plan, id=f"playbook--{uuid.uuid4()}", created=stamp(now), modified=stamp(now)
    )
    row = Plan(category=category, created=now, created_by_id=subject.id)
    _name(row, plan)
    with act("plan.add", row, detail={"category": category}):
        row.save()
        return _draft(subject, row, plan, 1, now)


def _name(row: Plan, plan: Playbook) -> None:
    row.name = plan.name.get(plan.name.main)[:120] or "—"
    row.titles = dict(plan.name.each())


def _draft(
    subject: Subject, row: Plan, plan: Playbook, number: int, now: dt.datetime
) -> PlanVersion:
    version = PlanVersion(
        plan=row, number=number, body=to_json(plan), digest=digest(plan), author_id=subject.id,
        created=now, changed=now,
    )  # fmt: skip
    try:
        with act("plan.draft", row, detail={"number": number, "digest": version.digest}):
            version.save()
    except IntegrityError:
        raise ValidationError(_("The plan has a draft already.")) from None
    return version


def new_draft(subject: Subject, row: Plan, now: dt.datetime) -> PlanVersion:
    """A draft that begins with what is in force. Raises Denied, ValidationError where there is
    one already."""
    require(subject, "change", "response.plan")
    last = row.versions.order_by("-number").first()
    source = row.current or last
    if source is None or last is None:
        raise ValidationError(_("The plan has no version to begin with."))
    plan = msgspec.structs.replace(playbook_of(source), modified=stamp(now))
    return _draft(subject, row, plan, last.number + 1, now)


def copy_plan(subject: Subject, row: Plan, now: dt.datetime) -> PlanVersion:
    """A plan of one's own that begins as a copy of what is in force."""
    source = row.current or row.versions.order_by("-number").first()
    if source is None:
        raise ValidationError(_("The plan has no version to begin with."))
    return new_plan(subject, playbook_of(source), row.category, now)


class Changed(ValidationError):
    """Somebody else wrote the draft while this one was being written."""


def save_draft(
    subject: Subject, version: PlanVersion, plan: Playbook, now: dt.datetime, seen: str = ""
) -> list[Problem]:
    """Keep what a draft says now; the problems it still has. `seen` is the digest of what its
    writer began with. Raises Denied, ValidationError where it is no draft any more, Changed where
    it says something else by now than what was seen."""
    require(subject, "change", "response.plan")
    old = playbook_of(version)
    plan = msgspec.structs.replace(
        plan, id=old.id, created=old.created, created_by=old.created_by, modified=stamp(now)
    )
    said = to_json(plan)
    if read(said).plan != plan:
        raise ValidationError(_("The plan holds something that cannot be written as CACAO."))
    with transaction.atomic():
        found = PlanVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
        if found.state != State.DRAFT:
            raise ValidationError(_("Only a draft can be changed."))
        if seen and seen != found.digest:
            raise Changed(_changed(found))
        found.body, found.digest, found.changed = said, digest(plan), now
        # Who changed it last is its author too: neither of them approves it.
        found.author_id = subject.id
        with act(
            "plan.change", found.plan, detail={"number": found.number, "digest": found.digest}
        ):
            found.save()
            if found.plan.current_id is None:
                _name(found.plan, plan)
                found.plan.save(update_fields=["name", "titles"])
    return check(plan, known())


def _changed(version: PlanVersion) -> str:
    who = version.author.get_username() if version.author else _("somebody else")
    at = timezone.localtime(version.changed).strftime("%H:%M:%S")
    text = _(
        "Nothing was kept: %(who)s changed this draft at %(at)s, while you were writing. Look at"
        " it as it is now, then keep yours again if it still holds."
    )
    return text % {"who": who, "at": at}


def submit(subject: Subject, version: PlanVersion, now: dt.datetime) -> None:
    """Hand a draft in for review. Raises Denied, and ValidationError with every problem."""
    require(subject, "change", "response.plan")
    wrong = check(playbook_of(version), known())
    if wrong:
        raise ValidationError([one.text for one in wrong[:MOST_SAID]])
    with act("plan.submit", version.plan, detail={"number": version.number}):
        mine = PlanVersion.objects.filter(pk=version.pk, state=State.DRAFT)
        if not mine.update(state=State.IN_REVIEW, submitted=now, reason=""):
            raise ValidationError(_("Only a draft can be submitted."))
        reviewers = outbox.people_who_may("approve", "response.plan")
        outbox.send(
            "plan.review",
            to=[one for one in reviewers if one.pk not in (subject.id, version.author_id)],
            context={"plan": version.plan.name, "who": subject.name},
            about=version,
            dedup=f"plan-review-{version.pk}-{now.isoformat()}"[:120],
            now=now,
        )


def may_decide(subject: Subject, version: PlanVersion) -> bool:
    """Whether it is for this subject to approve or refuse: never for its author."""
    return subject.id is not None and subject.id != version.author_id


def approve(subject: Subject, version: PlanVersion, now: dt.datetime) -> None:
    """Put a version in force in place of the one before. Raises Denied, ValidationError."""
    require(subject, "approve", "response.plan")
    if not may_decide(subject, version):
        raise ValidationError(_("Who wrote a plan does not approve it."))
    _approve(subject.id, version, now)


def _approve(person: int | None, version: PlanVersion, now: dt.datetime) -> None:
    plan = playbook_of(version)
    if digest(plan) != version.digest:
        raise ValidationError(_("The version is not what was submitted: its digest differs."))
    wrong = check(plan, known())
    if wrong:
        raise ValidationError([one.text for one in wrong[:MOST_SAID]])
    with act("plan.approve", version.plan, detail={"number": version.number,
                                                   "digest": version.digest}):  # fmt: skip
        mine = PlanVersion.objects.filter(pk=version.pk, state=State.IN_REVIEW)
        if not mine.update(state=State.APPROVED, decided=now, decided_by_id=person):
            raise ValidationError(_("The version is not in review."))
        before = PlanVersion.objects.filter(plan=version.plan, state=State.APPROVED)
        before.exclude(pk=version.pk).update(state=State.RETIRED)
        row = version.plan
        _name(row, plan)
        row.current_id, row.retired = version.pk, None
        row.save()


def refuse(subject: Subject, version: PlanVersion, reason: str, now: dt.datetime) -> None:
    """Give a version back as a draft, with a reason. Raises Denied, ValidationError."""
    require(subject, "approve", "response.plan")
    if not may_decide(subject, version):
        raise ValidationError(_("Who wrote a plan does not decide on it."))
    try:
        kept = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    detail = {"number": version.number}
    with act("plan.refuse", version.plan, detail=detail, reason=kept):
        mine = PlanVersion.objects.filter(pk=version.pk, state=State.IN_REVIEW)
        if not mine.update(state=State.DRAFT, decided=now, decided_by_id=subject.id, reason=kept):
            raise ValidationError(_("The version is not in review."))


def retire(subject: Subject, row: Plan, now: dt.datetime) -> None:
    """Take a plan out of use; its runs go on. Raises Denied, ValidationError."""
    require(subject, "approve", "response.plan")
    with act("plan.retire", row):
        if not Plan.objects.filter(pk=row.pk, retired=None).update(retired=now):
            raise ValidationError(_("The plan is not in use."))


def bring_back(subject: Subject, row: Plan) -> None:
    """Put a retired plan in use again. Raises Denied."""
    require(subject, "approve", "response.plan")
    with act("plan.bring_back", row):
        Plan.objects.filter(pk=row.pk).update(retired=None)


def install(shipped: str, category: str, plan: Playbook, now: dt.datetime) -> bool:
    """Put a plan that comes with the platform in force, once; whether it was done now."""
    if Plan.objects.filter(shipped=shipped).exists():
        return False
    row = Plan(shipped=shipped, category=category, created=now)
    _name(row, plan)
    with act("plan.install", ("response.plan", shipped), detail={"digest": digest(plan)}):
        row.save()
        version = PlanVersion(
            plan=row, number=1, body=to_json(plan), digest=digest(plan), created=now, changed=now,
            state=State.IN_REVIEW, submitted=now,
        )  # fmt: skip
        version.save()
        _approve(None, version, now)
    return True
