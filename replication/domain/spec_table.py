"""All kinds of spec by name, and the way back from the JSON in which steps and plans keep them."""

from typing import Any

from replication.domain import changes, specs
from replication.domain.specs import Spec

SPECS: dict[str, type[Spec]] = {
    cls.kind: cls
    for cls in (
        specs.GroupSpec, specs.NetworkSpec, specs.StorageSpec, specs.AvailabilitySetSpec, specs.PlacementGroupSpec,
        specs.CapacityGroupSpec, specs.EncryptionSetSpec, specs.CloudServiceSpec, specs.AutomationAccountSpec,
        specs.FabricSpec, specs.ContainerSpec, specs.PolicySpec, specs.ContainerMappingSpec, specs.AgentUpdateSpec,
        specs.NetworkMappingSpec,
        specs.ProtectSpec, specs.SettleSpec, changes.UpdateSpec, changes.AddDisksSpec, changes.DismissSpec,
        changes.ResyncSpec, changes.AgentSpec, changes.DisableSpec, changes.PolicyChangeSpec, changes.PolicyRemovalSpec,
        changes.MappingChangeSpec, changes.MappingRemovalSpec, changes.JobCancelSpec, changes.JobRestartSpec,
    )
}  # fmt: skip

# Fields that hold other dataclasses, by the kind that declares them and by its heirs.
_NESTED: dict[tuple[str, str], type] = {
    ("virtual_network", "subnets"): specs.SubnetSpec,
    ("protect", "managed_disks"): specs.ManagedDiskSpec,
    ("protect", "unmanaged_disks"): specs.UnmanagedDiskSpec,
    ("settle", "interfaces"): specs.InterfaceSpec,
    ("update", "interfaces"): specs.InterfaceSpec,
    ("update", "disks"): changes.DiskTypes,
    ("add_disks", "disks"): specs.ManagedDiskSpec,
}


def from_json(data: dict[str, Any]) -> Spec:
    """The spec that `Spec.to_json` wrote. KeyError for a kind that this version does not know."""
    cls = SPECS[data["kind"]]
    values = {name: value for name, value in data.items() if name != "kind"}
    for name, value in values.items():
        nested = _NESTED.get((cls.kind, name))
        if nested:
            values[name] = tuple(nested(**each) for each in value)
        elif isinstance(value, list):
            values[name] = tuple(value)
    return cls(**values)
