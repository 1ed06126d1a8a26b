"""Business calendars, rules and clocks of regulators, reports, statements, disclosures."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealedJSONField, SealId
from guanlan.response.models.papers import Paper


def _person(name: str) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name=name
    )


class About(models.Model):
    """What a row is about: any object by noun and key (without a noun the key is the name), and
    what it is called. The name is level 2 and holds no key of a customer."""

    about_noun = models.CharField(max_length=80, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    about_label = models.CharField(max_length=120)

    class Meta:
        abstract = True


class BusinessCalendar(models.Model):
    """When people work: hours of each weekday in a zone, as [[from, to], …] in minutes."""

    data_levels: ClassVar[dict[int, str]] = {2: "id code name zone week makeup shipped created"}

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    zone = models.CharField(max_length=64)
    week = models.JSONField()
    makeup = models.JSONField()
    shipped = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.name


class CalendarYear(models.Model):
    """That the holidays of a year are known, from where, and who has checked them."""

    policy_noun: ClassVar[str] = "response.businesscalendar"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id calendar year source verified checked_by checked_on"
    }

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="years")
    year = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=200)
    verified = models.BooleanField(default=False)
    checked_by = models.CharField(max_length=80, blank=True)
    checked_on = models.DateField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "year"], name="response_calendaryear_once")
        ]

    def __str__(self) -> str:
        return f"{self.calendar_id} {self.year}"


class CalendarDay(models.Model):
    """A holiday, or a day of the weekend on which people work."""

    policy_noun: ClassVar[str] = "response.businesscalendar"
    data_levels: ClassVar[dict[int, str]] = {2: "id calendar day works name"}

    calendar = models.ForeignKey(BusinessCalendar, models.CASCADE, related_name="days")
    day = models.DateField()
    works = models.BooleanField(default=False)
    name = models.CharField(max_length=80, blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "day"], name="response_calendarday_once")
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class ClockRule(models.Model):
    """One version of what a regulator asks for; never changed, a change is a new version.

    Titles, triggers, recipients and notes stand in the console's languages: {"en": …, "zh-hans": …,
    "zh-hant": …}. `obligation` joins rules that one report fulfils. `conditions` are those of
    `guanlan.response.clocks.facts`.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id code version current obligation regulator jurisdiction title trigger conditions"
        " limit_kind limit_amount calendar at_once start_event after report_kind recipient source"
        " note effective_from effective_to verified checked_by checked_on shipped author reason"
        " created digest may_pause may_extend"
    }

    code = models.SlugField(max_length=60)
    version = models.PositiveIntegerField(default=1)
    current = models.BooleanField(default=True)
    obligation = models.SlugField(max_length=60)
    regulator = models.CharField(max_length=40)
    jurisdiction = models.CharField(max_length=20)
    title = models.JSONField()
    trigger = models.JSONField()
    recipient = models.JSONField()
    conditions = models.JSONField(default=dict)
    limit_kind = models.CharField(max_length=16)
    limit_amount = models.PositiveIntegerField()
    calendar = models.ForeignKey(BusinessCalendar, models.PROTECT, null=True)
    at_once = models.BooleanField(default=False)
    start_event = models.CharField(max_length=12)
    after = models.SlugField(max_length=60, blank=True)
    report_kind = models.CharField(max_length=12)
    source = models.CharField(max_length=200)
    note = models.JSONField(default=dict, blank=True)
    effective_from = models.DateField()
    effective_to = models.DateField(null=True)
    verified = models.BooleanField(default=False)
    checked_by = models.CharField(max_length=80, blank=True)
    checked_on = models.DateField(null=True)
    may_pause = models.BooleanField(default=False)
    may_extend = models.PositiveSmallIntegerField(default=0)  # days in all
    shipped = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, blank=True)
    author = _person("+")
    reason = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["regulator", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="response_clockrule_version"),
            models.UniqueConstraint(
                fields=["code"],
                condition=models.Q(current=True),
                name="response_clockrule_current",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class RunningClock(About):
    """A clock of a regulator that was started for something, by a pinned version of its rule.

    `turn` is what the list is ordered by: the due time while there is something to be done, and
    two hundred years later once there is not.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id about_noun about_id about_label rule code obligation started_at due turn state facts"
        " sent_at stopped_at author created seal_id paused_at added pending",
        3: "why",
    }
    seal_row: ClassVar[str] = "seal_id"

    rule = models.ForeignKey(ClockRule, models.PROTECT, related_name="+")
    code = models.SlugField(max_length=60)
    obligation = models.SlugField(max_length=60)
    started_at = models.DateTimeField()
    due = models.DateTimeField()
    turn = models.DateTimeField()
    state = models.CharField(max_length=10, default="running")
    facts = models.JSONField(default=dict)
    sent_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    added = models.PositiveBigIntegerField(default=0)  # seconds that pauses and extensions gave
    pending = models.CharField(max_length=8, default="", blank=True)  # what was asked for
    seal_id = SealId()
    why = SealedField(max_length=300, default="", blank=True)
    author = _person("+")
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["turn", "id"]),
            models.Index(fields=["due", "id"]),
            models.Index(fields=["state", "id"]),
            models.Index(fields=["started_at", "id"]),
        ]
        constraints = [
            # Reopening what it is about finds the clock again and never starts another one.
            models.UniqueConstraint(
                fields=["about_noun", "about_id", "code"],
                name="response_runningclock_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.about_label}"


class ClockChange(models.Model):
    """A pause of a clock, or more time for it: asked for by one person, decided by another."""

    policy_noun: ClassVar[str] = "response.runningclock"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id clock kind until seconds state asked asked_by decided decided_by seal_id",
        3: "reason answer",
    }
    seal_row: ClassVar[str] = "seal_id"

    clock = models.ForeignKey(RunningClock, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=8)  # pause, extend
    until = models.DateTimeField(null=True)
    seconds = models.PositiveBigIntegerField(default=0)  # that an extension gave
    state = models.CharField(max_length=8, default="asked")  # asked, granted, refused
    seal_id = SealId()
    reason = SealedField(max_length=300)
    answer = SealedField(max_length=300, default="", blank=True)
    asked = models.DateTimeField()
    asked_by = _person("+")
    decided = models.DateTimeField(null=True)
    decided_by = _person("+")

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} of {self.clock_id}"


class ClockAlarm(models.Model):
    """That half, three quarters, nine tenths or all of a clock's time is spent: rung once."""

    policy_noun: ClassVar[str] = "response.runningclock"
    data_levels: ClassVar[dict[int, str]] = {2: "id clock percent due rung"}

    clock = models.ForeignKey(RunningClock, models.CASCADE, related_name="alarms")
    percent = models.PositiveSmallIntegerField()
    due = models.DateTimeField()
    rung = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due"], condition=models.Q(rung=None), name="response_clockalarm_due"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["clock", "percent"], name="response_clockalarm_once")
        ]

    def __str__(self) -> str:
        return f"{self.clock_id} {self.percent} %"


class RegulatoryReport(About, Paper):
    """A report to a regulator, for a clock or without one."""

    acts: ClassVar[str] = "report"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id about_noun about_id about_label clock regulator kind language title state draft"
        " author handed_in approver approved sent_at sent_how created seal_id",
        3: "text receipt answer",
    }
    seal_row: ClassVar[str] = "seal_id"

    clock = models.ForeignKey(RunningClock, models.PROTECT, null=True, related_name="reports")
    regulator = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    language = models.CharField(max_length=8)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return self.title


class ReportDraft(models.Model):
    """One text that a report had."""

    policy_noun: ClassVar[str] = "response.regulatoryreport"
    data_levels: ClassVar[dict[int, str]] = {2: "id report number author at seal_id", 3: "text"}
    seal_row: ClassVar[str] = "seal_id"

    report = models.ForeignKey(RegulatoryReport, models.CASCADE, related_name="drafts")
    number = models.PositiveIntegerField()
    seal_id = SealId()
    text = SealedField()
    author = _person("+")
    at = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="response_reportdraft_once")
        ]

    def __str__(self) -> str:
        return f"{self.report_id} {self.number}"


class Statement(About):
    """What customers, media, staff or partners are told: sealed texts by language, approved by
    communications and by compliance."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id about_noun about_id about_label title audience channel state author"
        " communications communications_at compliance compliance_at published_at created seal_id",
        3: "texts proof answer",
    }
    seal_row: ClassVar[str] = "seal_id"

    title = models.CharField(max_length=160)
    audience = models.CharField(max_length=12)
    channel = models.CharField(max_length=12)
    state = models.CharField(max_length=10, default="draft")
    seal_id = SealId()
    texts = SealedJSONField(default=dict)
    author = _person("+")
    communications = _person("+")
    communications_at = models.DateTimeField(null=True)
    compliance = _person("+")
    compliance_at = models.DateTimeField(null=True)
    answer = SealedField(max_length=300, default="", blank=True)
    published_at = models.DateTimeField(null=True)
    proof = SealedField(max_length=300, default="", blank=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["created", "id"]),
            models.Index(fields=["state", "id"]),
        ]

    def __str__(self) -> str:
        return self.title


class Disclosure(About):
    """A line of the register: what was told to whom, when and how."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id about_noun about_id about_label at what recipient how title report statement author"
        " created seal_id",
        3: "words",
    }
    seal_row: ClassVar[str] = "seal_id"

    at = models.DateTimeField()
    what = models.CharField(max_length=12)
    recipient = models.CharField(max_length=120)
    how = models.CharField(max_length=12)
    title = models.CharField(max_length=160)
    seal_id = SealId()
    words = SealedField(default="", blank=True)
    report = models.ForeignKey(RegulatoryReport, models.PROTECT, null=True, related_name="+")
    statement = models.ForeignKey(Statement, models.PROTECT, null=True, related_name="+")
    author = _person("+")
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["at", "id"]), models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.title
