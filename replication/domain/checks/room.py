"""Room in the target for the whole batch failing over together: quota by family and region, sizes and disk types on offer."""

from collections import Counter
from collections.abc import Iterable, Iterator

from replication.domain import ids
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch, Placed
from replication.domain.checks.findings import OWNER, Finding, machines
from replication.domain.eligibility import Effect
from replication.domain.inventory import Model


def _groups(batch: Batch) -> dict[str, list[Placed]]:
    """The Resource Manager machines by the subscription into which they are recovered; classic ones have cores of their own."""
    found: dict[str, list[Placed]] = {}
    for each in batch.placed:
        if each.machine.model is not Model.CLASSIC:
            found.setdefault(each.target_subscription, []).append(each)
    return found


# -- sizes --------------------------------------------------------------------------------------------------------------


def size_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """What the target region offers to each subscription."""
    return (asks.skus(subscription, batch.plan.target_location) for subscription in sorted(_groups(batch)))


def judge_sizes(batch: Batch, known: Known) -> Iterator[Finding]:
    """Each size, and each type of disk, must be on offer in the region, and in the zone that was chosen (150097)."""
    for subscription, placed in _groups(batch).items():
        offered = known.get(asks.skus(subscription, batch.plan.target_location))
        for kind, wanted in (("virtualMachines", _sizes(placed)), ("disks", _disk_types(placed))):
            rows = {sku.name.lower(): sku for sku in offered if sku.kind == kind}
            for (name, zone), users in wanted.items():
                if refusal := _refusal(rows.get(name.lower()), zone):
                    yield _not_offered(kind, name, zone, refusal, users, batch.plan.target_location)


def _sizes(placed: Iterable[Placed]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for each in placed:
        found.setdefault((each.size, each.spec.availability_zone), []).append(each.machine.name)
    return found


def _disk_types(placed: Iterable[Placed]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for each in placed:
        for name in dict.fromkeys(
            name for disk in each.spec.managed_disks for name in (disk.replica_type, disk.target_type)
        ):
            found.setdefault((name, ""), []).append(each.machine.name)
    return found


def _refusal(sku: asks.Sku | None, zone: str) -> str:
    if sku is None:
        return "is not offered there"
    if not sku.available:
        return "is not open to this subscription there"
    if zone and (zone not in sku.zones or zone in sku.closed):
        return f"is not open to this subscription in zone {zone}"
    return ""


def _not_offered(kind: str, name: str, zone: str, refusal: str, users: list[str], location: str) -> Finding:
    thing = "size" if kind == "virtualMachines" else "disk type"
    return Finding(
        code="SizeNotAvailable" if thing == "size" else "DiskTypeNotAvailable",
        effect=Effect.BLOCK,
        message=f"The {thing} {name} {refusal} ({location}, 150097): {machines(users)}.",
        about=f"{name} {location} {zone}".strip(),
        causes="The region or zone does not have it, or the subscription is kept from it.",
        action=f"Choose another {thing} under Customize, another region or zone, or ask Azure support to open it to the subscription.",
        fixed_by=OWNER,
    )


# -- quota --------------------------------------------------------------------------------------------------------------


def quota_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """Use and limits of compute, network and storage in the target region; sizes say how many cores a machine has."""
    location = batch.plan.target_location
    for subscription in sorted(batch.target_subscriptions):
        yield asks.compute_usages(subscription, location)
        yield asks.network_usages(subscription, location)
        yield asks.skus(subscription, location)
    for spec, reused in batch.accounts:
        if not reused:
            yield asks.storage_usages(_subscription(spec.id), spec.location)


def _subscription(arm_id: str) -> str:
    return ids.subscription(arm_id).lower()


def judge_quota(batch: Batch, known: Known) -> Iterator[Finding]:
    """What the batch needs on top of what is used, against every limit that Azure tells."""
    location = batch.plan.target_location
    for subscription, placed in _groups(batch).items():
        sizes = {s.name.lower(): s for s in known.get(asks.skus(subscription, location)) if s.kind == "virtualMachines"}
        needs = _needs(placed, sizes) + _new(batch, subscription)
        usages = (
            *known.get(asks.compute_usages(subscription, location)),
            *known.get(asks.network_usages(subscription, location)),
        )
        yield from _over(usages, needs, subscription, location)
    yield from _accounts(batch, known)


def _needs(placed: Iterable[Placed], sizes: dict[str, asks.Sku]) -> Counter[str]:
    """By the usage's name in lower case. A size that is not offered has no cores to count: it is refused elsewhere."""
    needs: Counter[str] = Counter()
    for each in placed:
        sku = sizes.get(each.size.lower())
        if sku:
            needs["cores"] += sku.cores
            needs[sku.family.lower()] += sku.cores
        needs["virtualmachines"] += 1
        needs["networkinterfaces"] += len(each.machine.nics)
    return needs


_COUNTED = {"virtual_network": "virtualnetworks", "availability_set": "availabilitysets"}


def _new(batch: Batch, subscription: str) -> Counter[str]:
    """What the plan itself makes in the subscription."""
    mine = (step for step in batch.written if _subscription(step.spec.id) == subscription)
    return Counter(_COUNTED[step.spec.kind] for step in mine if step.spec.kind in _COUNTED)


def _accounts(batch: Batch, known: Known) -> Iterator[Finding]:
    wanted = Counter((_subscription(spec.id), spec.location) for spec, reused in batch.accounts if not reused)
    for (subscription, location), number in wanted.items():
        needs = Counter({"storageaccounts": number})
        yield from _over(known.get(asks.storage_usages(subscription, location)), needs, subscription, location)


def _over(usages: Iterable[asks.Usage], needs: Counter[str], subscription: str, location: str) -> Iterator[Finding]:
    for usage in usages:
        needed = needs[usage.name.lower()]
        if needed and usage.used + needed > usage.limit:
            yield _exceeded(usage, needed, subscription, location)


def _exceeded(usage: asks.Usage, needed: int, subscription: str, location: str) -> Finding:
    return Finding(
        code="QuotaExceeded",
        effect=Effect.BLOCK,
        message=f"{usage.title} in {location}: {needed:,} needed, {max(0, usage.limit - usage.used):,} left of {usage.limit:,} (150097).",
        about=f"{usage.name} {location} {subscription}",
        causes="All machines of the batch failing over together need more than the subscription may use in this region. What other drafts, "
        "runs and replicated machines would need there at their own failover is not counted.",
        action=f"Ask for a limit of at least {usage.used + needed:,}, or choose another region, subscription or size.",
        fixed_by=OWNER,
        request=f"Please raise the quota {usage.title} ({usage.name}) in {location} of the subscription {subscription} "
        f"from {usage.limit:,} to at least {usage.used + needed:,}.\n",
    )
