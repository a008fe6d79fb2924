"""The settings that Azure takes only of a protected machine: what can be said against them before anything is done."""

import ipaddress
from collections.abc import Iterator

from replication.domain import naming
from replication.domain.inventory import Machine, Model, Network
from replication.domain.specs import InterfaceSpec, SettleSpec

RESERVED = 4  # Azure keeps the first four addresses of a subnet and the last one

Refusal = tuple[str, str]  # the field of MachineChoice, and a sentence


def interfaces(machine: Machine, static_address: str, subnet_name: str) -> tuple[InterfaceSpec, ...]:
    """The primary interface with its address; a static address is told together with its subnet."""
    if not static_address:
        return ()
    primary = next((nic.id for nic in machine.nics if nic.primary), "")
    return (InterfaceSpec(source_nic_id=primary, subnet_name=subnet_name, static_address=static_address),)


def refusals(machine: Machine, spec: SettleSpec, network: Network | None) -> Iterator[Refusal]:
    """Why Azure would not take the settings. network: the target network as it will be."""
    rule = naming.RULES["windows_machine" if machine.os_type == "Windows" else "machine"]
    if spec.name and (said := rule.refusal(spec.name)):
        yield "target_name", f"{spec.name}: {said}"
    if spec.size and (said := naming.RULES["size"].refusal(spec.size)):
        yield "target_size", f"{spec.size}: {said}"
    for each in spec.interfaces:
        if said := _address_refusal(machine, each, network):
            yield "static_address", said


def _address_refusal(machine: Machine, interface: InterfaceSpec, network: Network | None) -> str:
    if machine.model is Model.CLASSIC or not interface.source_nic_id:
        return "A private address can be set only for a Resource Manager machine with an interface."
    subnets = {subnet.name.lower(): subnet.prefix for subnet in (network.subnets if network else ())}
    prefix = subnets.get(interface.subnet_name.lower())
    if prefix is None:
        return "Choose the target subnet before the private address."
    return address_refusal(interface.static_address, prefix)


def address_refusal(address: str, prefix: str) -> str:
    """Why the address cannot be given to a machine in a subnet with this prefix, or ''."""
    try:
        wanted, subnet = ipaddress.IPv4Address(address), ipaddress.IPv4Network(prefix, strict=False)
    except ValueError:
        return f"{address} is no IPv4 address."
    if wanted not in subnet:
        return f"{address} does not lie in the target subnet, {prefix}."
    offset = int(wanted) - int(subnet.network_address)
    if offset < RESERVED or wanted == subnet.broadcast_address:
        return f"Azure keeps {address} for itself."
    return ""


def uniques(spec: SettleSpec, group_id: str) -> Iterator[tuple[str, str, str]]:
    """What only one machine may have: the field, its value, and the group or network within which it counts."""
    if spec.name:
        yield "target_name", spec.name, group_id
    for each in spec.interfaces:
        yield "static_address", each.static_address, spec.network_id
