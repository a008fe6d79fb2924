"""Compiling a draft into a plan, from stored rows, and keeping what was reviewed."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from replication import access, clock, settings
from replication.actions.actor import Actor
from replication.actions.drafts import selected
from replication.domain import ids
from replication.domain.choices import Choices, MachineChoice, SourceChoices, TargetChoices
from replication.domain.compiler import Named, compile_plan, named
from replication.domain.documents import from_json
from replication.domain.inventory import (
    AutomationAccount,
    AvailabilitySet,
    CapacityGroup,
    EncryptionSet,
    Machine,
    Network,
    PlacementGroup,
    ResourceGroup,
    Site,
    StorageAccount,
    Vault,
)
from replication.domain.naming import PATTERNS, Naming
from replication.domain.plan import Facts, Plan, parse
from replication.domain.roles import Permission
from replication.domain.steps import StepState
from replication.models import Draft, DraftMachine, ProtectedItem, ReplicationPlan, Resource, Step
from replication.models import Vault as VaultRow

Kind = Resource.Kind


class Incomplete(Exception):
    """The draft lacks a page; `page` names it."""

    def __init__(self, page: str) -> None:
        super().__init__(f"The page {page} is not filled in.")
        self.page = page


def choices(draft: Draft, rows: Iterable[DraftMachine] | None = None, target: TargetChoices | None = None) -> Choices:
    """All of a draft's choices, or those for some of its machines. Incomplete when a page is not filled in.

    target: instead of what is saved.
    """
    source = SourceChoices.from_json(draft.source)
    target = target or TargetChoices.from_json(draft.target)
    if source is None or target is None:
        raise Incomplete("source" if source is None else "target")
    chosen = selected(draft) if rows is None else rows
    machines = {row.machine.arm_id: MachineChoice.from_json(row.overrides) for row in chosen}
    return Choices(source=source, target=target, machines=machines)


_TYPES: dict[str, type] = {
    Kind.GROUP: ResourceGroup,
    Kind.NETWORK: Network,
    Kind.ACCOUNT: StorageAccount,
    Kind.AVAILABILITY_SET: AvailabilitySet,
    Kind.PLACEMENT_GROUP: PlacementGroup,
    Kind.CAPACITY_GROUP: CapacityGroup,
    Kind.ENCRYPTION_SET: EncryptionSet,
    Kind.AUTOMATION_ACCOUNT: AutomationAccount,
}


def facts(draft: Draft, rows: Iterable[DraftMachine] | None = None, target: TargetChoices | None = None) -> Facts:
    """What the stored inventory says of everything that the draft touches, and of nothing else. A constant number of queries.

    rows: only these of the draft's machines, with their machine; target: instead of what is saved, for a page that is being filled in.
    """
    vault = draft.vault
    rows = list(selected(draft) if rows is None else rows)
    machines = {row.machine.key: from_json(Machine, row.machine.document) for row in rows}
    bare = Facts(
        vault=vault_facts(vault),
        site=from_json(Site, vault.site or {}),
        machines=machines,
        groups={},
        networks={},
        accounts={},
        sets={},
        zones={each["name"]: tuple(each.get("zones", ())) for each in vault.connection.locations},
        protected=_protected(vault.connection_id, list(machines)),
        made=_made(draft),
        naming=naming_rules(vault),
        strict_clusters=settings.value("replication.region_pairing", vault) == "cluster",
    )
    chosen = choices(draft, rows, target)
    known = _resources(vault.connection_id, named(chosen, bare))
    return replace(
        bare,
        groups=known[Kind.GROUP],
        networks=known[Kind.NETWORK],
        accounts=known[Kind.ACCOUNT],
        sets=known[Kind.AVAILABILITY_SET],
        placement_groups=known[Kind.PLACEMENT_GROUP],
        capacity_groups=known[Kind.CAPACITY_GROUP],
        encryption_sets=known[Kind.ENCRYPTION_SET],
        automation_accounts=known[Kind.AUTOMATION_ACCOUNT],
        members=_members(vault) if _groups(chosen) else {},
    )


def _groups(chosen: Choices) -> bool:
    """Whether a replication group is chosen anywhere."""
    said = [chosen.target.replication_group, *(each.replication_group for each in chosen.machines.values())]
    return any(said)


def _resources(connection_id: int, wanted: Named) -> dict[str, dict[str, Any]]:
    """By kind and key. Networks are looked for by name, too: one with the name that the rule gives is reused wherever it lies."""
    rows = Resource.objects.filter(connection_id=connection_id, gone_at=None)
    by_name = Q(kind=Kind.NETWORK, location=wanted.location, lower__in=wanted.networks)
    rows = rows.annotate(lower=Lower("name")).filter(Q(key__in=wanted.keys) | by_name)
    found: dict[str, dict[str, Any]] = {kind.value: {} for kind in Kind}
    for kind, key, document in rows.values_list("kind", "key", "document").iterator():
        found[kind][key] = from_json(_TYPES[kind], document)
    return found


def _members(vault: VaultRow) -> dict[str, int]:
    """How many machines of the vault are in each replication group; names in lower case."""
    items = ProtectedItem.objects.filter(vault=vault, gone_at=None)
    names = items.values_list("document__details__multiVmGroupName", flat=True)
    return dict(Counter(name.lower() for name in names.iterator() if name))


def naming_rules(vault: VaultRow) -> Naming:
    """The naming rules in force for targets of the vault's machines."""
    return Naming({kind: settings.value(f"naming.{kind}", vault) for kind in PATTERNS})


def vault_facts(row: VaultRow) -> Vault:
    """The vault as the domain knows it."""
    return Vault(
        id=row.arm_id,
        name=row.name,
        location=row.location,
        subscription_id=row.subscription_id,
        resource_group=row.resource_group,
    )


def _protected(connection_id: int, keys: list[str]) -> dict[str, str]:
    """Machine key -> the vault that replicates it, for those of the keys that are replicated."""
    rows = ProtectedItem.objects.filter(connection_id=connection_id, gone_at=None, machine_key__in=keys)
    return dict(rows.values_list("machine_key", "vault__name"))


def compiled(draft: Draft) -> Plan:
    """The plan as it would be now."""
    rows = list(selected(draft))
    return compile_plan(choices(draft, rows), facts(draft, rows))


def _made(draft: Draft) -> dict[str, str]:
    """What runs of this draft have made, by key: the inventory may not have been read since."""
    done = Step.objects.filter(run__plan__draft=draft, state=StepState.SUCCEEDED)
    return {key: f"run {number}" for key, number in done.values_list("subject_key", "run__number")}


class Changed(Exception):
    """What would be done is no longer what was reviewed. `plan` is the present one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("The plan has changed since it was shown.")
        self.plan = plan


class Objected(Exception):
    """The plan cannot be carried out. `plan` says why."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan.objections[0].message)
        self.plan = plan


def keep(draft: Draft, *, digest: str, actor: Actor) -> ReplicationPlan:
    """Store the plan that was reviewed, inside the caller's transaction. The same intent is stored once a draft.

    Raises Changed when the draft now compiles to another intent than `digest`, Objected when it must not be run.
    """
    assert actor.person is not None
    access.require(actor.person, Permission.REPLICATE, draft.vault)
    plan = compiled(draft)
    if plan.objections:
        raise Objected(plan)
    if plan.digest != digest:
        raise Changed(plan)
    _require_scopes(plan, draft, actor)
    return ReplicationPlan.objects.create(
        connection_id=draft.connection_id,
        vault=draft.vault,
        draft=draft,
        digest=plan.digest,
        document=plan.canonical(),
        created_at=clock.now(),
        created_by=actor.person,
    )


def _require_scopes(plan: Plan, draft: Draft, actor: Actor) -> None:
    """Refuse machines and targets that the person's grants do not open, whatever a form was made to say."""
    assert actor.person is not None
    keys = {ids.key(machine_id) for machine_id, _ in plan.machines}
    opened = access.machines(actor.person, draft.vault).filter(key__in=keys).count()
    if opened != len(keys):
        raise access.Refused("The plan names machines that your role in this vault does not open.")
    subscriptions = set(
        access.subscriptions(actor.person, draft.vault, "target").values_list("subscription_id", flat=True)
    )
    for step in plan.protections:
        group = getattr(step.spec, "recovery_group_id", "") or getattr(step.spec, "cloud_service_id", "")
        if ids.subscription(group) not in subscriptions:
            raise access.Refused("The plan names a target that your role in this vault does not open.")


def plan_of(row: ReplicationPlan) -> Plan:
    """The stored plan."""
    return parse(row.document)
