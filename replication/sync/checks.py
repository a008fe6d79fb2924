"""Making the checks of a draft: each question asked once, each check's findings stored as soon as they are there."""

import logging
from collections.abc import Iterator
from typing import Any

from django.db.models import F

from replication import clock
from replication.actions import names, plans
from replication.actions.checks import KEPT
from replication.domain import ids
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.catalogue import CHECKS, Check
from replication.domain.compiler import compile_plan
from replication.domain.problems import Problem
from replication.gateway.port import AzureError, Gateway
from replication.models import Draft, ProtectedItem, Reading

logger = logging.getLogger(__name__)

CHANGED = Problem(
    code="PlanChanged",
    message="The draft has changed since the checks were asked for.",
    causes="Somebody saved a page of the wizard, or the inventory was read again.",
    action="Make the checks again.",
)


def make(reading: Reading, gateway: Gateway) -> None:
    """Make what is not made yet. A worker that takes over from a dead one goes on where that one stopped."""
    draft = Draft.objects.select_related("vault__connection").filter(pk=reading.subject).first()
    result: dict[str, Any] = reading.result or {}
    batch = _batch(draft) if draft else None
    if batch is None or batch.plan.digest != result.get("digest"):
        end(reading, CHANGED)
        return
    known = Known(_told(batch, reading.connection_id))
    for check in CHECKS:
        if check.key in result["checks"]:
            continue
        result["checks"][check.key] = _made(check, batch, known, gateway)
        if not _store(reading, result):
            return  # another worker has it now
    end(reading)


def _told(batch: Batch, connection_id: int) -> dict[Ask[Any], Any]:
    """What somebody has asked already, while it counts: names of accounts."""
    new = {ids.name(spec.id): ids.subscription(spec.id) for spec, reused in batch.accounts if not reused}
    told = names.standings(connection_id, new)
    return {asks.account_name(new[name], name): each.refusal for name, each in told.items() if each.told}


def _made(check: Check, batch: Batch, known: Known, gateway: Gateway) -> dict[str, Any]:
    while fresh := check.open(batch, known):
        for ask in fresh:
            try:
                known.answers[ask] = gateway.inspect(ask)
            except AzureError as error:
                logger.info("%s %s: %s", ask.kind, ask.args, error)
                known.answers[ask] = error.problem
    findings = [finding.to_json() for finding in check.findings(batch, known)]
    return {"at": clock.now().isoformat(), "findings": findings}


def _mine(reading: Reading) -> Any:
    return Reading.objects.filter(pk=reading.pk, attempt=reading.attempt, answered_at=None)


def _store(reading: Reading, result: dict[str, Any]) -> bool:
    return bool(_mine(reading).update(result=result))


def end(reading: Reading, problem: Problem | None = None) -> None:
    """All is made, or cannot be."""
    now = clock.now()
    _mine(reading).update(
        answered_at=now, expires_at=now + KEPT, lease_until=None, problem=problem.to_json() if problem else None
    )


# -- the batch --------------------------------------------------------------------------------------------------------------


def _batch(draft: Draft) -> Batch | None:
    """What the draft's plan wants, from stored rows; None while a page is not filled in."""
    try:
        choices, facts = plans.choices(draft), plans.facts(draft)
    except plans.Incomplete:
        return None
    protected, cached = _replicated(draft)
    return Batch(
        plan=compile_plan(choices, facts),
        vault=facts.vault,
        client_id=draft.vault.connection.client_id,
        machines=facts.machines,
        groups=facts.groups,
        networks=facts.networks,
        protected=protected,
        cached=cached,
    )


def _replicated(draft: Draft) -> tuple[dict[str, int], dict[str, int]]:
    """Disks that are replicated already, in all vaults that the console reads: by subscription (source and target), by cache account."""
    protected: dict[str, int] = {}
    cached: dict[str, int] = {}
    for subscriptions, caches in _items(draft):
        for subscription in subscriptions:
            protected[subscription] = protected.get(subscription, 0) + len(caches)
        for cache in caches:
            cached[cache] = cached.get(cache, 0) + 1
    return protected, cached


def _items(draft: Draft) -> Iterator[tuple[set[str], list[str]]]:
    """(subscriptions, the cache account of each disk) of each item."""
    items = ProtectedItem.objects.filter(connection_id=draft.connection_id, gone_at=None)
    for subscription, details in items.values_list("subscription_id", F("document__details")).iterator():
        details = details or {}
        disks = [*(details.get("protectedManagedDisks") or ()), *(details.get("protectedDisks") or ())]
        target = ids.subscription(details.get("recoveryAzureResourceGroupId") or "")
        yield (
            {each.lower() for each in (subscription, target) if each},
            [ids.key(disk.get("primaryStagingAzureStorageAccountId") or "") for disk in disks],
        )
