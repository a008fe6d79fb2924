"""Runs for tests: the chain of the wizard in small, for machines by name."""

import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.db import models

from replication import clock
from replication.domain import ids
from replication.domain.plan import Plan, PlannedStep
from replication.domain.specs import (
    ContainerMappingSpec,
    ContainerSpec,
    FabricSpec,
    GroupSpec,
    InterfaceSpec,
    ManagedDiskSpec,
    NetworkMappingSpec,
    NetworkSpec,
    PolicySpec,
    ProtectSpec,
    SettleSpec,
    Spec,
    StorageSpec,
    SubnetSpec,
)
from replication.domain.steps import STAGE_OF, StepState
from replication.models import Connection, Draft, MachineClaim, Person, ReplicationPlan, Run, Step, Vault
from tests.execution.azure import GROUP, SUBSCRIPTION, machine, nic_of

VAULT_ID = ids.resource(ids.group(SUBSCRIPTION, "dr"), "Microsoft.RecoveryServices/vaults", "vault-a")
TARGET = ids.group(SUBSCRIPTION, "shop-asr")
NETWORK = ids.resource(TARGET, "Microsoft.Network/virtualNetworks", "vnet-asr")
CACHE = ids.resource(GROUP, "Microsoft.Storage/storageAccounts", "cache1")
EAST, SOUTH = f"{VAULT_ID}/replicationFabrics/east", f"{VAULT_ID}/replicationFabrics/south"
CONTAINER, TARGET_CONTAINER = (f"{each}/replicationProtectionContainers/c" for each in (EAST, SOUTH))
POLICY = f"{VAULT_ID}/replicationPolicies/24-hour"


@dataclass
class Planned:
    key: str
    spec: Spec
    needs: tuple[str, ...] = ()
    reused: bool = False


def reused(planned: list[Planned]) -> list[Planned]:
    """The same, as a plan has it that found the foundations there."""
    return [replace(each, reused=not each.key.startswith(("protect", "settle"))) for each in planned]


def foundations() -> list[Planned]:
    mapping = ContainerMappingSpec(
        id=f"{CONTAINER}/replicationProtectionContainerMappings/m",
        target_container_id=TARGET_CONTAINER,
        policy_id=POLICY,
    )
    network = NetworkMappingSpec(
        id=f"{EAST}/replicationNetworks/azureNetwork/replicationNetworkMappings/n",
        recovery_fabric_name="south",
        primary_network_id=ids.resource(GROUP, "Microsoft.Network/virtualNetworks", "vnet"),
        recovery_network_id=NETWORK,
    )
    prefixes, subnets = ("10.0.0.0/16",), (SubnetSpec(name="default", prefix="10.0.0.0/24"),)
    return [
        Planned("group", GroupSpec(id=TARGET, location="southeastasia")),
        Planned(
            "network", NetworkSpec(id=NETWORK, location="southeastasia", prefixes=prefixes, subnets=subnets), ("group",)
        ),
        Planned("cache", StorageSpec(id=CACHE, location="eastasia", sku="Standard_LRS")),
        Planned("fabric:east", FabricSpec(id=EAST, location="eastasia")),
        Planned("fabric:south", FabricSpec(id=SOUTH, location="southeastasia")),
        Planned("container:east", ContainerSpec(id=CONTAINER), ("fabric:east",)),
        Planned("container:south", ContainerSpec(id=TARGET_CONTAINER), ("fabric:south",)),
        Planned("policy", PolicySpec(id=POLICY, retention=1440, app_consistent=60)),
        Planned("mapping", mapping, ("container:east", "container:south", "policy")),
        Planned("network-mapping", network, ("network", "fabric:east", "fabric:south")),
    ]


def protection(name: str) -> Planned:
    source = machine(name)
    disk = ManagedDiskSpec(
        disk_id=ids.resource(GROUP, "Microsoft.Compute/disks", f"{name}-os"),
        cache_account_id=CACHE,
        group_id=TARGET,
        replica_type="Premium_LRS",
        target_type="Premium_LRS",
    )
    spec = ProtectSpec(
        id=f"{CONTAINER}/replicationProtectedItems/{name}", machine_id=source.id, machine_name=name, policy_id=POLICY,
        recovery_container_id=TARGET_CONTAINER, recovery_group_id=TARGET, managed_disks=(disk,),
    )  # fmt: skip
    return Planned(f"protect:{ids.key(source.id)}", spec, ("group", "network", "cache", "mapping", "network-mapping"))


def settings(name: str, **asked: Any) -> Planned:
    """What is to be applied to the machine once it is protected: a name, and an address for its interface."""
    protect = protection(name)
    assert isinstance(protect.spec, ProtectSpec)
    nic = InterfaceSpec(source_nic_id=nic_of(protect.spec.id), subnet_name="default", static_address="10.0.0.9")
    wanted: dict[str, Any] = {"name": f"{name}-dr", "network_id": NETWORK, "interfaces": (nic,)}
    spec = SettleSpec(id=protect.spec.id, machine_id=protect.spec.machine_id, machine_name=name, **wanted | asked)
    return Planned(f"settle:{ids.key(spec.machine_id)}", spec, (protect.key,))


def vault() -> Vault:
    connection, _ = Connection.objects.get_or_create(
        name="test", endpoint="https://127.0.0.1:1", tenant_id="t", client_id="c"
    )
    defaults: dict[str, Any] = {
        "arm_id": VAULT_ID, "name": "vault-a", "subscription_id": SUBSCRIPTION, "resource_group": "dr", "location": "southeastasia",
    }  # fmt: skip
    return Vault.objects.get_or_create(connection=connection, key=ids.key(VAULT_ID), defaults=defaults)[0]


def run(*names: str, planned: list[Planned] | None = None) -> Run:
    """A run as the *Enable replication* button makes it."""
    place = vault()
    person, _ = Person.objects.get_or_create(username="ana", defaults={"display_name": "Ana"})
    common = {"connection": place.connection, "vault": place}
    now = clock.now()
    draft = Draft.objects.create(**common, owner=person, updated_by=person, created_at=now, updated_at=now)
    planned = planned if planned is not None else foundations() + [protection(name) for name in names]
    plan = ReplicationPlan.objects.create(
        **common, draft=draft, digest="d", document=_document(planned), created_at=now, created_by=person
    )
    last = Run.objects.aggregate(last=models.Max("number"))["last"] or 0
    result = Run.objects.create(
        **common, number=last + 1, plan=plan, purpose="enable", started_by=person, request_id=str(uuid.uuid4()),
        created_at=now, machine_count=len(names),
    )  # fmt: skip
    Step.objects.bulk_create(_step(result, each, position) for position, each in enumerate(planned))
    claims = [each for each in planned if isinstance(each.spec, ProtectSpec)]
    MachineClaim.objects.bulk_create(
        MachineClaim(connection=place.connection, machine_key=ids.key(each.spec.machine_id), run=result)
        for each in claims
    )
    return result


def _document(planned: list[Planned]) -> str:
    steps = tuple(
        PlannedStep(key=each.key, title=each.key, spec=each.spec, reused=each.reused, why="", needs=each.needs)
        for each in planned
    )
    return Plan(
        vault_id=VAULT_ID, source_location="eastasia", target_location="southeastasia", steps=steps, machines=()
    ).canonical()


def _step(of: Run, planned: Planned, position: int) -> Step:
    spec = planned.spec
    return Step(
        run=of, key=planned.key, kind=spec.kind, stage=STAGE_OF[spec.kind], position=position, title=planned.key,
        needs=list(planned.needs), spec=spec.to_json(), subject_key=ids.key(spec.id), state=StepState.WAITING,
        machine_key=ids.key(spec.machine_id) if isinstance(spec, ProtectSpec | SettleSpec) else "",
    )  # fmt: skip
