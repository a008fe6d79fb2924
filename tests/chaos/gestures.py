"""What the administrator does: the wizard's pages once, in the template; buttons in processes of their own, where they can be killed."""

from typing import Any

from replication.actions import drafts, plans, runs
from replication.actions.actor import Actor
from replication.domain.choices import MachineChoice, SourceChoices, TargetChoices
from replication.models import Draft, Machine, Person, Run, Vault

# Draft -> its machines, by position among all; so many that they are read by list.
DRAFTS = {"few": slice(0, 2), "other": slice(2, 4), "many": slice(0, 12), "named": slice(0, 2)}


def administrator() -> Actor:
    """Who presses."""
    return Actor(person=Person.objects.get(username="admin"), name="Admin", role="administrator", request_id="chaos")


def fill_in_drafts() -> None:
    """One draft for each kind of run, up to Review, in the order of DRAFTS."""
    actor = administrator()
    machines = Machine.objects.order_by("name")
    subscription = machines[0].subscription_id
    vault = Vault.objects.get()
    for name, chosen in DRAFTS.items():
        draft = drafts.create(vault, actor=actor)
        source = SourceChoices(location="eastasia", subscription_ids=(subscription,))
        drafts.save_source(draft, source, version=draft.version, actor=actor)
        wanted = list(machines.values_list("pk", flat=True)[chosen])
        drafts.select(draft, Machine.objects.filter(pk__in=wanted), actor=actor)
        draft = Draft.objects.get(pk=draft.pk)
        target = TargetChoices(location="southeastasia", subscription_id=subscription)
        drafts.save_target(draft, target, version=draft.version, actor=actor)
        if name == "named":
            _name_machines(Draft.objects.get(pk=draft.pk), actor)


def _name_machines(draft: Draft, actor: Actor) -> None:
    """What Azure takes only of a protected machine."""
    chosen = {row.pk: MachineChoice(target_name=f"after-{n}") for n, row in enumerate(drafts.selected(draft))}
    drafts.save_overrides(draft, chosen, version=draft.version, actor=actor)


def press(verb: str, name: str, chaos: Any) -> None:
    """*Create target resources* or *Enable replication* of a draft, *Cancel*, *Pause*, *Resume*, *Retry failed* of the latest run."""
    from tests.chaos import app

    doom = app.doom_of_this_process()
    app.begin(doom)
    try:
        {"targets": _targets, "start": _start, "cancel": _cancel, "pause": _pause, "resume": _resume, "retry": _retry}[
            verb
        ](name)
    finally:
        app.end(doom)


def _draft(name: str) -> Draft:
    return list(Draft.objects.order_by("created_at"))[list(DRAFTS).index(name)]


def _start(name: str) -> None:
    draft = _draft(name)
    runs.enable(draft, digest=plans.compiled(draft).digest, actor=administrator())


def _targets(name: str) -> None:
    draft = _draft(name)
    runs.create_targets(draft, digest=plans.compiled(draft).digest, actor=administrator())


def _cancel(name: str) -> None:
    runs.cancel(Run.objects.order_by("-number")[0], actor=administrator())


def _pause(name: str) -> None:
    runs.pause(Run.objects.order_by("-number")[0], actor=administrator())


def _resume(name: str) -> None:
    runs.resume(Run.objects.order_by("-number")[0], actor=administrator())


def _retry(name: str) -> None:
    runs.retry_failed(Run.objects.order_by("-number")[0], actor=administrator())
