"""Specs of what is done to things that are there: protected items, policies, network mappings, jobs.

They go the same way as what the wizard makes (specs.py): read, sent, read back and compared. What differs is said by four words of
`Spec`: *changes* compares only what was asked for, *once* has nothing to compare, *removes* asks for absence, *destroys* is guarded.
Bodies: site-recovery-protocol.md §2.2; what Azure takes when: its §5.
"""

from dataclasses import dataclass
from typing import ClassVar

from replication.domain import ids
from replication.domain.problems import Problem
from replication.domain.specs import (
    Difference,
    Found,
    ManagedDiskSpec,
    NetworkMappingSpec,
    PolicySpec,
    SettleSpec,
    Spec,
)

# --- protected items ---------------------------------------------------------------------------------------------------------------


def another_machine(machine_id: str, found: Found | None) -> Problem | None:
    """The item under this address is of another machine than the one that was meant."""
    there = found.facts.get("machine_id", "") if found else ""
    if not there or ids.same(there, machine_id):
        return None
    return Problem(
        code="AnotherMachine",
        message=f"The replicated item at this address is of {ids.name(there)} now, not of {ids.name(machine_id)}.",
        causes="Replication was disabled and another machine was enabled under the same name.",
        action="Refresh the replicated items and begin again from there.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSpec(Spec):
    """Something that is asked of a protected item. `id` is the item's."""

    changes: ClassVar[bool] = True
    machine_id: str
    machine_name: str

    def objection(self, found: Found | None) -> Problem | None:
        return another_machine(self.machine_id, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskTypes:
    """What a protected disk is kept as, and recovered as; '' is "not asked for"."""

    disk_id: str
    replica_type: str = ""
    target_type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSpec(SettleSpec):
    """Other settings of the future machine. Only what is asked for goes out and is compared."""

    kind: ClassVar[str] = "update"
    compared: ClassVar[tuple[str, ...]] = (
        "name", "size", "network_id", "group_id", "availability_set_id", "availability_zone",
    )  # fmt: skip
    group_id: str = ""
    availability_set_id: str = ""
    availability_zone: str = ""
    disks: tuple[DiskTypes, ...] = ()

    def differences(self, got: Spec) -> list[Difference]:
        assert isinstance(got, UpdateSpec)
        there = {ids.key(each.disk_id): each for each in got.disks}
        disks = [
            each for wanted in self.disks for each in _disk_differences(wanted, there.get(ids.key(wanted.disk_id)))
        ]
        return SettleSpec.differences(self, got) + disks

    def objection(self, found: Found | None) -> Problem | None:
        return another_machine(self.machine_id, found)


def _disk_differences(wanted: DiskTypes, there: DiskTypes | None) -> list[Difference]:
    name = ids.name(wanted.disk_id)
    if there is None:
        return [Difference(f"disk {name}", name, None)]
    return [
        Difference(f"disk {name} {field.replace('_', ' ')}", asked, getattr(there, field))
        for field in ("replica_type", "target_type")
        if (asked := getattr(wanted, field)) and asked != getattr(there, field)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDisksSpec(ItemSpec):
    """Protect disks that were attached after the machine was enabled."""

    kind: ClassVar[str] = "add_disks"
    disks: tuple[ManagedDiskSpec, ...]

    def differences(self, got: Spec) -> list[Difference]:
        assert isinstance(got, AddDisksSpec)
        there = {ids.key(each.disk_id) for each in got.disks}
        missing = (each.disk_id for each in self.disks if ids.key(each.disk_id) not in there)
        return [Difference(f"disk {ids.name(disk)}", "protected", "not protected") for disk in missing]


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissSpec(ItemSpec):
    """Dismiss health errors that Azure lets be dismissed (customerResolvability Allowed, §3.3): a disk that need not be protected."""

    kind: ClassVar[str] = "dismiss"
    error_ids: tuple[str, ...]

    def differences(self, got: Spec) -> list[Difference]:
        assert isinstance(got, DismissSpec)
        shown = [each for each in self.error_ids if each in got.error_ids]
        return [Difference(f"health error {each}", "dismissed", "shown") for each in shown]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResyncSpec(ItemSpec):
    """Compare source and replica anew."""

    kind: ClassVar[str] = "resync"
    once: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec(ItemSpec):
    """Update the Mobility service on the machine."""

    kind: ClassVar[str] = "update_agent"
    once: ClassVar[bool] = True


# Protection states in which a machine runs, or may run, in the recovery region (§3.3 phases 7, 8 and F).
FAILED_OVER: dict[str, str] = {
    "unplannedfailovercommitpendingstatesbegin": "The machine has been failed over and the failover is not committed",
    "unplannedfailovercommitted": "The machine has been failed over",
    "unplannedfailoverfailed": "A failover of the machine has failed and where it runs is not certain",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableSpec(ItemSpec):
    """Disable replication: replica disks and recovery points go. Purge (DELETE) is never asked for.

    identity: by what Azure tells this protection of the machine from an earlier or later one (eventCorrelationId; that it changes when
    a machine is enabled anew is *assumed*); '' when Azure named none.
    """

    kind: ClassVar[str] = "disable"
    removes: ClassVar[bool] = True
    destroys: ClassVar[bool] = True
    identity: str = ""

    def objection(self, found: Found | None) -> Problem | None:
        if found is None:
            return _MOVED
        return another_machine(self.machine_id, found) or _other_protection(self, found) or _standing(found)


_MOVED = Problem(
    code="ItemMoved",
    message="The replicated item is not where it was when this was confirmed.",
    causes="It was disabled meanwhile, or re-protected, which moves it to the other region's container.",
    action="Refresh the replicated items and begin again from there.",
)


def _other_protection(spec: DisableSpec, found: Found) -> Problem | None:
    there = found.facts.get("identity", "")
    if not spec.identity or not there or ids.same(spec.identity, there):
        return None
    return Problem(
        code="AnotherProtection",
        message="The machine was disabled and enabled anew after this was confirmed.",
        action="Refresh the replicated items and begin again from there.",
    )


def _standing(found: Found) -> Problem | None:
    """Failed over, not committed, being tested, or in a state that does not take it."""
    said = FAILED_OVER.get(str(found.facts.get("protection_state", "")).lower())
    if said:
        return Problem(
            code="FailedOver",
            message=f"{said}: disabling replication now would leave it without a way back.",
            action="Commit the failover and re-protect the machine, or disable it in the Azure portal if that is meant.",
        )
    allowed = found.facts.get("allowed", ())
    if "TestFailoverCleanup" in allowed:
        return Problem(
            code="TestNotCleanedUp",
            message="A test failover of the machine has not been cleaned up.",
            action="Clean it up first, so that the test machine does not stay behind.",
        )
    return None


# --- policies ----------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChangeSpec(PolicySpec):
    """Other values of a policy that is there; they apply to all machines that use it (portal-behaviour.md §2.1)."""

    kind: ClassVar[str] = "policy_change"
    changes: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRemovalSpec(Spec):
    kind: ClassVar[str] = "policy_removal"
    removes: ClassVar[bool] = True


# --- network mappings ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingChangeSpec(NetworkMappingSpec):
    """Another target network for a mapping; only machines that are enabled later follow it (portal-behaviour.md §1.6)."""

    kind: ClassVar[str] = "mapping_change"
    changes: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRemovalSpec(Spec):
    kind: ClassVar[str] = "mapping_removal"
    removes: ClassVar[bool] = True


# --- jobs ----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec(Spec):
    """What is asked of a Site Recovery job, as far as the job itself allows it (allowedActions, §3.4)."""

    changes: ClassVar[bool] = True
    once: ClassVar[bool] = True
    action: ClassVar[str] = ""

    def objection(self, found: Found | None) -> Problem | None:
        if found is None or self.action in found.facts.get("allowed", ()):
            return None
        state = found.facts.get("state", "") or "of an unknown state"
        return Problem(
            code="NotAllowed",
            message=f"Azure does not let this job be {_PAST[self.action]}: it is {state}.",
            causes="The job has ended or moved on since the page was shown, or is of a kind that cannot be.",
        )


_PAST = {"Cancel": "cancelled", "Restart": "restarted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelSpec(JobSpec):
    kind: ClassVar[str] = "job_cancel"
    action: ClassVar[str] = "Cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRestartSpec(JobSpec):
    kind: ClassVar[str] = "job_restart"
    action: ClassVar[str] = "Restart"


# The kinds whose subject is a machine's protected item.
OF_ITEMS: tuple[str, ...] = tuple(
    cls.kind for cls in (UpdateSpec, AddDisksSpec, DismissSpec, ResyncSpec, AgentSpec, DisableSpec)
)
