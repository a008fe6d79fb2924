"""Building blocks: everything around a machine, as the documents Azure Resource Manager returns.

Each function takes names and returns one document. What a resource type fills in by itself (etags, states of children)
is left to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import ids

Document = dict[str, Any]

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


def subscription(subscription_id: str, name: str, state: str = "Enabled") -> Document:
    """An entry of `subscriptions` in a scenario."""
    return {"subscriptionId": subscription_id, "displayName": name, "state": state}


def group(subscription_id: str, name: str, location: str, tags: Mapping[str, str] | None = None) -> Document:
    document: Document = {
        "id": ids.group_id(subscription_id, name),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": location,
        "properties": {"provisioningState": "Succeeded"},
    }
    return document | ({"tags": dict(tags)} if tags else {})


def _tracked(arm_id: str, location: str, properties: Document, **more: Any) -> Document:
    """The envelope that every resource with a location has."""
    document: Document = {
        "name": ids.name_of(arm_id),
        "id": arm_id,
        "type": type_of(arm_id),
        "location": location,
    }
    document |= {key: value for key, value in more.items() if value}
    return document | {"properties": properties}


def type_of(arm_id: str) -> str:
    """Namespace and type path of the last provider section of an id."""
    segments = arm_id.rsplit("/providers/", 1)[-1].split("/")
    return "/".join([segments[0], *segments[1::2]])


# -- network -----------------------------------------------------------------------------------------------------------


def network(
    arm_id: str,
    location: str,
    prefixes: Iterable[str],
    subnets: Mapping[str, str],
    *,
    seed: object = 0,
    nsgs: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Document:
    """A virtual network; `subnets` maps name to prefix (two, with a comma, for both families), `nsgs` name to group id."""
    guarded = nsgs or {}
    return _tracked(
        arm_id,
        location,
        {
            "provisioningState": "Succeeded",
            "resourceGuid": ids.guid(seed, "vnet", arm_id),
            "addressSpace": {"addressPrefixes": list(prefixes)},
            "privateEndpointVNetPolicies": "Disabled",
            "subnets": [_subnet(arm_id, name, prefix, guarded.get(name, "")) for name, prefix in subnets.items()],
            "virtualNetworkPeerings": [],
            "enableDdosProtection": False,
        },
        tags=dict(tags or {}),
    )


def _subnet(network_id: str, name: str, prefix: str, nsg: str) -> Document:
    prefixes = prefix.split(",")
    space = {"addressPrefix": prefix} if len(prefixes) == 1 else {"addressPrefixes": prefixes}
    properties: Document = {"provisioningState": "Succeeded"} | space
    if nsg:
        properties["networkSecurityGroup"] = {"id": nsg}
    properties |= {
        "serviceEndpoints": [],
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
    }
    return {
        "name": name,
        "id": f"{network_id}/subnets/{name}",
        "type": "Microsoft.Network/virtualNetworks/subnets",
        "properties": properties,
    }


def security_group(arm_id: str, location: str, rules: Iterable[Document] = (), *, seed: object = 0) -> Document:
    """A network security group; its default rules are the type's own."""
    named = [
        {
            "name": rule["name"],
            "id": f"{arm_id}/securityRules/{rule['name']}",
            "type": "Microsoft.Network/networkSecurityGroups/securityRules",
            "properties": {"provisioningState": "Succeeded"} | {k: v for k, v in rule.items() if k != "name"},
        }
        for rule in rules
    ]
    guid = ids.guid(seed, "nsg", arm_id)
    return _tracked(arm_id, location, {"provisioningState": "Succeeded", "resourceGuid": guid, "securityRules": named})


def rule(name: str, priority: int, access: str, direction: str, destination: str, port: str = "443") -> Document:
    """A security rule in the form `security_group` takes."""
    return {
        "name": name,
        "protocol": "*" if port == "*" else "Tcp",
        "sourcePortRange": "*",
        "destinationPortRange": port,
        "sourceAddressPrefix": "*",
        "destinationAddressPrefix": destination,
        "access": access,
        "priority": priority,
        "direction": direction,
        "sourcePortRanges": [],
        "destinationPortRanges": [],
        "sourceAddressPrefixes": [],
        "destinationAddressPrefixes": [],
    }


def public_address(arm_id: str, location: str, ip: str, *, seed: object = 0, zones: Iterable[str] = ()) -> Document:
    """A Standard, static, IPv4 public address."""
    return _tracked(
        arm_id,
        location,
        {
            "provisioningState": "Succeeded",
            "resourceGuid": ids.guid(seed, "pip", arm_id),
            "ipAddress": ip,
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Static",
            "idleTimeoutInMinutes": 4,
            "ipTags": [],
        },
        zones=list(zones),
        sku={"name": "Standard", "tier": "Regional"},
    )


def load_balancer(arm_id: str, location: str, frontend: Document, *, seed: object = 0) -> Document:
    """A Standard load balancer with one frontend (`subnet` or `publicIPAddress`) and one pool named `pool`."""
    front_id = f"{arm_id}/frontendIPConfigurations/frontend"
    pool_id = f"{arm_id}/backendAddressPools/pool"
    done = {"provisioningState": "Succeeded"}
    return _tracked(
        arm_id,
        location,
        done
        | {
            "resourceGuid": ids.guid(seed, "lb", arm_id),
            "frontendIPConfigurations": [
                {
                    "name": "frontend",
                    "id": front_id,
                    "type": "Microsoft.Network/loadBalancers/frontendIPConfigurations",
                    "properties": done | {"privateIPAllocationMethod": "Dynamic"} | frontend,
                }
            ],
            "backendAddressPools": [
                {
                    "name": "pool",
                    "id": pool_id,
                    "type": "Microsoft.Network/loadBalancers/backendAddressPools",
                    "properties": dict(done),
                }
            ],
            "loadBalancingRules": [],
            "probes": [],
            "inboundNatRules": [],
            "outboundRules": [],
        },
        sku={"name": "Standard", "tier": "Regional"},
    )


# -- storage -----------------------------------------------------------------------------------------------------------


def storage_account(
    arm_id: str,
    location: str,
    sku: str = "Standard_LRS",
    kind: str = "StorageV2",
    *,
    seed: object = 0,
    shared_key: bool = True,
    firewall: bool = False,
    tags: Mapping[str, str] | None = None,
) -> Document:
    """A storage account; `firewall` denies by default and lets trusted Microsoft services through."""
    created = ids.storage_time(ids.moment(seed, arm_id))
    service = {"keyType": "Account", "enabled": True, "lastEnabledTime": created}
    properties: Document = {
        "keyCreationTime": {"key1": created, "key2": created},
        "privateEndpointConnections": [],
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": shared_key,
        "networkAcls": {
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": [],
            "defaultAction": "Deny" if firewall else "Allow",
        },
        "supportsHttpsTrafficOnly": True,
        "encryption": {
            "services": {"file": dict(service), "blob": dict(service)},
            "keySource": "Microsoft.Storage",
        },
        "provisioningState": "Succeeded",
        "creationTime": created,
        "primaryEndpoints": _endpoints(ids.name_of(arm_id), kind),
        "primaryLocation": location,
        "statusOfPrimary": "available",
    }
    if kind == "StorageV2":
        properties["accessTier"] = "Hot"
    return _tracked(
        arm_id,
        location,
        properties,
        sku={"name": sku, "tier": sku.split("_")[0]},
        kind=kind,
        tags=dict(tags or {}),
    )


def _endpoints(account: str, kind: str) -> dict[str, str]:
    services = {"BlockBlobStorage": ("dfs", "web", "blob"), "Storage": ("blob", "queue", "table", "file")}
    names = services.get(kind, ("dfs", "web", "blob", "queue", "table", "file"))
    return {name: f"https://{account}.{name}.core.windows.net/" for name in names}


# -- compute -----------------------------------------------------------------------------------------------------------


def availability_set(
    arm_id: str,
    location: str,
    machines: Iterable[str] = (),
    *,
    aligned: bool = True,
    placement_group: str = "",
    tags: Mapping[str, str] | None = None,
) -> Document:
    """An availability set; Compute returns its members with group and name in capitals."""
    properties: Document = {
        "platformUpdateDomainCount": 5,
        "platformFaultDomainCount": 2,
        "virtualMachines": [{"id": _shouted(machine)} for machine in machines],
    }
    if placement_group:
        properties["proximityPlacementGroup"] = {"id": placement_group}
    sku = {"name": "Aligned" if aligned else "Classic"}
    return _tracked(arm_id, location, properties, sku=sku, tags=dict(tags or {}))


def _shouted(arm_id: str) -> str:
    """The id with group and resource name in capitals, as Compute writes references back."""
    segments = arm_id.split("/")
    segments[4], segments[-1] = segments[4].upper(), segments[-1].upper()
    return "/".join(segments)


def placement_group(arm_id: str, location: str, machines: Iterable[str] = ()) -> Document:
    members = [{"id": machine} for machine in machines]
    return _tracked(arm_id, location, {"proximityPlacementGroupType": "Standard", "virtualMachines": members})


def automation_account(arm_id: str, location: str, *, seed: object = 0) -> Document:
    """An automation account with an identity of its own."""
    identity = {"type": "SystemAssigned", "principalId": ids.guid(seed, "identity", arm_id)}
    return _tracked(arm_id, location, {"sku": {"name": "Basic"}, "state": "Ok"}) | {"identity": identity}


def capacity_reservation_group(arm_id: str, location: str) -> Document:
    return _tracked(arm_id, location, {"capacityReservations": [], "virtualMachinesAssociated": []})


def disk_encryption_set(arm_id: str, location: str, key_vault: str, *, seed: object = 0) -> Document:
    """A disk encryption set with a customer-managed key of the given key vault."""
    name = ids.name_of(key_vault)
    key = f"https://{name}.vault.azure.net/keys/disks/{ids.token(seed, 'key', arm_id)}"
    principal = ids.guid(seed, "identity", arm_id)
    return _tracked(
        arm_id,
        location,
        {
            "activeKey": {"sourceVault": {"id": key_vault}, "keyUrl": key},
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "rotationToLatestKeyVersionEnabled": False,
            "provisioningState": "Succeeded",
        },
        identity={"type": "SystemAssigned", "principalId": principal, "tenantId": ids.guid(seed, "tenant")},
    )


# -- vaults, locks, rights ---------------------------------------------------------------------------------------------


def vault(arm_id: str, location: str, tags: Mapping[str, str] | None = None) -> Document:
    """A Recovery Services vault with nothing in it."""
    return _tracked(
        arm_id,
        location,
        {"provisioningState": "Succeeded", "publicNetworkAccess": "Enabled"},
        sku={"name": "Standard"},
        tags=dict(tags or {}),
    )


def lock(scope: str, name: str, level: str, notes: str = "") -> Document:
    """A management lock (`CanNotDelete` or `ReadOnly`) at a group or a resource."""
    properties: Document = {"level": level} | ({"notes": notes} if notes else {})
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/{name}",
        "name": name,
        "type": "Microsoft.Authorization/locks",
        "properties": properties,
    }


def role_assignment(seed: object, scope: str, role: str, principal: str) -> Document:
    """`role` is the guid of a built-in role definition; `principal` an object id."""
    name = ids.guid(seed, "assignment", scope, role, principal)
    subscription_path = "/".join(scope.split("/")[:3])
    created = ids.storage_time(ids.moment(seed, name))
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"{subscription_path}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": "ServicePrincipal",
            "scope": scope,
            "condition": None,
            "conditionVersion": None,
            "createdOn": created,
            "updatedOn": created,
            "createdBy": None,
            "updatedBy": ids.guid(seed, "owner"),
            "delegatedManagedIdentityResourceId": None,
            "description": None,
        },
    }


def principal(seed: object, name: str, secret: str, *, enforce: bool) -> Document:
    """An entry of `principals` in a scenario; with `enforce` its role assignments decide what it may do."""
    return {
        "name": name,
        "clientId": ids.guid(seed, "client", name),
        "objectId": ids.guid(seed, "object", name),
        "secret": secret,
        "enforce": enforce,
    }
