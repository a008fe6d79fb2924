"""Compiling a draft into a plan, from stored rows, and keeping what was reviewed."""

from collections import Counter
from typing import Any

from replication import access, clock, settings
from replication.actions.actor import Actor
from replication.actions.drafts import selected
from replication.domain import ids
from replication.domain.choices import Choices, MachineChoice, SourceChoices, TargetChoices
from replication.domain.compiler import compile_plan
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
from replication.models import Draft, ProtectedItem, ReplicationPlan, Resource, Step
from replication.models import Vault as VaultRow

Kind = Resource.Kind


class Incomplete(Exception):
    """The draft lacks a page; `page` names it."""

    def __init__(self, page: str) -> None:
        super().__init__(f"The page {page} is not filled in.")
        self.page = page


def choices(draft: Draft) -> Choices:
    """All of a draft's choices. Incomplete when a page is not filled in."""
    source, target = SourceChoices.from_json(draft.source), TargetChoices.from_json(draft.target)
    if source is None:
        raise Incomplete("source")
    if target is None:
        raise Incomplete("target")
    machines = {row.machine.arm_id: MachineChoice.from_json(row.overrides) for row in selected(draft)}
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


def facts(draft: Draft) -> Facts:
    """What the stored inventory says of everything that the draft touches. A constant number of queries."""
    vault = draft.vault
    rows = [row.machine for row in selected(draft)]
    known = _resources(vault.connection_id)
    return Facts(
        vault=vault_facts(vault),
        site=from_json(Site, vault.site or {}),
        machines={row.key: from_json(Machine, row.document) for row in rows},
        groups=known[Kind.GROUP],
        networks=known[Kind.NETWORK],
        accounts=known[Kind.ACCOUNT],
        sets=known[Kind.AVAILABILITY_SET],
        placement_groups=known[Kind.PLACEMENT_GROUP],
        capacity_groups=known[Kind.CAPACITY_GROUP],
        encryption_sets=known[Kind.ENCRYPTION_SET],
        automation_accounts=known[Kind.AUTOMATION_ACCOUNT],
        zones={each["name"]: tuple(each.get("zones", ())) for each in vault.connection.locations},
        members=_members(vault),
        protected=_protected(vault.connection_id, [row.key for row in rows]),
        made=_made(draft),
        naming=naming_rules(vault),
        strict_clusters=settings.value("replication.region_pairing", vault) == "cluster",
    )


def naming_rules(vault: VaultRow) -> Naming:
    """The naming rules in force for targets of the vault's machines."""
    return Naming({kind: settings.value(f"naming.{kind}", vault) for kind in PATTERNS})


def _resources(connection_id: int) -> dict[str, dict[str, Any]]:
    """By kind and key."""
    rows = Resource.objects.filter(connection_id=connection_id, gone_at=None)
    found: dict[str, dict[str, Any]] = {kind.value: {} for kind in Kind}
    for kind, key, document in rows.values_list("kind", "key", "document").iterator():
        found[kind][key] = from_json(_TYPES[kind], document)
    return found


def _members(vault: VaultRow) -> dict[str, int]:
    """How many machines of the vault are in each replication group; names in lower case."""
    items = ProtectedItem.objects.filter(vault=vault, gone_at=None)
    names = items.values_list("document__details__multiVmGroupName", flat=True)
    return dict(Counter(name.lower() for name in names.iterator() if name))


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
    wanted = set(keys)
    rows = ProtectedItem.objects.filter(connection_id=connection_id, gone_at=None).values_list(
        "machine_key", "vault__name"
    )
    return {key: vault for key, vault in rows.iterator() if key in wanted}


def compiled(draft: Draft) -> Plan:
    """The plan as it would be now."""
    return compile_plan(choices(draft), facts(draft))


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
