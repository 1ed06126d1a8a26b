"""The tables of the platform, one module a subject.

people    accounts, the organisation, invitations
access    roles, grants, break-glass, reveals
keys      keys of the API
audit     the searchable copy of the audit log
sealing   by what the keys are recognised
running   jobs that ran
messages  channels, messages and their deliveries
"""

from guanlan.core.models.access import AccessGrant, Clearance, RoleAssignment
from guanlan.core.models.audit import AuditCursor, AuditEntry
from guanlan.core.models.keys import ApiKey
from guanlan.core.models.messages import Channel, Delivery, Message, Preference
from guanlan.core.models.people import (
    Attempt,
    Invitation,
    LinkedIdentity,
    Organisation,
    SignedIn,
    User,
)
from guanlan.core.models.running import Job, JobRun, Remembered, Worker
from guanlan.core.models.sealing import KeyCheck

__all__ = [
    "AccessGrant",
    "ApiKey",
    "Attempt",
    "AuditCursor",
    "AuditEntry",
    "Channel",
    "Clearance",
    "Delivery",
    "Invitation",
    "Job",
    "JobRun",
    "KeyCheck",
    "LinkedIdentity",
    "Message",
    "Organisation",
    "Preference",
    "Remembered",
    "RoleAssignment",
    "SignedIn",
    "User",
    "Worker",
]
