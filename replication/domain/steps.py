"""The states of a step, and the one table that says what an event makes of them.

    waiting ──observed: absent──> submitting ──accepted──> running ──succeeded, read back──> succeeded
       │ observed: as specified ────────────────────────────────────────────────────────────────^
       │ observed: unfinished ──adopt its operation───────────> running
       │ observed: different or broken ──> failed
       └ a need failed ──> skipped            cancel asked before sending ──> cancelled

*submitting* is committed before the request leaves. A *submitting* step whose lease lapsed is unknown: it was sent, or was not, and
only what Azure shows can tell (house.md, *the gap*).
"""

from enum import StrEnum


class StepState(StrEnum):
    WAITING = "waiting"  # not begun, or to be observed again
    SUBMITTING = "submitting"  # the request may be on its way
    RUNNING = "running"  # Azure works on it
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"  # something that it needs failed
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to the step in this run."""
        return self in FINAL


FINAL = frozenset({StepState.SUCCEEDED, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED})


class Outcome(StrEnum):
    """How a succeeded step came about."""

    CREATED = "created"
    REUSED = "reused"  # it was there as specified before this run
    APPLIED = "applied"  # settings of something that was there
    UNCHANGED = "unchanged"  # it was as asked before this run
    DONE = "done"  # an act that leaves nothing to compare
    REMOVED = "removed"  # it is not there any more
    ADOPTED = "adopted"  # it was being made by an operation that this run found


def look_after(looks: int) -> float:
    """Seconds to wait before looking again at an operation that was looked at `looks` times.

    1, 2, 4 … 30 (house.md, no. 10). After the 4 each is a quarter longer than the one before, so that what has taken a minute is known to
    be over within some fifteen seconds: foundations wait for one another, and doubled waits made a chain of them a third longer.
    """
    return min(30.0, max(2.0 ** min(looks, 2), 1.25 ** min(looks, 16)))


# The longest time that an operation of this kind is documented or recorded to take, in seconds, doubled: only after it
# without a trace is an unknown step sent again (site-recovery-protocol.md §3.1: enable 8 min 28, fabric 70 s, mapping 68 s).
LONGEST: dict[str, int] = {
    "resource_group": 60,
    "virtual_network": 120,
    "storage_account": 120,
    "availability_set": 60,
    "placement_group": 60,
    "capacity_group": 60,
    "encryption_set": 60,
    "automation_account": 60,
    "cloud_service": 60,
    "fabric": 180,
    "container": 60,
    "policy": 60,
    "container_mapping": 180,
    "agent_update": 180,  # as a mapping with an automation account (68 s)
    "network_mapping": 60,
    "protect": 1020,
    "settle": 120,  # assumed: the recorded updates of an item took seconds
    "update": 120,
    "add_disks": 570,  # recorded: 4 min 45
    "dismiss": 120,  # assumed
    "resync": 240,  # assumed
    "update_agent": 1020,  # assumed: as long as an installation at enable
    "disable": 820,  # recorded: 6 min 49
    "policy_change": 60,
    "policy_removal": 60,
    "mapping_change": 60,
    "mapping_removal": 60,
    "job_cancel": 120,  # assumed
    "job_restart": 1020,  # as the longest of what may be restarted
}

STAGES: tuple[str, ...] = (
    "Target resources", "Site Recovery foundations", "Enable replication", "Settings after protection",
    "Protected machines", "Site Recovery jobs",
)  # fmt: skip
STAGE_OF: dict[str, int] = {
    "resource_group": 0,
    "virtual_network": 0,
    "storage_account": 0,
    "availability_set": 0,
    "placement_group": 0,
    "capacity_group": 0,
    "encryption_set": 0,
    "automation_account": 0,
    "cloud_service": 0,
    "fabric": 1,
    "container": 1,
    "policy": 1,
    "container_mapping": 1,
    "agent_update": 1,
    "network_mapping": 1,
    "protect": 2,
    "settle": 3,
    "update": 4,
    "add_disks": 4,
    "dismiss": 4,
    "resync": 4,
    "update_agent": 4,
    "disable": 4,
    "policy_change": 1,
    "policy_removal": 1,
    "mapping_change": 1,
    "mapping_removal": 1,
    "job_cancel": 5,
    "job_restart": 5,
}
