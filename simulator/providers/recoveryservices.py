"""Microsoft.RecoveryServices: vaults, and the little configuration around them that clients read.

Site Recovery itself lives in simulator/site_recovery.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World, copied
from simulator.providers import versions

VAULTS = "Microsoft.RecoveryServices/vaults"
#: What a vault may hold that keeps it from being deleted.
_CONTENT = (
    "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationProtectionContainers/replicationProtectedItems",
    "Microsoft.RecoveryServices/vaults/replicationFabrics",
)


#: What a vault says that nobody asked for (recorded: azure-powershell, A2AReprotectTest, 2025-08-01).
_DEFAULTS: dict[str, Any] = {
    "backupStorageVersion": "Unassigned",
    "securitySettings": {
        "immutabilitySettings": {"state": "Disabled"},
        "softDeleteSettings": {
            "softDeleteRetentionPeriodInDays": 14,
            "softDeleteState": "Enabled",
            "enhancedSecurityState": "Enabled",
        },
        "multiUserAuthorization": "Disabled",
    },
    "redundancySettings": {"standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled"},
    "secureScore": "None",
    "bcdrSecurityLevel": "Poor",
    "restoreSettings": {"crossSubscriptionRestoreSettings": {"crossSubscriptionRestoreState": "Enabled"}},
}


def _validate(call: Call) -> None:
    sku = call.body.get("sku") or {}
    if call.verb == "PUT" and str(sku.get("name", "")) not in ("Standard", "RS0"):
        message = "The SKU provided for the vault is not valid. Supported SKUs are 'RS0' and 'Standard'."
        raise errors.ArmError(400, "InvalidSku", message)


def _prepare(call: Call, document: dict[str, Any]) -> None:
    properties = document.setdefault("properties", {})
    properties.setdefault("publicNetworkAccess", "Enabled")
    properties.setdefault("privateEndpointStateForBackup", "None")
    properties.setdefault("privateEndpointStateForSiteRecovery", "None")
    for name, value in _DEFAULTS.items():
        properties.setdefault(name, copied(value))
    identity = document.get("identity")
    if identity and "SystemAssigned" in str(identity.get("type", "")):
        identity.setdefault("principalId", ids.guid(call.world.settings.seed, call.id.lower(), "identity"))
        identity.setdefault("tenantId", call.world.tenant)


def _deleting(call: Call) -> None:
    vault = call.need()
    held = [child for child in call.world.store.children(vault.id) if child.type in _CONTENT]
    if held:
        message = (
            "Recovery Services vault cannot be deleted as there are existing resources within the vault. "
            f"{', '.join(child.name for child in held[:5])}"
        )
        raise errors.ArmError(400, "ServiceResourceNotEmptyWithBackendMessage", message)


def _extended_information(call: Call) -> Response:
    """GET of `vaultExtendedInfo`; recorded: a refusal that has not the ARM shape (simulator.md §2.7)."""
    vault = _vault_of(call)
    kept = vault.sim.get("extended")
    if kept is not None:
        return Response(200, _extended(vault, kept))
    body = {"ErrorCode": "ResourceExtendedInfoNotFound", "Message": {"Language": "en-US", "Value": ""}}
    raise errors.ArmError(404, "ResourceExtendedInfoNotFound", "", body=body)


def _put_extended_information(call: Call) -> Response:
    """PUT of `vaultExtendedInfo`, which Azure PowerShell does once per vault before it asks anything of Site Recovery."""
    vault = _vault_of(call)
    asked = call.request.document().get("properties")
    if not isinstance(asked, dict):
        raise errors.invalid_content("Required property 'properties' not found in JSON")
    vault.sim["extended"] = asked
    return Response(200, _extended(vault, asked))


def _extended(vault: Resource, properties: dict[str, Any]) -> dict[str, Any]:
    """Recorded (azure-powershell, A2ANewAsrFabric), the missing slash of the id included."""
    return {
        "location": None,
        "name": "vaultExtendedInfo",
        "etag": ids.guid("extended", vault.key, str(properties)),
        "tags": None,
        "identity": None,
        "properties": properties,
        "id": f"{vault.id}extendedInformation/vaultExtendedInfo",
        "type": f"{VAULTS}/extendedInformation",
        "sku": None,
    }


def _vault_of(call: Call) -> Resource:
    """The vault that a request below a vault is about. Raises ArmError 404."""
    vault = call.world.visible("/".join(call.id.split("/")[:9]))
    if vault is None:
        address = call.address
        raise errors.resource_not_found(VAULTS, address.names[0], address.group)
    return vault


def _backup_config(call: Call) -> Response:
    """`GET …/backupconfig/vaultconfig`, which azure-cli asks for."""
    vault = _vault_of(call)
    properties = {
        "enhancedSecurityState": "Enabled",
        "softDeleteFeatureState": "Enabled",
        "softDeleteRetentionPeriodInDays": 14,
        "isSoftDeleteFeatureStateEditable": True,
    }
    identity = f"{vault.id}/backupconfig/vaultconfig"
    kind = "Microsoft.RecoveryServices/vaults/backupconfig"
    return Response(200, {"id": identity, "name": "vaultconfig", "type": kind, "properties": properties})


def _usages(call: Call) -> Response:
    """Limits and use of the vault; the names are those of the service, the limits *assumed*."""
    _vault_of(call)
    rows = [
        ("MonitoringActiveErrors", 0, 0),
        ("ProtectedItemCount", 0, 1000),
        ("ReplicatedItemCount", _items(call), 1000),
    ]
    return Response(200, {"value": [_usage(name, current, limit) for name, current, limit in rows]})


def _items(call: Call) -> int:
    prefix = _vault_of(call).key + "/"
    keys = call.world.store.keys(_CONTENT[0], ids.subscription_of(call.id))
    return sum(key.startswith(prefix) for key in keys)


def _usage(name: str, current: int, limit: int) -> dict[str, Any]:
    return {
        "unit": "Count",
        "quotaPeriod": "",
        "nextResetTime": None,
        "currentValue": current,
        "limit": limit,
        "name": {"value": name, "localizedValue": name},
    }


def _no_identities(call: Call) -> Response:
    return verbs.page_of(call, [])


def _render(world: World, resource: Resource, body: dict[str, Any]) -> None:
    body.setdefault("sku", {"name": "Standard"})
    body["properties"].setdefault("privateEndpointStateForBackup", "None")
    body["properties"].setdefault("privateEndpointStateForSiteRecovery", "None")


TYPES: list[ResourceType] = [
    ResourceType(
        name=VAULTS,
        versions=versions.VAULTS,
        name_pattern=r"[A-Za-z][-A-Za-z0-9]{1,49}",
        put=Write(created=201, replaced=200),
        patch=Write(replaced=200),
        delete=Write(deleted=202, style=Style.ARM, duration="vault.delete"),
        validate=_validate,
        prepare=_prepare,
        deleting=_deleting,
        render=_render,
        etag="etag",
    ),
    ResourceType(
        name=f"{VAULTS}/extendedInformation",
        versions=versions.VAULTS,
        tracked=False,
        get=False,
        overrides={"GET": _extended_information, "PUT": _put_extended_information},
    ),
    ResourceType(
        name=f"{VAULTS}/backupconfig",
        versions=versions.VAULTS,
        tracked=False,
        get=False,
        overrides={"GET": _backup_config},
    ),
    ResourceType(
        name=f"{VAULTS}/usages", versions=versions.VAULTS, tracked=False, get=False, overrides={"LIST": _usages}
    ),
]
