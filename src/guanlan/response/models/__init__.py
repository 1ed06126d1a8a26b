"""The tables of response, one module a subject.

entities  what alerts, cases and restrictions speak of
clocks    business calendars, clocks of regulators, reports, statements, disclosures
"""

from guanlan.response.models.clocks import (
    BusinessCalendar,
    CalendarDay,
    CalendarYear,
    ClockAlarm,
    ClockRule,
    Disclosure,
    RegulatoryReport,
    ReportDraft,
    RunningClock,
    Statement,
)
from guanlan.response.models.entities import EntityRef

__all__ = [
    "BusinessCalendar",
    "CalendarDay",
    "CalendarYear",
    "ClockAlarm",
    "ClockRule",
    "Disclosure",
    "EntityRef",
    "RegulatoryReport",
    "ReportDraft",
    "RunningClock",
    "Statement",
]
