"""Site Recovery's own limits (portal-behaviour.md §6): what a subscription and a replication group may hold."""

from collections import Counter
from collections.abc import Iterator

from replication.domain import ids
from replication.domain.checks.asks import Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import ADMINISTRATOR, Finding
from replication.domain.eligibility import Effect

DISKS_A_SUBSCRIPTION = 3_000  # protected disks, of the source as of the target
MACHINES_A_GROUP = 16


def judge(batch: Batch, known: Known) -> Iterator[Finding]:
    """Disks by subscription, machines by replication group."""
    yield from _disks(batch)
    groups = Counter(name for each in batch.placed if (name := str(getattr(each.spec, "replication_group", "") or "")))
    for name, number in groups.items():
        if number > MACHINES_A_GROUP:
            words = f"The replication group {name} would have {number:,} machines; {MACHINES_A_GROUP} is the limit."
            yield _limit("ReplicationGroupFull", name, words)


def _disks(batch: Batch) -> Iterator[Finding]:
    new: Counter[str] = Counter()
    for each in batch.placed:
        number = len(each.spec.managed_disks) + len(each.spec.unmanaged_disks)
        for subscription in {ids.subscription(each.machine.id).lower(), each.target_subscription}:
            new[subscription] += number
    for subscription, number in sorted(new.items()):
        whole = number + batch.protected.get(subscription, 0)
        if whole > DISKS_A_SUBSCRIPTION:
            words = f"The subscription {subscription} would have {whole:,} protected disks; {DISKS_A_SUBSCRIPTION:,} is the limit."
            yield _limit("ProtectedDisks", subscription, words)


def _limit(code: str, about: str, message: str) -> Finding:
    return Finding(
        code=code,
        effect=Effect.BLOCK,
        message=message,
        about=about,
        causes="A limit of Azure Site Recovery that nobody can raise.",
        action="Leave machines or disks out, or divide them over several groups or subscriptions.",
        fixed_by=ADMINISTRATOR,
    )
