"""`python -m tests.journey.changing update|disable`: what an administrator does on the page of the first replicated item.

Prints the run's id.
"""

import os
import sys
from dataclasses import replace

import django


def main(verb: str) -> None:
    """update: another name and size for the future machine; disable: no replication any more."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from replication.actions import changes, itemchanges
    from replication.actions.actor import Actor
    from replication.models import Person, ProtectedItem, Run

    admin = Person.objects.get(username="admin")
    actor = Actor(person=admin, name="Admin", role="administrator", request_id="journey")
    row = ProtectedItem.objects.filter(gone_at=None).order_by("name").select_related("vault")[0]
    purpose = Run.Purpose(verb)
    if purpose is Run.Purpose.UPDATE:
        there = itemchanges.settings_of(row, itemchanges.of(row))
        chosen = replace(there, name="journey-dr", size="Standard_D8s_v5", network_id="", group_id="", interfaces=(), disks=())
        wanted = itemchanges.updated(row, there, chosen)
    else:
        wanted = itemchanges.judged([row], purpose).wanted
    plan = changes.plan_of_change(row.vault, wanted)
    run = changes.start(row.vault, purpose, wanted, digest=plan.digest, actor=actor)
    sys.stdout.write(f"{run.pk.hex}\n")


if __name__ == "__main__":
    main(sys.argv[1])
