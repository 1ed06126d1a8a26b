"""The tables of response, one module a subject.

clocks    business calendars, clocks of regulators, reports, statements, disclosures
drills    drills of plans
entities  what alerts, cases and restrictions speak of
lessons   lessons of drills and incidents, and the actions that come of them
plans     plans for emergencies and their runs
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
from guanlan.response.models.drills import Drill, DrillParticipant, Inject, Observation
from guanlan.response.models.entities import EntityRef
from guanlan.response.models.lessons import Lesson, LessonAction
from guanlan.response.models.plans import Plan, PlanRun, PlanVersion, StepRun

__all__ = [
    "BusinessCalendar",
    "CalendarDay",
    "CalendarYear",
    "ClockAlarm",
    "ClockRule",
    "Disclosure",
    "Drill",
    "DrillParticipant",
    "EntityRef",
    "Inject",
    "Lesson",
    "LessonAction",
    "Observation",
    "Plan",
    "PlanRun",
    "PlanVersion",
    "RegulatoryReport",
    "ReportDraft",
    "RunningClock",
    "Statement",
    "StepRun",
]
