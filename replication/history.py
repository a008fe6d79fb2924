"""The history of an item as pages ask for it. How it is stored is nobody's business but this file's and sync's."""

from dataclasses import dataclass
from datetime import datetime

from replication import clock
from replication.domain.series import SPANS, Bucket, Reading, Span, bucketed
from replication.models import ProtectedItem

USUAL = "24h"


@dataclass(frozen=True, slots=True)
class Series:
    """An item's RPO and health over a window, oldest bucket first; buckets that are not `known` are gaps."""

    name: str
    span: Span
    start: datetime
    end: datetime
    buckets: list[Bucket]

    @property
    def measured(self) -> bool:
        """Whether any RPO was read in the window."""
        return any(bucket.rpo is not None for bucket in self.buckets)


def series(item: ProtectedItem, span: str = USUAL) -> Series:
    """The item's series over one of SPANS (1h, 24h, 7d, 90d; another word means 24h) up to now. Its cost does not grow with the vault."""
    name = span if span in SPANS else USUAL
    chosen, now = SPANS[name], clock.now()
    start = now - chosen.length
    rows = item.samples.filter(at__gte=start).order_by("at").values_list("at", "rpo", "health")
    buckets = bucketed((Reading(*row) for row in rows), start, now, chosen.step)
    return Series(name, chosen, start, now, buckets)
