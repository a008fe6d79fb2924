"""The plain scenarios: `tiny` for fast tests, `pristine` and `protected` for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator

from . import blocks, catalog, ids, protection
from .catalog import Image
from .estate import Document, Estate, Network
from .machines import Address, Disk, Interface, Machine

VAULT_GROUP = "rg-dr-sea"
VAULT = "rsv-dr-sea"
_IMAGES = (catalog.WINDOWS_2022, catalog.UBUNTU_2204)


def tiny(seed: object = "tiny") -> Document:
    """One vault in Southeast Asia, one machine in East Asia with all that belongs to it."""
    estate, subscription = _vaulted("tiny", seed)
    estate.add(blocks.group(subscription, "rg-app", "eastasia"))
    network = estate.network(
        subscription, "rg-app", "vnet-app", "eastasia", "10.10.0.0/16", {"default": "10.10.0.0/24"}
    )
    estate.machines([_plain(subscription, "rg-app", "app-01", catalog.UBUNTU_2204, network, seed)])
    return estate.scenario()


def pristine(n: int, groups: int = 0, seed: object = "pristine") -> Document:
    """`n` identical healthy machines in East Asia (half Windows, half Linux), spread over `groups`, and one vault.

    Without `groups`, 50 machines share one. Each group has its own network, so that nothing is shared between groups.
    """
    estate, subscription = _vaulted("pristine", seed)
    estate.machines(_spread(estate, subscription, n, groups))
    return estate.scenario()


def _spread(estate: Estate, subscription: str, n: int, groups: int) -> Iterator[Machine]:
    """`n` plain machines, turn by turn over the groups, which are added to the estate first."""
    count = groups or max(1, -(-n // 50))
    networks = [_app_group(estate, subscription, index) for index in range(count)]
    for index in range(n):
        home = index % count
        name, image = f"vm-{index:05}", _IMAGES[index // count % 2]
        yield _plain(subscription, f"rg-app-{home:03}", name, image, networks[home], estate.seed)


def protected(n: int, groups: int = 0, seed: object = "pristine") -> Document:
    """`pristine`, every machine of it protected already, for one to thirty days."""
    estate, subscription = _vaulted("protected", seed)
    one = protection.direction(_vault_id(subscription), "eastasia", "southeastasia", seed)
    estate.add(*protection.foundations(one, seed))
    for machine in _spread(estate, subscription, n, groups):
        estate.machines([machine])
        estate.add(protection.item(one, machine, seed))
    return estate.scenario()


def _vaulted(name: str, seed: object) -> tuple[Estate, str]:
    """An estate with one subscription, one vault in Southeast Asia and the usual principals."""
    estate = Estate(name, seed)
    subscription = estate.subscription("main", "Production")
    estate.usual_principals()
    estate.add(
        blocks.group(subscription, VAULT_GROUP, "southeastasia"),
        blocks.vault(_vault_id(subscription), "southeastasia"),
    )
    return estate, subscription


def _vault_id(subscription: str) -> str:
    return ids.resource_id(subscription, VAULT_GROUP, "Microsoft.RecoveryServices/vaults", VAULT)


def _app_group(estate: Estate, subscription: str, index: int) -> Network:
    group, prefix = f"rg-app-{index:03}", f"10.{index % 200 + 20}"
    estate.add(blocks.group(subscription, group, "eastasia"))
    subnets = {"snet-app": f"{prefix}.0.0/18", "snet-data": f"{prefix}.64.0/18"}
    return estate.network(subscription, group, f"vnet-app-{index:03}", "eastasia", f"{prefix}.0.0/16", subnets)


def _plain(subscription: str, group: str, name: str, image: Image, network: Network, seed: object) -> Machine:
    """A healthy machine with a system disk, a data disk and one interface."""
    subnet = next(iter(network.subnets))
    return Machine(
        subscription=subscription,
        group=group,
        name=name,
        location="eastasia",
        image=image,
        size="Standard_D2s_v3",
        os_disk=Disk(127 if image.os == "Windows" else 30),
        data_disks=[Disk(64)],
        interfaces=[Interface([Address(network.subnet(subnet), network.next_ip(subnet))])],
        seed=seed,
        tags={"env": "prod"},
    )
