"""Microsoft.Compute/virtualMachines: create, update, delete, power, instance view, the lists the wizard reads."""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids, verbs
from simulator.kernel.agenda import effect
from simulator.kernel.call import Call
from simulator.kernel.operations import Operation
from simulator.kernel.refs import dig, objects, reference, same_region
from simulator.kernel.registry import Action, ResourceType, Style, Write
from simulator.kernel.request import Response, encode
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import sizes, versions
from simulator.providers.compute import disks, quota, views

MACHINES = "Microsoft.Compute/virtualMachines"
INTERFACES = "Microsoft.Network/networkInterfaces"
SETS = "Microsoft.Compute/availabilitySets"


# --- writing ----------------------------------------------------------------------------------------------------------


def _validate(call: Call) -> None:
    existing = call.world.store.get(call.id)
    body, properties = call.body, dig(call.body, "properties") or {}
    _check_kinds(properties)
    size = dig(properties, "hardwareProfile", "vmSize")
    if not isinstance(size, str):
        raise errors.missing_property("vmSize")
    _check_size(call, body, size, existing)
    for nic in _interfaces(properties):
        same_region(call, reference(call, nic, INTERFACES), body["location"])
    if not _interfaces(properties):
        raise errors.missing_property("networkProfile")
    same_region(call, reference(call, properties.get("availabilitySet"), SETS), body["location"])
    if existing is None:
        _check_new(properties)
    else:
        _check_unchanged(properties, existing)
    _check_disks(call, properties)


_KINDS: tuple[tuple[tuple[str, ...], type], ...] = (
    (("storageProfile",), dict),
    (("storageProfile", "osDisk"), dict),
    (("storageProfile", "dataDisks"), list),
    (("osProfile",), dict),
    (("osProfile", "windowsConfiguration"), dict),
    (("osProfile", "linuxConfiguration"), dict),
    (("networkProfile",), dict),
)
_DISK_KINDS = {"name": str, "managedDisk": dict, "diskSizeGB": int, "createOption": str}
_SKU_KINDS = {"storageAccountType": str, "id": str}


def _check_kinds(properties: dict[str, Any]) -> None:
    """Parts of the wrong type are refused before anything is read from them."""
    for path, kind in _KINDS:
        _check_kind(dig(properties, *path), kind, ".".join(path))
    for disk in disks.of(properties):
        for name, kind in _DISK_KINDS.items():
            _check_kind(disk.get(name), kind, name)
        for name, kind in _SKU_KINDS.items():
            _check_kind(dig(disk, "managedDisk", name), kind, f"managedDisk.{name}")


def _check_kind(value: Any, kind: type, path: str) -> None:
    if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
        raise errors.invalid_property(path, value)


def _check_new(properties: dict[str, Any]) -> None:
    if not isinstance(dig(properties, "storageProfile", "osDisk"), dict):
        raise errors.missing_property("osDisk")
    if dig(properties, "storageProfile", "osDisk", "createOption") is None:
        raise errors.missing_property("osDisk.createOption")


def _check_unchanged(properties: dict[str, Any], existing: Resource) -> None:
    """What cannot change after creation (Compute: PropertyChangeNotAllowed)."""
    for path in (("storageProfile", "osDisk", "name"), ("osProfile", "computerName"), ("availabilitySet", "id")):
        old, new = dig(existing.properties, *path), dig(properties, *path)
        if old is not None and new is not None and str(old).lower() != str(new).lower():
            name = ".".join(path)
            message = f"Changing property '{name}' is not allowed."
            raise errors.ArmError(409, "PropertyChangeNotAllowed", message, target=name)


def _check_size(call: Call, body: dict[str, Any], size: str, existing: Resource | None) -> None:
    known = sizes.find(size)
    if known is None:
        message = (
            f"The value {size} provided for the VM size is not valid. The valid sizes in the current region are: "
            f"{', '.join(found.name for found in sizes.SIZES[:8])}... "
            "Find out more on the valid VM sizes in each region at https://aka.ms/azure-regionservices."
        )
        raise errors.ArmError(400, "InvalidParameter", message, target="vmSize")
    old = dig(existing.document, "properties", "hardwareProfile", "vmSize") if existing else None
    if str(old).lower() == size.lower():
        return
    if size.lower() in {name.lower() for name in call.world.unavailable_sizes.get(body["location"], [])}:
        raise quota.size_not_available(call.address.name, body["location"])
    quota.check(call, body["location"], known)


def _check_disks(call: Call, properties: dict[str, Any]) -> None:
    """Attached managed disks must exist, and must not belong to another machine unless they are shared."""
    for entry in disks.of(properties):
        managed = entry.get("managedDisk")
        if entry.get("createOption") != "Attach" or not isinstance(managed, dict) or "id" not in managed:
            continue
        disk = reference(call, managed, disks.DISKS)
        owner = disk.document.get("managedBy") if disk else None
        if owner and owner.lower() != call.id.lower() and not disks.is_shared(disk):
            message = f"Cannot attach data disk '{disk.name}' to VM '{call.address.name}' because it is already attached to '{owner}'."  # type: ignore[union-attr]
            raise errors.ArmError(409, "ConflictingUserInput", message)


def _prepare(call: Call, document: dict[str, Any]) -> None:
    existing = call.world.store.get(call.id)
    properties = document["properties"]
    seed = call.world.settings.seed
    old = existing.properties if existing else {}
    properties["vmId"] = old.get("vmId") or ids.guid(seed, call.id.lower(), "vmId", call.world.iso_now())
    properties["timeCreated"] = old.get("timeCreated") or call.world.iso_now()[:27] + "+00:00"
    disks.fill(call, document)
    properties.setdefault("storageProfile", {}).setdefault("dataDisks", [])
    if properties.get("osProfile"):
        _complete_profile(properties["osProfile"])


def _complete_profile(profile: dict[str, Any]) -> None:
    """What Compute adds to what it is told (recorded: azure-cli-extensions, A2A_scenarios); the password is never shown."""
    profile.pop("adminPassword", None)
    profile.setdefault("secrets", [])
    profile.setdefault("allowExtensionOperations", True)
    profile.setdefault("requireGuestProvisionSignal", True)
    if "linuxConfiguration" not in profile:
        windows = profile.setdefault("windowsConfiguration", {})
        windows.setdefault("provisionVMAgent", True)
        windows.setdefault("enableAutomaticUpdates", True)
        windows.setdefault("patchSettings", {"patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault"})


def _stored(world: World, resource: Resource) -> None:
    """Disks and interfaces know their machine, an availability set its members."""
    resource.sim.setdefault("power", "running")
    resource.sim.setdefault("agent", "ready")
    disks.attach(world, resource)
    for nic in _interfaces(resource.properties):
        _own_interface(world, nic.get("id"), resource.id)
    _join_set(world, resource)


def _own_interface(world: World, nic_id: Any, machine: str | None) -> None:
    nic = world.store.get(nic_id) if isinstance(nic_id, str) else None
    if nic is None:
        return
    if machine is None:
        nic.properties.pop("virtualMachine", None)
    elif str(dig(nic.properties, "virtualMachine", "id")).lower() != machine.lower():
        nic.properties["virtualMachine"] = {"id": machine}
    else:
        return
    world.store.touch(nic)


def _join_set(world: World, machine: Resource) -> None:
    found = world.store.get(str(dig(machine.properties, "availabilitySet", "id")))
    if found is None:
        return
    members = found.properties.setdefault("virtualMachines", [])
    if not any(member["id"].lower() == machine.key for member in members):
        members.append({"id": machine.id})
        world.store.touch(found)


def _gone(world: World, machine: Resource) -> None:
    """Disks and interfaces are left behind, or go too where `deleteOption` says so."""
    disks.detach(world, machine)
    for nic in _interfaces(machine.properties):
        _own_interface(world, nic.get("id"), None)
        found = world.store.get(str(nic.get("id")))
        if found is not None and dig(nic, "properties", "deleteOption") == "Delete":
            world.remove(found)
    found = world.store.get(str(dig(machine.properties, "availabilitySet", "id")))
    if found is not None:
        members = found.properties.get("virtualMachines", [])
        found.properties["virtualMachines"] = [entry for entry in members if entry["id"].lower() != machine.key]
        world.store.touch(found)


def _interfaces(properties: dict[str, Any]) -> list[dict[str, Any]]:
    return objects(dig(properties, "networkProfile", "networkInterfaces"))


# --- reading ----------------------------------------------------------------------------------------------------------


def _get(call: Call) -> Response:
    """`$expand=instanceView` adds what is running right now."""
    machine = call.need()
    expand = call.request.query.get("$expand", "")
    if not expand:
        return call.respond(machine)
    if "instanceview" not in expand.lower() and "userdata" not in expand.lower():
        raise errors.invalid_property("$expand", expand)
    return Response(200, views.expanded(call.world, machine), [("ETag", call.world.etag(machine))])


def _list(call: Call) -> Response:
    """`statusOnly=true` gives power states (that it leaves the model out is *assumed*); `$expand=instanceView` both."""
    query = call.request.query
    status_only = query.get("statusonly", "").lower() == "true"
    if not status_only and "instanceview" not in query.get("$expand", "").lower():
        return verbs.list_resources(call)
    render = views.status if status_only else views.expanded
    return verbs.page(call, call.world.store.keys(MACHINES, call.id), lambda found: encode(render(call.world, found)))


def _instance_view(call: Call) -> Response:
    return Response(200, views.instance_view(call.world, call.need()))


def _sizes(call: Call) -> Response:
    """`GET …/virtualMachines/{vm}/vmSizes`: what it can be resized to."""
    call.need()
    return Response(200, {"value": [views.size_row(size) for size in sizes.SIZES]})


# --- power ------------------------------------------------------------------------------------------------------------


def _power(duration: str, passing: str, final: str) -> Any:
    """An action that ends in a power state; asking for the state it is in already is done at once."""

    def handler(call: Call) -> Response:
        machine = call.need()
        if machine.sim.get("power") == final and final != "running":
            return Response(200)
        machine.sim["power"] = passing
        return call.start(duration=duration, style=Style.ARM, effect="compute.power", args={"power": final})

    return handler


@effect("compute.power")
def _power_reached(world: World, operation: Operation) -> None:
    machine = world.store.get(operation.target)
    if machine is None:
        operation.fail("ResourceNotFound", f"The Resource '{operation.target}' was not found.")
        return
    machine.sim["power"] = operation.args["power"]
    world.store.touch(machine)


_ACTIONS = {
    "start": Action(_power("vm.start", "starting", "running"), throttle="UpdateVM"),
    "restart": Action(_power("vm.restart", "stopping", "running"), throttle="UpdateVM"),
    "redeploy": Action(_power("vm.restart", "stopping", "running"), throttle="UpdateVM"),
    "powerOff": Action(_power("vm.stop", "stopping", "stopped"), throttle="UpdateVM"),
    "deallocate": Action(_power("vm.deallocate", "deallocating", "deallocated"), throttle="DeleteVM"),
    "instanceView": Action(_instance_view, method="GET", permission=f"{MACHINES}/instanceView/read", mutates=False),
    "vmSizes": Action(_sizes, method="GET", permission=f"{MACHINES}/vmSizes/read", mutates=False),
}

TYPES: list[ResourceType] = [
    ResourceType(
        name=MACHINES,
        versions=versions.COMPUTE,
        name_pattern=r"[^\\/\"\[\]:|<>+=;,?*@&_\s][^\\/\"\[\]:|<>+=;,?*@&]{0,63}",
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="vm.create"),
        patch=Write(replaced=200, style=Style.PROVISIONING, duration="vm.update"),
        delete=Write(deleted=202, style=Style.ARM, duration="vm.delete"),
        validate=_validate,
        prepare=_prepare,
        stored=_stored,
        gone=_gone,
        overrides={"GET": _get, "LIST": _list},
        actions=_ACTIONS,
        etag="etag",
        throttle="compute",
    ),
]
