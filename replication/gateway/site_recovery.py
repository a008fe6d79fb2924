"""Site Recovery: foundations, protected items, jobs. Bodies as in site-recovery-protocol.md §2.2, answers as in its §3."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.itemsettings import interface_of
from replication.domain.specs import (
    AgentUpdateSpec,
    ContainerMappingSpec,
    ContainerSpec,
    FabricSpec,
    Found,
    InterfaceSpec,
    ManagedDiskSpec,
    NetworkMappingSpec,
    PolicySpec,
    ProtectSpec,
    SettleSpec,
    Spec,
    UnmanagedDiskSpec,
)
from replication.gateway.arm import Json, dig, location, moment, plain, rows, text, whole
from replication.gateway.clients import Clients
from replication.gateway.errors import sentence, translated
from replication.gateway.kinds import Kind, Method, is_absent
from replication.gateway.listing import pages
from replication.gateway.port import AzureError

A2A = "A2A"


def _of_group(name: str) -> Callable[[Clients, str], tuple[Method, Method]]:
    """The get and put of one of the SDK's operation groups: all of Site Recovery's are built alike."""

    def methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
        group = getattr(clients.site_recovery(subscription_id), name)
        return group.get, group.begin_create

    return methods


def _parent(arm_id: str) -> str:
    """The id of the resource that this one lies in."""
    return arm_id.rsplit("/", 2)[0]


def given(**values: Any) -> Json:
    """Only what was said: Site Recovery reads an empty text as a value."""
    return {name: value for name, value in values.items() if value}


def _by_word(spec: Spec, word: str, good: str) -> Found:
    """Found, by a state word that has one good value; what speaks of failure is broken, anything else is still at work."""
    state = "ready" if word in {"", good} else "broken" if "fail" in word.lower() else "unfinished"
    return Found(spec=spec, state=state, state_text=word)


# -- fabric, container, policy ------------------------------------------------------------------------------------------


def _fabric_body(spec: FabricSpec) -> Json:
    return {"properties": {"customDetails": {"instanceType": "Azure", "location": spec.location}}}


def _fabric_found(spec: FabricSpec, body: Json) -> Found:
    return _by_word(
        FabricSpec(id=spec.id, location=fabric_of(body).location), text(body, "properties", "bcdrState"), "Valid"
    )


def fabric_of(body: Json) -> inv.Fabric:
    """The region stands in customDetails; friendlyName is its display form (§3.2)."""
    where = text(body, "properties", "customDetails", "location") or text(body, "properties", "friendlyName")
    return inv.Fabric(id=text(body, "id"), name=text(body, "name"), location=location(where))


def _container_body(_: ContainerSpec) -> Json:
    return {"properties": {"providerSpecificInput": [{"instanceType": A2A}]}}  # a list: §2.2


def _container_found(spec: ContainerSpec, _: Json) -> Found:
    return Found(spec=ContainerSpec(id=spec.id))


def container_of(body: Json) -> inv.Container:
    return inv.Container(id=text(body, "id"), name=text(body, "name"), fabric_id=_parent(text(body, "id")))


def _policy_body(spec: PolicySpec) -> Json:
    return {"properties": {"providerSpecificInput": policy_settings(spec)}}


def policy_settings(spec: PolicySpec) -> Json:
    """The values of a policy as Azure takes them, in minutes."""
    return {
        "instanceType": A2A,
        "recoveryPointHistory": spec.retention,
        "crashConsistentFrequencyInMinutes": spec.crash_consistent,
        "appConsistentFrequencyInMinutes": spec.app_consistent,
        "multiVmSyncStatus": "Enable" if spec.multi_vm else "Disable",  # answers say Enabled, Disabled
    }


def policy_found(spec: PolicySpec, body: Json) -> Found:
    got = policy_of(body)
    return Found(
        spec=replace(
            spec,
            retention=got.retention,
            app_consistent=got.app_consistent,
            crash_consistent=got.crash_consistent,
            multi_vm=got.multi_vm,
        )
    )


def policy_of(body: Json) -> inv.Policy:
    details = dig(body, "properties", "providerSpecificDetails") or {}
    return inv.Policy(
        id=text(body, "id"),
        name=text(body, "name"),
        retention=int(details.get("recoveryPointHistory") or 0),
        app_consistent=int(details.get("appConsistentFrequencyInMinutes") or 0),
        crash_consistent=int(details.get("crashConsistentFrequencyInMinutes") or 0),
        multi_vm=text(details, "multiVmSyncStatus").startswith("Enable"),
    )


# -- mappings -------------------------------------------------------------------------------------------------------------


def _mapping_body(spec: ContainerMappingSpec) -> Json:
    return {
        "properties": {
            "targetProtectionContainerId": spec.target_container_id,
            "policyId": spec.policy_id,
            "providerSpecificInput": _agent_updates(spec.automation_account_id),
        }
    }


def _agent_updates(account_id: str) -> Json:
    """Automatic agent updates need an automation account (§2.2); Run As accounts are gone, so its own identity signs in."""
    if not account_id:
        return {"instanceType": A2A, "agentAutoUpdateStatus": "Disabled"}
    return {
        "instanceType": A2A,
        "agentAutoUpdateStatus": "Enabled",
        "automationAccountArmId": account_id,
        "automationAccountAuthenticationType": "SystemAssignedIdentity",
    }


def _agent_update_body(spec: AgentUpdateSpec) -> Json:
    return {"properties": {"providerSpecificInput": _agent_updates(spec.automation_account_id)}}


def _agent_update_found(spec: AgentUpdateSpec, body: Json) -> Found:
    got = AgentUpdateSpec(id=spec.id, automation_account_id=container_mapping_of(body).automation_account_id)
    return _by_word(got, text(body, "properties", "state"), "Paired")


def _agent_update_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    group = clients.site_recovery(subscription_id).replication_protection_container_mappings
    return group.get, group.begin_update


def _mapping_found(spec: ContainerMappingSpec, body: Json) -> Found:
    mapping = container_mapping_of(body)
    got = ContainerMappingSpec(id=spec.id, target_container_id=mapping.target_container_id, policy_id=mapping.policy_id)
    return _by_word(got, text(body, "properties", "state"), "Paired")


def container_mapping_of(body: Json) -> inv.ContainerMapping:
    return inv.ContainerMapping(
        id=text(body, "id"),
        name=text(body, "name"),
        container_id=_parent(text(body, "id")),
        target_container_id=text(body, "properties", "targetProtectionContainerId"),
        policy_id=text(body, "properties", "policyId"),
        automation_account_id=_updating_account(body),
    )


def _updating_account(body: Json) -> str:
    """The account while automatic updates are on; a mapping may still name one after they were turned off."""
    details = dig(body, "properties", "providerSpecificDetails") or {}
    on = text(details, "agentAutoUpdateStatus") == "Enabled"
    return text(details, "automationAccountArmId") if on else ""


def network_mapping_body(spec: NetworkMappingSpec) -> Json:
    return {
        "properties": {
            "recoveryFabricName": spec.recovery_fabric_name,
            "recoveryNetworkId": spec.recovery_network_id,
            "fabricSpecificDetails": {"instanceType": "AzureToAzure", "primaryNetworkId": spec.primary_network_id},
        }
    }


def network_mapping_found(spec: NetworkMappingSpec, body: Json) -> Found:
    mapping = network_mapping_of(body)
    got = replace(
        spec,
        recovery_fabric_name=ids.name(text(body, "properties", "recoveryFabricArmId")),
        primary_network_id=mapping.primary_network_id,
        recovery_network_id=mapping.recovery_network_id,
    )
    return _by_word(got, text(body, "properties", "state"), "Paired")


def network_mapping_of(body: Json) -> inv.NetworkMapping:
    return inv.NetworkMapping(
        id=text(body, "id"),
        name=text(body, "name"),
        primary_network_id=text(body, "properties", "primaryNetworkId"),
        recovery_network_id=text(body, "properties", "recoveryNetworkId"),
        recovery_location=location(text(body, "properties", "fabricSpecificSettings", "recoveryFabricLocation")),
    )


# -- enable ---------------------------------------------------------------------------------------------------------------


def _protect_body(spec: ProtectSpec) -> Json:
    details = given(
        instanceType=A2A,
        fabricObjectId=spec.machine_id,
        recoveryContainerId=spec.recovery_container_id,
        recoveryResourceGroupId=spec.recovery_group_id,
        recoveryCloudServiceId=spec.cloud_service_id,
        recoveryAvailabilitySetId=spec.availability_set_id,
        recoveryAvailabilityZone=spec.availability_zone,
        recoveryProximityPlacementGroupId=spec.placement_group_id,
        recoveryCapacityReservationGroupId=spec.capacity_group_id,
        multiVmGroupName=spec.replication_group,
        recoveryAzureNetworkId=spec.network_id,
        recoverySubnetName=spec.subnet_name,
        vmManagedDisks=[managed_disk(each) for each in spec.managed_disks],
        vmDisks=[_unmanaged_disk(each) for each in spec.unmanaged_disks],
    )
    return {"properties": {"policyId": spec.policy_id, "providerSpecificDetails": details}}


def managed_disk(spec: ManagedDiskSpec) -> Json:
    return given(
        diskId=spec.disk_id,
        primaryStagingAzureStorageAccountId=spec.cache_account_id,
        recoveryResourceGroupId=spec.group_id,
        recoveryReplicaDiskAccountType=spec.replica_type,
        recoveryTargetDiskAccountType=spec.target_type,
        recoveryDiskEncryptionSetId=spec.encryption_set_id,
    )


def _unmanaged_disk(spec: UnmanagedDiskSpec) -> Json:
    return {
        "diskUri": spec.uri,
        "recoveryAzureStorageAccountId": spec.target_account_id,
        "primaryStagingAzureStorageAccountId": spec.cache_account_id,
    }


# Protection states of an item whose enable operation is over (§3.3). UnprotectedStatesBegin while it runs is assumed there, too.
_ENABLED = frozenset({
    "initialreplicationinprogress", "initialreplicationrecoverycompletionpending", "protected",
    "unplannedfailovercommitpendingstatesbegin", "unplannedfailovercommitted", "unplannedfailoverfailed",
})  # fmt: skip
_ENABLING = frozenset({"", "unprotectedstatesbegin"})


def _protect_found(spec: ProtectSpec, body: Json) -> Found:
    properties = body.get("properties") or {}
    word = text(properties, "protectionState")
    return Found(
        spec=_protect_of(spec, properties),
        state=_enabled_state(word.lower()),
        state_text=text(properties, "protectionStateDescription") or word,
        job_id=scenario_job(properties),
        facts={
            "protectionState": word,
            "errors": [each.message for each in _health(properties)],
            "settled": settled(spec.id, properties),
        },
    )


def _enabled_state(word: str) -> str:
    """A state never seen before is nothing to write over: a person has to look."""
    return "ready" if word in _ENABLED else "unfinished" if word in _ENABLING else "broken"


def _protect_of(spec: ProtectSpec, properties: Json) -> ProtectSpec:
    details = properties.get("providerSpecificDetails") or {}
    return ProtectSpec(
        id=spec.id,
        machine_id=text(details, "fabricObjectId"),
        machine_name=text(properties, "friendlyName"),
        policy_id=text(properties, "policyId"),
        recovery_container_id=text(properties, "recoveryContainerId"),
        recovery_group_id=text(details, "recoveryAzureResourceGroupId"),
        cloud_service_id=text(details, "recoveryCloudService"),
        availability_set_id=text(details, "recoveryAvailabilitySet"),
        availability_zone=text(details, "recoveryAvailabilityZone"),
        placement_group_id=text(details, "recoveryProximityPlacementGroupId"),
        capacity_group_id=text(details, "recoveryCapacityReservationGroupId"),
        replication_group=text(details, "multiVmGroupName"),
        churn=text(details, "churnOptionSelected"),
        network_id=text(details, "selectedRecoveryAzureNetworkId"),
        managed_disks=tuple(managed_of(each) for each in rows(details, "protectedManagedDisks")),
        unmanaged_disks=tuple(_unmanaged_of(each) for each in rows(details, "protectedDisks")),
    )


def managed_of(disk: Json) -> ManagedDiskSpec:
    return ManagedDiskSpec(
        disk_id=text(disk, "diskId"),
        cache_account_id=text(disk, "primaryStagingAzureStorageAccountId"),
        group_id=text(disk, "recoveryResourceGroupId"),
        replica_type=text(disk, "recoveryReplicaDiskAccountType"),
        target_type=text(disk, "recoveryTargetDiskAccountType"),
        encryption_set_id=text(disk, "recoveryDiskEncryptionSetId"),
    )


def _unmanaged_of(disk: Json) -> UnmanagedDiskSpec:
    return UnmanagedDiskSpec(
        uri=text(disk, "diskUri"),
        cache_account_id=text(disk, "primaryStagingAzureStorageAccountId"),
        target_account_id=text(disk, "recoveryAzureStorageAccountId"),
    )


# -- update ---------------------------------------------------------------------------------------------------------------


def settle_body(spec: SettleSpec) -> Json:
    """A PATCH. Input and output names of an address configuration differ (§6 no. 11); so does the spelling of *selected* (no. 10)."""
    properties = given(
        recoveryAzureVMName=spec.name,
        recoveryAzureVMSize=spec.size,
        selectedRecoveryAzureNetworkId=spec.network_id,
        vmNics=[_interface_body(each) for each in spec.interfaces],
    )
    return {"properties": properties | {"providerSpecificDetails": {"instanceType": A2A}}}


def _interface_body(spec: InterfaceSpec) -> Json:
    address = given(
        ipConfigName=spec.configuration,
        isPrimary=True,
        isSeletedForFailover=True,
        recoverySubnetName=spec.subnet_name,
        recoveryStaticIPAddress=spec.static_address,
    )
    return {"nicId": spec.nic_id, "selectionType": "SelectedByUser", "ipConfigs": [address]}


def _settle_found(spec: SettleSpec, body: Json) -> Found:
    return settled(spec.id, body.get("properties") or {})


def settled(item_id: str, properties: Json) -> Found:
    """An item's settings; *ready* when Azure takes others: only of a protected item at which nothing else is done (§5, PATCH)."""
    word = text(properties, "protectionState").lower()
    testing = "TestFailoverCleanup" in (properties.get("allowedOperations") or ())
    if word == "protected":
        state = "unfinished" if testing or scenario_job(properties) else "ready"
    else:
        state = "unfinished" if word in _ENABLING or word.startswith("initialreplication") else "broken"
    job_id = scenario_job(properties)
    return Found(spec=_settings_of(item_id, properties), state=state, state_text=word, job_id=job_id)


def _settings_of(item_id: str, properties: Json) -> SettleSpec:
    details = properties.get("providerSpecificDetails") or {}
    return SettleSpec(
        id=item_id,
        machine_id=text(details, "fabricObjectId"),
        machine_name=text(properties, "friendlyName"),
        name=text(details, "recoveryAzureVMName"),
        size=text(details, "recoveryAzureVMSize"),
        network_id=text(details, "selectedRecoveryAzureNetworkId"),
        interfaces=tuple(map(interface_of, rows(details, "vmNics"))),
    )


def _update_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    group = clients.site_recovery(subscription_id).replication_protected_items
    return group.get, group.begin_update


KINDS: dict[str, Kind[Any]] = {
    FabricSpec.kind: Kind(methods=_of_group("replication_fabrics"), body=_fabric_body, found=_fabric_found),
    ContainerSpec.kind: Kind(
        methods=_of_group("replication_protection_containers"), body=_container_body, found=_container_found
    ),
    PolicySpec.kind: Kind(methods=_of_group("replication_policies"), body=_policy_body, found=policy_found),
    ContainerMappingSpec.kind: Kind(
        methods=_of_group("replication_protection_container_mappings"), body=_mapping_body, found=_mapping_found
    ),
    AgentUpdateSpec.kind: Kind(methods=_agent_update_methods, body=_agent_update_body, found=_agent_update_found),
    NetworkMappingSpec.kind: Kind(
        methods=_of_group("replication_network_mappings"), body=network_mapping_body, found=network_mapping_found
    ),
    ProtectSpec.kind: Kind(methods=_of_group("replication_protected_items"), body=_protect_body, found=_protect_found),
    SettleSpec.kind: Kind(methods=_update_methods, body=settle_body, found=_settle_found),
}


# -- what a vault shows ----------------------------------------------------------------------------------------------------


def _where(arm_id: str) -> tuple[str, tuple[str, ...]]:
    """(subscription, the SDK's leading arguments: group and the names on the path)."""
    parts = ids.parse(arm_id)
    if parts is None:
        raise ValueError(f"{arm_id!r} is no ARM id")
    return parts.subscription, (parts.group, *parts.names)


def site(clients: Clients, vault_id: str) -> inv.Site:
    """Everything set up in a vault; an empty site where Site Recovery was never used."""
    subscription_id, vault = _where(vault_id)
    asr = clients.site_recovery(subscription_id)
    try:
        return inv.Site(
            fabrics=tuple(map(fabric_of, pages(asr.replication_fabrics.list, *vault))),
            containers=tuple(map(container_of, pages(asr.replication_protection_containers.list, *vault))),
            policies=tuple(map(policy_of, pages(asr.replication_policies.list, *vault))),
            container_mappings=tuple(
                map(container_mapping_of, pages(asr.replication_protection_container_mappings.list, *vault))
            ),
            network_mappings=tuple(map(network_mapping_of, pages(asr.replication_network_mappings.list, *vault))),
        )
    except AzureError as error:
        if is_absent(error) and error.status != 404:
            return inv.Site()
        raise


def items(clients: Clients, vault_id: str) -> Iterator[inv.Item]:
    """The vault's protected items."""
    subscription_id, vault = _where(vault_id)
    listing = clients.site_recovery(subscription_id).replication_protected_items.list
    return _unless_never_used(map(item_of, pages(listing, *vault)))


def protections(clients: Clients, vault_id: str) -> Iterator[Found]:
    """The vault's protected items as a read of each would show it."""
    subscription_id, vault = _where(vault_id)
    listing = clients.site_recovery(subscription_id).replication_protected_items.list
    return _unless_never_used(map(_protection, pages(listing, *vault)))


def _protection(body: Json) -> Found:
    named = ProtectSpec(id=text(body, "id"), machine_id="", machine_name="", policy_id="", recovery_container_id="")
    return _protect_found(named, body)


def jobs(clients: Clients, vault_id: str) -> Iterator[inv.Job]:
    """The vault's jobs, newest first as Azure lists them."""
    subscription_id, vault = _where(vault_id)
    return _unless_never_used(map(job_of, pages(clients.site_recovery(subscription_id).replication_jobs.list, *vault)))


def events(clients: Clients, vault_id: str) -> Iterator[inv.Event]:
    """What happened in the vault in the last days, newest first as Azure lists it."""
    subscription_id, vault = _where(vault_id)
    found = pages(clients.site_recovery(subscription_id).replication_events.list, *vault)
    return _unless_never_used(event for each in found if (event := event_of(each)))


def event_of(body: Json) -> inv.Event | None:
    """An event; None for one without a time, which nobody could place."""
    properties = body.get("properties") or {}
    details = properties.get("providerSpecificDetails") or {}
    at = moment(properties.get("timeOfOccurrence"))
    if at is None:
        return None
    return inv.Event(
        id=text(body, "id"),
        at=at,
        code=text(properties, "eventCode"),
        kind=text(properties, "eventType"),
        severity=text(properties, "severity"),
        message=text(properties, "description"),
        target_name=text(properties, "affectedObjectFriendlyName"),
        item_name=text(details, "protectedItemName"),
    )


def vault_errors(clients: Clients, vault_id: str) -> list[inv.HealthError]:
    """What the vault's health document says but for its machines (§3.2, Vault health)."""
    return list(_unless_never_used(_vault_errors(clients, vault_id)))


def _vault_errors(clients: Clients, vault_id: str) -> Iterator[inv.HealthError]:
    subscription_id, vault = _where(vault_id)
    with translated():
        body = plain(clients.site_recovery(subscription_id).replication_vault_health.get(*vault))
    yield from _health(body.get("properties") or {}, "vaultErrors")
    for part in ("fabricsHealth", "containersHealth"):
        yield from map(_summarized, rows(body, "properties", part, "issues"))


def _summarized(body: Json) -> inv.HealthError:
    """A summary has neither causes nor an action: our catalogue has to say them."""
    return inv.HealthError(
        code=text(body, "summaryCode"),
        severity=text(body, "severity"),
        message=text(body, "summaryMessage"),
        category=text(body, "category"),
    )


def _unless_never_used(found: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from found
    except AzureError as error:
        if not is_absent(error) or error.status == 404:
            raise


def job(clients: Clients, job_id: str) -> inv.Job:
    """One job in full."""
    subscription_id, path = _where(job_id)
    with translated():
        return job_of(plain(clients.site_recovery(subscription_id).replication_jobs.get(*path)))


def recovery_points(clients: Clients, item_id: str) -> list[inv.RecoveryPoint]:
    """Newest first: Azure's own order is not to be relied on (§3.2)."""
    subscription_id, path = _where(item_id)
    listing = clients.site_recovery(subscription_id).recovery_points.list_by_replication_protected_items
    found = [
        inv.RecoveryPoint(id=text(each, "id"), name=text(each, "name"), at=at, kind=_kind_of_point(each))
        for each in pages(listing, *path)
        if (at := moment(dig(each, "properties", "recoveryPointTime")))
    ]
    return sorted(found, key=lambda point: point.at, reverse=True)


def _kind_of_point(body: Json) -> str:
    return text(body, "properties", "recoveryPointType")


# -- items ----------------------------------------------------------------------------------------------------------------


def item_of(body: Json) -> inv.Item:
    """A protected item as a list or a GET shows it."""
    properties = body.get("properties") or {}
    details = properties.get("providerSpecificDetails") or {}
    return inv.Item(
        id=text(body, "id"),
        name=text(body, "name"),
        friendly_name=text(properties, "friendlyName") or text(body, "name"),
        machine_id=text(details, "fabricObjectId"),
        protection_state=text(properties, "protectionState"),
        protection_text=text(properties, "protectionStateDescription"),
        replication_health=text(properties, "replicationHealth") or "None",
        failover_health=text(properties, "failoverHealth") or "None",
        active_location=text(properties, "activeLocation"),
        allowed_operations=tuple(properties.get("allowedOperations") or ()),
        primary_location=location(text(details, "primaryFabricLocation")),
        recovery_location=location(text(details, "recoveryFabricLocation")),
        policy_id=text(properties, "policyId"),
        policy_name=text(properties, "policyFriendlyName"),
        recovery_group_id=text(details, "recoveryAzureResourceGroupId"),
        test_failover_state=text(properties, "testFailoverState"),
        progress=_progress(properties, details),
        rpo=whole(details.get("rpoInSeconds")),
        rpo_at=moment(details.get("lastRpoCalculatedTime")),
        last_test_at=moment(properties.get("lastSuccessfulTestFailoverTime")),
        last_failover_at=moment(properties.get("lastSuccessfulFailoverTime")),
        job_id=scenario_job(properties),
        correlation_id=text(properties, "eventCorrelationId"),
        errors=_health(properties),
        details=_shown(details),
    )


def _progress(properties: Json, details: Json) -> int | None:
    """Percent of the first copy while it runs; an item that is protected may still carry an old figure (§6 no. 22)."""
    if not text(properties, "protectionState").startswith("InitialReplication"):
        return None
    return min(100, whole(details.get("monitoringPercentageCompletion")) or 0)


def scenario_job(properties: Json) -> str:
    """The running job; an idle item names `…/replicationJobs/None`."""
    job_id = text(properties, "currentScenario", "jobId")
    return "" if ids.name(job_id) in {"", "None"} else job_id


def _health(properties: Json, name: str = "healthErrors") -> tuple[inv.HealthError, ...]:
    return tuple(
        health_error_of(each)
        for outer in rows(properties, name)
        for each in (outer, *rows(outer, "innerHealthErrors"))
    )


def health_error_of(body: Json) -> inv.HealthError:
    return inv.HealthError(
        code=text(body, "errorCode"),
        severity=text(body, "errorLevel"),
        message=text(body, "errorMessage") or text(body, "summaryMessage"),
        causes=sentence(body.get("possibleCauses")),
        action=sentence(body.get("recommendedAction")),
        category=text(body, "errorCategory"),
        created_at=moment(body.get("creationTimeUtc")),
        id=text(body, "errorId"),
        dismissible=text(body, "customerResolvability") == "Allowed",
    )


_VOLATILE = frozenset({"lastHeartbeat", "lastRpoCalculatedTime"})  # would make every item look changed at every read


def _shown(details: Json) -> Json:
    """What pages show of an item and no rule judges: Azure's own A2A details under Azure's names, without what is empty."""
    return {name: value for name, value in details.items() if value not in (None, "", []) and name not in _VOLATILE}


# -- jobs -----------------------------------------------------------------------------------------------------------------


def job_of(body: Json) -> inv.Job:
    """A job. Right after the 202 almost everything in it is null (§3.4)."""
    properties = body.get("properties") or {}
    return inv.Job(
        id=text(body, "id"),
        name=text(body, "name"),
        scenario=text(properties, "scenarioName"),
        title=text(properties, "friendlyName"),
        state=text(properties, "state"),
        state_text=text(properties, "stateDescription"),
        target_name=text(properties, "targetObjectName"),
        target_id=text(properties, "targetObjectId"),
        activity_id=text(properties, "activityId"),
        started_at=moment(properties.get("startTime")),
        ended_at=moment(properties.get("endTime")),
        allowed_actions=tuple(properties.get("allowedActions") or ()),
        tasks=tuple(_tasks(rows(properties, "tasks"))),
        errors=tuple(_job_error(each) for each in rows(properties, "errors")),
    )


def _tasks(found: list[Json]) -> Iterator[inv.JobTask]:
    """Tasks in order; the children of a group follow it."""
    for each in found:
        yield inv.JobTask(
            name=text(each, "name"),
            title=text(each, "friendlyName") or text(each, "name"),
            state=text(each, "state"),
            started_at=moment(each.get("startTime")),
            ended_at=moment(each.get("endTime")),
        )
        yield from _tasks(rows(each, "groupTaskCustomDetails", "childTasks"))


def _job_error(body: Json) -> inv.HealthError:
    """Azure's own explanation, else the provider's."""
    service, provider = body.get("serviceErrorDetails") or {}, body.get("providerErrorDetails") or {}
    source = service or provider
    return inv.HealthError(
        code=text(service, "code") or text(provider, "errorCode"),
        severity=text(body, "errorLevel") or "Error",
        message=text(service, "message") or text(provider, "errorMessage"),
        causes=sentence(source.get("possibleCauses")),
        action=sentence(source.get("recommendedAction")),
        created_at=moment(body.get("creationTime")),
    )
