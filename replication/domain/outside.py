"""What happened in Azure without this console: which jobs of a vault people ask for, what differs between two readings, and who it was.

The Activity log names the caller (portal-behaviour.md §3.3: the job record names no user). Its entries are matched by resource, operation
and time, as nothing in them names the job.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from replication.domain import ids
from replication.domain.inventory import Activity, Site

# Scenario of a job that somebody asked for (site-recovery-protocol.md §3.4) -> how the Activity log's name of the operation ends, in lower
# case. Scenarios that Azure begins by itself (SecondaryIrCompletion …) are not among them.
OPERATIONS: dict[str, str] = {
    "EnableDr": "/write",
    "DisableDr": "/remove/action",
    "PurgeDr": "/delete",
    "UpdateVmProperties": "/write",
    "TestFailover": "/testfailover/action",
    "TestFailoverCleanup": "/testfailovercleanup/action",
    "UnplannedFailover": "/unplannedfailover/action",
    "CommitFailover": "/failovercommit/action",
    "ChangePit": "/applyrecoverypoint/action",
    "ApplyRecoveryPoint": "/applyrecoverypoint/action",
    "SwitchReplicationGroupProtection": "/switchprotection/action",
    "RepairReplication": "/repairreplication/action",
    "AddDisks": "/adddisks/action",
    "RemoveDisks": "/removedisks/action",
    "ResolveHealthErrors": "/resolvehealtherrors/action",
    "UpdateMobilityService": "/updatemobilityservice/action",
}
# The log's clock and the job's differ by so much at most; an operation and its job begin within seconds of one another.
NEAR = timedelta(minutes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A thing of a vault's set-up that two readings show differently; before or after None: it was not, or is no more, there."""

    kind: str  # policy | mapping
    id: str
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def changes(before: Site, after: Site) -> Iterator[Change]:
    """Policies and network mappings that came, went or changed."""
    yield from _differing("policy", _policies(before), _policies(after))
    yield from _differing("mapping", _mappings(before), _mappings(after))


Things = Mapping[str, tuple[str, str, dict[str, Any]]]  # key -> id, name, values


def _policies(site: Site) -> Things:
    return {
        ids.key(each.id): (
            each.id,
            each.name,
            {
                "retention (minutes)": each.retention,
                "app-consistent (minutes)": each.app_consistent,
                "crash-consistent (minutes)": each.crash_consistent,
                "multi-VM consistency": each.multi_vm,
            },
        )
        for each in site.policies
    }


def _mappings(site: Site) -> Things:
    return {
        ids.key(each.id): (
            each.id,
            ids.name(each.primary_network_id),
            {"target network": ids.name(each.recovery_network_id)},
        )
        for each in site.network_mappings
    }


def _differing(kind: str, before: Things, after: Things) -> Iterator[Change]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if (old and old[2]) != (new and new[2]):
            arm_id, name, _ = new or old  # type: ignore[misc]
            yield Change(kind=kind, id=arm_id, name=name, before=old and old[2], after=new and new[2])


def caller(log: Iterable[Activity], *, resource: str, ends: str, since: datetime, until: datetime) -> Activity | None:
    """The entry of the log that tells who did it: on the resource or below it, with that operation, in that time; the latest of several."""
    fitting = [
        each
        for each in log
        if each.caller
        and since <= each.at <= until
        and each.operation.lower().endswith(ends)
        and ids.key(each.resource_id).startswith(ids.key(resource))
    ]
    return max(fitting, key=lambda each: each.at, default=None)
