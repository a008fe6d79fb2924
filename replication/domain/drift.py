"""What has changed in Azure between the review of a plan and its first write (house.md, *Draft, plan, run* 2).

Only what the plan found there is judged: a resource that it is going to make may have appeared meanwhile, and is observed by its own step.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from replication.domain import ids, regions
from replication.domain import inventory as inv
from replication.domain.eligibility import judge
from replication.domain.problems import Problem
from replication.domain.specs import (
    AutomationAccountSpec,
    AvailabilitySetSpec,
    CapacityGroupSpec,
    ContainerMappingSpec,
    ContainerSpec,
    EncryptionSetSpec,
    FabricSpec,
    GroupSpec,
    NetworkMappingSpec,
    NetworkSpec,
    PlacementGroupSpec,
    PolicySpec,
    ProtectSpec,
    Spec,
    StorageSpec,
    SubnetSpec,
)

ACTION = "Read the inventory again and start a new draft, which plans with what is there now."
# A power state that Azure did not tell just now is no drift: enabling itself finds out.
_UNTOLD = "PowerUnknown"

FEW = 5  # machines of a subscription that are looked at one by one: their own calls cost no more than its lists


# --- shared things ---------------------------------------------------------------------------------------------------------------


def spec_of(found: Any) -> Spec | None:
    """What a listed resource is, in the words of a plan."""
    make = _SPECS.get(type(found))
    return make(found) if make else None


def _network(found: inv.Network) -> Spec:
    subnets = tuple(SubnetSpec(name=each.name, prefix=each.prefix) for each in found.subnets)
    return NetworkSpec(id=found.id, location=found.location, prefixes=found.prefixes, subnets=subnets)


def _set(found: inv.AvailabilitySet) -> Spec:
    return AvailabilitySetSpec(
        id=found.id,
        location=found.location,
        fault_domains=found.fault_domains,
        update_domains=found.update_domains,
        aligned=found.aligned,
    )


def _policy(found: inv.Policy) -> Spec:
    return PolicySpec(
        id=found.id,
        retention=found.retention,
        app_consistent=found.app_consistent,
        crash_consistent=found.crash_consistent,
        multi_vm=found.multi_vm,
    )


def _container_mapping(found: inv.ContainerMapping) -> Spec:
    return ContainerMappingSpec(id=found.id, target_container_id=found.target_container_id, policy_id=found.policy_id)


def _network_mapping(found: inv.NetworkMapping) -> Spec:
    return NetworkMappingSpec(
        id=found.id,
        recovery_fabric_name="",
        primary_network_id=found.primary_network_id,
        recovery_network_id=found.recovery_network_id,
    )


_SPECS: dict[type, Any] = {
    inv.ResourceGroup: lambda found: GroupSpec(id=found.id, location=found.location),
    inv.Network: _network,
    inv.StorageAccount: lambda found: StorageSpec(
        id=found.id, location=found.location, sku=found.sku, account_kind=found.kind
    ),
    inv.AvailabilitySet: _set,
    inv.PlacementGroup: lambda found: PlacementGroupSpec(id=found.id, location=found.location),
    inv.CapacityGroup: lambda found: CapacityGroupSpec(id=found.id, location=found.location),
    inv.EncryptionSet: lambda found: EncryptionSetSpec(id=found.id, location=found.location),
    inv.AutomationAccount: lambda found: AutomationAccountSpec(id=found.id, location=found.location),
    inv.Fabric: lambda found: FabricSpec(id=found.id, location=found.location),
    inv.Container: lambda found: ContainerSpec(id=found.id),
    inv.Policy: _policy,
    inv.ContainerMapping: _container_mapping,
    inv.NetworkMapping: _network_mapping,
}


def suspects(planned: Iterable[Spec], listed: Iterable[Any]) -> list[Spec]:
    """Those of the planned that lists do not show as planned. A list may lag behind: read them before they are blamed."""
    found = {ids.key(spec.id): spec for each in listed if (spec := spec_of(each))}
    return [spec for spec in planned if _departs(spec, found.get(ids.key(spec.id)))]


def _departs(spec: Spec, got: Spec | None) -> bool:
    return got is None or bool(spec.differences(got))


def shared_problem(title: str, spec: Spec, got: Spec | None) -> Problem | None:
    """The drift of a shared thing, or None. got: as read by itself."""
    if got is None:
        said = "It is not there any more."
    elif differences := spec.differences(got):
        said = "It has changed: " + "; ".join(str(each) for each in differences) + "."
    else:
        return None
    return Problem(code="PlanDrifted", message=f"{title} {ids.name(spec.id)} was to be reused. {said}", action=ACTION)


# --- machines --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """The source machines as they are now. All mappings go by the machine's key."""

    location: str
    machines: Mapping[str, inv.Machine]
    items: Mapping[str, str] = field(default_factory=dict)  # the id of the item that replicates it in this vault
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # the name of the other vault that replicates it
    # Those that stand as they did when the inventory was read and found nothing against them: the rules need not be asked again.
    unchanged: Collection[str] = ()


def stands_as_known(document: Mapping[str, Any], standing: inv.Machine) -> bool:
    """Whether a machine is where and as its stored document has it, disks included."""
    told = (standing.location, standing.power, standing.provisioning_state)
    same = told == (document["location"], document["power"], document["provisioning_state"])
    return same and {ids.key(disk["id"]) for disk in document["disks"]} == _disks(standing)


def as_it_stands(known: inv.Machine, standing: inv.Machine) -> inv.Machine:
    """The machine as the inventory knows it, with what may have changed since: place, power, state and disks."""
    return replace(
        known,
        location=standing.location,
        power=standing.power,
        provisioning_state=standing.provisioning_state,
        disks=known.disks if _disks(known) == _disks(standing) else standing.disks,
    )


def machine_problem(spec: ProtectSpec, estate: Estate) -> Problem | None:
    """Why a machine cannot be replicated as planned, or None. One that this plan's item replicates already is left to its step."""
    key = ids.key(spec.machine_id)
    item, machine = estate.items.get(key, ""), estate.machines.get(key)
    if item and ids.same(item, spec.id):
        return None
    if machine is None:
        return _GONE
    if estate.location and regions.normal(machine.location) != estate.location:
        return _drifted("SourceMachineMoved", f"The machine is in {machine.location} now.")
    if _disks(machine) != _planned_disks(spec):
        return _drifted("SourceDisksChanged", _disks_said(machine, spec))
    protected_in = "this vault, under another name" if item else estate.elsewhere.get(key, "")
    return None if key in estate.unchanged and not protected_in else _obstacle(machine, protected_in)


def _obstacle(machine: inv.Machine, protected_in: str) -> Problem | None:
    verdicts = (each for each in judge(machine, protected_in=protected_in) if each.blocks and each.code != _UNTOLD)
    for worst in verdicts:
        return Problem(code=worst.code, message=worst.message, causes=worst.causes, action=worst.action)
    return None


def _disks(machine: inv.Machine) -> set[str]:
    return {ids.key(disk.id) for disk in machine.disks}


def _planned_disks(spec: ProtectSpec) -> set[str]:
    named = (
        (disk.disk_id for disk in spec.managed_disks),
        (disk.uri for disk in spec.unmanaged_disks),
        spec.excluded_disks,
    )
    return {ids.key(each) for disks in named for each in disks}


def _disks_said(machine: inv.Machine, spec: ProtectSpec) -> str:
    there, planned = _disks(machine), _planned_disks(spec)
    told = [("attached since", there - planned), ("not there any more", planned - there)]
    words = (f"{', '.join(sorted(map(ids.name, disks)))} {word}" for word, disks in told if disks)
    return f"The machine's disks have changed: {'; '.join(words)}."


def _drifted(code: str, message: str) -> Problem:
    return Problem(code=code, message=message, causes="It changed after the plan was reviewed.", action=ACTION)


_GONE = Problem(
    code="SourceMachineGone",
    message="The machine is not in Azure any more.",
    causes="It was deleted, or moved to another group or subscription, after the plan was reviewed.",
    action=ACTION,
)
