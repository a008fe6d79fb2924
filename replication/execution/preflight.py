"""Before the first write of a run, and only then: what the plan rests on is read again (house.md, *Draft, plan, run* 2).

Shared things that the plan reuses are screened by list, and those that look otherwise are read by themselves; one that is gone or has
changed stops the run. A source machine that is gone, moved, stopped, has other disks or is replicated elsewhere is set aside, and the
others go on. So many list calls as there are kinds of things and subscriptions, however many machines.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from replication import clock
from replication.domain import drift, ids
from replication.domain import inventory as inv
from replication.domain.documents import from_json
from replication.domain.plan import Plan, PlannedStep, parse
from replication.domain.problems import Problem, When
from replication.domain.specs import (
    AutomationAccountSpec,
    AvailabilitySetSpec,
    CapacityGroupSpec,
    EncryptionSetSpec,
    GroupSpec,
    NetworkSpec,
    PlacementGroupSpec,
    ProtectSpec,
    Spec,
    StorageSpec,
)
from replication.domain.steps import STAGE_OF, StepState
from replication.execution import ledger
from replication.gateway.port import AzureError, Gateway
from replication.models import Machine, ProtectedItem, Run

logger = logging.getLogger(__name__)

# When what the plan rests on cannot be read for so long, the run goes on: each step looks for itself before it asks for anything.
PATIENCE = timedelta(minutes=30)


def passed(run: Run, gateway: Gateway) -> bool:
    """Whether the run may write. False: what it rests on could not be read just now; the next advance tries again."""
    if run.checked_at:
        return True
    try:
        _check(run, gateway)
    except AzureError as error:
        logger.warning("What run %s rests on cannot be read: %s", run.number, error)
        if error.problem.when is not When.NEVER and clock.now() - run.created_at < PATIENCE:
            return False
    ledger.checked(run)
    return True


def _check(run: Run, gateway: Gateway) -> None:
    plan = parse(run.plan.document)
    mine = set(run.steps.filter(state=StepState.WAITING).values_list("key", flat=True))
    steps = [step for step in plan.steps if step.key in mine]
    if drifted := _shared(run, steps, gateway):
        ledger.stop(run, drifted)
    else:
        _machines(run, plan, [step.spec for step in steps if isinstance(step.spec, ProtectSpec)], gateway)


# --- shared things ---------------------------------------------------------------------------------------------------------------


def _shared(run: Run, steps: Iterable[PlannedStep], gateway: Gateway) -> dict[str, Problem]:
    """What has become of the things that the plan reuses: step key -> the difference."""
    reused = {step.spec: step for step in steps if step.reused and not step.spec.changes}
    listed = _listed(run, reused, gateway)
    problems: dict[str, Problem] = {}
    for spec in drift.suspects(reused, listed):
        found = gateway.read(spec)
        if problem := drift.shared_problem(reused[spec].title, spec, found.spec if found else None):
            problems[reused[spec].key] = problem
    return problems


def _listed(run: Run, specs: Iterable[Spec], gateway: Gateway) -> Iterator[Any]:
    """All things of the kinds that are reused, from the subscriptions they lie in."""
    lists: dict[str, Callable[[str], Iterable[Any]]] = {
        GroupSpec.kind: gateway.groups,
        NetworkSpec.kind: gateway.networks,
        StorageSpec.kind: gateway.accounts,
        AvailabilitySetSpec.kind: gateway.availability_sets,
        PlacementGroupSpec.kind: gateway.placement_groups,
        CapacityGroupSpec.kind: gateway.capacity_groups,
        EncryptionSetSpec.kind: gateway.encryption_sets,
        AutomationAccountSpec.kind: gateway.automation_accounts,
    }
    wanted = {(spec.kind, ids.subscription(spec.id).lower()) for spec in specs}
    for kind, subscription in sorted(wanted):
        if kind in lists:
            yield from lists[kind](subscription)
    if any(STAGE_OF[kind] for kind, _ in wanted):
        site = gateway.site(run.vault.arm_id)
        yield from (*site.fabrics, *site.containers, *site.policies, *site.container_mappings, *site.network_mappings)


# --- machines --------------------------------------------------------------------------------------------------------------------


def _machines(run: Run, plan: Plan, specs: list[ProtectSpec], gateway: Gateway) -> None:
    """Set aside those that are not as they were when the plan was reviewed."""
    if not specs:
        return
    machines, unchanged = _sources(run, {ids.key(spec.machine_id): spec.machine_id for spec in specs}, gateway)
    estate = drift.Estate(
        location=plan.source_location,
        machines=machines,
        items=dict(_items(run, gateway)),
        elsewhere=_elsewhere(run),
        unchanged=unchanged,
    )
    for spec in specs:
        if problem := drift.machine_problem(spec, estate):
            ledger.set_aside(run, [ids.key(spec.machine_id)], problem)


def _sources(run: Run, wanted: Mapping[str, str], gateway: Gateway) -> tuple[dict[str, inv.Machine], set[str]]:
    """The machines by key, as they stand now, and which of them stand as the inventory knows them. wanted: their ids by key."""
    standing = {ids.key(each.id): each for each in gateway.standing(wanted.values())}
    machines = {key: standing[key] for key in wanted if key in standing}
    unchanged = set[str]()
    for key, document, replicable in _known(run, machines):
        if replicable and drift.stands_as_known(document, machines[key]):
            unchanged.add(key)
        else:
            machines[key] = drift.as_it_stands(from_json(inv.Machine, document), machines[key])
    return machines, unchanged


def _known(run: Run, keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    rows = Machine.objects.filter(connection_id=run.connection_id)
    for some in ledger.chunks(sorted(keys)):
        yield from rows.filter(key__in=some).values_list("key", "document", "replicable")


def _items(run: Run, gateway: Gateway) -> Iterator[tuple[str, str]]:
    for found in gateway.protections(run.vault.arm_id):
        if isinstance(found.spec, ProtectSpec):
            yield ids.key(found.spec.machine_id), found.spec.id


def _elsewhere(run: Run) -> dict[str, str]:
    """What other vaults replicate, as last read: machine key -> vault."""
    items = ProtectedItem.objects.filter(connection_id=run.connection_id, gone_at=None).exclude(vault_id=run.vault_id)
    return dict(items.values_list("machine_key", "vault__name").iterator())
