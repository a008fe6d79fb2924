"""What the administrator does: the wizard's pages once, in the template; buttons in processes of their own, where they can be killed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from replication.actions import changes, checks, drafts, itemchanges, plans, readings, runs
from replication.actions.actor import Actor
from replication.actions.changes import Purpose, Wanted
from replication.domain.choices import MachineChoice, SourceChoices, TargetChoices
from replication.models import Draft, Machine, Person, ProtectedItem, Run, Vault

# Draft -> its machines, by position among all; so many that they are read by list.
DRAFTS = {"few": slice(0, 2), "other": slice(2, 4), "many": slice(0, 12), "named": slice(0, 2)}


def administrator() -> Actor:
    """Who presses."""
    return _actor("admin", "administrator")


def _actor(username: str, role: str) -> Actor:
    return Actor(person=Person.objects.get(username=username), name=username, role=role, request_id="chaos")


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
    """A button by its name in VERBS, in a process that may be killed at any line. name: of the draft that the scenario is about."""
    from tests.chaos import app

    doom = app.doom_of_this_process()
    app.begin(doom)
    try:
        VERBS[verb][0](name)
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


def _latest() -> Run:
    return Run.objects.order_by("-number")[0]


def _change(name: str) -> None:
    """Another target name for the first item."""
    row = _items()[0]
    there = itemchanges.settings_of(row, itemchanges.of(row))
    _reviewed(Purpose.UPDATE, itemchanges.updated(row, there, replace(there, name="changed-1")))


def _disable(name: str) -> None:
    """Disable the replication of all items."""
    _reviewed(Purpose.DISABLE, itemchanges.judged(_items(), Purpose.DISABLE).wanted)


def _items() -> list[ProtectedItem]:
    return list(ProtectedItem.objects.order_by("name"))


def _reviewed(purpose: Purpose, wanted: Sequence[Wanted]) -> None:
    vault = Vault.objects.get()
    changes.start(vault, purpose, wanted, digest=changes.plan_of_change(vault, wanted).digest, actor=administrator())


def _ask(name: str) -> None:
    """Have Azure asked: for an item's recovery points, about machines, for what stands in the way of a plan, for all items."""
    other, actor = _draft("other"), administrator()
    readings.recovery_points(_items()[0], actor=actor)
    readings.machines(other, actor=actor)
    checks.begin(other, plans.compiled(other).digest, actor=actor)
    readings.refresh_items(Vault.objects.get(), actor=actor)


# Button -> what it does, and the audit's name for it.
VERBS: dict[str, tuple[Callable[[str], Any], str]] = {
    "targets": (_targets, "run.create_targets"),
    "start": (_start, "run.enable"),
    "cancel": (lambda name: runs.cancel(_latest(), actor=administrator()), "run.cancel"),
    "pause": (lambda name: runs.pause(_latest(), actor=administrator()), "run.pause"),
    "resume": (lambda name: runs.resume(_latest(), actor=administrator()), "run.resume"),
    "retry": (lambda name: runs.retry_failed(_latest(), actor=administrator()), "run.retry"),
    "take over": (lambda name: runs.take_over(_latest(), actor=_actor("operator", "operator")), "run.take_over"),
    "change": (_change, "run.update"),
    "disable": (_disable, "run.disable"),
    "ask": (_ask, "items.refresh"),
}
