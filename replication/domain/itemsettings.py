"""The settings of a protected item out of Azure's own A2A details (site-recovery-protocol.md §2.2 *Update*, §6 no. 11).

One reading for the page that shows them and for the step that compares asked with got.
"""

from collections.abc import Mapping
from typing import Any

from replication.domain import ids
from replication.domain.changes import DiskTypes, UpdateSpec
from replication.domain.specs import InterfaceSpec

Details = Mapping[str, Any]


def settings(details: Details, *, id: str, machine_id: str, machine_name: str) -> UpdateSpec:
    """All settings that a change can speak of, as they are."""
    return UpdateSpec(
        id=id,
        machine_id=machine_id,
        machine_name=machine_name,
        name=_text(details, "recoveryAzureVMName"),
        size=_text(details, "recoveryAzureVMSize"),
        network_id=_text(details, "selectedRecoveryAzureNetworkId"),
        group_id=_text(details, "recoveryAzureResourceGroupId"),
        availability_set_id=_text(details, "recoveryAvailabilitySet"),
        availability_zone=_text(details, "recoveryAvailabilityZone"),
        interfaces=tuple(map(interface_of, _rows(details, "vmNics"))),
        disks=tuple(map(_disk, _rows(details, "protectedManagedDisks"))),
    )


def interface_of(nic: Details) -> InterfaceSpec:
    """An interface in its primary configuration. A subnet may come as an id or as a name (§2.2 *Enable*)."""
    configurations = _rows(nic, "ipConfigs")
    primary = next((each for each in configurations if each.get("isPrimary")), next(iter(configurations), {}))
    return InterfaceSpec(
        source_nic_id=_text(nic, "sourceNicArmId"),
        subnet_name=ids.name(_text(primary, "recoverySubnetName")),
        static_address=_text(primary, "recoveryStaticIPAddress"),
        nic_id=_text(nic, "nicId"),
        configuration=_text(primary, "name"),
    )


def _disk(disk: Details) -> DiskTypes:
    return DiskTypes(
        disk_id=_text(disk, "diskId"),
        replica_type=_text(disk, "recoveryReplicaDiskAccountType"),
        target_type=_text(disk, "recoveryTargetDiskAccountType"),
    )


def _text(body: Details, name: str) -> str:
    return str(body.get(name) or "")


def _rows(body: Details, name: str) -> list[Details]:
    return [each for each in body.get(name) or () if isinstance(each, dict)]
