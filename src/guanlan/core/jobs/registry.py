"""The jobs there are: a registry that each app fills while it starts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from huey import crontab
from msgspec import Struct

from guanlan.core.jobs.progress import Progress, Told

Work = Callable[[Progress], Told | None]
Every = int | str | None  # seconds, or "minute hour day month weekday", or only when wanted

MINUTE: Final = timedelta(minutes=1)
LEAST_GRACE: Final = 120  # seconds
SEARCHED_DAYS: Final = 400


class Spec(Struct, frozen=True):
    """A registered job. `grace` is by how many seconds it may be late unremarked."""

    name: str
    title: str | Promise
    work: Work
    every: Every
    retries: int
    timeout: int
    grace: int

    @property
    def schedule(self) -> str:
        """How the schedule is written down."""
        if self.every is None:
            return ""
        return f"{self.every} s" if isinstance(self.every, int) else self.every


_jobs: dict[str, Spec] = {}


def job(
    name: str,
    *,
    title: str | Promise = "",
    every: Every = None,
    retries: int = 3,
    timeout: int = 600,
    grace: int | None = None,
) -> Callable[[Work], Work]:
    """Register a function as a job.

    `every` is a number of seconds or a crontab line read in the organisation's zone; `timeout`
    (seconds) is kept by the job's calls of its progress. Raises ValueError for a name
    registered twice or a schedule that cannot be read.
    """
    if isinstance(every, str):
        _crontab(name, every)
    elif every is not None and every < 1:
        raise ValueError(f"job {name}: expected a number of seconds of at least 1")

    def register(work: Work) -> Work:
        if name in _jobs:
            raise ValueError(f"job {name} is registered twice")
        usual = max(LEAST_GRACE, every * 2) if isinstance(every, int) else 15 * 60
        allowed = usual if grace is None else grace
        _jobs[name] = Spec(name, title or name, work, every, retries, timeout, allowed)
        return work

    return register


def registered() -> list[Spec]:
    """All jobs, by name."""
    return [_jobs[name] for name in sorted(_jobs)]


def find_job(name: str) -> Spec | None:
    """The job of this name, if there is one."""
    return _jobs.get(name)


def job_name(name: str) -> str:
    """What a job is called in the reader's language; its name where there is no such job."""
    spec = find_job(name)
    return str(spec.title) if spec is not None else name


def next_due(every: Every, after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first time past `after` that the schedule names; None where there is none."""
    if every is None:
        return None
    if isinstance(every, int):
        return after + timedelta(seconds=every)
    matches = _crontab("", every)
    once_a_day = every.split()[1].isdigit()
    moment = after.astimezone(UTC).replace(second=0, microsecond=0)
    before = moment.astimezone(zone).replace(tzinfo=None)
    for _minute in range(SEARCHED_DAYS * 1440):
        moment += MINUTE
        local = moment.astimezone(zone)
        wall = local.replace(tzinfo=None)
        # An hour that the clocks skip belongs to the minute after it; one that they repeat
        # does not make a daily job run twice.
        skipped = max(1, (wall - before) // MINUTE)
        if any(matches(wall - back * MINUTE) for back in range(skipped)) and not (
            local.fold and once_a_day
        ):
            return local
        before = wall
    return None


def _crontab(name: str, text: str) -> Callable[[datetime], bool]:
    fields = text.split()
    if len(fields) != 5:
        raise ValueError(f"job {name}: expected minute hour day month weekday")
    minute, hour, day, month, weekday = fields
    try:
        matches: Callable[[datetime], bool] = crontab(
            minute=minute, hour=hour, day=day, month=month, day_of_week=weekday, strict=True
        )
    except ValueError:
        raise ValueError(f"job {name}: expected minute hour day month weekday") from None
    return matches
