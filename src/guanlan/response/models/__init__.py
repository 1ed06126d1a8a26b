"""The tables of response, one module a subject.

alerts        what was found, how often, and what people made of it
case_rules    how alerts are grouped, who works on which cases, by when
cases         cases, what they are about, and what was decided in them
clocks        business calendars, clocks of regulators, reports, statements, disclosures
complaints    what customers say is wrong, what they were told, what answers and sorts it
drills        drills of plans
entities      what alerts, cases and restrictions speak of
incidents     incidents, their timeline, roles and tasks
lessons       lessons of drills and incidents, and the actions that come of them
oncall        who is on duty, whom alerts are brought to, what silences them
papers        texts that one person writes and another approves
plans         plans for emergencies and their runs
restrictions  what is blocked, limited, watched or allowed, and what each sink holds of it
suspicions    reports of suspicious transactions
"""

from guanlan.response.models.alerts import (
    AckDeadline,
    Alert,
    AlertEntity,
    AlertEvidence,
    AlertHappening,
    AlertRule,
    DeadLetter,
)
from guanlan.response.models.case_rules import CaseDeadline, CaseQueue, CaseRule
from guanlan.response.models.cases import (
    Case,
    CaseCall,
    CaseDecision,
    CaseEntity,
    CaseEntry,
    CaseItem,
    CaseLink,
    CasePause,
)
from guanlan.response.models.clocks import (
    BusinessCalendar,
    CalendarDay,
    CalendarYear,
    ClockAlarm,
    ClockChange,
    ClockRule,
    Disclosure,
    RegulatoryReport,
    ReportDraft,
    RunningClock,
    Statement,
)
from guanlan.response.models.complaint_terms import (
    ComplaintCategory,
    ComplaintTerms,
    ReplyTemplate,
)
from guanlan.response.models.complaint_ways import (
    ComplaintGateway,
    ComplaintLetter,
    IntakeSeen,
    Mailbox,
)
from guanlan.response.models.complaints import (
    Complaint,
    ComplaintHappening,
    ComplaintMessage,
)
from guanlan.response.models.drills import Drill, DrillParticipant, Inject, Observation
from guanlan.response.models.entities import EntityRef
from guanlan.response.models.incident_criteria import DeclarationCriterion
from guanlan.response.models.incident_following import (
    IncidentCost,
    IncidentReview,
    StakeholderUpdate,
)
from guanlan.response.models.incidents import (
    Incident,
    IncidentLink,
    IncidentTask,
    RoleHeld,
    SeverityMatrix,
    TimelineEntry,
)
from guanlan.response.models.lessons import Lesson, LessonAction
from guanlan.response.models.oncall import (
    AlertCall,
    AlertRoute,
    EscalationChain,
    MaintenanceWindow,
    OnCallOverride,
    OnCallSchedule,
    Snooze,
)
from guanlan.response.models.plans import Plan, PlanRun, PlanVersion, StepRun
from guanlan.response.models.restrictions import (
    Appeal,
    NeverBlock,
    Restriction,
    RestrictionState,
    Sink,
    SinkHolding,
)
from guanlan.response.models.status import (
    PublicMaintenance,
    StatusComponent,
    StatusPage,
    StatusPost,
    StatusSpan,
)
from guanlan.response.models.suspicions import SuspicionDraft, SuspicionReport

__all__ = [
    "AckDeadline",
    "Alert",
    "AlertCall",
    "AlertEntity",
    "AlertEvidence",
    "AlertHappening",
    "AlertRoute",
    "AlertRule",
    "Appeal",
    "BusinessCalendar",
    "CalendarDay",
    "CalendarYear",
    "Case",
    "CaseCall",
    "CaseDeadline",
    "CaseDecision",
    "CaseEntity",
    "CaseEntry",
    "CaseItem",
    "CaseLink",
    "CasePause",
    "CaseQueue",
    "CaseRule",
    "ClockAlarm",
    "ClockChange",
    "ClockRule",
    "Complaint",
    "ComplaintCategory",
    "ComplaintGateway",
    "ComplaintHappening",
    "ComplaintLetter",
    "ComplaintMessage",
    "ComplaintTerms",
    "DeadLetter",
    "DeclarationCriterion",
    "Disclosure",
    "Drill",
    "DrillParticipant",
    "EntityRef",
    "EscalationChain",
    "Incident",
    "IncidentCost",
    "IncidentLink",
    "IncidentReview",
    "IncidentTask",
    "Inject",
    "IntakeSeen",
    "Lesson",
    "LessonAction",
    "Mailbox",
    "MaintenanceWindow",
    "NeverBlock",
    "Observation",
    "OnCallOverride",
    "OnCallSchedule",
    "Plan",
    "PlanRun",
    "PlanVersion",
    "PublicMaintenance",
    "RegulatoryReport",
    "ReplyTemplate",
    "ReportDraft",
    "Restriction",
    "RestrictionState",
    "RoleHeld",
    "RunningClock",
    "SeverityMatrix",
    "Sink",
    "SinkHolding",
    "Snooze",
    "StakeholderUpdate",
    "Statement",
    "StatusComponent",
    "StatusPage",
    "StatusPost",
    "StatusSpan",
    "StepRun",
    "SuspicionDraft",
    "SuspicionReport",
    "TimelineEntry",
]
