"""Microsoft.Network/networkInterfaces: addresses taken from subnets, and whose machine they belong to."""

from __future__ import annotations

import hashlib
from ipaddress import ip_address
from typing import Any

from simulator.kernel import errors
from simulator.kernel.call import Call
from simulator.kernel.refs import dig, objects, reference, same_region
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import versions
from simulator.providers.network import parts
from simulator.providers.network.networks import SUBNETS

INTERFACES = "Microsoft.Network/networkInterfaces"


def _validate(call: Call) -> None:
    configurations = objects(dig(call.body, "properties", "ipConfigurations"))
    if not configurations:
        message = f"Network interface {call.address.name} must have one or more IP configurations."
        raise errors.ArmError(400, "NetworkInterfaceMustHaveOneIpConfiguration", message, details=[])
    for entry in configurations:
        subnet = reference(call, dig(entry, "properties", "subnet"), SUBNETS)
        if subnet is None and dig(entry, "properties", "privateIPAddressVersion") != "IPv6":
            message = (
                f"Subnet reference is required for ipconfiguration {call.id}/ipConfigurations/{entry.get('name')}."
            )
            raise errors.ArmError(400, "SubnetIsRequired", message, details=[])
        if subnet is not None:
            same_region(call, call.world.store.get(subnet.id.rsplit("/", 2)[0]), call.body["location"])
            _check_static(call, entry, subnet)
        reference(call, dig(entry, "properties", "publicIPAddress"), "Microsoft.Network/publicIPAddresses")
    reference(call, dig(call.body, "properties", "networkSecurityGroup"), "Microsoft.Network/networkSecurityGroups")


def _check_static(call: Call, entry: dict[str, Any], subnet: Resource) -> None:
    """A static address must lie in the subnet and be free."""
    properties = entry.get("properties") or {}
    asked = properties.get("privateIPAddress")
    if properties.get("privateIPAllocationMethod") != "Static" or asked is None:
        return
    try:
        fits = any(ip_address(str(asked)) in prefix for prefix in _prefixes(subnet))
    except ValueError:
        raise errors.ArmError(
            400, "InvalidIPAddressFormat", f"IP address {asked} is not formatted correctly.", details=[]
        ) from None
    if not fits:
        prefix = dig(subnet.properties, "addressPrefix")
        message = f"Private static IP address {asked} does not belong to the range of subnet prefix {prefix}."
        raise errors.ArmError(400, "PrivateIPAddressNotInSubnet", message, details=[])
    mine = call.id.lower() + "/"
    for user, address in (subnet.sim.get("addresses") or {}).items():
        if address == asked and not user.lower().startswith(mine):
            message = (
                f"IP configuration {call.id}/ipConfigurations/{entry.get('name')} is using the private IP address {asked} "
                f"which is already allocated to resource {user}."
            )
            raise errors.ArmError(400, "PrivateIPAddressIsAllocated", message, details=[])


def _prefixes(subnet: Resource) -> list[parts.IPNetwork]:
    given = subnet.properties.get("addressPrefixes") or [subnet.properties.get("addressPrefix")]
    return [parts.cidr(prefix) for prefix in given]


def _prepare(call: Call, document: dict[str, Any]) -> None:
    existing = call.world.store.get(call.id)
    properties = document["properties"]
    properties["resourceGuid"] = parts.guid_of(call, existing)
    parts.name_parts(call.id, properties, "ipConfigurations")
    for number, entry in enumerate(properties["ipConfigurations"]):
        _allocate(call, entry["properties"], number, existing)
    properties["macAddress"] = (existing.properties.get("macAddress") if existing else None) or _mac(call.id)
    if existing is not None and "virtualMachine" in existing.properties:
        properties["virtualMachine"] = existing.properties["virtualMachine"]
    properties.setdefault("dnsSettings", {"dnsServers": [], "appliedDnsServers": []})
    properties.setdefault("enableAcceleratedNetworking", False)
    properties.setdefault("enableIPForwarding", False)
    properties.setdefault("nicType", "Standard")


def _allocate(call: Call, properties: dict[str, Any], number: int, existing: Resource | None) -> None:
    properties.setdefault("primary", number == 0)
    properties.setdefault("privateIPAllocationMethod", "Dynamic")
    properties.setdefault("privateIPAddressVersion", "IPv4")
    subnet = call.world.store.get(str(dig(properties, "subnet", "id")))
    if subnet is not None and not properties.get("privateIPAddress"):
        properties["privateIPAddress"] = _kept(existing, number, subnet) or free_address(subnet)


def _kept(existing: Resource | None, number: int, subnet: Resource) -> str | None:
    """A dynamic address stays as long as the subnet does."""
    before = objects(existing.properties.get("ipConfigurations")) if existing else []
    if number >= len(before) or str(dig(before[number], "properties", "subnet", "id")).lower() != subnet.key:
        return None
    return dig(before[number], "properties", "privateIPAddress")  # type: ignore[no-any-return]


def free_address(subnet: Resource) -> str:
    """The first free address of a subnet; Azure keeps the first four and the last. Raises ArmError 400 when full."""
    used = set((subnet.sim.get("addresses") or {}).values())
    for block in _prefixes(subnet):
        first, last = int(block.network_address) + 4, int(block.broadcast_address)
        for number in range(first, min(last, first + 70_000)):
            address = str(block.network_address + (number - first + 4))
            if address not in used:
                return address
    prefix = subnet.properties.get("addressPrefix")
    message = f"Subnet {subnet.name} with address prefix {prefix} does not have enough capacity for 1 IP addresses."
    raise errors.ArmError(400, "SubnetIsFull", message, details=[])


def _mac(nic_id: str) -> str:
    tail = hashlib.blake2b(nic_id.lower().encode(), digest_size=3).hexdigest().upper()
    return "-".join(("00", "0D", "3A", tail[:2], tail[2:4], tail[4:]))


def _stored(world: World, nic: Resource) -> None:
    """Subnets know who uses which address; what was left is given back."""
    now: dict[str, list[Any]] = {}
    for entry in objects(nic.properties.get("ipConfigurations")):
        identity = f"{nic.id}/ipConfigurations/{entry.get('name')}"
        subnet = world.store.get(str(dig(entry, "properties", "subnet", "id")))
        if subnet is not None:
            now[identity] = [subnet.key, dig(entry, "properties", "privateIPAddress")]
    _settle(world, nic, now)


def _settle(world: World, nic: Resource, now: dict[str, list[Any]]) -> None:
    for identity, (subnet, _) in nic.sim.get("places", {}).items():
        if now.get(identity, [None])[0] != subnet:
            parts.replace_entry(world, world.store.get(subnet), "addresses", identity, None)
    for identity, (subnet, address) in now.items():
        parts.replace_entry(world, world.store.get(subnet), "addresses", identity, address)
    nic.sim["places"] = now


def _gone(world: World, nic: Resource) -> None:
    _settle(world, nic, {})


def _deleting(call: Call) -> None:
    nic = call.need()
    machine = dig(nic.properties, "virtualMachine", "id")
    if machine and call.world.store.get(machine) is not None:
        message = (
            f"Network Interface {nic.id} is used by existing resource {machine}. In order to delete the network interface, "
            "it must be dissociated from the resource. To learn more, see aka.ms/deletenic."
        )
        raise errors.ArmError(400, "NicInUse", message, details=[])


TYPES: list[ResourceType] = [
    ResourceType(
        name=INTERFACES,
        versions=versions.NETWORK,
        name_pattern=r"[A-Za-z0-9](?:[-\w.]{0,78}\w)?",
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="network.write"),
        patch=Write(replaced=200),
        delete=Write(deleted=202, style=Style.ARM, duration="network.delete"),
        validate=_validate,
        prepare=_prepare,
        stored=_stored,
        deleting=_deleting,
        gone=_gone,
        etag="etag",
        throttle="network",
    ),
]
