"""Four eyes: which verbs can wait for a second person, and what becomes of a request."""

from enum import StrEnum

from replication.domain.states import Look


class ApprovalState(StrEnum):
    """What has become of a request. Only the first two are open: the others stay as they are."""

    PENDING = "pending"
    APPROVED = "approved"  # and not used yet
    USED = "used"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    VOID = "void"  # what would be done is no longer what was asked for
    EXPIRED = "expired"


OPEN = (ApprovalState.PENDING, ApprovalState.APPROVED)

LOOKS: dict[str, Look] = {
    ApprovalState.PENDING: Look("Waiting for approval", "warning"),
    ApprovalState.APPROVED: Look("Approved, not carried out yet", "info"),
    ApprovalState.USED: Look("Carried out", "ok"),
    ApprovalState.REFUSED: Look("Refused", "error"),
    ApprovalState.WITHDRAWN: Look("Withdrawn", "muted"),
    ApprovalState.VOID: Look("Void: the plan has changed", "muted"),
    ApprovalState.EXPIRED: Look("Expired", "muted"),
}

# action of the audit's vocabulary -> the gesture, as a button says it. A verb listed here asks actions/approvals.py before it acts.
GATED: dict[str, str] = {
    "run.create_targets": "Create target resources",
    "run.enable": "Enable replication",
    "run.retry": "Retry what failed",
    "run.update": "Change settings of protected machines",
    "run.add_disks": "Protect added disks",
    "run.dismiss": "Dismiss health errors",
    "run.resync": "Resynchronize machines",
    "run.update_agent": "Update the agent",
    "run.disable": "Disable replication",
    "run.policy": "Change replication policies",
    "run.mapping": "Change network mappings",
    "run.job": "Cancel or restart Site Recovery jobs",
    "grant.given": "Grant a role",
    "grant.changed": "Change a role",
    "grant.ended": "End a role",
    "setting.changed": "Change settings",
}
