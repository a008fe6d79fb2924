"""Health of an item: which errors it shows now, and what follows for its replication and failover health.

Errors are computed from facts (no test failover yet, a machine that does not run, a disk that is not protected), never
stored; dismissing one (resolveHealthErrors) stores its id on the item. site-recovery-protocol.md §3.3, healthErrors item.
"""

from __future__ import annotations

from simulator.kernel import ids
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.site_recovery.jobs import net
from simulator.site_recovery.records import Item, Json
from simulator.site_recovery.states import State
from simulator.site_recovery.timeline import STALLED_AFTER

_WATCHED = (State.PROTECTED, State.TESTING, State.TEST_WAITING, State.CLEANING_UP)


def errors_of(world: World, found: Item) -> list[Json]:
    """The health errors of an item now, without those that somebody dismissed."""
    state = State(found["state"])
    if state is State.ENABLE_FAILED and found["agent_error"]:
        return [_agent_failed(found)]
    if state not in _WATCHED:
        return []
    made = [_stalled(world, found), _untested(found), _unprotected(world, found)]
    return [error for error in made if error is not None and error["errorId"] not in found["dismissed"]]


def replication_health(errors: list[Json]) -> str:
    """Normal, Warning or Critical by the errors of replication; Normal when failed over too (recorded: A2AReprotectTest)."""
    return _worst(error for error in errors if error["errorCategory"] == "Replication")


def failover_health(errors: list[Json]) -> str:
    """The same for what stands in the way of a failover."""
    return _worst(error for error in errors if error["errorCategory"] in ("TestFailover", "Configuration"))


def _worst(errors: object) -> str:
    levels = {error["errorLevel"] for error in errors}  # type: ignore[attr-defined]
    if "Error" in levels or "Critical" in levels:
        return "Critical"
    return "Warning" if levels else "Normal"


def stalled_at(world: World, found: Item) -> float | None:
    """When the source machine stopped sending: it was stopped or is gone. None while it runs."""
    machine = world.store.get(found["vm"])
    if machine is None:
        return found["since"]
    if machine.sim.get("stalled_since") is not None:
        return float(machine.sim["stalled_since"])
    if machine.sim.get("power", "running") in ("running", "starting"):
        return None
    return max(machine.changed, found["first_point"] or 0.0)


def _stalled(world: World, found: Item) -> Json | None:
    since = stalled_at(world, found)
    if since is None or world.now() < since + STALLED_AFTER or found["points_until"] is not None:
        return None
    return _error(
        found["entity"],
        at=since + STALLED_AFTER,
        code="153007",
        kind="8007",
        source="ReplicationUnitHealthValidatorError",
        level="Critical",
        category="Replication",
        message=f"No crash-consistent recovery point of '{found['vm_name']}' in the last 60 minutes.",
        causes="The machine does not run, its data changes faster than it can be sent, or it has no outbound path.",
        action="Check that the machine runs, how fast its data changes, and its outbound connectivity.",
    )


def _untested(found: Item) -> Json | None:
    """161011 stands on every new item until a test failover succeeds; it is no fault (§6, trap 21)."""
    if found["tested"]:
        return None
    return _error(
        found["entity"],
        at=(found["first_point"] or found["since"]) + 30,
        code="161011",
        kind="8010",
        source="ReplicationUnitFailoverValidatorError",
        level="Warning",
        category="TestFailover",
        message=f"The virtual machine '{found['vm_name']}' has had no successful test failover.",
        causes="Since it was replicated, no test failover of the machine has succeeded.",
        action="Run a test failover of the machine.",
    )


def _unprotected(world: World, found: Item) -> Json | None:
    """153039: a data disk was attached after the machine was protected (§4.3)."""
    numbers = unprotected_luns(world, found)
    if not numbers:
        return None
    luns = ", ".join(map(str, numbers))
    return _error(
        found["entity"],
        at=max(found["since"], found["first_point"] or 0.0),
        code="153039",
        kind="8039",
        source="ReplicationUnitHealthValidatorError",
        level="Warning",
        category="Replication",
        message=f"'{found['vm_name']}' has disks that are not protected (logical unit numbers {luns}).",
        causes="One or more data disks were attached after replication was enabled.",
        action="Enable replication for the disks, or dismiss this warning.",
        dismissable=True,
    )


def unprotected_luns(world: World, found: Item) -> list[int]:
    """Logical unit numbers of data disks that were attached after replication was enabled."""
    machine = world.store.get(found["vm"])
    if machine is None or found["classic"]:
        return []
    known = {disk["lun"] for disk in found["disks"]} | set(found["settings"].get("excluded") or ())
    attached = (machine.properties.get("storageProfile") or {}).get("dataDisks") or []
    return sorted(int(disk.get("lun") or 0) for disk in attached if disk.get("lun") not in known)


def _agent_failed(found: Item) -> Json:
    code = found["agent_error"] or ""
    return _error(
        found["entity"],
        at=found["since"],
        code=code,
        kind="8001",
        source="MobilityServiceInstallation",
        level="Error",
        category="AgentAutoInfra",
        message=f"The mobility service could not be installed on '{found['vm_name']}'.",
        causes="See the errors of the enable job.",
        action="Disable replication, resolve the issue and enable replication again.",
    )


def planted(resource: Resource, entity: str) -> list[Json]:
    """Health errors of a vault, a fabric or a container, known by a GUID: those that its private facts name, as `_sim.healthErrors`.

    Each is `{"code", "level", "message", "category", "causes", "action"}`, of which only the code is needed. The shape is that of an
    item's errors: both are the interface's HealthError (2025-08-01). *Assumed*: what Azure reports of them, which no record shows.
    """
    return [
        _error(
            entity,
            at=resource.changed,
            code=str(each["code"]),
            kind="8002",
            source="VaultHealthValidatorError",
            level=each.get("level", "Warning"),
            category=each.get("category", "FabricInfrastructure"),
            message=each.get("message", f"Error {each['code']}."),
            causes=each.get("causes", ""),
            action=each.get("action", ""),
        )
        for each in resource.sim.get("healthErrors") or ()
    ]


def _error(
    entity: str,
    *,
    at: float,
    code: str,
    kind: str,
    source: str,
    level: str,
    category: str,
    message: str,
    causes: str,
    action: str,
    dismissable: bool = False,
) -> Json:
    return {
        "innerHealthErrors": [],
        "errorSource": source,
        "errorType": kind,
        "errorLevel": level,
        "errorCategory": category,
        "errorCode": code,
        "summaryMessage": "",
        "errorMessage": message,
        "possibleCauses": causes,
        "recommendedAction": action,
        "creationTimeUtc": net(at),
        "recoveryProviderErrorMessage": None,
        "entityId": entity,
        "errorId": f"6:{kind}",
        "customerResolvability": "Allowed" if dismissable else "NotAllowed",
    }


def health_event_name(at: float, *parts: object) -> str:
    """`VmMonitoringEvent;{ticks}_{guid}`: the ticks count down, so that the order of names is newest first (§3.5)."""
    ticks = 3_155_378_975_999_999_999 - (int(at * 10_000_000) + 621_355_968_000_000_000)
    return f"VmMonitoringEvent;{ticks}_{ids.guid(*parts)}"
