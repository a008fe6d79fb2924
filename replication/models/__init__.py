"""Rows. What is stored is said in docs/architecture.md; who may see a row is said in access.py."""

from replication.models.acknowledgement import Acknowledgement
from replication.models.approval import Approval
from replication.models.audit import (
    AuditCheckpoint,
    AuditEntry,
    AuditHead,
    AuditPruning,
    AuditSubject,
    StreamCursor,
)
from replication.models.connection import Connection
from replication.models.coverage import Coverage
from replication.models.draft import Draft, DraftMachine, DraftPlan, DraftPlanPage
from replication.models.event import Event
from replication.models.grant import Grant, GrantScope, GroupRole
from replication.models.history import HistoryDay, HistoryFrame
from replication.models.inventory import Machine, MachineBrief, Resource, Subscription
from replication.models.issue import AffectedItem, HealthIssue
from replication.models.item import ProtectedItem, RecoveryPoint
from replication.models.job import Job
from replication.models.ledger import Breach, LedgerMonth, MaintenanceWindow
from replication.models.notice import BellEntry, Delivery, HeldNotice, Notice, NoticeRule, Webhook
from replication.models.pace import Pace, Turn
from replication.models.person import Person
from replication.models.plan import ReplicationPlan
from replication.models.reading import Reading
from replication.models.run import HandOver, MachineClaim, Run, Step, StepEvent
from replication.models.second_factor import SecondFactor
from replication.models.session import Session
from replication.models.setting import Setting
from replication.models.sighting import Sighting
from replication.models.term import ItemTerm, MachineTerm
from replication.models.vault import Vault
from replication.models.view import SavedView

__all__ = [
    "Acknowledgement",
    "AffectedItem",
    "Approval",
    "AuditCheckpoint",
    "AuditEntry",
    "AuditHead",
    "AuditPruning",
    "AuditSubject",
    "BellEntry",
    "Breach",
    "Connection",
    "Coverage",
    "Delivery",
    "Draft",
    "DraftMachine",
    "DraftPlan",
    "DraftPlanPage",
    "Event",
    "Grant",
    "GrantScope",
    "GroupRole",
    "HandOver",
    "HealthIssue",
    "HeldNotice",
    "HistoryDay",
    "HistoryFrame",
    "ItemTerm",
    "Job",
    "LedgerMonth",
    "Machine",
    "MachineBrief",
    "MachineClaim",
    "MachineTerm",
    "MaintenanceWindow",
    "Notice",
    "NoticeRule",
    "Pace",
    "Person",
    "ProtectedItem",
    "Reading",
    "RecoveryPoint",
    "ReplicationPlan",
    "Resource",
    "Run",
    "SavedView",
    "SecondFactor",
    "Session",
    "Setting",
    "Sighting",
    "Step",
    "StepEvent",
    "StreamCursor",
    "Subscription",
    "Turn",
    "Vault",
    "Webhook",
]
