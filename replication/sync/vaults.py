"""Reading one vault: items, jobs and site, by whoever holds its lease, as often as something moves in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet

from replication import clock, counts, rpo
from replication.domain import caches, documents
from replication.domain import inventory as inv
from replication.domain.problems import Problem, When
from replication.domain.states import ITEM
from replication.execution import pacer
from replication.gateway.clients import open_gateway
from replication.gateway.kinds import is_gone
from replication.gateway.port import AzureError, Gateway
from replication.models import Connection, Run, Vault
from replication.sync import coverage, events, handover, history, issues, jobs, outside, silence, verdicts
from replication.sync.items import item_key, store_items
from replication.sync.outcome import Outcome

# A thousand machines that copy for an hour are looked at every five minutes: with list pages of two hundred that is a tenth of a call a
# machine and kind of list, as for a hundred machines every half minute.
SECONDS_A_MACHINE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What Azure shows of a vault."""

    begun_at: datetime
    site: inv.Site
    items: list[inv.Item]
    jobs: list[inv.Job]
    events: list[inv.Event]
    errors: list[inv.HealthError] | None = None  # of the vault itself; None when nobody could tell


def sync(vault_id: int) -> Outcome | None:
    """Claim the vault, read it, store what changed. None when somebody else is reading it, it is gone, or Azure wants no reads now."""
    vault = claim(vault_id)
    if vault is None or _rests(vault):
        return None
    try:
        gateway = open_gateway(vault.connection)
    except AzureError as error:
        return _fail(vault, error.problem)
    return read(vault, gateway)


def claim(vault_id: int) -> Vault | None:
    """The vault with a fresh lease, or None when another worker holds one."""
    now = clock.now()
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    lease = now + timedelta(seconds=settings.READING_LEASE)
    if not Vault.objects.filter(free, pk=vault_id, gone_at=None).update(lease_until=lease):
        return None
    return Vault.objects.select_related("connection").get(pk=vault_id)


def _rests(vault: Vault) -> bool:
    """Whether Azure has just told another process to wait; then the vault is due when that is over."""
    seconds = pacer.resting(vault.connection_id, vault.subscription_id)
    if seconds:
        _ours(vault).update(lease_until=None, due_at=clock.now() + timedelta(seconds=seconds))
    return seconds > 0


def read(vault: Vault, gateway: Gateway) -> Outcome:
    """Read a claimed vault completely, then store it in one transaction; a failed read leaves the rows as they were."""
    try:
        found = _collect(vault, gateway)
    except AzureError as error:
        return _fail(vault, error.problem, missing=is_gone(error))
    with transaction.atomic():
        outcome = _store(vault, found, clock.now()) if _still_ours(vault) else Outcome()
    outside.tell(vault, gateway)
    return outcome


def _collect(vault: Vault, gateway: Gateway) -> Found:
    """Items before the site: what an item refers to is then in the site."""
    return Found(
        begun_at=clock.now(),
        items=list(gateway.items(vault.arm_id)),
        jobs=jobs.collect(vault, gateway),
        site=gateway.site(vault.arm_id),
        events=events.collect(vault, gateway),
        errors=issues.collect(vault, gateway),
    )


def _still_ours(vault: Vault) -> bool:
    """Takes the row's lock; a reader whose lease lapsed has been overtaken and must not store older answers."""
    return bool(_ours(vault).update(lease_until=vault.lease_until))


def _ours(vault: Vault) -> QuerySet[Vault]:
    return Vault.objects.filter(pk=vault.pk, lease_until=vault.lease_until)


def _store(vault: Vault, found: Found, now: datetime) -> Outcome:
    version = Vault.objects.values_list("version", flat=True).get(pk=vault.pk) + 1
    items = store_items(vault, found.items, now=now, version=version)
    handover.fill(vault, found.items, at=found.begun_at)
    site = documents.to_json(found.site)
    changed = int(rpo.judged_by(vault) != rpo.target(vault))  # cards and verdicts say something else
    counts.keep(vault, changed=items.changed > 0)
    changed += items.changed + jobs.store_jobs(vault, found.jobs, now=now).changed + (site != vault.site)
    changed += events.store_events(vault, found.events, now=now)
    by_key = {item_key(vault.key, each.name): each for each in found.items}
    changed += issues.store_issues(vault, by_key, found.errors, now=now)
    outside.notice(vault, found.site, now)
    if verdicts.follow_items(vault):
        Connection.inventory_changed(vault.connection_id)
        coverage.count(vault.connection)
    silence.broken(vault)
    # Runs that wait for protection decide by what was just stored.
    vault.runs.filter(state=Run.State.ENABLED).update(due_at=now)
    Vault.objects.filter(pk=vault.pk).update(
        site=site,
        caches=caches.loads(found.items),
        as_of=now,
        due_at=now + timedelta(seconds=_interval(vault)),
        lease_until=None,
        problem=None,
        version=F("version") + (1 if changed or vault.problem else 0),
    )
    return items


def _interval(vault: Vault) -> float:
    """Seconds to the next reading: longer when much moves, so that waiting costs each machine no more calls."""
    moving = [status.value for status, look in ITEM.items() if look.moving]
    number = max(
        vault.items.filter(gone_at=None, status__in=moving).count(),
        vault.jobs.filter(state__in=jobs.MOVING).count(),
        vault.runs.filter(state__in=(Run.State.RUNNING, Run.State.ENABLED)).count(),
    )
    if not number:
        return settings.SYNC_INTERVAL_IDLE
    return max(settings.SYNC_INTERVAL_MOVING, min(settings.SYNC_INTERVAL_IDLE, number * SECONDS_A_MACHINE))


def _fail(vault: Vault, problem: Problem, *, missing: bool = False) -> Outcome:
    """Keep the rows, say why they are old, and come back: soon for a passing fault, not before Azure said.

    missing: Azure says that there is no such vault. Its rows are marked when its subscription's list, read whole, says so too.
    """
    soon = problem.when is not When.NEVER
    pause = max(settings.SYNC_INTERVAL_MOVING if soon else settings.SYNC_INTERVAL_IDLE, problem.retry_after)
    now = clock.now()
    with transaction.atomic():
        ours = _ours(vault).update(
            lease_until=None,
            problem=problem.to_json(),
            due_at=now + timedelta(seconds=pause),
            version=F("version") + 1,
        )
        if ours:
            history.blind(vault, now)
            if missing:
                silence.gone(vault)
            else:
                silence.note(vault, problem, now)
    return Outcome(problem=problem)
