"""What the fields of Placement name: a kind of resource, and whether one can be made under a name of one's own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from replication.domain import ids


@dataclass(frozen=True, slots=True)
class TargetKind:
    """resource: kind of the stored resource; type: its ARM type, '' for a resource group.

    rule: what Azure accepts as a name (naming.RULES), '' when only what is there can be chosen; text: the field of forms that names
    a new one; cache: it lies where the source is, in the group of the vault's cache accounts.
    """

    resource: str
    type: str
    rule: str = ""
    text: str = ""
    cache: bool = False

    @property
    def worldwide(self) -> bool:
        """Whether its name must be unique in the whole world, not only in its group."""
        return self.rule == "storage_account"


_ACCOUNTS = "Microsoft.Storage/storageAccounts"
KINDS: dict[str, TargetKind] = {
    "group_id": TargetKind("resource_group", "", "resource_group", "group_name"),
    "network_id": TargetKind("virtual_network", "Microsoft.Network/virtualNetworks", "virtual_network", "network_name"),
    "cache_account_id": TargetKind("storage_account", _ACCOUNTS, "storage_account", "cache_name", cache=True),
    "high_cache_account_id": TargetKind("storage_account", _ACCOUNTS, "storage_account", "high_cache_name", cache=True),
    "storage_account_id": TargetKind("storage_account", _ACCOUNTS, "storage_account", "storage_name"),
    "availability_set_id": TargetKind("availability_set", "Microsoft.Compute/availabilitySets", "availability_set", "set_name"),
    "placement_group_id": TargetKind("placement_group", "Microsoft.Compute/proximityPlacementGroups", "placement_group", "placement_name"),
    "capacity_group_id": TargetKind("capacity_group", "Microsoft.Compute/capacityReservationGroups"),
    "encryption_set_id": TargetKind("encryption_set", "Microsoft.Compute/diskEncryptionSets"),
}  # fmt: skip
NEW: dict[str, TargetKind] = {name: kind for name, kind in KINDS.items() if kind.rule}
WORLDWIDE: tuple[str, ...] = tuple(name for name, kind in KINDS.items() if kind.worldwide)


def astray(set_id: str, group_id: str) -> str:
    """Why a machine that goes to the group cannot be in the availability set, which exists, in a sentence; '' where it can.

    Azure wants machine and set in one group (azure-mgmt-compute, VirtualMachineProperties.availability_set).
    """
    if ids.same(ids.group_of(set_id), group_id):
        return ""
    there, here = ids.group_name(set_id), ids.name(group_id)
    return f"Azure wants a machine and its availability set in one resource group; {ids.name(set_id)} lies in {there}, not in {here}."


@dataclass(frozen=True, slots=True)
class Homes:
    """Where something new is made: the subscription of new groups, the group of targets where none is chosen, that of cache accounts."""

    subscription_id: str
    group_id: str
    cache_group_id: str

    def group(self, said: Mapping[str, str]) -> str:
        """The group of targets that a form names, new or chosen; '' where it names none."""
        chosen, named = said.get("group_id", ""), said.get("group_name", "")
        return ids.group(self.subscription_id, named) if named else chosen if chosen.startswith("/") else ""

    def new(self, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """(field of Placement, id that it will have) of all that is named. said: a form's names of new things, and its group_id."""
        group = self.group(said) or self.group_id
        if said.get("group_name"):
            yield "group_id", group
        for name, kind in NEW.items():
            if kind.type and said.get(kind.text):
                yield name, ids.resource(self.cache_group_id if kind.cache else group, kind.type, said[kind.text])
