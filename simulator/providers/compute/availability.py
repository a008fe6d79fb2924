"""What keeps machines apart or together: availability sets, placement groups, capacity reservations, encryption sets."""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.providers import versions

SETS = "Microsoft.Compute/availabilitySets"
PLACEMENT = "Microsoft.Compute/proximityPlacementGroups"
RESERVATIONS = "Microsoft.Compute/capacityReservationGroups"
ENCRYPTION = "Microsoft.Compute/diskEncryptionSets"


def _validate_set(call: Call) -> None:
    properties = call.body.get("properties") or {}
    for name, default, limit in (("platformFaultDomainCount", 2, 3), ("platformUpdateDomainCount", 5, 20)):
        value = properties.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= limit:
            message = f"The specified value {value} for property '{name}' is not within the range 1 to {limit}."
            raise errors.ArmError(400, "InvalidParameter", message, target=name)
    sku = (call.body.get("sku") or {}).get("name", "Classic")
    if sku not in ("Aligned", "Classic"):
        raise errors.invalid_property("sku.name", sku)


def _prepare_set(call: Call, document: dict[str, Any]) -> None:
    properties = document.setdefault("properties", {})
    properties.setdefault("platformUpdateDomainCount", 5)
    properties.setdefault("platformFaultDomainCount", 2)
    existing = call.world.store.get(call.id)
    properties["virtualMachines"] = existing.properties.get("virtualMachines", []) if existing else []
    document.setdefault("sku", {"name": "Classic"})


def _deleting_set(call: Call) -> None:
    if call.need().properties.get("virtualMachines"):
        message = (
            f"Availability Set '{call.address.name}' cannot be deleted. Before deleting an Availability Set please ensure "
            "that it does not contain any VM."
        )
        raise errors.ArmError(409, "OperationNotAllowed", message)


def _prepare_placement(call: Call, document: dict[str, Any]) -> None:
    document.setdefault("properties", {}).setdefault("proximityPlacementGroupType", "Standard")


def _prepare_encryption(call: Call, document: dict[str, Any]) -> None:
    identity = document.setdefault("identity", {"type": "SystemAssigned"})
    identity.setdefault("principalId", ids.guid(call.world.settings.seed, call.id.lower(), "identity"))
    identity.setdefault("tenantId", call.world.tenant)
    document.setdefault("properties", {}).setdefault("encryptionType", "EncryptionAtRestWithCustomerKey")


def _validate_reservation(call: Call) -> None:
    if not isinstance((call.body.get("sku") or {}).get("name"), str):
        raise errors.missing_property("sku.name")


_GROUPED: dict[str, Any] = {"versions": versions.COMPUTE, "throttle": "compute"}

TYPES: list[ResourceType] = [
    ResourceType(
        name=SETS,
        put=Write(created=200, replaced=200),  # 200 only (simulator.md §2.9)
        patch=Write(replaced=200),
        delete=Write(deleted=200),
        validate=_validate_set,
        prepare=_prepare_set,
        deleting=_deleting_set,
        has_state=False,
        name_pattern=r"[A-Za-z0-9](?:[-\w.]{0,78}\w)?",
        **_GROUPED,
    ),
    ResourceType(
        name=PLACEMENT,
        put=Write(created=201, replaced=200),
        patch=Write(replaced=200),
        delete=Write(deleted=200, absent=200),  # the SDK takes nothing else
        prepare=_prepare_placement,
        has_state=False,
        **_GROUPED,
    ),
    ResourceType(
        name=RESERVATIONS,
        put=Write(created=201, replaced=200),
        patch=Write(replaced=200),
        delete=Write(deleted=200),
        has_state=False,
        **_GROUPED,
    ),
    ResourceType(
        name=f"{RESERVATIONS}/capacityReservations",
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="vm.update"),
        patch=Write(replaced=202, style=Style.ARM, duration="vm.update"),
        delete=Write(deleted=202, style=Style.ARM, duration="vm.update"),
        listed_under=frozenset({"parent"}),
        validate=_validate_reservation,
        **_GROUPED,
    ),
    ResourceType(
        name=ENCRYPTION,
        versions=versions.DISKS,
        put=Write(created=202, replaced=202, style=Style.ARM, duration="disk.write"),
        patch=Write(replaced=202, style=Style.ARM, duration="disk.write"),
        delete=Write(deleted=202, style=Style.ARM, duration="disk.delete"),
        prepare=_prepare_encryption,
        throttle="compute",
    ),
]
