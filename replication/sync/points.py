"""An item's recovery points, read when somebody looks at the item."""

from django.db import transaction

from replication.gateway.port import Gateway
from replication.models import ProtectedItem, RecoveryPoint
from replication.sync.outcome import Outcome
from replication.sync.snapshots import BATCH


def read(item: ProtectedItem, gateway: Gateway) -> Outcome:
    """Replace the stored points by what Azure has now: it prunes them all the time."""
    found = {point.id: point for point in gateway.recovery_points(item.arm_id)}
    known = set(item.recovery_points.values_list("arm_id", flat=True))
    new = [RecoveryPoint(item=item, arm_id=key, at=found[key].at, kind=found[key].kind) for key in found.keys() - known]
    with transaction.atomic():
        RecoveryPoint.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
        pruned = known - found.keys()
        if pruned:
            item.recovery_points.exclude(arm_id__in=found).delete()
    return Outcome(changed=len(new) + len(pruned), seen=len(found))
