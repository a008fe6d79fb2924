"""A vault's Site Recovery jobs: the recent ones, and the older ones that still ran at the last read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from replication.domain import documents, ids
from replication.domain import inventory as inv
from replication.domain.states import JOB
from replication.gateway.port import AzureError, Gateway
from replication.models import Job, Vault
from replication.sync.outcome import Outcome
from replication.sync.snapshots import BATCH, batches

RECENT, MOST = 200, 5000  # jobs: always read that many, and never more
MOVING = tuple(state for state, look in JOB.items() if look.moving)  # these change by themselves
DETAILS = 10  # jobs whose tasks and errors are read at a time: a list gives none (site-recovery-protocol.md §3.4)


def collect(vault: Vault, gateway: Gateway) -> list[inv.Job]:
    """The jobs worth storing, in full where something happened to them since the last read."""
    unfinished = set(vault.jobs.filter(state__in=MOVING).values_list("key", flat=True))
    found = list(_recent(gateway.jobs(vault.arm_id), unfinished))
    return list(_in_full(found, _stored(vault, found), gateway))


def _stored(vault: Vault, found: list[inv.Job]) -> dict[str, dict[str, Any]]:
    """What is stored of these jobs: key -> document."""
    keys = [ids.key(job.id) for job in found]
    return {
        key: document
        for some in batches(keys)
        for key, document in vault.jobs.filter(key__in=some).values_list("key", "document")
    }


def _recent(jobs: Iterator[inv.Job], unfinished: set[str]) -> Iterator[inv.Job]:
    """Newest first, until enough are read and none that still ran is missing."""
    for number, job in enumerate(jobs, start=1):
        yield job
        unfinished.discard(ids.key(job.id))
        if (number >= RECENT and not unfinished) or number >= MOST:
            return


def _in_full(found: list[inv.Job], stored: dict[str, dict[str, Any]], gateway: Gateway) -> Iterator[inv.Job]:
    """Jobs that run, changed or were never read in full are asked for by themselves; of more than a handful only those that failed.

    A thousand machines have a thousand jobs: their lists cost a few pages, they themselves would cost a call each, again and again.
    """
    open_ = [job for job in found if _says_more(job, stored.get(ids.key(job.id), {}))]
    if len(open_) > DETAILS:
        open_ = [job for job in open_ if job.state not in MOVING and job.state != "Succeeded"][:DETAILS]
    asked = {job.id for job in open_}
    return (_with_details(job, gateway) if job.id in asked else job for job in found)


def _says_more(job: inv.Job, before: dict[str, Any]) -> bool:
    return job.state in MOVING or before.get("state") != job.state or not before.get("tasks")


def _with_details(job: inv.Job, gateway: Gateway) -> inv.Job:
    try:
        return gateway.job(job.id)
    except AzureError:  # what the list says is still true
        return job


def store_jobs(vault: Vault, found: list[inv.Job], *, now: datetime) -> Outcome:
    """Write new and changed jobs. Jobs that Azure no longer lists stay: they are history."""
    known = _stored(vault, found)
    fresh = [_keeping_details(job, known.get(ids.key(job.id))) for job in found]
    changed = [job for job in fresh if known.get(ids.key(job.id)) != documents.to_json(job)]
    if changed:
        _write(vault, changed, now)
    return Outcome(changed=len(changed), seen=len(fresh))


def _write(vault: Vault, changed: list[inv.Job], now: datetime) -> None:
    Job.objects.bulk_create(
        [Job(vault=vault, key=ids.key(job.id), as_of=now, **_columns(job)) for job in changed],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["vault", "key"],
        update_fields=["as_of", *_columns(changed[0])],
    )


def _keeping_details(job: inv.Job, stored: dict[str, Any] | None) -> inv.Job:
    """A list entry does not take away the tasks and errors that were read before, as long as the state stands."""
    if job.tasks or not stored or stored["state"] != job.state:
        return job
    before = documents.from_json(inv.Job, stored)
    return replace(job, tasks=before.tasks, errors=before.errors, activity_id=before.activity_id)


def _columns(job: inv.Job) -> dict[str, Any]:
    return {
        "arm_id": job.id,
        "name": job.name,
        "scenario": job.scenario,
        "title": job.title,
        "state": job.state,
        "state_text": job.state_text,
        "target_name": job.target_name,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "document": documents.to_json(job),
    }
