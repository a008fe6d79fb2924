"""What is true of whole subscriptions and groups: registered providers, locks, where the vault lies."""

from collections.abc import Iterator

from replication.domain import ids, regions
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import ADMINISTRATOR, OWNER, Finding, machines, place
from replication.domain.eligibility import Effect

_NEEDED = ("Microsoft.RecoveryServices", "Microsoft.Compute", "Microsoft.Network", "Microsoft.Storage")


# -- providers ----------------------------------------------------------------------------------------------------------


def _subscriptions(batch: Batch) -> list[str]:
    return sorted({*batch.source_subscriptions, *batch.target_subscriptions, batch.vault.subscription_id.lower()})


def provider_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """The providers of every subscription that takes part."""
    yield from map(asks.registrations, _subscriptions(batch))


def judge_providers(batch: Batch, known: Known) -> Iterator[Finding]:
    """Source, target and the vault's subscription must have the four providers registered; the console never does so by itself."""
    for subscription in _subscriptions(batch):
        states = known.get(asks.registrations(subscription))
        for namespace in _NEEDED:
            state = states.get(namespace.lower(), "NotRegistered")
            if state != "Registered":
                yield _unregistered(namespace, subscription, state)


def _unregistered(namespace: str, subscription: str, state: str) -> Finding:
    words = "still being registered" if state == "Registering" else "not registered"
    command = f'az provider register --namespace {namespace} --subscription "{subscription}"'
    return Finding(
        code="ProviderNotRegistered",
        effect=Effect.WARN if state == "Registering" else Effect.BLOCK,
        message=f"{namespace} is {words} in the subscription {subscription}.",
        about=f"{namespace} {subscription}",
        causes="A subscription must register a resource provider before anything of it can be made there.",
        action="Have an owner of the subscription register it; that takes a few minutes. Then check again.",
        fixed_by=OWNER,
        request=f"Please register the resource provider {namespace} in the subscription {subscription}:\n  {command}\n",
    )


# -- locks --------------------------------------------------------------------------------------------------------------


def lock_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """The locks of every subscription that takes part."""
    yield from map(asks.locks, _subscriptions(batch))


def judge_locks(batch: Batch, known: Known) -> Iterator[Finding]:
    """A ReadOnly lock forbids writes below it; one that forbids deleting is in the way of cleaning up later (150225)."""
    for subscription in _subscriptions(batch):
        for lock in known.get(asks.locks(subscription)):
            yield from _lock(lock, batch)


def _lock(lock: asks.Lock, batch: Batch) -> Iterator[Finding]:
    written = _written_under(lock, batch)
    on_sources = [each.machine.name for each in batch.placed if _under(each.machine.id, lock)]
    if lock.level == "ReadOnly" and written:
        yield _locked(lock, Effect.BLOCK, f"forbids the run to write: {', '.join(written[:5])}", "writes")
    elif on_sources:
        words = (
            f"stands over {machines(on_sources)}: links that Site Recovery puts there cannot be removed later (150225)"
        )
        yield _locked(lock, Effect.WARN, words, "sources")
    elif written:
        yield _locked(lock, Effect.WARN, "stands over what the run makes: it cannot be removed later", "targets")


def _written_under(lock: asks.Lock, batch: Batch) -> list[str]:
    """Names of what would be written below the lock. A ReadOnly lock also keeps an account's keys from being listed, which is a POST."""
    names = [step.name for step in batch.written if _under(step.spec.id, lock)]
    names += [
        ids.name(spec.id)
        for spec, reused in batch.accounts
        if reused and lock.level == "ReadOnly" and _under(spec.id, lock)
    ]
    return [*names, *([batch.vault.name] if lock.level == "ReadOnly" and _under(batch.vault.id, lock) else [])]


def _under(arm_id: str, lock: asks.Lock) -> bool:
    return f"{ids.key(arm_id)}/".startswith(f"{ids.key(lock.scope)}/")


def _locked(lock: asks.Lock, effect: Effect, words: str, what: str) -> Finding:
    return Finding(
        code=f"Lock{what.capitalize()}",
        effect=effect,
        message=f"The {lock.level} lock {lock.name} at {place(lock.scope)} {words}.",
        about=f"{lock.name} {lock.scope}",
        causes="Somebody protects this scope from changes, on purpose as a rule.",
        action="Ask its owner whether the lock can go for the time of the run, or choose another target.",
        fixed_by=OWNER,
        lines=(f"Scope: {lock.scope}",),
        request=f"Please remove the {lock.level} lock {lock.name} for the time of the run:\n"
        f'  az lock delete --name "{lock.name}" --scope "{lock.scope}"\n',
    )


# -- the vault ----------------------------------------------------------------------------------------------------------


def no_questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """For checks that the plan and the stored inventory suffice for."""
    return iter(())


def judge_vault(batch: Batch, known: Known) -> Iterator[Finding]:
    """Neither the vault nor its group may lie in the source region, or both are lost with it (§4 row 9). Not so between zones."""
    source = batch.plan.source_location
    if source == batch.plan.target_location:
        return
    group = batch.groups.get(ids.key(ids.group(batch.vault.subscription_id, batch.vault.resource_group)))
    places = [("vault", batch.vault.name, batch.vault.location)]
    places += [("vault's resource group", group.name, group.location)] if group else []
    for what, name, location in places:
        if location and regions.normal(location) == source:
            yield Finding(
                code="VaultInSourceRegion",
                effect=Effect.BLOCK,
                message=f"The {what} {name} lies in the source region.",
                about=name,
                causes="When the source region fails, a vault there cannot be reached.",
                action="Use a vault whose region and resource group lie outside the source region.",
                fixed_by=ADMINISTRATOR,
            )
