"""How fast Azure is written to: one budget for all workers and users of a subscription, spent ahead of Azure's own limits.

Azure Resource Manager gives a subscription and principal 200 writes at once and 10 more a second (simulator.md §2.6). Site Recovery's own
rate is not documented: 200 a minute is *assumed*, and can be set. Both are token buckets of one row each (models/pace.py), taken by
conditional UPDATEs, so that workers on any number of hosts share them without a lock.

A worker leases up to ten tokens at a time for a run, so that a write to Azure does not cost a write to the database. Runs that ask at
the same time get equally many: whoever is ahead of the others waits.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Value
from django.db.models.functions import Greatest
from django.dispatch import receiver

from replication import clock
from replication.domain import ids
from replication.domain.steps import STAGE_OF
from replication.gateway.port import read_begins, read_refused
from replication.models import Connection, Pace, Run, Turn

LEASE = 10  # tokens at most that a worker takes at once
AHEAD = 5  # tokens that a run may be ahead of others: with what their workers hold and have not spent, twenty machines at most
LEASE_SECONDS = 2.0  # then unspent tokens are forgotten: saved up, they would exceed what Azure's bucket can hold
MARGIN = LEASE  # Azure counts a request when it arrives: as many as one lease may come late
ASKING = 5.0  # seconds for which a run that wants more counts as present: its worker may have died
AFTER_THE_OTHERS = 0.5  # seconds to wait for the turn


@dataclass(frozen=True, slots=True)
class Bucket:
    """depth tokens at most; rate more a second."""

    name: str
    depth: float
    rate: float


@dataclass(slots=True)
class _Lease:
    tokens: int
    until: float

    @property
    def usable(self) -> bool:
        return self.tokens > 0 and self.until > _now()


class _Overtaken(Exception):
    """Another worker took from the bucket between our look and our UPDATE."""


_leases: dict[tuple[UUID, str], _Lease] = {}  # of this process


def buckets(connection_id: int, arm_id: str, kind: str) -> Sequence[Bucket]:
    """The buckets that one write of this kind takes a token from. One connection is one principal."""
    whose = f"{connection_id}:{ids.subscription(arm_id).lower()}"
    found = [Bucket(f"arm:{whose}", 200 - MARGIN, 10)]
    a_minute = settings.SITE_RECOVERY_WRITES_A_MINUTE
    if STAGE_OF[kind] > 0 and a_minute > 0:
        found.append(Bucket(f"site-recovery:{whose}", max(1, a_minute - MARGIN), a_minute / 60))
    return found


def _rest(connection_id: int, subscription: str) -> Bucket:
    """Holds nothing, and owes the seconds for which Azure wants no reads: they cost no writes."""
    return Bucket(f"rest:{connection_id}:{subscription.lower()}", 0, 1)


def take(run: Run, arm_id: str, kind: str) -> float:
    """Take a token for one write. 0: go; otherwise the seconds to wait, and nothing was taken."""
    wanted = buckets(run.connection_id, arm_id, kind)
    if not reserve(run, arm_id, kind, 1):
        return max(AFTER_THE_OTHERS, _wait(dict.fromkeys(wanted, 1)))
    _leases[_key(run, wanted)].tokens -= 1
    return 0.0


def reserve(run: Run, arm_id: str, kind: str, wanted: int) -> int:
    """See to it that this process holds tokens for so many writes, at most a lease of them; how many it holds now."""
    needed = buckets(run.connection_id, arm_id, kind)
    lease = _leases.get(_key(run, needed))
    if lease and lease.usable:
        return lease.tokens
    granted = _grant(run, needed, wanted)
    _leases[_key(run, needed)] = _Lease(granted, _now() + LEASE_SECONDS)
    return granted


def wait(run: Run, arm_id: str, kind: str, tokens: int = 1) -> float:
    """The seconds until so many tokens can be had and Azure wants to be asked, the turns of other runs aside; takes none."""
    needed = dict.fromkeys(buckets(run.connection_id, arm_id, kind), tokens)
    return _wait({**needed, _rest(run.connection_id, ids.subscription(arm_id)): 0})


def barred(run: Run, arm_id: str, kind: str) -> float:
    """The seconds for which nobody may ask Azure for anything there, because it said 429 to one of us; 0: go on."""
    return wait(run, arm_id, kind, tokens=0)


def resting(connection_id: int, subscription: str) -> float:
    """The seconds for which nobody may read that subscription either; 0: go on. For whoever begins a long reading."""
    return _wait({_rest(connection_id, subscription): 0})


@receiver(read_begins, sender=Connection)
def rests(connection: Connection, subscription: str, **_: object) -> float:
    """The same, for each further page of it: another process may have met a 429 meanwhile."""
    return resting(connection.pk, subscription)


@receiver(read_refused, sender=Connection)
def rest(connection: Connection, subscription: str, seconds: float, **_: object) -> None:
    """Azure answered a read with 429: the process that asked waits by itself, all others learn it from the bucket."""
    bucket = _rest(connection.pk, subscription)
    _row(bucket)
    _lower(bucket, -seconds)


def pause(run: Run, arm_id: str, kind: str, seconds: float) -> None:
    """Azure said 429 after all: nobody asks for so many seconds, as asking early renews the wait (simulator.md §2.6)."""
    needed = buckets(run.connection_id, arm_id, kind)
    for bucket in needed:
        _row(bucket)  # a read may be refused before anything was written
        _lower(bucket, -seconds * bucket.rate)
    # Azure does not say which limit it was: counted once, where it is narrowest.
    Pace.objects.filter(name=needed[-1].name).update(refused=F("refused") + 1)
    _leases.clear()


def correct(run: Run, arm_id: str, remaining: int) -> None:
    """Azure says how many writes are left in Resource Manager's bucket: somebody else may be using the same principal.

    Compared once a lease, with its last token: so many writes late is what MARGIN is for.
    """
    bucket = buckets(run.connection_id, arm_id, "resource_group")[0]
    if any(lease.usable for (run_id, _), lease in _leases.items() if run_id == run.pk):
        return
    row = Pace.objects.filter(name=bucket.name).first()
    if row and remaining < row.level(_now()):
        _lower(bucket, remaining)


def _lower(bucket: Bucket, level: float) -> None:
    full_at = _now() + (bucket.depth - level) / bucket.rate
    Pace.objects.filter(name=bucket.name, full_at__lt=full_at).update(full_at=full_at)


def _grant(run: Run, needed: Sequence[Bucket], wanted: int) -> int:
    """Tokens for a lease, of all buckets or of none, in one transaction."""
    with suppress(_Overtaken), transaction.atomic():
        rows = [_row(bucket) for bucket in needed]
        turn, allowed = _turn(run, needed[0])
        granted = max(0, min(allowed, wanted, LEASE, *(_whole(row) for row in rows)))
        for row in rows if granted else []:
            _spend(row, granted)
        asked_at = _now() if granted < wanted else 0.0
        Turn.objects.filter(pk=turn.pk).update(given=turn.given + granted, asked_at=asked_at)
        return granted
    return 0


def _whole(row: Pace) -> int:
    """Whole tokens in the bucket; times are kept in microseconds, so that a millionth may be missing."""
    return int(row.level(_now()) + 0.001)


def _row(bucket: Bucket) -> Pace:
    shape = {"depth": bucket.depth, "rate": bucket.rate}
    row, _ = Pace.objects.get_or_create(name=bucket.name, defaults=shape)
    if (row.depth, row.rate) != (bucket.depth, bucket.rate):  # the setting was changed
        Pace.objects.filter(pk=row.pk).update(**shape)
        row.depth, row.rate = bucket.depth, bucket.rate
    return row


def _spend(row: Pace, tokens: int) -> None:
    now = _now()
    minute = int(now // 60)
    taken = Pace.objects.filter(pk=row.pk, full_at=row.full_at).update(
        full_at=Greatest(F("full_at"), Value(now)) + tokens / row.rate,
        spent=F("spent") + tokens,
        minute=minute,
        minute_spent=row.spent_in_minute(now) + tokens,
    )
    if not taken:
        raise _Overtaken


def _turn(run: Run, bucket: Bucket) -> tuple[Turn, int]:
    """The run's turn, and how many tokens it may have beside the runs that are asking too."""
    turn, _ = Turn.objects.get_or_create(bucket=bucket.name, run=run)
    present = _now() - ASKING
    others = Turn.objects.filter(bucket=bucket.name, asked_at__gt=present).exclude(pk=turn.pk)
    least = others.aggregate(least=Min("given"))["least"]
    if least is None:
        return turn, LEASE
    if turn.asked_at <= present:  # it comes, or comes back, and has no old claims
        turn.given = max(turn.given, least)
    return turn, AHEAD - (turn.given - least)


def _wait(needed: Mapping[Bucket, int]) -> float:
    """The seconds until each bucket holds so many tokens."""
    now = _now()
    rows = {row.name: row for row in Pace.objects.filter(name__in=[bucket.name for bucket in needed])}
    missing = [(tokens - rows[each.name].level(now), each.rate) for each, tokens in needed.items() if each.name in rows]
    return max((max(0.0, tokens / rate) for tokens, rate in missing), default=0.0)


def _key(run: Run, needed: Sequence[Bucket]) -> tuple[UUID, str]:
    return run.pk, needed[-1].name


def _now() -> float:
    return clock.now().timestamp()
