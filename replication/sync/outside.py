"""Seen in Azure, not made here: what a reading shows that no run of ours did, told once, with the person from the Activity log.

A sighting is stored in the transaction of the reading that found it, under a key that another reading would give it again; the entry and
`told_at` are written in one transaction. So neither a crash nor a second reading tells it twice, or not at all.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Lower

from replication import clock
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.domain import ids, outside
from replication.domain import inventory as inv
from replication.domain.documents import from_json
from replication.domain.steps import StepState
from replication.gateway.port import AzureError, Gateway
from replication.models import Job, Sighting, Step, Vault

logger = logging.getLogger(__name__)

# How long a sighting waits for the Activity log, which Azure fills with a delay of minutes (*assumed*: 3 to 20).
PATIENCE = timedelta(minutes=20)
# A job whose activity id could not be read for so long is judged without it.
UNREAD = timedelta(minutes=10)
AT_ONCE = 50  # sightings told after one reading
SLACK = timedelta(minutes=5)  # between Azure's clock and ours
_OURS = (StepState.SUBMITTING, StepState.RUNNING, StepState.SUCCEEDED)


# --- noticing: inside the reading's transaction --------------------------------------------------------------------------------------


def notice(vault: Vault, site: inv.Site, now: datetime) -> None:
    """Store what this reading shows; call when its items and jobs are stored, and `vault` still says what was before."""
    if vault.as_of is None:  # the first reading: all that there is, is history
        vault.jobs.filter(origin="").update(origin=Job.Origin.BEFORE)
        return
    found = [*_gone(vault, now), *_changed(vault, site, now), *_operations(vault, now)]
    Sighting.objects.bulk_create(found, ignore_conflicts=True, batch_size=200)


def _gone(vault: Vault, now: datetime) -> Iterator[Sighting]:
    """Items that this reading is the first to miss, and that no run of ours disabled."""
    rows = list(vault.items.filter(gone_at=now).values_list("key", "name", "arm_id", "machine_key"))
    ours = set(_steps(vault, "disable").values_list("machine_key", flat=True)) if rows else set()
    for key, name, arm_id, machine in rows:
        if machine not in ours:
            yield Sighting(
                vault=vault, key=f"gone:{key}:{now.isoformat()}", action="azure.item_gone", subject_key=key, subject_name=name,
                machine_key=machine, resource=arm_id, ends="", seen_at=now, **_since_last(vault, now),
            )  # fmt: skip


def _changed(vault: Vault, site: inv.Site, now: datetime) -> Iterator[Sighting]:
    """Policies and mappings that are otherwise than at the last reading, and that no run of ours changed."""
    for each in outside.changes(from_json(inv.Site, vault.site or {}), site):
        ours = _steps(vault, each.kind).filter(subject_key=ids.key(each.id))
        if not ours.exists() and not _by_wizard(vault, each.id):
            yield Sighting(
                vault=vault, key=f"{each.kind}:{ids.key(each.id)}:{now.isoformat()}", action=f"azure.{each.kind}_changed",
                subject_key=ids.key(each.id), subject_name=each.name, resource=each.id,
                ends="/delete" if each.after is None else "/write", before=each.before, after=each.after, seen_at=now,
                **_since_last(vault, now),
            )  # fmt: skip


def _since_last(vault: Vault, now: datetime) -> dict[str, Any]:
    return {"since": (vault.as_of or now) - SLACK, "until": now + SLACK}


def _steps(vault: Vault, kind: str) -> QuerySet[Step]:
    """Steps of ours of that kind that Azure may have taken since the last reading, with some time to spare."""
    since = (vault.as_of or clock.now()) - timedelta(hours=1)
    return Step.objects.filter(run__vault=vault, kind__startswith=kind, state__in=_OURS, claimed_at__gte=since)


def _by_wizard(vault: Vault, arm_id: str) -> bool:
    kinds = ("network_mapping", "policy")
    return Step.objects.filter(run__vault=vault, kind__in=kinds, subject_key=ids.key(arm_id), state__in=_OURS).exists()


def _operations(vault: Vault, now: datetime) -> Iterator[Sighting]:
    """Jobs that somebody asked for, and not through this console."""
    fresh = list(vault.jobs.filter(origin=""))
    ours = _ours(vault, fresh)
    for job in fresh:
        origin = _origin(job, ours, now)
        if origin:
            Job.objects.filter(pk=job.pk).update(origin=origin)
        if origin == Job.Origin.AZURE:
            yield _of_job(vault, job, now)


def _ours(vault: Vault, jobs: Sequence[Job]) -> set[str]:
    """Ids of jobs, and client request ids, that steps of ours know."""
    steps = Step.objects.filter(run__vault=vault)
    by_id = steps.annotate(job=Lower("azure_job_id")).filter(job__in=[job.key for job in jobs])
    by_request = steps.filter(request_id__in=[_request(job) for job in jobs if _request(job)])
    return {*by_id.values_list("job", flat=True), *by_request.values_list("request_id", flat=True)}


def _request(job: Job) -> str:
    return str((job.document or {}).get("activity_id") or "").partition(" ")[0]


def _origin(job: Job, ours: set[str], now: datetime) -> str:
    """'' while it cannot be told: a job just begun has no scenario, and its activity id is read by itself."""
    if job.key in ours or _request(job) in ours:
        return Job.Origin.OURS
    if not job.scenario:
        return ""
    if job.scenario not in outside.OPERATIONS:
        return Job.Origin.SELF
    unread = not _request(job) and job.started_at is not None and now - job.started_at < UNREAD
    return "" if unread else Job.Origin.AZURE


def _of_job(vault: Vault, job: Job, now: datetime) -> Sighting:
    item = vault.items.filter(name__iexact=job.target_name).order_by("gone_at", "-pk").first()
    at = job.started_at or now
    return Sighting(
        vault=vault, key=f"job:{job.key}", action="azure.operation", subject_key=item.key if item else job.key,
        subject_name=f"{job.title or job.scenario}: {job.target_name}"[:300], machine_key=item.machine_key if item else "",
        resource=item.arm_id if item and job.scenario != "SwitchReplicationGroupProtection" else vault.arm_id,
        ends=outside.OPERATIONS[job.scenario], since=at - outside.NEAR, until=at + outside.NEAR, seen_at=now,
        detail={"job": job.name, "scenario": job.scenario, "state": job.state, "started": at.isoformat()},
    )  # fmt: skip


# --- telling: after the reading ------------------------------------------------------------------------------------------------------


def tell(vault: Vault, gateway: Gateway) -> int:
    """Tell the audit what waits, as far as the Activity log knows who it was, or has had its time. How many were told."""
    waiting = list(vault.sightings.filter(told_at=None)[:AT_ONCE])
    if not waiting:
        return 0
    log = _log(vault, gateway, min(each.since for each in waiting))
    return sum(_tell(each, log) for each in waiting)


def _log(vault: Vault, gateway: Gateway, since: datetime) -> list[inv.Activity] | None:
    """The vault's group in the Activity log; None when it cannot be read: then nobody is named, and nothing waits for it."""
    try:
        return list(gateway.activity(vault.arm_id, since))
    except AzureError as error:
        logger.warning("The Activity log about %s cannot be read: %s", vault.name, error)
        return None


def _tell(seen: Sighting, log: Iterable[inv.Activity] | None) -> bool:
    who = _who(seen, log or ())
    if who is None and log is not None and clock.now() - seen.seen_at < PATIENCE:
        return False
    with suppress(_Told):
        _write(seen, who, "the Activity log could not be read" if log is None else "the Activity log names nobody")
        return True
    return False


class _Told(Exception):
    """Another worker has told it: the entry is rolled back."""


def _who(seen: Sighting, log: Iterable[inv.Activity]) -> inv.Activity | None:
    if seen.action == "azure.item_gone":
        ends: tuple[str, ...] = ("/remove/action", "/delete")
    else:
        ends = (seen.ends,)
    found = (outside.caller(log, resource=seen.resource, ends=each, since=seen.since, until=seen.until) for each in ends)
    return next((each for each in found if each), None)


def _write(seen: Sighting, who: inv.Activity | None, otherwise: str) -> None:
    actor = Actor(person=None, name=f"{who.caller} (in Azure)" if who else "Somebody (in Azure)")
    about = {"subject_key": seen.subject_key, "subject_name": seen.subject_name, "vault_key": seen.vault.key}
    with gesture(seen.action, actor=actor, subject_kind="azure", **about) as entry:
        if not Sighting.objects.filter(pk=seen.pk, told_at=None).update(told_at=clock.now()):
            raise _Told
        entry.before, entry.after = seen.before, seen.after
        known = {"caller": who.caller, "operation": who.operation, "at": who.at.isoformat()} if who else {"caller": otherwise}
        entry.detail = seen.detail | known | {"seen": seen.seen_at.isoformat()}
        entry.correlation_id = who.correlation_id[:100] if who else ""
        entry.subjects = [(seen.machine_key, seen.subject_name.rpartition(": ")[2])] if seen.machine_key else []
