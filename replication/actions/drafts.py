"""Verbs on drafts. A draft is changed only by its owner, and only from the version that the page showed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, Q, QuerySet

from replication import access, clock, settings
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import Unchanged, gesture
from replication.domain.choices import MachineChoice, SourceChoices, TargetChoices
from replication.domain.inventory import Model
from replication.domain.roles import Permission
from replication.domain.targets import WORLDWIDE
from replication.models import Draft, DraftMachine, DraftPlan, DraftPlanPage, Machine, MachineBrief, Person, Run, Vault


class Stale(Exception):
    """Somebody else, or another tab, has saved the draft since the page was shown. `draft` is as it stands now.

    differences: (field, saved, sent), where the page that sent it knows better than the draft's own fields tell.
    """

    def __init__(self, draft: Draft) -> None:
        super().__init__(f"The draft was changed by {draft.updated_by} at {draft.updated_at:%H:%M}.")
        self.draft = draft
        self.differences: Sequence[tuple[str, str, str]] | None = None


def create(vault: Vault, *, actor: Actor, machine: Machine | None = None) -> Draft:
    """A new draft in the vault, owned by the person; with a machine, where it runs and the machine are chosen already.

    Raises Refused when the machine cannot be replicated.
    """
    person = _person(actor)
    source = None
    if machine is not None:
        if not (machine.replicable or machine.replicable_zonally):
            raise access.Refused(f"{machine.name} cannot be replicated as it is.")
        source = _source_of(machine)
    access.require(person, Permission.REPLICATE, vault)
    with gesture("draft.created", actor=actor, **subject_of(vault)) as entry:
        now = clock.now()
        draft = Draft.objects.create(
            connection_id=vault.connection_id,
            vault=vault,
            owner=person,
            updated_by=person,
            created_at=now,
            updated_at=now,
            source=source.to_json() if source else {},
        )
        entry.detail = {"draft": str(draft.pk)}
        if machine is not None:
            DraftMachine.objects.create(draft=draft, machine=machine, name=machine.name)
            entry.detail |= {"machine": machine.name}
    return draft


def _source_of(machine: Machine) -> SourceChoices:
    """Where the machine runs; to another zone only when no other region is possible."""
    return SourceChoices(
        location=machine.location,
        subscription_ids=(machine.subscription_id,),
        model=Model(machine.model),
        zonal=not machine.replicable,
    )


def save_source(draft: Draft, choices: SourceChoices, *, version: int, actor: Actor) -> list[str]:
    """Save the source page. Chosen machines that no longer match are dropped; their names are returned."""
    with _change(draft, "source", version=version, actor=actor) as change:
        change.set(source=choices.to_json())
        dropped = draft.machines.exclude(machine__in=candidates(draft, _person(actor), choices))
        names = list(dropped.values_list("name", flat=True))
        dropped.delete()
        if names or change.before.get("source") != choices.to_json():
            change.stale(*(["machines"] if names else []), *(["target"] if draft.target else []))
    return names


def save_target(
    draft: Draft, choices: TargetChoices, *, version: int, actor: Actor, renamed: tuple[str, str] | None = None
) -> None:
    """Save the target settings for all machines. renamed: an account's name, and the one that it shall have wherever it is chosen."""
    with _change(draft, "target", version=version, actor=actor) as change:
        if renamed:
            choices = choices.renamed(*renamed)
            rows = named(draft).values_list("pk", "overrides")
            _override(draft, {pk: MachineChoice.from_json(said).renamed(*renamed) for pk, said in rows}, change)
        change.set(target=choices.to_json())
        if change.before.get("target", {}).get("location") != choices.location:
            draft.machines.update(overrides={})  # targets in another region mean nothing any more


def save_overrides(draft: Draft, overrides: dict[int, MachineChoice], *, version: int, actor: Actor) -> None:
    """Save what was customised for single machines: DraftMachine id -> its choices (nothing chosen resets the machine)."""
    with _change(draft, "customize", version=version, actor=actor) as change:
        _override(draft, overrides, change)


def save_customized(
    draft: Draft, target: TargetChoices, overrides: dict[int, MachineChoice], *, version: int, actor: Actor
) -> None:
    """Save what was customised for all machines and for single ones, in one go."""
    with _change(draft, "customize", version=version, actor=actor) as change:
        change.set(target=target.to_json())
        _override(draft, overrides, change)


def override_many(
    draft: Draft, rows: QuerySet[DraftMachine], said: dict[str, Any], *, version: int, actor: Actor
) -> int:
    """Change the same fields of many machines; '' takes a machine's own choice away. Returns how many were changed."""
    with _change(draft, "customize", version=version, actor=actor) as change:
        own = {pk: MachineChoice.from_json(data) for pk, data in rows.values_list("pk", "overrides")}
        wanted = {pk: replace(choice, **said) for pk, choice in own.items()}
        changed = {pk: choice for pk, choice in wanted.items() if choice != own[pk]}
        change.note(many=said, changed=len(changed))
        _override(draft, changed, change, note=False)
    return len(changed)


def _override(draft: Draft, overrides: dict[int, MachineChoice], change: "_Changing", *, note: bool = True) -> None:
    """Write those that differ from what the machines have."""
    rows = draft.machines.filter(pk__in=list(overrides)).only("overrides", "draft_id", "name")
    wanted = [row for row in rows if row.overrides != overrides[row.pk].to_json()]
    for row in wanted:
        row.overrides = overrides[row.pk].to_json()
    if note:
        change.note(machines={row.name: row.overrides for row in wanted})
    DraftMachine.objects.bulk_update(wanted, ["overrides"], batch_size=500)


def select(draft: Draft, machines: QuerySet[Machine], *, actor: Actor) -> int:
    """Add machines to the draft; those that cannot be replicated are left out. Returns how many were added.

    Ticks are not guarded by the version: two tabs ticking different machines agree on the union.
    """
    _require_owner(draft, actor)
    source = SourceChoices.from_json(draft.source)
    chosen = replicable(machines, zonal=bool(source and source.zonal)).exclude(
        pk__in=draft.machines.values("machine_id")
    )
    rows = [DraftMachine(draft=draft, machine_id=pk, name=name) for pk, name in chosen.values_list("pk", "name")]
    DraftMachine.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
    return len(rows)


def take_list(
    draft: Draft, source: SourceChoices, wanted: list[int], *, counts: dict[str, int], version: int, actor: Actor
) -> int:
    """Add the machines of a pasted list (their rows), with the source opened for them. Returns how many were new.

    counts: what became of the list's lines, for the audit.
    """
    with _change(draft, "machines", version=version, actor=actor) as change:
        if change.before.get("source") != source.to_json():
            change.set(source=source.to_json())
            change.stale(*(["target"] if draft.target else []))
        fitting = replicable(candidates(draft, _person(actor), source), zonal=source.zonal)
        known = set(draft.machines.values_list("machine_id", flat=True))
        opened = dict(fitting.values_list("pk", "name"))
        rows = [
            DraftMachine(draft=draft, machine_id=pk, name=opened[pk])
            for pk in dict.fromkeys(wanted)
            if pk in opened and pk not in known
        ]
        DraftMachine.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)
        change.note(pasted=counts, added=len(rows))
    return len(rows)


def deselect(draft: Draft, machines: QuerySet[Machine], *, actor: Actor) -> int:
    """Take machines out of the draft. Returns how many were in it."""
    _require_owner(draft, actor)
    count, _ = draft.machines.filter(machine__in=machines.values("pk")).delete()
    return count


def confirm_selection(draft: Draft, *, version: int, actor: Actor) -> None:
    """Next on the machines page: the selection as it stands is what the person means."""
    with _change(draft, "machines", version=version, actor=actor) as change:
        change.note(machines=list(draft.machines.values_list("name", flat=True)))


def discard(draft: Draft, *, actor: Actor) -> None:
    """Throw the draft away. Nothing in Azure changes."""
    _require_owner(draft, actor)
    with gesture("draft.discarded", actor=actor, **subject_of(draft.vault, draft)):
        open_ = Draft.objects.filter(pk=draft.pk, state=Draft.State.OPEN)
        if not open_.update(state=Draft.State.DISCARDED, updated_at=clock.now(), version=F("version") + 1):
            raise Unchanged
        forget_plan(draft)


def forget_plan(draft: Draft) -> None:
    """A draft that is closed needs no plan to show (actions/compiled.py)."""
    _forget_plans(Q(draft=draft))


def forget_plans() -> None:
    """Of all drafts that are not open: a look that overlapped the closing may have kept a plan again."""
    _forget_plans(~Q(draft__state=Draft.State.OPEN))


def _forget_plans(of: Q) -> None:
    DraftPlanPage.objects.filter(of).delete()
    DraftPlan.objects.filter(of).delete()


def share(draft: Draft, shared: bool, *, actor: Actor) -> None:
    """Let everybody who sees the vault read the draft by its address, or no longer."""
    _require_owner(draft, actor)
    action = "draft.shared" if shared else "draft.unshared"
    with gesture(action, actor=actor, **subject_of(draft.vault, draft)):
        if not Draft.objects.filter(pk=draft.pk, shared=not shared).update(shared=shared):
            raise Unchanged


def reopen(draft: Draft, *, actor: Actor) -> None:
    """Go on with a draft that has expired."""
    _require_owner(draft, actor)
    with gesture("draft.reopened", actor=actor, **subject_of(draft.vault, draft)):
        expired = Draft.objects.filter(pk=draft.pk, state=Draft.State.EXPIRED)
        if not expired.update(state=Draft.State.OPEN, updated_at=clock.now(), version=F("version") + 1):
            raise Unchanged


def expire() -> int:
    """Close the drafts that nobody has saved for long; they can be reopened. Returns how many."""
    rows = Draft.objects.filter(state=Draft.State.OPEN).select_related("vault")
    rows = rows.exclude(plans__runs__state__in=[state for state in Run.State if state not in Run.FINISHED])
    oldest = min_rest()
    closed = 0
    for draft in rows.filter(updated_at__lt=clock.now() - oldest):
        if clock.now() > draft.updated_at + rest(draft.vault):
            closed += _expire(draft)
    return closed


def _expire(draft: Draft) -> int:
    with gesture("draft.expired", actor=CONSOLE, **subject_of(draft.vault, draft)) as entry:
        entry.detail = {"saved": draft.updated_at.isoformat(), "owner_id": draft.owner_id}
        forget_plan(draft)
        mine = Draft.objects.filter(pk=draft.pk, version=draft.version, state=Draft.State.OPEN)
        if not mine.update(state=Draft.State.EXPIRED, version=F("version") + 1):
            raise Unchanged
        return 1
    return 0


def rest(vault: Vault) -> timedelta:
    """How long a draft is kept open while nobody saves it."""
    return timedelta(days=settings.value("drafts.days", vault))


def min_rest() -> timedelta:
    """The shortest that any vault can have: before it nothing expires."""
    return timedelta(days=1)


def take_over(draft: Draft, *, actor: Actor) -> None:
    """Make the draft the person's own."""
    person = _person(actor)
    access.require(person, Permission.REPLICATE, draft.vault)
    with gesture("draft.taken_over", actor=actor, **subject_of(draft.vault, draft)) as entry:
        entry.before, entry.after = {"owner": str(draft.owner)}, {"owner": str(person)}
        theirs = Draft.objects.filter(pk=draft.pk).exclude(owner=person)
        if not theirs.update(owner=person, updated_by=person, updated_at=clock.now(), version=F("version") + 1):
            raise Unchanged


def candidates(draft: Draft, person: Person, source: SourceChoices) -> QuerySet[Machine]:
    """The machines that the source page's choices and the person's grants leave to choose from, replicable or not."""
    rows = access.machines(person, draft.vault).filter(
        location=source.location, subscription_id__in=source.subscription_ids, model=source.model.value
    )
    for tag in source.tags:
        rows = tagged(rows, tag)
    return rows.filter(group_key__in=source.groups) if source.groups else rows


def replicable(machines: QuerySet[Machine], *, zonal: bool) -> QuerySet[Machine]:
    """Those that can be chosen: for another zone of their region, or for another region."""
    return machines.filter(**{can_column(zonal): True})


def can_column(zonal: bool) -> str:
    """The column of Machine that says whether it can be chosen."""
    return "replicable_zonally" if zonal else "replicable"


def tagged(machines: QuerySet[Machine], tag: str) -> QuerySet[Machine]:
    """Those that have the tag: `name`, whatever its value, or `name:value`. Case does not matter."""
    having = MachineBrief.objects.filter(tags__contains=f"\n{tag.lower()}" + ("\n" if ":" in tag else ":"))
    return machines.filter(pk__in=having.values("pk"))


# -- one way to change a draft ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Changing:
    """What a change writes: gathered inside the block, written at its end together with the audit entry."""

    draft: Draft
    before: dict[str, Any]
    fields: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    pages: set[str] = field(default_factory=set)

    def set(self, **fields: Any) -> None:
        """Columns to write."""
        self.fields |= fields

    def note(self, **notes: Any) -> None:
        """What the audit should say beside the columns."""
        self.notes |= notes

    def stale(self, *pages: str) -> None:
        """Pages that are worth another look."""
        self.pages |= set(pages)


class _change:
    """Claim the draft's next version, run the block, write the columns and the audit entry; or raise Stale and change nothing."""

    def __init__(self, draft: Draft, page: str, *, version: int, actor: Actor) -> None:
        _require_owner(draft, actor)
        self.draft, self.page, self.version, self.actor = draft, page, version, actor
        self.gesture = gesture("draft.saved", actor=actor, **subject_of(draft.vault, draft))

    def __enter__(self) -> _Changing:
        self.entry = self.gesture.__enter__()
        try:
            self._claim()
        except Stale as error:
            self.gesture.__exit__(type(error), error, error.__traceback__)
            raise
        self.changing = _Changing(self.draft, {"source": self.draft.source, "target": self.draft.target})
        return self.changing

    def _claim(self) -> None:
        person, now = _person(self.actor), clock.now()
        mine = Draft.objects.filter(pk=self.draft.pk, version=self.version, state=Draft.State.OPEN)
        if not mine.update(version=F("version") + 1, updated_at=now, updated_by=person):
            raise Stale(Draft.objects.select_related("updated_by").get(pk=self.draft.pk))
        self.draft.refresh_from_db()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool | None:
        if kind is None:
            self._write()
        return self.gesture.__exit__(kind, error, trace)

    def _write(self) -> None:
        changing = self.changing
        stale = (set(self.draft.stale) | changing.pages) - {self.page}
        changing.set(stale=sorted(stale))
        Draft.objects.filter(pk=self.draft.pk).update(**changing.fields)
        for name, value in changing.fields.items():
            setattr(self.draft, name, value)
        self.entry.before = {name: changing.before[name] for name in changing.fields if name in changing.before}
        self.entry.after = {name: value for name, value in changing.fields.items() if name in changing.before}
        self.entry.detail = {"page": self.page, **changing.notes}


def _require_owner(draft: Draft, actor: Actor) -> None:
    person = _person(actor)
    access.require(person, Permission.REPLICATE, draft.vault)
    if draft.owner_id != person.pk:
        raise access.Refused(f"This draft belongs to {draft.owner}. Take it over to change it.")


def _person(actor: Actor) -> Person:
    if actor.person is None:
        raise access.Refused("Drafts belong to people.")
    return actor.person


def subject_of(vault: Vault, draft: Draft | None = None) -> dict[str, Any]:
    if draft is None:
        return {"subject_kind": "vault", "subject_key": vault.key, "subject_name": vault.name, "vault_key": vault.key}
    name = f"draft {str(draft.pk)[:8]} in {vault.name}"
    return {"subject_kind": "draft", "subject_key": str(draft.pk), "subject_name": name, "vault_key": vault.key}


def ticked(draft: Draft) -> str:
    """Which machines are chosen, as one short text.

    Their rows are only added (with higher numbers) and deleted: as long as their count and the highest number are the same, so are they.
    """
    found = draft.machines.aggregate(n=Count("pk"), last=Max("pk"))
    return f"{found['n']}-{found['last']}"


def named(draft: Draft) -> QuerySet[DraftMachine]:
    """Those of the draft's machines that have names of their own for what is unique in the whole world."""
    return draft.machines.filter(customized=True, overrides__has_any_keys=list(WORLDWIDE))


def selected(draft: Draft) -> QuerySet[DraftMachine]:
    """The draft's machines, by name, with what plans and *Customize* need of their rows."""
    return _planned(draft.machines.all())


def numbered(numbers: Iterable[int]) -> list[DraftMachine]:
    """The same of some rows, in the order of their numbers: a late page of many machines reads those that it shows, and no others."""
    wanted = list(numbers)
    rows = _planned(DraftMachine.objects.order_by()).in_bulk(wanted)
    return [rows[each] for each in wanted if each in rows]


def _planned(rows: QuerySet[DraftMachine]) -> QuerySet[DraftMachine]:
    return rows.select_related("machine").only("draft_id", "overrides", *(f"machine__{name}" for name in _PLANNED))


_PLANNED = ("key", "arm_id", "name", "resource_group", "disk_count", "disk_gib", "document")
