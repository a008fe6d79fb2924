"""`python -m tests.journey.controlling VERB RUN`: what an administrator does on a run's page."""

import os
import sys

import django


def main(verb: str, run_id: str) -> None:
    """Pause or resume the run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from replication.actions import runs
    from replication.actions.actor import Actor
    from replication.models import Person, Run

    admin = Person.objects.get(username="admin")
    actor = Actor(person=admin, name="Admin", role="administrator", request_id="journey")
    getattr(runs, verb)(Run.objects.get(pk=run_id), actor=actor)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
