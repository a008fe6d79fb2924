"""A small estate in East Asia with a vault in Southeast Asia, as domain values."""

from dataclasses import replace
from typing import Any

from replication.domain import ids
from replication.domain.choices import Choices, MachineChoice, SourceChoices, TargetChoices
from replication.domain.inventory import (
    AvailabilitySet,
    Disk,
    Machine,
    Model,
    Network,
    Nic,
    Power,
    ResourceGroup,
    Site,
    StorageAccount,
    Subnet,
    Vault,
)
from replication.domain.plan import Facts

SUB = "11111111-1111-1111-1111-111111111111"
GROUP = ids.group(SUB, "rg-erp")
NETWORK = ids.resource(GROUP, "Microsoft.Network/virtualNetworks", "vnet-erp")
SET = ids.resource(GROUP, "Microsoft.Compute/availabilitySets", "avset-erp")
VAULT = Vault(
    id=ids.resource(ids.group(SUB, "rg-dr"), "Microsoft.RecoveryServices/vaults", "rsv-dr"),
    name="rsv-dr",
    location="southeastasia",
    subscription_id=SUB,
    resource_group="rg-dr",
)


def machine(name: str = "erp-01", **changes: Any) -> Machine:
    """A healthy Windows machine with a managed disk."""
    whole = Machine(
        id=ids.resource(GROUP, "Microsoft.Compute/virtualMachines", name),
        name=name,
        subscription_id=SUB,
        resource_group="rg-erp",
        location="eastasia",
        model=Model.RESOURCE_MANAGER,
        power=Power.RUNNING,
        provisioning_state="Succeeded",
        os_type="Windows",
        size="Standard_D2s_v5",
        disks=(disk(f"{name}-os", is_os=True),),
        nics=(
            Nic(id=ids.resource(GROUP, "Microsoft.Network/networkInterfaces", f"{name}-nic"), name=f"{name}-nic", primary=True,
                subnet_id=f"{NETWORK}/subnets/app", private_address="10.0.0.4"),
        ),
    )  # fmt: skip
    return replace(whole, **changes)


def disk(name: str, **changes: Any) -> Disk:
    whole = Disk(
        id=ids.resource(GROUP, "Microsoft.Compute/disks", name), name=name, managed=True, is_os=False, size_gib=128, sku="Premium_LRS"
    )
    return replace(whole, **changes)


def network(arm_id: str = NETWORK, location: str = "eastasia", *subnets: str) -> Network:
    names = subnets or ("app", "data")
    return Network(
        id=arm_id,
        name=ids.name(arm_id),
        location=location,
        prefixes=("10.0.0.0/16",),
        subnets=tuple(Subnet(name=name, prefix=f"10.0.{n}.0/24") for n, name in enumerate(names)),
    )


def facts(*machines: Machine, **changes: Any) -> Facts:
    """What the inventory says; `changes` replace whole fields."""
    group = ResourceGroup(id=GROUP, name="rg-erp", location="eastasia")
    avset = AvailabilitySet(id=SET, name="avset-erp", location="eastasia", fault_domains=2, update_domains=5, aligned=True)
    whole = Facts(
        vault=VAULT,
        site=Site(),
        machines={ids.key(each.id): each for each in machines},
        groups={ids.key(GROUP): group},
        networks={ids.key(NETWORK): network()},
        accounts={},
        sets={ids.key(SET): avset},
        protected={},
    )
    return replace(whole, **changes)


def choices(machines: dict[str, MachineChoice] | None = None, **target: Any) -> Choices:
    return Choices(
        source=SourceChoices(location="eastasia", subscription_ids=(SUB,)),
        target=TargetChoices(**{"location": "southeastasia", "subscription_id": SUB} | target),
        machines=machines or {},
    )


def account(name: str, location: str = "eastasia", sku: str = "Premium_LRS") -> StorageAccount:
    arm_id = ids.resource(GROUP, "Microsoft.Storage/storageAccounts", name)
    return StorageAccount(id=arm_id, name=name, location=location, sku=sku, kind="StorageV2")
