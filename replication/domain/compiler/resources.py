"""What the target side needs beside Site Recovery: groups, networks, accounts, sets, placement, capacity and encryption."""

from collections.abc import Iterator, Mapping
from typing import Any

from replication.domain import ids, regions
from replication.domain.compiler.resolver import HIGH
from replication.domain.compiler.sheet import Sheet, key_of
from replication.domain.inventory import Machine
from replication.domain.settling import Refusal
from replication.domain.specs import (
    AvailabilitySetSpec,
    CapacityGroupSpec,
    CloudServiceSpec,
    EncryptionSetSpec,
    GroupSpec,
    NetworkSpec,
    PlacementGroupSpec,
    Spec,
    StorageSpec,
    SubnetSpec,
)

# (SKU, kind): normal churn takes standard accounts only, high churn premium block blobs only (portal-behaviour.md §1.4).
NORMAL_CACHE, HIGH_CACHE = ("Standard_LRS", "StorageV2"), ("Premium_LRS", "BlockBlobStorage")


def group(sheet: Sheet, group_id: str, location: str = "") -> str:
    """A resource group. An existing one may lie in any region but the source's, except between zones (§1.2)."""
    there = sheet.facts.groups.get(ids.key(group_id))
    where = regions.normal(there.location) if there else location or sheet.target
    if there and not location and where == sheet.source and not sheet.choices.source.zonal:
        said = f"The target resource group {there.name} lies in the source location."
        sheet.object_("target", said, field="group_id")
    sheet.check_name("resource_group", group_id, "group_id")
    spec = GroupSpec(id=there.id if there else group_id, location=where)
    return sheet.add(key_of("group", group_id), "Resource group", spec, there is not None, location=where)


def network(sheet: Sheet, network_id: str, machine: Machine) -> str:
    """The target network; a new one is identical to its source (§1.5)."""
    there, like = sheet.facts.networks.get(ids.key(network_id)), sheet.resolve.network(machine, network_id)
    _check_location(sheet, there, "network", "network_id")
    sheet.check_name("virtual_network", network_id, "network_id")
    spec = NetworkSpec(
        id=there.id if there else network_id,
        location=sheet.target,
        prefixes=like.prefixes if like else (),
        subnets=tuple(SubnetSpec(name=each.name, prefix=each.prefix) for each in (like.subnets if like else ())),
    )
    return _target(sheet, "network", "Virtual network", spec, there)


def account(sheet: Sheet, account_id: str, make: tuple[str, str], location: str, title: str) -> str:
    """A storage account. make: SKU and kind of a new one."""
    there = sheet.facts.accounts.get(ids.key(account_id))
    if there and regions.normal(there.location) != location:
        page_field = "cache_account_id" if location == sheet.source else "storage_account_id"
        sheet.object_("target", f"The storage account {there.name} does not lie in {location}.", field=page_field)
    sheet.check_name("storage_account", account_id, "storage_account_id")
    if not there and not ids.same(sheet.accounts.setdefault(ids.name(account_id), account_id), account_id):
        said = f"Two storage accounts would get the name {ids.name(account_id)}, which can be one in the world only: rename one of them."
        sheet.object_("customize", said, field="storage_account_id")
    spec = StorageSpec(
        id=there.id if there else account_id,
        location=location,
        sku=there.sku if there else make[0],
        account_kind=there.kind if there else make[1],
    )
    needs = () if there or _is_vaults_group(sheet, account_id) else (group(sheet, ids.group_of(account_id), location),)
    return sheet.add(key_of("account", account_id), title, spec, there is not None, location=location, needs=needs)


def cache(sheet: Sheet, account_id: str, churn: str) -> str:
    """The cache account, of the kind that the churn asks for."""
    there = sheet.facts.accounts.get(ids.key(account_id))
    if there and not there.public:
        said = f"The cache account {there.name} has a firewall: it must let trusted Microsoft services and a source subnet in."
        sheet.warn("target", said)
    return account(sheet, account_id, HIGH_CACHE if churn == HIGH else NORMAL_CACHE, sheet.source, "Cache storage account")


def cache_refusals(sheet: Sheet, account_id: str, machine: Machine, churn: str) -> Iterator[Refusal]:
    """Rules of the cache account (portal-behaviour.md §6) that the inventory can tell."""
    there, field = sheet.facts.accounts.get(ids.key(account_id)), "cache_account_id"
    if there:
        block_blob = there.kind == "BlockBlobStorage"
        if churn == HIGH and not block_blob:
            yield field, f"high churn needs a premium block blob cache account, which {there.name} is not."
        if churn != HIGH and (block_blob or not there.sku.startswith("Standard")):
            yield field, f"normal churn needs a standard cache account, which {there.name} is not."
        if not there.shared_key:
            yield field, f"the cache account {there.name} does not allow shared keys, which Site Recovery needs."
    if ids.subscription(account_id).lower() != machine.subscription_id.lower():
        yield field, f"the cache account {ids.name(account_id)} must lie in the machine's own subscription."


def _is_vaults_group(sheet: Sheet, arm_id: str) -> bool:
    vault = sheet.facts.vault
    return ids.same(ids.group_of(arm_id), ids.group(vault.subscription_id, vault.resource_group))


def availability_set(sheet: Sheet, set_id: str, machine: Machine) -> str:
    """The target set, with the fault and update domains of the source's."""
    there, source = (sheet.facts.sets.get(ids.key(each)) for each in (set_id, machine.availability_set_id))
    like = there or source
    _check_location(sheet, there, "availability set", "availability_set_id")
    sheet.check_name("availability_set", set_id, "availability_set_id")
    spec = AvailabilitySetSpec(
        id=there.id if there else set_id,
        location=sheet.target,
        fault_domains=like.fault_domains if like else 2,
        update_domains=like.update_domains if like else 5,
        aligned=like.aligned if like else all(disk.managed for disk in machine.disks),
    )
    return _target(sheet, "set", "Availability set", spec, there)


def cloud_service(sheet: Sheet, service_id: str) -> str:
    """The cloud service that a classic machine is recovered into."""
    return _target(sheet, "service", "Cloud service", CloudServiceSpec(id=service_id, location=sheet.target), None)


def placement_group(sheet: Sheet, group_id: str) -> str:
    """The proximity placement group; a new one is empty until the failover."""
    there = sheet.facts.placement_groups.get(ids.key(group_id))
    _check_location(sheet, there, "proximity placement group", "placement_group_id")
    sheet.check_name("placement_group", group_id, "placement_group_id")
    spec = PlacementGroupSpec(id=there.id if there else group_id, location=sheet.target)
    return _target(sheet, "placement", "Proximity placement group", spec, there)


def capacity_group(sheet: Sheet, group_id: str) -> str:
    """The capacity reservation group."""
    spec = CapacityGroupSpec(id=group_id, location=sheet.target)
    return _existing(sheet, "capacity", spec, sheet.facts.capacity_groups, "Capacity reservation group")


def encryption_set(sheet: Sheet, set_id: str) -> str:
    """The disk encryption set."""
    spec = EncryptionSetSpec(id=set_id, location=sheet.target)
    return _existing(sheet, "encryption", spec, sheet.facts.encryption_sets, "Disk encryption set")


_FIELDS = {"capacity": "capacity_group_id", "encryption": "encryption_set_id"}


def _existing(sheet: Sheet, kind: str, spec: Spec, known: Mapping[str, Any], title: str) -> str:
    """Something that must be there beforehand."""
    there = known.get(ids.key(spec.id))
    if there is None:
        said = f"The {title.lower()} {ids.name(spec.id)} is not in Azure any more, or was never read. Choose again."
        sheet.object_("customize", said, field=_FIELDS[kind])
    _check_location(sheet, there, title.lower(), _FIELDS[kind])
    return sheet.add(key_of(kind, spec.id), title, spec, True, location=sheet.target)


def _check_location(sheet: Sheet, there: Any, what: str, field: str) -> None:
    if there and regions.normal(there.location) != sheet.target:
        sheet.object_("target", f"The {what} {there.name} does not lie in the target location.", field=field)


def _target(sheet: Sheet, kind: str, title: str, spec: Spec, there: Any) -> str:
    """Plan a resource of the target location, in its group when it is new."""
    needs = () if there else (group(sheet, ids.group_of(spec.id)),)
    key = key_of(kind, spec.id)
    return sheet.add(key, title, spec, there is not None, location=sheet.target, needs=needs)
