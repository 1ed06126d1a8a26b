"""The tables of response, one module a subject.

drills    drills of plans
entities  what alerts, cases and restrictions speak of
incidents incidents, their timeline, roles and tasks
lessons   lessons of drills and incidents, and the actions that come of them
plans     plans for emergencies and their runs
"""

from guanlan.response.models.drills import Drill, DrillParticipant, Inject, Observation
from guanlan.response.models.entities import EntityRef
from guanlan.response.models.incidents import (
    Incident,
    IncidentLink,
    IncidentTask,
    RoleHeld,
    SeverityMatrix,
    TimelineEntry,
)
from guanlan.response.models.lessons import Lesson, LessonAction
from guanlan.response.models.plans import Plan, PlanRun, PlanVersion, StepRun

__all__ = [
    "Drill",
    "DrillParticipant",
    "EntityRef",
    "Incident",
    "IncidentLink",
    "IncidentTask",
    "Inject",
    "Lesson",
    "LessonAction",
    "Observation",
    "Plan",
    "PlanRun",
    "PlanVersion",
    "RoleHeld",
    "SeverityMatrix",
    "StepRun",
    "TimelineEntry",
]
