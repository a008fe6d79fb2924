"""Built-in roles, as far as this product meets them (portal-behaviour.md §7; ids are Azure's own)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Role:
    """One built-in role definition."""

    guid: str
    name: str
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


_VAULT = "Microsoft.RecoveryServices/vaults"
_COMMON = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Insights/alertRules/*",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.ResourceHealth/availabilityStatuses/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    "Microsoft.Storage/storageAccounts/read",
    "Microsoft.Support/*",
    "Microsoft.RecoveryServices/locations/allocatedStamp/read",
    f"{_VAULT}/read",
    f"{_VAULT}/extendedInformation/read",
    f"{_VAULT}/usages/read",
    f"{_VAULT}/replicationUsages/read",
    f"{_VAULT}/vaultTokens/read",
    f"{_VAULT}/replicationOperationStatus/read",
    f"{_VAULT}/replicationVaultHealth/*",
)
_ITEM = f"{_VAULT}/replicationFabrics/replicationProtectionContainers/replicationProtectedItems"
_ITEM_ACTIONS = (
    "applyRecoveryPoint",
    "failoverCommit",
    "plannedFailover",
    "reProtect",
    "repairReplication",
    "testFailover",
    "testFailoverCleanup",
    "unplannedFailover",
    "updateMobilityService",
)
_PLAN_ACTIONS = (
    "failoverCommit",
    "plannedFailover",
    "reProtect",
    "testFailover",
    "testFailoverCleanup",
    "unplannedFailover",
)

BUILTIN: tuple[Role, ...] = (
    Role("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", "Grants full access to manage all resources.", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Grants full access to manage all resources, but does not allow you to assign roles.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role(
        "acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "View all resources, but not make any changes.", ("*/read",)
    ),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Lets you manage user access to Azure resources.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "6670b86e-a3f7-4917-ac9b-5d6ab1be4567",
        "Site Recovery Contributor",
        "Lets you manage Site Recovery service except vault creation and role assignment.",
        (
            *_COMMON,
            "Microsoft.RecoveryServices/locations/allocateStamp/action",
            f"{_VAULT}/certificates/write",
            f"{_VAULT}/extendedInformation/*",
            f"{_VAULT}/replicationAlertSettings/*",
            f"{_VAULT}/replicationEvents/read",
            f"{_VAULT}/replicationFabrics/*",
            f"{_VAULT}/replicationJobs/*",
            f"{_VAULT}/replicationPolicies/*",
            f"{_VAULT}/replicationProtectedItems/*",
            f"{_VAULT}/replicationProtectionContainers/*",
            f"{_VAULT}/replicationProtectionContainerMappings/*",
            f"{_VAULT}/replicationProtectionIntents/*",
            f"{_VAULT}/replicationNetworkMappings/*",
            f"{_VAULT}/replicationNetworks/*",
            f"{_VAULT}/replicationRecoveryPlans/*",
            f"{_VAULT}/replicationVaultSettings/*",
            f"{_VAULT}/storageConfig/*",
            f"{_VAULT}/monitoringAlerts/*",
            f"{_VAULT}/monitoringConfigurations/notificationConfiguration/read",
        ),
    ),
    Role(
        "494ae006-db33-4328-bf46-533a6560a3ca",
        "Site Recovery Operator",
        "Lets you failover and failback but not perform other Site Recovery management operations.",
        (
            *_COMMON,
            f"{_VAULT}/*/read",
            *(f"{_ITEM}/{action}/action" for action in _ITEM_ACTIONS),
            *(f"{_VAULT}/replicationRecoveryPlans/{action}/action" for action in _PLAN_ACTIONS),
            f"{_VAULT}/replicationFabrics/checkConsistency/action",
            f"{_VAULT}/replicationFabrics/renewCertificate/action",
            f"{_VAULT}/replicationJobs/*",
            f"{_VAULT}/monitoringAlerts/*",
        ),
    ),
    Role(
        "dbaa88c4-0c30-4179-9fb3-46319faa6149",
        "Site Recovery Reader",
        "Lets you view Site Recovery status but not perform other management operations.",
        ("Microsoft.Authorization/*/read", f"{_VAULT}/read", f"{_VAULT}/*/read", "Microsoft.Support/*"),
    ),
    Role(
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
        "Virtual Machine Contributor",
        "Lets you manage virtual machines, but not access to them, nor the network or storage account they use.",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/availabilitySets/*",
            "Microsoft.Compute/locations/*",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachineScaleSets/*",
            "Microsoft.Compute/cloudServices/*",
            "Microsoft.Compute/disks/write",
            "Microsoft.Compute/disks/read",
            "Microsoft.Compute/disks/delete",
            "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
            "Microsoft.Network/loadBalancers/backendAddressPools/join/action",
            "Microsoft.Network/loadBalancers/read",
            "Microsoft.Network/locations/*",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/networkSecurityGroups/join/action",
            "Microsoft.Network/networkSecurityGroups/read",
            "Microsoft.Network/publicIPAddresses/join/action",
            "Microsoft.Network/publicIPAddresses/read",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.RecoveryServices/locations/*",
            f"{_VAULT}/read",
            f"{_VAULT}/usages/read",
            f"{_VAULT}/write",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/listKeys/action",
            "Microsoft.Storage/storageAccounts/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        "Lets you manage networks, but not access to them.",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Network/*",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Support/*",
        ),
    ),
    Role(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        "Permits management of storage accounts.",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Insights/diagnosticSettings/*",
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.ResourceHealth/availabilityStatuses/read",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
            "Microsoft.Storage/storageAccounts/*",
            "Microsoft.Support/*",
        ),
    ),
)

BY_ID: dict[str, Role] = {role.guid: role for role in BUILTIN}
