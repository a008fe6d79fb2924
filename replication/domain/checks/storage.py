"""Cache accounts, and names that somebody else in the world may have (portal-behaviour.md §0, §1.4, §6 *Cache account*)."""

from collections.abc import Iterator

from replication.domain import ids, regions
from replication.domain.checks import asks
from replication.domain.checks.asks import AccountUse, Ask, Known
from replication.domain.checks.batch import Batch, Placed
from replication.domain.checks.findings import ADMINISTRATOR, OWNER, Finding, machines, some
from replication.domain.eligibility import Effect

# Disks of an account: at 4 MB/s each (as many as there can be), and at 8 MB/s each (§6).
MOST, COMFORTABLE = {"Storage": 300}, {"Storage": 150}
MOST_V2, COMFORTABLE_V2 = 750, 375


# -- cache accounts -----------------------------------------------------------------------------------------------------


def cache_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """The accounts of the subscriptions that caches lie in, and of each cache that exists whether it keeps what is deleted."""
    for spec, reused in batch.accounts:
        if reused and ids.key(spec.id) in batch.caches:
            yield asks.accounts(ids.subscription(spec.id))
            yield asks.soft_delete(spec.id)


def judge_caches(batch: Batch, known: Known) -> Iterator[Finding]:
    """Each cache account against the rules for it, and against the disks that write into it."""
    for spec, reused in batch.accounts:
        key = ids.key(spec.id)
        users = batch.caches.get(key, ())
        if not users:
            continue
        yield from _load(spec.id, spec.account_kind, users, batch.cached.get(key, 0))
        if reused:
            rows = known.get(asks.accounts(ids.subscription(spec.id)))
            there = next((row for row in rows if ids.key(row.id) == key), None)
            if there:
                yield from _rules(there, users, batch)
                if known.perhaps(asks.soft_delete(spec.id)):
                    yield _soft_delete(spec.id)


def _load(arm_id: str, kind: str, users: tuple[Placed, ...], already: int) -> Iterator[Finding]:
    """How many disks write into the account."""
    new = sum(key == ids.key(arm_id) for each in users for key in each.caches)
    most, comfortable = MOST.get(kind, MOST_V2), COMFORTABLE.get(kind, COMFORTABLE_V2)
    if new + already > comfortable:
        over = new + already > most
        yield Finding(
            code="CacheOverloaded" if over else "CacheLoaded",
            effect=Effect.BLOCK if over else Effect.WARN,
            message=f"{new + already:,} disks would write into the cache account {ids.name(arm_id)}: "
            + (
                f"{most:,} is the most."
                if over
                else f"up to {comfortable:,} may change 8 MB/s each, {most:,} only 4 MB/s."
            ),
            about=arm_id,
            causes="An account takes so much in a second; above that, recovery points come late.",
            action="Give some of the machines another cache account under Customize.",
            fixed_by=ADMINISTRATOR,
        )


def _rules(account: AccountUse, users: tuple[Placed, ...], batch: Batch) -> Iterator[Finding]:
    name, names = ids.name(account.id), [each.machine.name for each in users]
    if regions.normal(account.location) != batch.plan.source_location:
        yield _rule(
            account, Effect.BLOCK, "CacheInOtherRegion", f"The cache account {name} does not lie in the source region."
        )
    if not account.shared_key:
        words = f"The cache account {name} does not allow shared keys, which replication signs in with."
        yield _rule(account, Effect.BLOCK, "CacheWithoutKeys", words)
    if account.immutable:
        # assumed: the documents do not say what an account does whose blobs cannot be deleted
        words = f"The cache account {name} keeps blobs from being changed: replication writes and deletes all the time."
        yield _rule(account, Effect.WARN, "CacheImmutable", words)
    if any(ids.subscription(each.machine.id).lower() != ids.subscription(account.id).lower() for each in users):
        words = f"The cache account {name} lies in another subscription than {machines(names)}."
        yield _rule(account, Effect.BLOCK, "CacheInOtherSubscription", words)
    yield from _churn(account, users)
    yield from _firewall(account, users)


def _churn(account: AccountUse, users: tuple[Placed, ...]) -> Iterator[Finding]:
    """Normal churn takes Standard accounts only, high churn Premium block blob accounts only (§1.4)."""
    name, premium = ids.name(account.id), account.kind == "BlockBlobStorage" and account.sku.startswith("Premium")
    for high in (False, True):
        wrong = [each.machine.name for each in users if (getattr(each.spec, "churn", "Normal") == "High") is high]
        if (
            wrong
            and premium is not high
            and (high or account.sku.startswith("Premium") or account.kind == "FileStorage")
        ):
            need = "a Premium block blob account" if high else "a Standard account"
            churn = "high" if high else "normal"
            words = f"The cache account {name} ({account.sku}, {account.kind}) does not fit {machines(wrong)}: {churn} churn needs {need}."
            yield _rule(account, Effect.BLOCK, f"CacheKind{churn.capitalize()}", words)


def _firewall(account: AccountUse, users: tuple[Placed, ...]) -> Iterator[Finding]:
    """Restriction is allowed when trusted services and the source subnets are let in: documents disagree, so it warns (§0)."""
    name, open_ = ids.name(account.id), {ids.key(each) for each in account.subnet_ids}
    subnets = sorted({nic.subnet_id for each in users for nic in each.machine.nics if nic.primary and nic.subnet_id})
    left = [subnet for subnet in subnets if ids.key(subnet) not in open_]
    if not account.public:
        words = f"Public access to the cache account {name} is off: it is reached over private endpoints only."
        yield _rule(account, Effect.WARN, "CacheNotPublic", words)
    elif account.firewall and not account.trusted:
        words = f"The firewall of the cache account {name} does not let trusted Microsoft services in."
        yield _rule(account, Effect.WARN, "CacheFirewall", words)
    elif account.firewall and left:
        words = f"The firewall of the cache account {name} does not name the subnets {some([ids.name(each) for each in left])}."
        yield _rule(account, Effect.WARN, "CacheFirewall", words)


def _rule(account: AccountUse, effect: Effect, code: str, message: str) -> Finding:
    return Finding(
        code=code,
        effect=effect,
        message=message,
        about=account.id,
        causes="A cache account lies in the source region and subscription, takes shared keys, and is reached from the source subnets.",
        action="Choose another cache account under Customize, or change the settings of this one.",
        fixed_by=OWNER,
    )


def _soft_delete(arm_id: str) -> Finding:
    return Finding(
        code="CacheSoftDelete",
        effect=Effect.WARN,
        message=f"The cache account {ids.name(arm_id)} keeps deleted blobs (soft delete).",
        about=arm_id,
        causes="Replication writes and deletes all the time: everything deleted is kept, and paid for. It is documented as not supported.",
        action="Turn soft delete of blobs and containers off, or choose another cache account.",
        fixed_by=OWNER,
    )


# -- names --------------------------------------------------------------------------------------------------------------


def name_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """The name of each account that is to be made."""
    return (
        asks.account_name(ids.subscription(spec.id), ids.name(spec.id)) for spec, reused in batch.accounts if not reused
    )


def judge_names(batch: Batch, known: Known) -> Iterator[Finding]:
    """Names of storage accounts are unique in the world."""
    for spec, reused in batch.accounts:
        name = ids.name(spec.id)
        if not reused and (refusal := known.get(asks.account_name(ids.subscription(spec.id), name))):
            yield Finding(
                code="NameTaken",
                effect=Effect.BLOCK,
                message=f"The storage account name {name} cannot be had: {refusal}",
                about=name,
                causes="Names of storage accounts are unique in the whole world.",
                action="Choose another name or an existing account under Customize.",
                fixed_by=ADMINISTRATOR,
            )
