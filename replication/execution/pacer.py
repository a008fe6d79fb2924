"""How fast Azure is written to: one budget for all workers and users of a subscription, spent ahead of Azure's own limits.

Azure Resource Manager gives a subscription and principal 200 writes at once and 10 more a second (simulator.md §2.6). Site Recovery's own
rate is not documented: 200 a minute is *assumed*. Both are token buckets of one row each; a token is taken by one conditional
UPDATE (models/pace.py), so that workers on any number of hosts share them without a lock.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest

from replication import clock
from replication.domain import ids
from replication.domain.steps import STAGE_OF
from replication.models import Pace


@dataclass(frozen=True, slots=True)
class Bucket:
    """depth tokens at most; rate more a second."""

    name: str
    depth: float
    rate: float


class _Empty(Exception):
    pass


def buckets(connection_id: int, arm_id: str, kind: str) -> Iterator[Bucket]:
    """The buckets that one write of this kind takes a token from. One connection is one principal."""
    subscription = ids.subscription(arm_id).lower()
    yield Bucket(f"arm:{connection_id}:{subscription}", 200, 10)
    if STAGE_OF[kind] > 0:
        a_minute = settings.SITE_RECOVERY_WRITES_A_MINUTE
        yield Bucket(f"site-recovery:{connection_id}:{subscription}", a_minute, a_minute / 60)


def take(connection_id: int, arm_id: str, kind: str) -> float:
    """Take a token for one write. 0: go; otherwise the seconds to wait, and nothing was taken."""
    wanted = list(buckets(connection_id, arm_id, kind))
    with suppress(_Empty), transaction.atomic():
        for bucket in wanted:
            _take(bucket)
        return 0.0
    return max(_wait(bucket) for bucket in wanted)


def wait(connection_id: int, arm_id: str, kind: str) -> float:
    """The seconds until a token can be had; takes none."""
    return max(_wait(bucket) for bucket in buckets(connection_id, arm_id, kind))


def pause(connection_id: int, arm_id: str, kind: str, seconds: float) -> None:
    """Azure said 429 after all: nobody writes for so many seconds, as asking early renews the wait (simulator.md §2.6)."""
    for bucket in buckets(connection_id, arm_id, kind):
        full_at = _now() + seconds + bucket.depth / bucket.rate
        _row(bucket).filter(full_at__lt=full_at).update(full_at=full_at)


def _take(bucket: Bucket) -> None:
    now = _now()
    Pace.objects.get_or_create(name=bucket.name)
    open_ = _row(bucket).filter(full_at__lte=now + (bucket.depth - 1) / bucket.rate)
    if not open_.update(full_at=Greatest(F("full_at"), Value(now)) + 1 / bucket.rate, spent=F("spent") + 1):
        raise _Empty


def _wait(bucket: Bucket) -> float:
    full_at = _row(bucket).values_list("full_at", flat=True).first() or 0.0
    return max(0.0, full_at - (bucket.depth - 1) / bucket.rate - _now())


def _row(bucket: Bucket) -> QuerySet[Pace]:
    return Pace.objects.filter(name=bucket.name)


def _now() -> float:
    return clock.now().timestamp()
