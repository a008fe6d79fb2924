"""Permissions: every action that the run will need, at the scope where it needs it, against what Azure says the console may do.

Actions follow from the plan: a thing that is reused is read, a thing that is new is read and written, and the run reads lists before its
first write. What enabling needs beside that is documented (portal-behaviour.md §7, *rbac*): the access check runs for the caller.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from replication.domain import ids
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import OWNER, Finding, place
from replication.domain.drift import FEW
from replication.domain.eligibility import Effect
from replication.domain.inventory import Model
from replication.domain.plan import PlannedStep
from replication.domain.steps import STAGE_OF

EVERYONE = "00000000-0000-0000-0000-000000000000"  # as deny assignments name all principals


@dataclass(frozen=True, slots=True)
class Demand:
    """An action that the run will need. scope: where a role would have to be given, which exists already; why: for people."""

    action: str
    scope: str
    why: str

    @property
    def key(self) -> tuple[str, str]:
        return self.action.lower(), ids.key(self.scope)


def demands(batch: Batch) -> tuple[Demand, ...]:
    """All of a plan's, each once; one that is asked for at a scope above is not repeated below."""
    wanted = [*_lists(batch), *_resources(batch), *_vault(batch), *_linked(batch)]
    once = {demand.key: demand for demand in reversed(wanted)}
    return tuple(d for d in once.values() if not any((d.key[0], above) in once for above in _above(d.key[1])))


def _above(scope: str) -> Iterator[str]:
    """The keys of the scopes that a scope lies in, the subscription last."""
    parts = scope.split("/")
    return ("/".join(parts[:n]) for n in range(len(parts) - 1, 2, -1))


# -- what a run needs -------------------------------------------------------------------------------------------------------

_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
# Before its first write the run compares what it reuses with list calls.
_LISTED = {
    "resource_group": (f"{_GROUPS}/read",),
    "virtual_network": ("Microsoft.Network/virtualNetworks/read", "Microsoft.Resources/subscriptions/resources/read"),
    "storage_account": ("Microsoft.Storage/storageAccounts/read", "Microsoft.Resources/subscriptions/resources/read"),
    "availability_set": ("Microsoft.Compute/availabilitySets/read",),
}


def _lists(batch: Batch) -> Iterator[Demand]:
    yield from _machines(batch)
    for step in batch.plan.resources:
        if step.reused:
            for action in _LISTED.get(step.spec.kind, ()):
                why = f"to look at {step.name} again before the first write"
                yield Demand(action, f"/subscriptions/{ids.subscription(step.spec.id).lower()}", why)


def _machines(batch: Batch) -> Iterator[Demand]:
    """Many machines are looked at by list, a few and the classic ones by themselves (drift.FEW)."""
    why = "to look at the machines again before the first write"
    classic = [each.machine.id for each in batch.placed if each.machine.model is Model.CLASSIC]
    others = Counter(ids.subscription(each.machine.id).lower() for each in batch.placed if each.machine.id not in classic)
    for subscription in sorted(name for name, number in others.items() if number > FEW):
        yield Demand("Microsoft.Compute/virtualMachines/read", f"/subscriptions/{subscription}", why)
    for group in sorted({ids.group_of(each) for each in classic}):
        yield Demand("Microsoft.ClassicCompute/virtualMachines/read", group, why)


def _resources(batch: Batch) -> Iterator[Demand]:
    """Read what is reused, read and write what is new."""
    new = {ids.key(step.spec.id) for step in batch.plan.resources if not step.reused}
    for step in batch.plan.resources:
        if STAGE_OF[step.spec.kind]:
            continue
        scope = _grantable(step, new)
        for verb in ("read",) if step.reused else ("read", "write"):
            doing = "look at" if verb == "read" else "create"
            yield Demand(f"{_type(step.spec.id)}/{verb}", scope, f"to {doing} {step.title.lower()} {step.name}")


def _type(arm_id: str) -> str:
    parts = ids.parse(arm_id)
    if parts is None or not parts.types:
        return _GROUPS
    return f"{parts.provider}/{'/'.join(parts.types)}"


def _grantable(step: PlannedStep, new: set[str]) -> str:
    """Where a right to a thing can be given: itself when it exists, else its group, else the subscription."""
    group, subscription = ids.group_of(step.spec.id), f"/subscriptions/{ids.subscription(step.spec.id)}"
    if step.reused:
        return step.spec.id
    if step.spec.kind == "resource_group" or ids.key(group) in new:
        return subscription
    return group


# Of Site Recovery: what the engine and the watching of the run read of the vault, whatever the plan.
_VAULT_READS = ("replicationJobs/read",)


def _vault(batch: Batch) -> Iterator[Demand]:
    where = batch.vault.id
    for step in batch.plan.steps:
        if not STAGE_OF[step.spec.kind]:
            continue
        kind, name = _type(step.spec.id), step.title.lower() if step.spec.kind != "protect" else "replicated items"
        yield Demand(f"{kind}/read", where, f"to look at {name}")
        if not step.reused:
            yield Demand(f"{kind}/write", where, f"to create {name}")
    if any(step.reused for step in batch.plan.resources if STAGE_OF[step.spec.kind]):
        yield from (
            Demand(f"{_VAULTS}/{name}/read", where, "to look at the vault again before the first write")
            for name in _SITE
        )
    yield from (Demand(f"{_VAULTS}/{action}", where, "to follow the vault's jobs") for action in _VAULT_READS)


_VAULTS = "Microsoft.RecoveryServices/vaults"
_SITE = (
    "replicationFabrics",
    "replicationProtectionContainers",
    "replicationPolicies",
    "replicationProtectionContainerMappings",
    "replicationNetworkMappings",
)

# portal-behaviour.md §7: what the caller needs on the things that an enable names, beside the vault.
_ON_MACHINES = ("virtualMachines/read", "virtualMachines/write")
_ON_INTERFACES = ("networkInterfaces/read", "networkInterfaces/write", "networkInterfaces/join/action")
_ON_NETWORKS = ("virtualNetworks/read", "virtualNetworks/subnets/read", "virtualNetworks/subnets/join/action")


def _linked(batch: Batch) -> Iterator[Demand]:
    """On machines and interfaces at their group, on networks and accounts at themselves, or where they will be made."""
    places = {ids.key(step.spec.id): step for step in batch.plan.resources}
    new = {key for key, step in places.items() if not step.reused}
    for group in sorted(
        {ids.group_of(each.machine.id) for each in batch.placed if each.machine.model is not Model.CLASSIC}
    ):
        yield from _at(group, "Microsoft.Compute", _ON_MACHINES, "to enable replication of its machines")
        yield from _at(group, "Microsoft.Network", _ON_INTERFACES, "to enable replication of its machines")
    for step in places.values():
        if step.spec.kind == "virtual_network":
            yield from _at(
                _grantable(step, new), "Microsoft.Network", _ON_NETWORKS, f"to recover machines into {step.name}"
            )
        if step.spec.kind == "storage_account":
            action = ("storageAccounts/read", "storageAccounts/listKeys/action")
            yield from _at(_grantable(step, new), "Microsoft.Storage", action, f"to use {step.name} for replication")


def _at(scope: str, provider: str, actions: Iterable[str], why: str) -> Iterator[Demand]:
    return (Demand(f"{provider}/{action}", scope, why) for action in actions)


# -- what is there ----------------------------------------------------------------------------------------------------------


def questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """Rights at subscriptions and at the vault first; at what lies below only when those do not suffice."""
    wanted = demands(batch)
    yield asks.principal()
    for subscription in sorted({ids.subscription(d.scope).lower() for d in wanted}):
        yield asks.denials(subscription)
        yield asks.rights(f"/subscriptions/{subscription}")
    for demand in wanted:
        above = asks.rights(f"/subscriptions/{ids.subscription(demand.scope).lower()}")
        if above in known and not _given(demand, known.perhaps(above) or ()):
            yield asks.rights(_askable(demand.scope))


def _askable(scope: str) -> str:
    """The permissions of a subscription, a group or a resource; of what lies deeper those of its resource are asked."""
    return ids.key(scope)


def judge(batch: Batch, known: Known) -> Iterator[Finding]:
    """One finding a scope with everything that is missing there, and one for each deny assignment that stands in the way."""
    wanted, me = demands(batch), known.perhaps(asks.principal()) or ""
    missing: dict[str, list[Demand]] = {}
    for demand in wanted:
        if not any(_given(demand, known.get(ask)) for ask in _applying(demand, known)):
            missing.setdefault(demand.scope, []).append(demand)
    yield from (_missing(scope, lacking, batch.client_id, me) for scope, lacking in missing.items())
    for subscription in sorted({ids.subscription(d.scope).lower() for d in wanted}):
        for denial in known.perhaps(asks.denials(subscription)) or ():
            yield from _denied(denial, wanted, me)


def _applying(demand: Demand, known: Known) -> Iterator[Ask[tuple[asks.Right, ...]]]:
    """The answers that say something of a demand: rights at its scope contain those of the scopes above."""
    every = (
        asks.rights(f"/subscriptions/{ids.subscription(demand.scope).lower()}"),
        asks.rights(_askable(demand.scope)),
    )
    return (ask for ask in dict.fromkeys(every) if ask in known)


def _given(demand: Demand, rights: Iterable[asks.Right]) -> bool:
    return any(gives(right.actions, right.not_actions, demand.action) for right in rights)


def gives(actions: Iterable[str], not_actions: Iterable[str], action: str) -> bool:
    """Whether a role's globs give an action: `*` stands for anything, slashes included; case does not count."""
    return _any(actions, action) and not _any(not_actions, action)


def _any(globs: Iterable[str], action: str) -> bool:
    return any(_pattern(glob).fullmatch(action) for glob in globs)


@lru_cache(maxsize=2_000)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(re.escape(glob).replace(r"\*", ".*"), re.IGNORECASE)


# -- saying it --------------------------------------------------------------------------------------------------------------

# The narrowest built-in role that gives an action of these kinds (docs/operations.md).
_ROLES = (
    ("microsoft.recoveryservices/", "Site Recovery Contributor"),
    ("microsoft.network/", "Network Contributor"),
    ("microsoft.storage/", "Storage Account Contributor"),
    ("microsoft.compute/", "Virtual Machine Contributor"),
)


def _role(action: str) -> str:
    if action.lower().endswith("/read") and not action.lower().startswith("microsoft.recoveryservices/"):
        return "Reader"
    return next((role for start, role in _ROLES if action.lower().startswith(start)), "Contributor")


def _missing(scope: str, lacking: list[Demand], client_id: str, me: str) -> Finding:
    first = lacking[0]
    more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
    return Finding(
        code="MissingPermission",
        effect=Effect.BLOCK,
        message=f"The console may not {first.action}{more} at {place(scope)}.",
        about=scope,
        causes="No role assignment of the console's application gives this here or above; one given minutes ago may not have arrived yet.",
        action="Send the request below to an owner of this scope, then check again.",
        fixed_by=OWNER,
        lines=tuple(f"{demand.action} at {demand.scope}: {demand.why}" for demand in lacking),
        request=_request(scope, lacking, client_id, me),
    )


def _request(scope: str, lacking: list[Demand], client_id: str, me: str) -> str:
    wanted = "\n".join(f"  {demand.action}  ({demand.why})" for demand in lacking)
    roles = sorted({_role(demand.action) for demand in lacking})
    given = "\n".join(
        f'  az role assignment create --assignee "{client_id}" --role "{role}" --scope "{scope}"' for role in roles
    )
    who = f"application {client_id}" + (f" (object {me})" if me else "")
    return (
        f"Please give the {who} these rights in Azure.\n\nScope:\n  {scope}\n\nActions:\n{wanted}\n\n"
        f"Built-in roles that contain them, or a custom role with exactly these actions:\n{given}\n"
    )


def _denied(denial: asks.Denial, wanted: Iterable[Demand], me: str) -> Iterator[Finding]:
    hit = [demand for demand in wanted if _denies(denial, demand)]
    if not hit or (me and me in denial.excluded):
        return
    certain = bool(me and me in denial.principals) or EVERYONE in denial.principals
    yield Finding(
        code="DenyAssignment" if certain else "DenyAssignmentPerhaps",
        effect=Effect.BLOCK if certain else Effect.WARN,
        message=f"The deny assignment {denial.name} forbids {hit[0].action} at {place(denial.scope)}"
        + ("." if certain else ", if the console belongs to one of the groups that it names."),
        about=f"{denial.name} {denial.scope}",
        causes="Deny assignments are made by deployment stacks, blueprints and managed applications; roles do not help against them.",
        action="Have the console's application excluded from it, or choose another target.",
        fixed_by=OWNER,
        lines=tuple(f"{demand.action} at {demand.scope}: {demand.why}" for demand in hit),
    )


def _denies(denial: asks.Denial, demand: Demand) -> bool:
    here, there = ids.key(denial.scope), ids.key(demand.scope)
    inside = there == here or (not denial.here_only and there.startswith(f"{here}/"))
    return inside and gives(denial.actions, denial.not_actions, demand.action)
