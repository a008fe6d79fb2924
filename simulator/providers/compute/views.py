"""What a running machine shows beyond its model: instance view, power, agent, extensions."""

from __future__ import annotations

from typing import Any

from simulator.kernel.clock import iso
from simulator.kernel.refs import dig
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import sizes
from simulator.providers.compute import disks

EXTENSIONS = "Microsoft.Compute/virtualMachines/extensions"
_POWER_WORDS = {
    "running": "VM running",
    "starting": "VM starting",
    "stopping": "VM stopping",
    "stopped": "VM stopped",
    "deallocating": "VM deallocating",
    "deallocated": "VM deallocated",
}


def expanded(world: World, machine: Resource) -> dict[str, Any]:
    """The whole machine with `properties.instanceView`."""
    body = world.body(machine)
    body["properties"]["instanceView"] = instance_view(world, machine)
    return body


def status(world: World, machine: Resource) -> dict[str, Any]:
    """An entry of the status-only list."""
    return {
        "id": machine.id,
        "name": machine.name,
        "type": machine.type,
        "location": machine.document.get("location"),
        "properties": {
            "vmId": machine.properties.get("vmId"),
            "provisioningState": machine.properties.get("provisioningState"),
            "instanceView": instance_view(world, machine),
        },
    }


def instance_view(world: World, machine: Resource) -> dict[str, Any]:
    """Computer name, operating system, agent, disks, extensions and the two statuses."""
    power = str(machine.sim.get("power", "running"))
    when = iso(machine.changed)
    view: dict[str, Any] = {}
    if power == "running" and machine.sim.get("agent", "ready") == "ready":
        view |= _inside(machine)
    view["hyperVGeneration"] = machine.sim.get("hyperVGeneration", "V2")
    if power not in ("deallocated", "deallocating"):
        view["vmAgent"] = _agent(world, machine, when)
    view["disks"] = [
        {"name": name, "statuses": [_status("ProvisioningState/succeeded", "Provisioning succeeded", when)]}
        for name in _disk_names(machine)
    ]
    extensions = [_extension(found, when) for found in world.store.select(EXTENSIONS, machine.id)]
    if extensions:
        view["extensions"] = extensions
    view["statuses"] = [
        _provisioning(machine, when),
        {"code": f"PowerState/{power}", "level": "Info", "displayStatus": _POWER_WORDS.get(power, power)},
    ]
    return view


def _inside(machine: Resource) -> dict[str, Any]:
    """What only the agent can tell."""
    facts = machine.sim
    computer = facts.get("computerName") or dig(machine.properties, "osProfile", "computerName") or machine.name
    linux = dig(machine.properties, "storageProfile", "osDisk", "osType") == "Linux"
    return {
        "computerName": computer,
        "osName": facts.get("os") or ("ubuntu" if linux else "Windows Server 2022 Datacenter"),
        "osVersion": facts.get("osVersion") or ("22.04" if linux else "10.0.20348"),
    }


def _agent(world: World, machine: Resource, when: str) -> dict[str, Any]:
    state = machine.sim.get("agent", "ready")
    if state == "ready" and machine.sim.get("power", "running") == "running":
        message = "GuestAgent is running and processing the extensions."
        version = machine.sim.get("agentVersion", "2.7.41491.1183")
        return {
            "vmAgentVersion": version,
            "statuses": [{**_status("ProvisioningState/succeeded", "Ready", when), "message": message}],
            "extensionHandlers": [_handler(found) for found in world.store.select(EXTENSIONS, machine.id)],
        }
    message = "VM status blob is found but not yet populated." if state != "absent" else "VM agent is not installed."
    failed = {
        "code": "ProvisioningState/Unavailable",
        "level": "Warning",
        "displayStatus": "Not Ready",
        "message": message,
    }
    return {"vmAgentVersion": "Unknown", "statuses": [{**failed, "time": when}]}


def _handler(extension: Resource) -> dict[str, Any]:
    properties = extension.properties
    return {
        "type": f"{properties.get('publisher')}.{properties.get('type')}",
        "typeHandlerVersion": str(properties.get("typeHandlerVersion", "1.0")),
        "status": {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Ready"},
    }


def _extension(extension: Resource, when: str) -> dict[str, Any]:
    properties = extension.properties
    failed = properties.get("provisioningState") == "Failed"
    code = "ProvisioningState/failed/1" if failed else "ProvisioningState/succeeded"
    entry = _status(code, "Provisioning failed" if failed else "Provisioning succeeded", when)
    if failed:
        entry |= {"level": "Error", "message": extension.sim.get("message", "The extension failed.")}
    return {
        "name": extension.name,
        "type": f"{properties.get('publisher')}.{properties.get('type')}",
        "typeHandlerVersion": str(properties.get("typeHandlerVersion", "1.0")),
        "statuses": [entry],
    }


def _provisioning(machine: Resource, when: str) -> dict[str, Any]:
    state = str(machine.properties.get("provisioningState", "Succeeded"))
    words = {"Succeeded": "Provisioning succeeded", "Failed": "Provisioning failed"}
    entry = _status(f"ProvisioningState/{state.lower()}", words.get(state, state), when)
    return entry | ({"level": "Error"} if state == "Failed" else {})


def _status(code: str, display: str, when: str) -> dict[str, Any]:
    return {"code": code, "level": "Info", "displayStatus": display, "time": when}


def _disk_names(machine: Resource) -> list[str]:
    return [str(entry.get("name")) for entry in disks.of(machine.properties)]


def size_row(size: sizes.Size) -> dict[str, Any]:
    """One row of `vmSizes`."""
    return {
        "name": size.name,
        "numberOfCores": size.cores,
        "osDiskSizeInMB": 1047552,
        "resourceDiskSizeInMB": size.temp,
        "memoryInMB": size.memory,
        "maxDataDiskCount": size.disks,
    }
