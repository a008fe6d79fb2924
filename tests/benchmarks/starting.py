"""`python -m tests.benchmarks.starting enable|plan FIRST COUNT`: the wizard's actions for machines FIRST to FIRST+COUNT-1 by name.

enable presses *Enable replication* and prints the run's id; plan prints the machines' specs as JSON lines and starts nothing.
"""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from replication.actions import drafts, plans, runs  # noqa: E402
from replication.actions.actor import Actor  # noqa: E402
from replication.domain.choices import SourceChoices, TargetChoices  # noqa: E402
from replication.models import Draft, Machine, Person, Vault  # noqa: E402


def draft_for(first: int, count: int, actor: Actor) -> Draft:
    """A finished draft: East Asia to Southeast Asia by the rules."""
    machines = Machine.objects.filter(location="eastasia").order_by("name")
    draft = drafts.create(Vault.objects.get(), actor=actor)
    source = SourceChoices(location="eastasia", subscription_ids=(machines[0].subscription_id,))
    drafts.save_source(draft, source, version=draft.version, actor=actor)
    wanted = machines.values("pk")[first : first + count]
    drafts.select(Draft.objects.get(pk=draft.pk), Machine.objects.filter(pk__in=wanted), actor=actor)
    draft = Draft.objects.get(pk=draft.pk)
    target = TargetChoices(location="southeastasia", subscription_id=machines[0].subscription_id)
    drafts.save_target(draft, target, version=draft.version, actor=actor)
    return Draft.objects.get(pk=draft.pk)


def main(what: str, first: int, count: int) -> None:
    """Do it as the demo's administrator."""
    admin = Person.objects.get(username="admin")
    actor = Actor(person=admin, name="Admin", role="administrator", request_id="benchmark")
    draft = draft_for(first, count, actor)
    plan = plans.compiled(draft)
    if what == "enable":
        sys.stdout.write(f"{runs.enable(draft, digest=plan.digest, actor=actor).pk.hex}\n")
        return
    for step in plan.steps:
        if step.spec.kind == "protect":
            sys.stdout.write(json.dumps(step.spec.to_json()) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
