"""What a fleet finds on the recovery side: vaults, and `-asr` resources of earlier attempts, some of them wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import blocks, ids
from .yard import Home, Yard

Document = dict[str, Any]

_NETWORKS = ("identical", "missing subnets", "other address space")


def vaults(yard: Yard, regions: Sequence[str], subscriptions: Sequence[str]) -> list[Document]:
    """One vault in each region, and one whose group is in another region than itself (§4 row 9)."""
    notes = [_vault(yard, subscriptions[0], f"rsv-dr-{region}", region, region) for region in regions]
    if len(regions) > 1:
        notes.append(_vault(yard, subscriptions[-1], "rsv-odd", regions[1], regions[0]))
    return notes


def _vault(yard: Yard, subscription: str, name: str, location: str, group_location: str) -> Document:
    group = f"rg-{name}"
    yard.add(blocks.group(subscription, group, group_location))
    arm_id = ids.resource_id(subscription, group, "Microsoft.RecoveryServices/vaults", name)
    yard.add(blocks.vault(arm_id, location))
    return {"id": arm_id, "location": location, "group_location": group_location}


def prepared(yard: Yard) -> list[Document]:
    """For one group in ten an `-asr` group; in most of them an `-asr` network, in three variants."""
    notes = []
    for number, home in enumerate(yard.homes[::10]):
        group, location = f"{home.group}-asr", _target_of(home.location)
        if len(group) > 90:
            continue
        yard.add(blocks.group(home.subscription, group, location))
        note = {"group": ids.group_id(home.subscription, group), "location": location}
        notes.append(note | _network(yard, home, group, location, number))
    return notes


def _target_of(location: str) -> str:
    return "eastasia" if location == "southeastasia" else "southeastasia"


def _network(yard: Yard, home: Home, group: str, location: str, number: int) -> Document:
    """The network's mirror: the same, one that lacks subnets, one with other addresses, or (every fourth) none."""
    if number % 4 == 3:
        return {}
    variant = _NETWORKS[number % 4]
    name = f"{ids.name_of(home.network.id)}-asr"
    arm_id = ids.resource_id(home.subscription, group, "Microsoft.Network/virtualNetworks", name)
    prefix, subnets = _space(home, variant)
    yard.add(blocks.network(arm_id, location, [prefix], subnets, seed=yard.seed))
    return {"network": arm_id, "variant": variant}


def _space(home: Home, variant: str) -> tuple[str, dict[str, str]]:
    """Address space and subnets (IPv4 only) of a variant."""
    subnets = {name: prefix.split(",")[0] for name, prefix in home.network.subnets.items()}
    if variant == "missing subnets":
        subnets = dict(list(subnets.items())[1:2])
    base = ".".join(home.network.subnets["snet-app"].split(".")[:2])
    if variant == "other address space":
        subnets = {name: prefix.replace(base, "172.20") for name, prefix in subnets.items()}
        base = "172.20"
    return f"{base}.0.0/16", subnets
