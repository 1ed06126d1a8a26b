"""Tests of measures: what people found, and what the platform finds by itself each day.

@measure_test(
    name="complaints.answered",
    title=_("Complaints told in time"),
    what=_("Of the complaints that were told or fell due: how many were told by then."),
    rows=lambda since, until: "/complaints?q=late:yes",
)
def answered(since: datetime, until: datetime) -> Outcome: ...

Apps register their tests while they start. A test looks at the time from `since` up to `until`,
without it, and says how often the measure worked and how often it did not. Where nothing happened
it says neither: that is no evidence, and none is written.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
from collections.abc import Callable
from typing import Final, NamedTuple

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.risk.measure.terms import NOUN, said
from guanlan.risk.models import Measure, MeasureTest

Text = str | Promise
DAY: Final = dt.timedelta(days=1)
BACK: Final = 31  # days that are made up for after a standstill
MOST_TIMES: Final = 1_000_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]*(?:\.[a-z0-9_]+)+")
_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """How often a measure worked, and how often it did not."""

    passed: int
    failed: int


Work = Callable[[dt.datetime, dt.datetime], Outcome]
Rows = Callable[[dt.datetime, dt.datetime], str]


class TestSpec(Struct, frozen=True, kw_only=True):
    """A registered test; `rows` gives the address of what it looked at, empty for none."""

    __test__ = False  # no test of pytest's

    name: str
    title: Text
    what: Text
    work: Work
    rows: Rows


TESTS: Final[dict[str, TestSpec]] = {}


def measure_test(
    *, name: str, title: Text, what: Text, rows: Rows = lambda since, until: ""
) -> Callable[[Work], Work]:
    """Register a function as a test, while the app starts. Raises ValueError for a name that is
    none or is taken, RuntimeError once the start is done."""
    if len(name) > 80 or _NAME.fullmatch(name) is None:
        raise ValueError(f"test {name}: expected a name such as complaints.answered")

    def register(work: Work) -> Work:
        if apps.ready:
            raise RuntimeError(f"test {name}: the registry is closed once the start is done")
        if name in TESTS:
            raise ValueError(f"test {name} is registered twice")
        TESTS[name] = TestSpec(name=name, title=title, what=what, work=work, rows=rows)
        return work

    return register


def test_title(name: str) -> str:
    """What an automatic test is called; its name where this version has no such."""
    spec = TESTS.get(name)
    return str(spec.title) if spec is not None else name


def choices() -> list[tuple[str, Text]]:
    """The automatic tests, for a form."""
    return sorted(((one.name, one.title) for one in TESTS.values()), key=lambda one: str(one[1]))


def record_test(
    subject: Subject,
    measure: Measure,
    *,
    passed: int,
    failed: int,
    at: dt.datetime,
    evidence: str,
    now: dt.datetime,
) -> MeasureTest:
    """Write down what a person's test found. Raises Denied, or ValidationError by field."""
    require(subject, "change", NOUN)
    for field, times in (("passed", passed), ("failed", failed)):
        if not 0 <= times <= MOST_TIMES:
            raise ValidationError({field: _("Write how often, zero or more.")})
    if passed + failed == 0:
        raise ValidationError({"passed": _("A test that looked at nothing is none.")})
    if at > now:
        raise ValidationError({"at": _("This time is still to come.")})
    proof = said("evidence", evidence, 5, 1000)
    with act("measure.test", measure, detail={"passed": passed, "failed": failed}):
        return MeasureTest.objects.create(
            measure=measure, at=at, passed=passed, failed=failed, evidence=proof, added=now,
            added_by_id=subject.id,
        )  # fmt: skip


class Ran(NamedTuple):
    """What a run of automatic tests came to: rows written, and tests that failed to run."""

    written: int
    broken: tuple[str, ...]


def run_tests(now: dt.datetime, check: Callable[[], None] = lambda: None) -> Ran:
    """Run the automatic test of each measure in force for each whole day (UTC) that it has not
    been run for, up to 31 back. A day is written once, however often and by how many workers this
    is done. A test that raises leaves its days for the next run, and hinders no other."""
    rows = Measure.objects.filter(state=Measure.State.IN_FORCE).exclude(test="")
    last = dict(
        MeasureTest.objects.exclude(automatic="")
        .values_list("measure", "automatic")
        .annotate(at=Max("at"))
        .values_list("measure", "at")
    )
    found: dict[tuple[str, dt.datetime], Outcome] = {}
    written, broken = 0, set()
    today = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for measure in rows.order_by("pk"):
        spec = TESTS.get(measure.test)
        if spec is None or measure.since is None:
            continue
        start = max(_day(measure.since), today - BACK * DAY)
        for day in _days(max(start, _day(last.get(measure.pk, start))), today):
            check()
            try:
                if (spec.name, day) not in found:
                    found[spec.name, day] = spec.work(day, day + DAY)
            except Exception:  # noqa: BLE001 - a test of another app: the others run, whatever
                _log.exception("the test %s of a measure failed to run", spec.name)
                broken.add(spec.name)
                break
            written += _write(measure, spec, day, found[spec.name, day], now)
    return Ran(written, tuple(sorted(broken)))


def _day(at: dt.datetime) -> dt.datetime:
    return at.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _days(start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
    return [start + n * DAY for n in range(max(0, (end - start).days))]


def _write(
    measure: Measure, spec: TestSpec, day: dt.datetime, outcome: Outcome, now: dt.datetime
) -> int:
    if outcome.passed + outcome.failed == 0:
        return 0
    said_once = f"{measure.pk}\n{spec.name}\n{day.isoformat()}"
    digest = hashlib.sha256(said_once.encode()).hexdigest()
    if MeasureTest.objects.filter(digest=digest).exists():
        return 0
    MeasureTest.objects.bulk_create(
        [
            MeasureTest(
                measure=measure, at=day + DAY, passed=outcome.passed, failed=outcome.failed,
                automatic=spec.name, evidence=spec.rows(day, day + DAY), added=now, digest=digest,
            )
        ],
        ignore_conflicts=True,  # another worker's row is as good
    )  # fmt: skip
    return 1
