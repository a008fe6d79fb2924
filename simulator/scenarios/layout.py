"""How a fleet is laid out: networks, groups, and machines that nothing is wrong with."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from . import blocks, catalog, ids
from .estate import Network
from .machines import Disk, Interface, Machine
from .yard import Home, Yard

REGIONS = ("eastasia", "southeastasia", "japaneast", "northeurope", "westeurope", "eastus2",
           "uksouth", "australiaeast", "koreacentral", "centralindia", "germanywestcentral", "westus3")  # fmt: skip
_APPS = ("erp", "web", "hr", "mq", "file", "crm", "bi", "pay", "iot", "ops", "doc", "pos")
_IMAGES = (catalog.WINDOWS_2022, catalog.WINDOWS_2019, catalog.WINDOWS_2016, catalog.WINDOWS_2025, catalog.UBUNTU_2204,
           catalog.UBUNTU_2404, catalog.RHEL_95, catalog.RHEL_810, catalog.SLES_15_SP6, catalog.DEBIAN_12)  # fmt: skip
_SIZES = ("Standard_D2s_v5", "Standard_D4s_v5", "Standard_E4s_v5", "Standard_D2s_v3", "Standard_E8s_v5")
_GIB = (32, 64, 128, 256, 512, 1024, 2048)
_SKUS = ("Premium_LRS", "Premium_LRS", "Premium_LRS", "StandardSSD_LRS", "StandardSSD_LRS", "Standard_LRS")
_ODD_TAGS = {"所有者": "基盤チーム", "Straße": "Süd, 1. Stock", "cost center": "4711 / βeta"}
_LONGEST_GROUP = 90
_LONGEST_LINUX_NAME = 64


def build(yard: Yard, n: int, regions: Sequence[str], subscriptions: Sequence[str], chance: random.Random) -> None:
    """Fills the yard with homes and `n` healthy machines."""
    for home in _homes(yard, n, regions, subscriptions):
        yard.add(blocks.group(home.subscription, yard.settle(home).group, home.location, _group_tags(home)))
    homes = list(yard.homes)
    for index in range(n):
        yard.machines.append(_machine(yard, index, homes[index % len(homes)], chance))


def _homes(yard: Yard, n: int, regions: Sequence[str], subscriptions: Sequence[str]) -> Iterator[Home]:
    """Groups for machines, about 50 each, spread evenly over regions and subscriptions, five networks to each place."""
    places = [(subscription, region) for region in regions for subscription in subscriptions]
    each = max(1, min(5, n // (150 * len(places))))
    networks = {
        place: [_network(yard, place, row * each + number) for number in range(each)]
        for row, place in enumerate(places)
    }
    for index in range(max(len(places), n // 50)):
        subscription, region = places[index % len(places)]
        network = networks[subscription, region][index // len(places) % each]
        yield Home(subscription, _group_name(index, region), region, network)


def _network(yard: Yard, place: tuple[str, str], number: int) -> Network:
    """A network in a group of its own; one of its subnets is guarded by a security group, one has IPv6 too."""
    subscription, region = place
    group, name, prefix = f"rg-net-{region}", f"vnet-{region}-{number:02}", f"10.{20 + number}"
    yard.add(blocks.group(subscription, group, region))
    guard = ids.resource_id(subscription, group, "Microsoft.Network/networkSecurityGroups", "nsg-guarded")
    yard.add(blocks.security_group(guard, region, seed=yard.seed))
    subnets = {
        "snet-app": f"{prefix}.0.0/18",
        "snet-data": f"{prefix}.64.0/18",
        "snet-guarded": f"{prefix}.128.0/18",
        "snet-dual": f"{prefix}.192.0/20,fd00:db8:0:1::/64",
    }
    arm_id = ids.resource_id(subscription, group, "Microsoft.Network/virtualNetworks", name)
    space = [f"{prefix}.0.0/16", "fd00:db8::/48"]
    yard.add(blocks.network(arm_id, region, space, subnets, seed=yard.seed, nsgs={"snet-guarded": guard}))
    return Network(arm_id, region, subnets)


def _group_name(index: int, region: str) -> str:
    """Mostly plain; every 11th in mixed case, every 17th with brackets and points, one as long as Azure allows."""
    app = _APPS[index % len(_APPS)]
    if index == 1:
        return f"rg-{app}-{region}-".ljust(_LONGEST_GROUP - 3, "x") + f"{index:03}"
    if index % 17 == 3:
        return f"rg.{app}(legacy)_{region}-{index:03}"
    return f"RG-{app.title()}-{region}-{index:03}" if index % 11 == 5 else f"rg-{app}-{region}-{index:03}"


def _group_tags(home: Home) -> dict[str, str]:
    return {"managed by": "platform", "region": home.location}


def _machine(yard: Yard, index: int, home: Home, chance: random.Random) -> Machine:
    """A machine that nothing is wrong with; half of them are in a zone or an availability set."""
    image = chance.choice(_IMAGES)
    machine = Machine(
        subscription=home.subscription,
        group=home.group,
        name=_machine_name(index, image.os),
        location=home.network.location,
        image=image,
        size=chance.choice(_SIZES),
        os_disk=Disk(127 if image.os == "Windows" else 30, chance.choice(_SKUS)),
        data_disks=[Disk(chance.choice(_GIB), chance.choice(_SKUS)) for _ in range(chance.choice((0, 1, 1, 2, 3)))],
        interfaces=[],
        seed=yard.seed,
        tags=_tags(index, chance),
        shouted=index % 20 == 11,
    )
    address = yard.address(machine, chance.choice(("snet-app", "snet-app", "snet-data")))
    address.static = chance.random() < 0.2
    machine.interfaces = [Interface([address])]
    _place(yard, machine, chance.random())
    return machine


def _machine_name(index: int, os: str) -> str:
    """Unique in the fleet; some in capitals, some Linux machines as long as Azure allows."""
    name = f"{_APPS[index % len(_APPS)]}-{'app' if index % 3 else 'db'}-{index:05}"
    if index % 97 == 7 and os == "Linux":
        return name.ljust(_LONGEST_LINUX_NAME, "z")
    return name.upper() if index % 13 == 4 else name


def _tags(index: int, chance: random.Random) -> dict[str, str]:
    tags = {"app": _APPS[index % len(_APPS)], "env": chance.choice(("prod", "prod", "test", "dev"))}
    return tags | _ODD_TAGS if index % 50 == 9 else tags


def _place(yard: Yard, machine: Machine, chance: float) -> None:
    """A zone, an availability set, or neither."""
    if chance < 0.3:
        machine.zone = str(int(chance * 10) + 1)
    elif chance < 0.5:
        kind = "Microsoft.Compute/availabilitySets"
        machine.availability_set = yard.resource(machine, kind, f"avset-{machine.tags['app']}")
