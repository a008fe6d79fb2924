"""A draft made of a plan's file: the same machines, the same choices; what no longer fits is named, and nothing is believed."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from replication import access, clock
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.actions.drafts import candidates, replicable, subject_of
from replication.domain import ids
from replication.domain.choices import NONE, DiskChoice, MachineChoice, Placement, SourceChoices, TargetChoices
from replication.domain.planfile import PlanFile
from replication.domain.roles import Permission
from replication.domain.targets import KINDS
from replication.models import Draft, DraftMachine, Machine, Person, Resource, Vault


class Unfit(ValueError):
    """Nothing of the file can be used here; the message says why, in a sentence."""


@dataclass(slots=True)
class Taken:
    """The draft that was made, and what of the file was left out, in sentences."""

    draft: Draft
    left_out: list[str] = field(default_factory=list)
    digest: str = ""  # of the plan that the file was written with


def take(vault: Vault, file: PlanFile, *, actor: Actor) -> Taken:
    """A new draft with what the file says and the person may use. Unfit when its source or target is not theirs."""
    person = actor.person
    if person is None:
        raise access.Refused("Drafts belong to people.")
    access.require(person, Permission.REPLICATE, vault)
    left_out: list[str] = []
    source = _source(person, vault, file.source)
    opened = _Opened(person, vault, file, left_out)
    target = opened.target()
    with gesture("draft.uploaded", actor=actor, **subject_of(vault)) as entry:
        draft = _create(vault, person, source, target)
        machines = _machines(draft, person, file, source, left_out)
        choices = opened.machines(machines)
        DraftMachine.objects.bulk_create(
            [DraftMachine(draft=draft, machine=row, name=row.name, overrides=choices[row.pk].to_json()) for row in machines],
            batch_size=500,
        )
        entry.detail = {"draft": str(draft.pk), "machines": len(machines), "left_out": left_out[:50], "digest": file.digest}
    return Taken(draft, left_out, file.digest)


def _create(vault: Vault, person: Person, source: SourceChoices, target: TargetChoices) -> Draft:
    now = clock.now()
    return Draft.objects.create(
        connection_id=vault.connection_id,
        vault=vault,
        owner=person,
        updated_by=person,
        created_at=now,
        updated_at=now,
        source=source.to_json(),
        target=target.to_json(),
    )


def _source(person: Person, vault: Vault, source: SourceChoices) -> SourceChoices:
    opened = {each.lower() for each in _subscriptions(person, vault, "source")}
    if foreign := [each for each in source.subscription_ids if each.lower() not in opened]:
        raise Unfit(f"The source subscription {foreign[0]} is not among those that your role in this vault opens.")
    return source


def _subscriptions(person: Person, vault: Vault, side: str) -> list[str]:
    return list(access.subscriptions(person, vault, side).values_list("subscription_id", flat=True))


def _machines(
    draft: Draft, person: Person, file: PlanFile, source: SourceChoices, left_out: list[str]
) -> list[Machine]:
    """Those that are there, belong to the source and can be replicated."""
    wanted = {ids.key(each): each for each in file.machines}
    there = {row.key: row for row in access.machines(person, draft.vault).filter(key__in=list(wanted))}
    fitting = set(candidates(draft, person, source).filter(key__in=list(wanted)).values_list("key", flat=True))
    able = set(
        replicable(access.machines(person, draft.vault), zonal=source.zonal)
        .filter(key__in=list(wanted))
        .values_list("key", flat=True)
    )
    for key, named in wanted.items():
        if key not in there:
            left_out.append(f"{ids.name(named)}: not found among the machines that your role opens.")
        elif key not in fitting:
            left_out.append(f"{there[key].name}: does not belong to the source that the file names.")
        elif key not in able:
            left_out.append(f"{there[key].name}: cannot be replicated now; the list of machines says why.")
    return [row for key, row in there.items() if key in fitting and key in able]


class _Opened:
    """The file's targets, as far as the person may use them: what is not theirs is taken out, and named once."""

    def __init__(self, person: Person, vault: Vault, file: PlanFile, left_out: list[str]) -> None:
        self.file, self.left_out = file, left_out
        subscriptions = {each.lower() for each in _subscriptions(person, vault, "target")}
        if file.target.subscription_id.lower() not in subscriptions:
            raise Unfit("The target subscription is not among those that your role in this vault opens.")
        keys = {ids.key(each) for each in self._mentioned()}
        known = Resource.objects.filter(connection_id=vault.connection_id, gone_at=None, key__in=keys)
        self.known = dict(known.values_list("key", "kind"))
        self.targets = set(access.targets(person, vault).filter(key__in=keys).values_list("key", flat=True))
        self.sources = set(access.sources(person, vault).filter(key__in=keys).values_list("key", flat=True))

    def _mentioned(self) -> Iterable[str]:
        for said in (self.file.target, *self.file.machines.values()):
            yield from (getattr(said, name) for name in KINDS)
        for choice in self.file.machines.values():
            yield from (each.encryption_set_id for each in choice.disks.values())

    def target(self) -> TargetChoices:
        """What is chosen for all."""
        return self.file.target.placed(self._without(self.file.target, "for all machines"))

    def machines(self, rows: Iterable[Machine]) -> dict[int, MachineChoice]:
        """What is chosen for single ones, by the machine's row."""
        said = {ids.key(key): choice for key, choice in self.file.machines.items()}
        return {row.pk: self._machine(said[row.key], row.name) for row in rows}

    def _machine(self, choice: MachineChoice, name: str) -> MachineChoice:
        disks = {key: self._disk(each, name) for key, each in choice.disks.items()}
        return replace(choice, **self._without(choice, name), disks=disks)

    def _disk(self, choice: DiskChoice, name: str) -> DiskChoice:
        wrong = choice.encryption_set_id and self._refusal("encryption_set_id", choice.encryption_set_id)
        if wrong:
            self._say(name, "encryption_set_id", choice.encryption_set_id, wrong)
        return replace(choice, encryption_set_id="") if wrong else choice

    def _without(self, said: Placement, whose: str) -> dict[str, str]:
        """The fields that cannot be used, emptied."""
        emptied = {}
        for name in KINDS:
            value = getattr(said, name)
            if value and value != NONE and (why := self._refusal(name, value)):
                self._say(whose, name, value, why)
                emptied[name] = ""
        return emptied

    def _say(self, whose: str, name: str, value: str, why: str) -> None:
        words = name.removesuffix("_id").replace("_", " ")
        said = f"{whose}: the {words} {ids.name(value)} {why}"
        if said not in self.left_out:
            self.left_out.append(said)

    def _refusal(self, name: str, value: str) -> str:
        """Why the id cannot be what the field names, or ''. What does not exist may be made, where the target subscription is."""
        kind = KINDS[name]
        parts, key = ids.parse(value), ids.key(value)
        if parts is None or "/".join((parts.provider, *parts.types)).lower().strip("/") != kind.type.lower() or len(parts.types) > 1:
            return "is no id of such a resource."
        if key in self.known:
            opened = self.sources if kind.cache else self.targets
            return "" if key in opened and self.known[key] == kind.resource else "is not among those that your role opens."
        if not kind.rule:
            return "is not there any more."
        near = self.file.source.subscription_ids if kind.cache else (self.file.target.subscription_id,)
        fits = parts.subscription.lower() in {each.lower() for each in near}
        return "" if fits else "lies in a subscription that the plan does not speak of."
