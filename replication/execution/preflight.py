"""Before the first write of a run, and only then: what the plan rests on is read again (house.md, *Draft, plan, run* 2).

Shared things (groups, networks, accounts, fabrics …) are steps of the plan themselves, reused ones too, and each is observed before
anything that needs it. What no step observes are the source machines: they are read here. One that is gone, or has moved to another
region, is set aside; the others go on.
"""

import logging
from datetime import timedelta

from replication import clock
from replication.domain import ids
from replication.domain.problems import Problem, When
from replication.domain.specs import ProtectSpec
from replication.execution import ledger
from replication.gateway.port import AzureError, Gateway
from replication.models import Run

logger = logging.getLogger(__name__)

# When machines cannot be listed for so long, the run goes on: Azure itself refuses a machine that is not there.
PATIENCE = timedelta(minutes=30)

_GONE = Problem(
    code="SourceMachineGone",
    message="The machine is not in Azure any more.",
    causes="It was deleted, or moved to another group or subscription, after the plan was reviewed.",
    action="Read the inventory again and start a new draft.",
)


def passed(run: Run, gateway: Gateway) -> bool:
    """Whether the run may write. False: what it rests on could not be read just now; the next advance tries again."""
    if run.checked_at:
        return True
    try:
        _check(run, gateway)
    except AzureError as error:
        logger.warning("What run %s rests on cannot be read: %s", run.number, error)
        if error.problem.when is not When.NEVER and clock.now() - run.created_at < PATIENCE:
            return False
    ledger.checked(run)
    return True


def _check(run: Run, gateway: Gateway) -> None:
    planned = set(run.steps.filter(kind=ProtectSpec.kind).values_list("machine_key", flat=True)) - {""}
    there: set[str] = set()
    for subscription in sorted({ids.subscription(key) for key in planned}):
        there |= {ids.key(machine.id) for machine in gateway.machines(subscription)}
    ledger.set_aside(run, planned - there, _GONE)
