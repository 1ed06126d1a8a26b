"""The tables of response, one module a subject.

alerts    what was found, how often, and what people made of it
entities  what alerts, cases and restrictions speak of
"""

from guanlan.response.models.alerts import (
    AckDeadline,
    Alert,
    AlertEntity,
    AlertHappening,
    AlertRule,
    DeadLetter,
)
from guanlan.response.models.entities import EntityRef

__all__ = [
    "AckDeadline",
    "Alert",
    "AlertEntity",
    "AlertHappening",
    "AlertRule",
    "DeadLetter",
    "EntityRef",
]
