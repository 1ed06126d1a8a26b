"""Whether a signed assessment is still what was signed.

The text against its digests, the digest against the audit log, the signatures, the answers in the
tables, and the risk value, which is computed again from the text alone and compared byte by byte.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from django.utils.translation import gettext as _

from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AuditEntry
from guanlan.quant import Invalid
from guanlan.risk.assessment.gathering import answers_of, canonical, digest_of
from guanlan.risk.assessment.signing import signatures_of, written
from guanlan.risk.models import Assessment, AssessmentSnapshot, RiskValue
from guanlan.risk.models.assessments import ASSESSMENT
from guanlan.risk.value.recomputing import recompute


class Check(NamedTuple):
    """One thing that was looked at; `note` says what differs where it does not hold."""

    name: str
    title: str
    holds: bool
    note: str = ""


def verify(row: Assessment) -> list[Check]:
    """All checks of a signed assessment; none where it has no snapshot."""
    snapshot = AssessmentSnapshot.objects.filter(assessment=row).first()
    return [] if snapshot is None else list(_checks(row, snapshot))


def _checks(row: Assessment, snapshot: AssessmentSnapshot) -> Iterator[Check]:
    found = digest_of(snapshot.text)
    note = "" if found == snapshot.digest else _("it has %(digest)s") % {"digest": found}
    yield Check("digest", _("The text has the digest that was stored"), not note, note)
    yield _logged(row, snapshot)
    try:
        whole = json.loads(snapshot.text)
        content, signatures = whole["content"], whole["signatures"]
        said = whole["content_digest"]
    except (ValueError, KeyError, TypeError):
        yield Check("text", _("The text can be read"), False, _("it is no snapshot any more"))
        return
    inner = digest_of(canonical(content))
    same = inner == said and all(one["digest"] == inner for one in signatures)
    yield Check("signed", _("Every signature is under this very content"), same,
                "" if same else _("content has %(digest)s") % {"digest": inner})  # fmt: skip
    rows = [written(one) for one in signatures_of(row)]
    yield Check("signatures", _("The signatures in the table are those of the text"),
                canonical(rows) == canonical(signatures), "")  # fmt: skip
    yield _answers(row, content)
    yield _value(content.get("value"))


def _logged(row: Assessment, snapshot: AssessmentSnapshot) -> Check:
    copy_rows()  # all of it: a row that is not copied yet would be told as one that is missing
    entries = AuditEntry.objects.filter(
        object_label=ASSESSMENT, object_id=str(row.pk), act="assessment.freeze", outcome="done"
    )
    noted = [json.loads(one) for one in entries.values_list("detail", flat=True)]
    digests = {one.get("digest") for one in noted}
    title = _("The audit log has noted this digest")
    if snapshot.digest in digests:
        return Check("audit", title, True)
    note = _("it has noted another one") if digests else _("it has noted none")
    return Check("audit", title, False, note)


def _answers(row: Assessment, content: Mapping[str, Any]) -> Check:
    items = row.items.select_related("risk", "owner", "answered_by").prefetch_related("answers__by")
    now = {one.risk.code: answers_of(one) for one in items}
    then = content.get("answers", {})
    differ = sorted(
        code for code in now.keys() | then.keys()
        if canonical(now.get(code)) != canonical(then.get(code))
    )  # fmt: skip
    note = _("differs for %(risks)s") % {"risks": ", ".join(differ[:10])} if differ else ""
    return Check("answers", _("The answers in the tables are those of the text"), not differ, note)


def _value(kept: Mapping[str, Any] | None) -> Check:
    title = _("The risk value comes out equal to the byte when computed again")
    if kept is None:
        return Check("value", _("There was no risk value to sign"), True)
    try:
        found = recompute(value_from(kept))
    except (Invalid, msgspec.ValidationError, KeyError, ValueError) as error:
        return Check("value", title, False, _("its inputs cannot be read: %(why)s")
                     % {"why": str(error)[:200]})  # fmt: skip
    if found.equal:
        return Check("value", title, True)
    if found.model and not found.differences:
        return Check("value", title, False, _("equal, but by another version of the model"))
    names = ", ".join(one[0] for one in found.differences[:5])
    if found.model:
        names = _("another version of the model: %(names)s") % {"names": names}
    return Check("value", title, False, names)


def value_from(kept: Mapping[str, Any]) -> RiskValue:
    """The value of a snapshot as a row that is not saved."""
    names = ("number", "currency", "model", "digest", "step", "size", "inputs", "figures", "curve",
             "expected", "var95", "var99", "var999", "tvar99", "beyond")  # fmt: skip
    return RiskValue(
        at=dt.datetime.fromisoformat(kept["at"]), **{name: kept[name] for name in names}
    )
