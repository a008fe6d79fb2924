"""Asking Azure about single machines: what list calls cannot tell, kept beside the machine for half an hour.

A reading of a thousand machines is done some at a time: each part is stored before the next, so that a worker that is lost has lost
only its part, and nobody's lease runs out.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from replication import access, clock
from replication.actions.drafts import candidates, replicable
from replication.actions.readings import FAILING
from replication.domain import documents
from replication.domain import inventory as inv
from replication.domain.choices import SourceChoices
from replication.gateway.port import AzureError, Gateway
from replication.models import Connection, Draft, Machine, Reading
from replication.sync import verdicts
from replication.sync.outcome import Outcome

KEPT = timedelta(minutes=30)
AT_ONCE = 25  # machines of one part: two calls each


def read(reading: Reading, gateway: Gateway) -> Outcome | None:
    """Ask about the next machines of the reading; None while there are more."""
    wanted = _machines(reading)
    if wanted is None:
        return Outcome()
    asked = wanted.filter(model=inv.Model.RESOURCE_MANAGER.value)
    part = list(asked.filter(Q(told_at=None) | Q(told_at__lt=reading.asked_at))[:AT_ONCE])
    if not part:
        return Outcome(seen=asked.count(), changed=_changed(asked, reading))
    try:
        _ask(part, gateway, reading.connection)
    except AzureError as error:
        return Outcome(problem=error.problem)
    return None


def _machines(reading: Reading) -> QuerySet[Machine] | None:
    """The machines that the reading is about; None when its draft is gone or was never filled in."""
    draft_id = reading.subject.removesuffix(FAILING)
    draft = Draft.objects.select_related("vault", "owner").filter(pk=draft_id).first()
    source = SourceChoices.from_json(draft.source) if draft else None
    if draft is None or source is None or reading.asked_by is None:
        return None
    if not reading.subject.endswith(FAILING):
        return access.machines(reading.asked_by, draft.vault).filter(pk__in=draft.machines.values("machine_id"))
    every = candidates(draft, reading.asked_by, source)
    return every.exclude(pk__in=replicable(every, zonal=source.zonal).values("pk"))


def _changed(asked: QuerySet[Machine], reading: Reading) -> int:
    """How many of the machines had something against them that lists do not tell."""
    return (
        asked.filter(told_at__gte=reading.asked_at)
        .filter(Q(codes__contains="\nAzure") | Q(codes__contains="\nAgent"))
        .count()
    )


def _ask(part: list[Machine], gateway: Gateway, connection: Connection) -> None:
    protected = verdicts.protection(connection)
    for row in part:
        state = gateway.machine_state(row.arm_id)
        _tell(row, state, protected)
    Machine.objects.bulk_update(
        part, ["document", "told_at", "power", "provisioning_state", "gone_at", *verdicts.FIELDS]
    )
    Connection.inventory_changed(connection.pk)


def _tell(row: Machine, state: inv.MachineState | None, protected: Mapping[str, tuple[str, str]]) -> None:
    """Put what Azure said beside the machine, and judge it anew. One that is gone is marked as gone."""
    row.told_at = clock.now()
    if state is None:
        row.gone_at = row.told_at
        return
    machine = documents.from_json(inv.Machine, row.document)
    told = documents.to_json(state) | {"at": row.told_at.isoformat()}
    machine = replace(
        machine,
        facts=machine.facts | {"told": told},
        power=state.power,
        provisioning_state=state.provisioning_state or machine.provisioning_state,
    )
    row.document, row.power, row.provisioning_state = (
        documents.to_json(machine),
        machine.power.value,
        machine.provisioning_state,
    )
    judged = verdicts.columns(machine, protected, row.key)
    for name, value in judged.items():
        setattr(row, name, value)
    row.digest = verdicts.digest(row.document, judged)


def still_told(connection: Connection, subscription_id: str, now: datetime) -> dict[str, Any]:
    """What Azure said of single machines and still counts, by the machine's key: reading the lists anew must not forget it."""
    rows = Machine.objects.filter(connection=connection, subscription_id=subscription_id, told_at__gt=now - KEPT)
    return {
        key: document["facts"]["told"]
        for key, document in rows.values_list("key", "document")
        if "told" in document["facts"]
    }
