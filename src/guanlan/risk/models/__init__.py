"""The tables of risk, one module a subject.

assessments campaigns over risks, what their owners answer, who signs, what is then frozen
committee   who sits on it, its meetings, what they resolved and what became of that
indicators  indicators, their limits, what they came to, how their state changed
losses      what was lost, or nearly
measures    measures against risks, what they are worth, what is to be done for them
register    products, assets, risks, and the parameters that people and losses give them
targets     targets in numbers, and what each quarter came to
values      what a year may cost, each time that it moved, and the ratings that people accept
"""

from guanlan.risk.models.assessments import (
    Assessment,
    AssessmentAnswer,
    AssessmentItem,
    AssessmentSignature,
    AssessmentSigner,
    AssessmentSnapshot,
)
from guanlan.risk.models.committee import (
    AgendaItem,
    Attendance,
    CommitteeAction,
    CommitteeMember,
    Meeting,
    MinutesApproval,
    Resolution,
)
from guanlan.risk.models.indicators import (
    Forgettable,
    Indicator,
    IndicatorChange,
    IndicatorDeclaration,
    IndicatorLimits,
    IndicatorNote,
    IndicatorSample,
)
from guanlan.risk.models.losses import LossEvent, LossRecovery
from guanlan.risk.models.measures import (
    Measure,
    MeasureCost,
    MeasureDuty,
    MeasureEffect,
    MeasureStep,
    MeasureTest,
)
from guanlan.risk.models.register import (
    Asset,
    Product,
    Risk,
    RiskDriver,
    RiskMatrix,
    RiskParameters,
    RiskSettings,
)
from guanlan.risk.models.targets import Target, TargetVerdict
from guanlan.risk.models.values import Reassessment, RiskFigure, RiskValue

__all__ = [
    "AgendaItem",
    "Assessment",
    "AssessmentAnswer",
    "AssessmentItem",
    "AssessmentSignature",
    "AssessmentSigner",
    "AssessmentSnapshot",
    "Asset",
    "Attendance",
    "CommitteeAction",
    "CommitteeMember",
    "Forgettable",
    "Indicator",
    "IndicatorChange",
    "IndicatorDeclaration",
    "IndicatorLimits",
    "IndicatorNote",
    "IndicatorSample",
    "LossEvent",
    "LossRecovery",
    "Measure",
    "MeasureCost",
    "MeasureDuty",
    "MeasureEffect",
    "MeasureStep",
    "MeasureTest",
    "Meeting",
    "MinutesApproval",
    "Product",
    "Reassessment",
    "Resolution",
    "Risk",
    "RiskDriver",
    "RiskFigure",
    "RiskMatrix",
    "RiskParameters",
    "RiskSettings",
    "RiskValue",
    "Target",
    "TargetVerdict",
]
