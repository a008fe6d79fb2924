"""What is done to things that are there: items, policies, network mappings, jobs. Bodies as in site-recovery-protocol.md §2.2."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from replication.domain import itemsettings
from replication.domain.changes import (
    AddDisksSpec,
    AgentSpec,
    DisableSpec,
    DiskTypes,
    DismissSpec,
    ItemSpec,
    JobCancelSpec,
    JobRestartSpec,
    JobSpec,
    MappingChangeSpec,
    MappingRemovalSpec,
    PolicyChangeSpec,
    PolicyRemovalSpec,
    ResyncSpec,
    UpdateSpec,
)
from replication.domain.specs import Found, Spec
from replication.gateway.arm import Json, rows, text
from replication.gateway.clients import Clients
from replication.gateway.kinds import Kind, Method
from replication.gateway.site_recovery import (
    A2A,
    given,
    managed_disk,
    managed_of,
    network_mapping_body,
    network_mapping_found,
    policy_found,
    policy_settings,
    scenario_job,
    settle_body,
    settled,
)

Methods = Callable[[Clients, str], tuple[Method, Method]]


def _methods(group_name: str, verb: str) -> Methods:
    """The get of an operation group, and the method that asks for the change."""

    def methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
        group = getattr(clients.site_recovery(subscription_id), group_name)
        return group.get, getattr(group, verb)

    return methods


# --- protected items ---------------------------------------------------------------------------------------------------------------


def _item_facts(properties: Json) -> Json:
    """What the steps' own rules look at (domain/changes.py)."""
    return {
        "machine_id": text(properties, "providerSpecificDetails", "fabricObjectId"),
        "identity": text(properties, "eventCorrelationId"),
        "protection_state": text(properties, "protectionState"),
        "allowed": tuple(properties.get("allowedOperations") or ()),
        "agent": text(properties, "providerSpecificDetails", "agentVersion"),
    }


def _found(spec: Spec, got: Spec, body: Json) -> Found:
    """*ready* while Azure takes changes: of a protected item at which nothing else is done (§5)."""
    properties = body.get("properties") or {}
    return replace(settled(spec.id, properties), spec=got, facts=_item_facts(properties))


def _act_found(spec: ItemSpec, body: Json) -> Found:
    return _found(spec, spec, body)


def _details(body: Json) -> Json:
    details: Json = (body.get("properties") or {}).get("providerSpecificDetails") or {}
    return details


def _update_body(spec: UpdateSpec) -> Json:
    """As the wizard's settings, with what only a change may ask for. Input and output names of disk types are the same."""
    body = settle_body(spec)
    properties = body["properties"] | given(recoveryAvailabilitySetId=spec.availability_set_id)
    details = given(
        instanceType=A2A,
        recoveryResourceGroupId=spec.group_id,
        recoveryAvailabilityZone=spec.availability_zone,
        managedDiskUpdateDetails=[_disk_body(each) for each in spec.disks],
    )
    return {"properties": properties | {"providerSpecificDetails": details}}


def _disk_body(disk: DiskTypes) -> Json:
    return given(
        diskId=disk.disk_id,
        recoveryReplicaDiskAccountType=disk.replica_type,
        recoveryTargetDiskAccountType=disk.target_type,
    )


def _update_found(spec: UpdateSpec, body: Json) -> Found:
    details = _details(body)
    machine = text(details, "fabricObjectId")
    got = itemsettings.settings(details, id=spec.id, machine_id=machine, machine_name=spec.machine_name)
    return _found(spec, got, body)


def _add_disks_body(spec: AddDisksSpec) -> Json:
    disks = [managed_disk(each) for each in spec.disks]
    return {"properties": {"providerSpecificDetails": {"instanceType": A2A, "vmManagedDisks": disks}}}


def _add_disks_found(spec: AddDisksSpec, body: Json) -> Found:
    disks = tuple(managed_of(each) for each in rows(_details(body), "protectedManagedDisks"))
    return _found(spec, replace(spec, disks=disks), body)


def _dismiss_body(spec: DismissSpec) -> Json:
    return {"properties": {"healthErrors": [{"healthErrorId": each} for each in spec.error_ids]}}


def _dismiss_found(spec: DismissSpec, body: Json) -> Found:
    shown = tuple(text(each, "errorId") for each in rows(body, "properties", "healthErrors"))
    return _found(spec, replace(spec, error_ids=shown), body)


def _agent_body(_: AgentSpec) -> Json:
    return {"properties": {}}  # runAsAccountId is VMware's


def _disable_body(_: DisableSpec) -> Json:
    """The one body whose instanceType is not A2A (§6 no. 16)."""
    provider = {"instanceType": "DisableProtectionProviderSpecificInput"}
    return {"properties": {"disableProtectionReason": "NotSpecified", "replicationProviderInput": provider}}


def _disable_found(spec: DisableSpec, body: Json) -> Found:
    """Azure itself says whether it takes it; a running job means that it will say so later."""
    properties = body.get("properties") or {}
    facts, job_id = _item_facts(properties), scenario_job(properties)
    state = "ready" if "DisableProtection" in facts["allowed"] else "unfinished" if job_id else "broken"
    word = text(properties, "protectionStateDescription") or str(facts["protection_state"])
    return Found(spec=spec, state=state, state_text=word, job_id=job_id, facts=facts)


# --- policies, mappings ------------------------------------------------------------------------------------------------------------


def _policy_change_body(spec: PolicyChangeSpec) -> Json:
    return {"properties": {"replicationProviderSettings": policy_settings(spec)}}  # a create says providerSpecificInput


def _there(spec: Spec, _: Json) -> Found:
    return Found(spec=spec)


# --- jobs --------------------------------------------------------------------------------------------------------------------------


def _job_found(spec: JobSpec, body: Json) -> Found:
    properties = body.get("properties") or {}
    state = text(properties, "stateDescription") or text(properties, "state")
    return Found(
        spec=spec, state_text=state, facts={"allowed": tuple(properties.get("allowedActions") or ()), "state": state}
    )


_ITEMS, _POLICIES, _MAPPINGS = "replication_protected_items", "replication_policies", "replication_network_mappings"

KINDS: dict[str, Kind[Any]] = {
    UpdateSpec.kind: Kind(methods=_methods(_ITEMS, "begin_update"), body=_update_body, found=_update_found),
    AddDisksSpec.kind: Kind(methods=_methods(_ITEMS, "begin_add_disks"), body=_add_disks_body, found=_add_disks_found),
    DismissSpec.kind: Kind(
        methods=_methods(_ITEMS, "begin_resolve_health_errors"), body=_dismiss_body, found=_dismiss_found
    ),
    ResyncSpec.kind: Kind(methods=_methods(_ITEMS, "begin_repair_replication"), body=None, found=_act_found),
    AgentSpec.kind: Kind(methods=_methods(_ITEMS, "begin_update_mobility_service"), body=_agent_body, found=_act_found),
    DisableSpec.kind: Kind(methods=_methods(_ITEMS, "begin_delete"), body=_disable_body, found=_disable_found),
    PolicyChangeSpec.kind: Kind(
        methods=_methods(_POLICIES, "begin_update"), body=_policy_change_body, found=policy_found
    ),
    PolicyRemovalSpec.kind: Kind(methods=_methods(_POLICIES, "begin_delete"), body=None, found=_there),
    MappingChangeSpec.kind: Kind(
        methods=_methods(_MAPPINGS, "begin_update"), body=network_mapping_body, found=network_mapping_found
    ),
    MappingRemovalSpec.kind: Kind(methods=_methods(_MAPPINGS, "begin_delete"), body=None, found=_there),
    JobCancelSpec.kind: Kind(methods=_methods("replication_jobs", "begin_cancel"), body=None, found=_job_found),
    JobRestartSpec.kind: Kind(methods=_methods("replication_jobs", "begin_restart"), body=None, found=_job_found),
}
