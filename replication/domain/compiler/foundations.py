"""Site Recovery's foundations: both fabrics, both containers, the policy, the mappings both ways, and who updates the agents."""

from collections.abc import Iterable

from replication.domain import ids, naming, regions
from replication.domain.compiler.sheet import Sheet, key_of
from replication.domain.inventory import Container, ContainerMapping, Fabric
from replication.domain.specs import (
    AgentUpdateSpec,
    AutomationAccountSpec,
    ContainerMappingSpec,
    ContainerSpec,
    FabricSpec,
    NetworkMappingSpec,
    PolicySpec,
)


def plan(sheet: Sheet) -> None:
    """Write what every plan needs, whatever its machines."""
    for location in dict.fromkeys((sheet.source, sheet.target)):
        _fabric(sheet, location)
    _container(sheet, sheet.source, sheet.source, naming.container(sheet.source))
    zonal = sheet.choices.source.zonal
    name = naming.zonal_container(sheet.target) if zonal else naming.container(sheet.target)
    _container(sheet, sheet.there, sheet.target, name)
    policy = _policy(sheet)
    account = _automation(sheet)
    for one, other in ((sheet.source, sheet.there), (sheet.there, sheet.source)):
        forward = one == sheet.source
        _container_mapping(sheet, one, other, policy, account if forward else "")


def _fabric(sheet: Sheet, location: str) -> None:
    """A region's fabric. One fabric a region a vault: found by region, not by name (site-recovery-protocol.md §6 no. 14)."""
    there = _fabric_of(sheet, location)
    fabric_id = there.id if there else f"{sheet.facts.vault.id}/replicationFabrics/{naming.fabric(location)}"
    spec = FabricSpec(id=fabric_id, location=location)
    sheet.add(f"fabric:{location}", "Replication fabric", spec, there is not None, location=location)


def _fabric_of(sheet: Sheet, location: str) -> Fabric | None:
    return next((each for each in sheet.facts.site.fabrics if regions.normal(each.location) == location), None)


def _container(sheet: Sheet, side: str, location: str, name: str) -> None:
    fabric_id = sheet.id(f"fabric:{location}")
    there = _container_of(sheet, side, fabric_id, name)
    spec = ContainerSpec(id=there.id if there else f"{fabric_id}/replicationProtectionContainers/{name}")
    needs = (f"fabric:{location}",)
    sheet.add(f"container:{side}", "Protection container", spec, there is not None, location=location, needs=needs)


def _container_of(sheet: Sheet, side: str, fabric_id: str, name: str) -> Container | None:
    """The container of the name, else the fabric's first; the one for other zones only by its name (*assumed*)."""
    inside = [each for each in sheet.facts.site.containers if ids.same(each.fabric_id, fabric_id)]
    named = next((each for each in inside if each.name.lower() == name.lower()), None)
    if named or (side != sheet.source and sheet.choices.source.zonal):
        return named
    zonal = naming.zonal_container(sheet.source)
    return next((each for each in inside if each.name.lower() != zonal), None)


def _policy(sheet: Sheet) -> PolicySpec:
    choice, there = sheet.choices.target.policy, sheet.resolve.policy()
    if there:
        spec = PolicySpec(
            id=there.id,
            retention=there.retention,
            app_consistent=there.app_consistent,
            crash_consistent=there.crash_consistent,
            multi_vm=there.multi_vm,
        )
    else:
        spec = PolicySpec(
            id=f"{sheet.facts.vault.id}/replicationPolicies/{choice.name}",
            retention=choice.retention_hours * 60,
            app_consistent=choice.app_consistent_minutes,
            multi_vm=choice.multi_vm,
        )
        sheet.check_name("policy", spec.id, "policy")
    if choice.id and not there:
        said = f"The policy {ids.name(choice.id)} is not in the vault any more. Choose again."
        sheet.object_("target", said, field="policy")
    sheet.add("policy", "Replication policy", spec, there is not None)
    return spec


# -- container mappings and agent updates --------------------------------------------------------------------------------------


def _container_mapping(sheet: Sheet, one: str, other: str, policy: PolicySpec, account_id: str) -> None:
    container, target = sheet.id(f"container:{one}"), sheet.id(f"container:{other}")
    there = _mapping_of(sheet, container, target, policy.id)
    name = naming.container_mapping(one.replace(":", "-"), other.replace(":", "-"), ids.name(policy.id))
    spec = ContainerMappingSpec(
        id=there.id if there else f"{container}/replicationProtectionContainerMappings/{name}",
        target_container_id=target,
        policy_id=policy.id,
        automation_account_id="" if there else account_id,
    )
    account = (key_of("automation", account_id),) if account_id else ()
    needs = (f"container:{one}", f"container:{other}", "policy", *account)
    key, location = f"container_mapping:{one}", one.partition(":")[0]
    sheet.add(key, "Container mapping", spec, there is not None, location=location, needs=needs)
    if one == sheet.source:
        _agent_update(sheet, key, there, account_id)


def _mapping_of(sheet: Sheet, container: str, target: str, policy: str) -> ContainerMapping | None:
    for each in sheet.facts.site.container_mappings:
        if (
            ids.same(each.container_id, container)
            and ids.same(each.target_container_id, target)
            and ids.same(each.policy_id, policy)
        ):
            return each
    return None


def _automation(sheet: Sheet) -> str:
    """The account through which the service shall update the agents, or ''. It must exist: nothing here could give it its rights."""
    target = sheet.choices.target
    if target.agent_updates != "service":
        return ""
    there = sheet.facts.automation_accounts.get(ids.key(target.automation_account_id))
    if there is None:
        said = "Choose the automation account through which Site Recovery updates the agents, or update them by hand."
        sheet.object_("target", said, field="automation_account_id")
        return ""
    spec = AutomationAccountSpec(id=there.id, location=there.location)
    sheet.add(key_of("automation", there.id), "Automation account", spec, True, location=there.location)
    return there.id


def _agent_update(sheet: Sheet, mapping: str, there: ContainerMapping | None, account_id: str) -> None:
    """What was chosen is a step of its own, whether it changes anything or not: so the plan's digest does not change with our writes."""
    if not sheet.choices.target.agent_updates:
        return
    as_chosen = there is None or ids.same(there.automation_account_id, account_id)
    spec = AgentUpdateSpec(id=sheet.id(mapping), automation_account_id=account_id)
    key = f"agent_update:{sheet.source}"
    sheet.add(key, "Agent updates", spec, as_chosen, location=sheet.source, needs=(mapping,))
    if not as_chosen:
        sheet.warn(
            "target", "The setting for agent updates counts for every machine that replicates over this mapping."
        )


# -- network mappings ------------------------------------------------------------------------------------------------------------


def network_mapping(sheet: Sheet, primary_id: str, recovery_id: str, one: str, other: str, needs: Iterable[str]) -> str:
    """The mapping of a network into a region: the one there is, whatever its target, else a new one. Returns its step's key."""
    there = next(
        (
            mapping
            for mapping in sheet.facts.site.network_mappings
            if ids.same(mapping.primary_network_id, primary_id)
            and regions.normal(mapping.recovery_location or other) == other
        ),
        None,
    )
    own = (
        f"{sheet.id(f'fabric:{one}')}/replicationNetworks/azureNetwork/replicationNetworkMappings/"
        f"{naming.network_mapping(primary_id, other)}"
    )
    spec = NetworkMappingSpec(
        id=there.id if there else own,
        recovery_fabric_name=ids.name(sheet.id(f"fabric:{other}")),
        primary_network_id=primary_id,
        recovery_network_id=there.recovery_network_id if there else recovery_id,
    )
    return sheet.add(
        f"network_mapping:{ids.key(primary_id)}:{other}",
        "Network mapping",
        spec,
        there is not None,
        location=one,
        needs=(f"fabric:{one}", f"fabric:{other}", *needs),
    )
