"""`python -m tests.journey.enabling COUNT [--settings]`: what an administrator does in the wizard, through the same actions.

Prints the run's id.
"""

import os
import sys

import django


def main(count: int, *, settings: bool = False) -> None:
    """Protect so many machines of East Asia in Southeast Asia by the rules. settings: give the first another name, size and address."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from replication.actions import drafts, plans, runs
    from replication.actions.actor import Actor
    from replication.domain.choices import MachineChoice, SourceChoices, TargetChoices
    from replication.models import Draft, Machine, Person, Vault

    admin = Person.objects.get(username="admin")
    actor = Actor(person=admin, name="Admin", role="administrator", request_id="journey")
    machines = _ordinary(Machine.objects.filter(location="eastasia", replicable=True, model="ResourceManager"))
    subscription = machines[0].subscription_id
    draft = drafts.create(_vault(Vault), actor=actor)
    source = SourceChoices(location="eastasia", subscription_ids=(subscription,))
    drafts.save_source(draft, source, version=draft.version, actor=actor)
    wanted = [each.pk for each in machines if each.subscription_id == subscription][:count]
    drafts.select(draft, Machine.objects.filter(pk__in=wanted), actor=actor)
    draft = Draft.objects.get(pk=draft.pk)
    target = TargetChoices(location="southeastasia", subscription_id=subscription)
    drafts.save_target(draft, target, version=draft.version, actor=actor)
    draft = Draft.objects.get(pk=draft.pk)
    if settings:
        first = draft.machines.select_related("machine").order_by("pk")[0]
        choice = MachineChoice(
            target_name="journey-dr", target_size="Standard_D4s_v5", static_address=_address(first.machine.document)
        )
        drafts.save_overrides(draft, {first.pk: choice}, version=draft.version, actor=actor)
        draft = Draft.objects.get(pk=draft.pk)
    run = runs.enable(draft, digest=plans.compiled(draft).digest, actor=actor)
    sys.stdout.write(f"{run.pk.hex}\n")


def _ordinary(rows):
    """Machines of which there is nothing to say but that their tags are copied."""
    some = rows.exclude(document__icontains="PremiumV2").order_by("name")
    return [each for each in some if {verdict["code"] for verdict in each.verdicts} <= {"TagsCopied"}]


def _vault(model):
    return model.objects.filter(gone_at=None).exclude(location="eastasia").order_by("name")[0]


def _address(machine):
    """The machine's own: free in a network that is made like its source."""
    return next(nic["private_address"] for nic in machine["nics"] if nic["primary"])


if __name__ == "__main__":
    main(int(sys.argv[1]), settings="--settings" in sys.argv)
