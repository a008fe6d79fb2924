"""What Site Recovery makes and unmakes in Compute and Network: replica disks, failed-over and test machines, interfaces.

They are ordinary resources of the store, so that every client of Compute and Network sees them come and go
(site-recovery-protocol.md §3.3 recovered VM, §6 trap 29). Names of a test machine's interfaces and the tags of replica
disks are *assumed*.
"""

from __future__ import annotations

import copy
from typing import Any

from simulator.kernel import ids
from simulator.kernel.clock import iso
from simulator.kernel.errors import ArmError
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers.network import interfaces
from simulator.site_recovery import machines
from simulator.site_recovery.records import Disk, Item, Json, Nic
from simulator.site_recovery.shapes import location_of

REPLICA_TAG = "RSVaultBackup-ASR"
"""The tag by which Site Recovery knows a replica disk as its own (the name is *assumed*; 150161 says that there is one)."""
_DISKS = "providers/Microsoft.Compute/disks"
_MACHINES = "providers/Microsoft.Compute/virtualMachines"
_NICS = "providers/Microsoft.Network/networkInterfaces"


def replica_id(disk_name: str, group: str) -> str:
    """Where the replica of a disk is."""
    return f"{group}/{_DISKS}/{disk_name}-ASRReplica"


def _gib(size_bytes: int) -> int:
    return max(1, size_bytes // machines.GIB)


def _put_disk(world: World, disk_id: str, sku: str, size_bytes: int, place: Json, **more: Any) -> Resource:
    """A managed disk; `place` gives location, zones and tags."""
    properties = {
        "creationData": {"createOption": "Upload" if disk_id.endswith("-ASRReplica") else "Copy"},
        "diskSizeGB": _gib(size_bytes),
        "diskSizeBytes": _gib(size_bytes) * machines.GIB,
        "timeCreated": iso(world.now()),
        "uniqueId": ids.guid(world.settings.seed, "disk", disk_id.lower(), world.now()),
        "provisioningState": "Succeeded",
        "diskState": more.pop("state", "Unattached"),
        **more,
    }
    document = {**place, "sku": {"name": sku, "tier": sku.split("_")[0].rstrip("2").removesuffix("V")}}
    owner = document.pop("managedBy", None)
    if owner:
        document["managedBy"] = owner
    return world.put(disk_id, {**document, "properties": properties}, {"usedBytes": size_bytes // 4})


def put_replicas(world: World, found: Item, disks: list[Disk]) -> None:
    """The replica disks of an item appear in the target resource group."""
    location = location_of(world, found["recovery"])
    for disk in disks:
        if disk["replica_id"] and world.store.get(disk["replica_id"]) is None:
            place: Json = {"location": location, "tags": {REPLICA_TAG: found["management"]}}
            sku = disk["replica_sku"] or disk["source_sku"]
            _put_disk(world, disk["replica_id"], sku, disk["size_bytes"], place, state="ActiveUpload")


def drop_replicas(world: World, found: Item) -> None:
    """The replica disks go; one that somebody else has made under the same name stays."""
    for disk in found["disks"]:
        replica = world.store.get(disk["replica_id"] or "")
        if replica is not None and REPLICA_TAG in (replica.document.get("tags") or {}):
            world.remove(replica)


# --- machines ---------------------------------------------------------------------------------------------------------


def recovered_id(found: Item, *, test: bool) -> str:
    """The id of the machine that a failover (or a test) makes."""
    settings = found["settings"]
    name = settings["test_name"] if test else settings["name"]
    if found["classic"] and not settings.get("resource_group"):
        group = str(settings["cloud_service"]).split("/providers/")[0]
        return f"{group}/providers/Microsoft.ClassicCompute/virtualMachines/{name}"
    return f"{settings['resource_group']}/{_MACHINES}/{name}"


def put_machine(world: World, found: Item, networks: Networks, *, test: bool) -> str:
    """The recovered (or test) machine with its disks and interfaces. Returns its id."""
    machine_id = recovered_id(found, test=test)
    source = world.store.get(found["vm"])
    if "/Microsoft.ClassicCompute/" in machine_id:
        return _put_classic(world, found, machine_id, source)
    location = location_of(world, found["recovery"])
    place: Json = {"location": location, "tags": dict(found["tags"])}
    zone = found["settings"].get("zone")
    if zone:
        place["zones"] = [zone]
    nics = [_put_nic(world, found, nic, networks, machine_id, test=test) for nic in found["nics"]]
    storage = _storage(world, found, place, machine_id, test=test)
    properties = {
        "vmId": ids.guid(world.settings.seed, "vm", machine_id.lower(), world.now()),
        **_placement(found),
        "hardwareProfile": {"vmSize": found["settings"]["size"]},
        "storageProfile": storage,
        "networkProfile": {"networkInterfaces": _references([nic for nic in nics if nic])},
        "provisioningState": "Succeeded",
        "timeCreated": iso(world.now()),
    }
    world.put(machine_id, {**place, "properties": properties}, _guest(source))
    return machine_id


def _references(nics: list[str]) -> list[Json]:
    return [{"id": nic, "properties": {"primary": number == 0}} for number, nic in enumerate(nics)]


def _placement(found: Item) -> Json:
    settings, placed = found["settings"], {}
    for ours, theirs in (
        ("availability_set", "availabilitySet"),
        ("placement_group", "proximityPlacementGroup"),
        ("scale_set", "virtualMachineScaleSet"),
    ):
        if settings.get(ours):
            placed[theirs] = {"id": settings[ours]}
    if settings.get("capacity_group"):
        placed["capacityReservation"] = {"capacityReservationGroup": {"id": settings["capacity_group"]}}
    return placed


def _guest(source: Resource | None) -> Json:
    """What the guest brings along: it runs, whatever the source does."""
    kept = ("os", "osVersion", "kernel", "hyperVGeneration", "computerName", "agent", "agentVersion", "churn")
    facts = {name: source.sim[name] for name in kept if source is not None and name in source.sim}
    return {**facts, "power": "running"}


def _storage(world: World, found: Item, place: Json, machine_id: str, *, test: bool) -> Json:
    profile: Json = {"dataDisks": []}
    for disk in found["disks"]:
        made = _attach(world, found, disk, place, machine_id, test=test)
        if disk["os_disk"]:
            profile = {"osDisk": {"osType": found["os"], **made}, **profile}
        else:
            profile["dataDisks"].append({"lun": disk["lun"] or 0, **made})
    return profile


def _attach(world: World, found: Item, disk: Disk, place: Json, machine_id: str, *, test: bool) -> Json:
    """One disk of a recovered machine: a managed one appears, an unmanaged one is a blob in the target account."""
    name = disk["test_name"] if test else disk["failover_name"]
    common = {"caching": "ReadWrite" if disk["os_disk"] else "None", "deleteOption": "Detach"}
    if disk["uri"] is not None:
        account = (disk["target_account"] or "").rsplit("/", 1)[-1]
        vhd = {"uri": f"https://{account}.blob.core.windows.net/vhds/{name}.vhd"}
        return {"name": name, "createOption": "Attach", "vhd": vhd, **common, "diskSizeGB": _gib(disk["size_bytes"])}
    disk_id = f"{disk['group'] or found['settings']['resource_group']}/{_DISKS}/{name}"
    sku = disk["target_sku"] or disk["source_sku"]
    more: Json = {}
    if disk["encryption_set"]:
        kind = "EncryptionAtRestWithCustomerKey"
        more["encryption"] = {"type": kind, "diskEncryptionSetId": disk["encryption_set"]}
    if disk["os_disk"]:
        more |= {"osType": found["os"], "hyperVGeneration": found["generation"]}
    _put_disk(world, disk_id, sku, disk["size_bytes"], {**place, "managedBy": machine_id}, state="Attached", **more)
    managed = {"storageAccountType": sku, "id": disk_id}
    return {
        "name": name,
        "createOption": "Attach",
        "managedDisk": managed,
        **common,
        "diskSizeGB": _gib(disk["size_bytes"]),
    }


# --- interfaces -------------------------------------------------------------------------------------------------------


def _put_nic(world: World, found: Item, nic: Nic, networks: Networks, machine_id: str, *, test: bool) -> str:
    """An interface in the target network; "" when the item has no target network at all."""
    target = networks.get(nic, test)
    if target is None:
        return ""
    subnets = subnets_of(world, target)
    own_id = nic_id(found, nic, test=test)
    configurations = [
        _configuration(world, ip, target, subnets, own_id, test=test) for ip in nic["ips"] if ip["selected"]
    ]
    group = nic["settings"].get("tfoNetworkSecurityGroupId" if test else "recoveryNetworkSecurityGroupId")
    fast = nic["settings"].get("enableAcceleratedNetworkingOnTfo" if test else "enableAcceleratedNetworkingOnRecovery")
    properties: Json = {
        "provisioningState": "Succeeded",
        "resourceGuid": ids.guid(world.settings.seed, "nic", own_id.lower(), world.now()),
        "ipConfigurations": configurations,
        "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
        "enableAcceleratedNetworking": bool(fast),
        "enableIPForwarding": False,
        "nicType": "Standard",
        "primary": True,
        "virtualMachine": {"id": machine_id},
    }
    if group:
        properties["networkSecurityGroup"] = {"id": group}
    world.put(own_id, {"location": target.location, "properties": properties}, {})
    return own_id


class Networks:
    """Where interfaces go: the network of a test request, or the one chosen per interface, or the item's."""

    def __init__(self, world: World, found: Item, given: str | None = None) -> None:
        """`given` is the network that a test failover names."""
        self._world, self._found, self._given = world, found, given

    def get(self, nic: Nic, test: bool) -> Resource | None:
        """The stored network for an interface, or None."""
        chosen = nic["settings"].get("tfoVMNetworkId") if test else nic["settings"].get("recovery_network")
        settings = self._found["settings"]
        usual = settings.get("test_network") if test else settings.get("network")
        wanted = self._given or chosen or usual or settings.get("network")
        return self._world.store.get(wanted) if wanted else None


def nic_id(found: Item, nic: Nic, *, test: bool) -> str:
    """The id of the interface that a failover (or a test) makes for one of the source's."""
    settings = nic["settings"]
    name = nic["source"].rsplit("/", 1)[-1]
    own_group = str(found["settings"].get("resource_group") or "")
    if test:
        chosen, group = settings.get("tfoNicName") or f"{name}-test", settings.get("tfoNicResourceGroupName")
    else:
        chosen = settings.get("recoveryNicName") or settings.get("targetNicName") or name
        group = settings.get("recoveryNicResourceGroupName")
    home = f"{ids.subscription_of(own_group)}/resourceGroups/{group}" if group else own_group
    return f"{home}/{_NICS}/{chosen}"


def _configuration(world: World, ip: Json, network: Resource, subnets: list[Json], nic_id: str, *, test: bool) -> Json:
    subnet = _pick_subnet(subnets, ip["tfoSubnetName"] if test else None) or _pick_subnet(
        subnets, ip["recoverySubnetName"]
    )
    wanted = ip["tfoStaticIPAddress"] if test else ip["recoveryStaticIPAddress"]
    subnet_id = f"{network.id}/subnets/{subnet['name']}" if subnet else None
    name = ip["name"] or "ipconfig1"
    properties: Json = {
        "provisioningState": "Succeeded",
        "privateIPAddress": wanted or _free_address(world, network, subnet),
        "privateIPAllocationMethod": "Static" if wanted else "Dynamic",
        "primary": ip["primary"],
        "privateIPAddressVersion": "IPv4",
    }
    if subnet_id:
        properties["subnet"] = {"id": subnet_id}
    public = ip["tfoPublicIPAddressId"] if test else ip["recoveryPublicIPAddressId"]
    if public:
        properties["publicIPAddress"] = {"id": public}
    pools = ip["tfoLBBackendAddressPoolIds"] if test else ip["recoveryLBBackendAddressPoolIds"]
    if pools:
        properties["loadBalancerBackendAddressPools"] = [{"id": pool} for pool in pools]
    kind = "Microsoft.Network/networkInterfaces/ipConfigurations"
    return {"name": name, "id": f"{nic_id}/ipConfigurations/{name}", "type": kind, "properties": properties}


def _pick_subnet(subnets: list[Json], name: str | None) -> Json | None:
    """A subnet by name or full id (both are accepted, §2.2); without a name the first alphabetically."""
    if not subnets:
        return None
    if name is None:
        return None
    wanted = name.rsplit("/", 1)[-1].lower()
    named = next((one for one in subnets if str(one.get("name", "")).lower() == wanted), None)
    return named or min(subnets, key=lambda one: str(one.get("name", "")))


def subnets_of(world: World, network: Resource) -> list[Json]:
    """The subnets of a network, whether they are kept inside it or as resources of their own."""
    children = world.store.select("Microsoft.Network/virtualNetworks/subnets", network.id)
    own = [{"name": child.name, "properties": child.properties} for child in children]
    return own or list(network.properties.get("subnets") or [])


def default_subnet(world: World, network: Resource | None, source_subnet: str | None) -> str | None:
    """The target subnet of an interface: of the same name, else the first alphabetically (portal-behaviour.md §1.5)."""
    subnets = subnets_of(world, network) if network is not None else []
    found = _pick_subnet(subnets, source_subnet or "")
    return str(found["name"]) if found else None


def _free_address(world: World, network: Resource, subnet: Json | None) -> str:
    """The next free address of the subnet, as Network itself counts them; "" when there is none."""
    found = world.store.get(f"{network.id}/subnets/{(subnet or {}).get('name')}")
    if found is None:
        return ""
    try:
        return interfaces.free_address(found)
    except ArmError:
        return ""


# --- taking away ------------------------------------------------------------------------------------------------------


def remove_machine(world: World, machine_id: str | None) -> None:
    """A machine goes with its disks and interfaces; what is gone already is no matter."""
    resource = world.store.get(machine_id or "")
    if resource is None:
        return
    machine = machines.read(world, resource.id)
    world.remove(resource)
    if machine is None:
        return
    for one in (*[disk.id for disk in machine.disks if disk.uri is None], *[nic.id for nic in machine.nics]):
        part = world.store.get(one)
        if part is not None:
            world.remove(part)


def power_off(world: World, machine_id: str) -> None:
    """The source machine is shut down before a failover."""
    resource = world.store.get(machine_id)
    if resource is None:
        return
    resource.sim["power"] = "deallocated"
    resource.sim["stalled_since"] = world.now()
    world.store.touch(resource)


def _put_classic(world: World, found: Item, machine_id: str, source: Resource | None) -> str:
    """A classic machine in the target cloud service: the source's document, elsewhere."""
    document = copy.deepcopy(source.document) if source is not None else {"properties": {}}
    document["location"] = location_of(world, found["recovery"])
    service = str(found["settings"]["cloud_service"])
    name = service.rsplit("/", 1)[-1]
    document["properties"]["domainName"] = {
        "id": service,
        "name": name,
        "type": "Microsoft.ClassicCompute/domainNames",
    }
    world.put(machine_id, document, {"power": "started"})
    return machine_id
