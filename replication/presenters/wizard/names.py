"""What is said of a name for something new: by Azure's rules, by what was read, and by whoever else in the world may have it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from replication import access
from replication.actions import names as worldwide
from replication.actions.names import Standing
from replication.domain import ids, naming
from replication.domain.choices import Placement
from replication.domain.targets import NEW, WORLDWIDE, TargetKind
from replication.models import Draft, Person, Resource

POLICY = "policy_name"  # of the target page: a policy is the vault's own
_FIELDS = {kind.text: kind for kind in NEW.values()}

Ask = Callable[[TargetKind, str], Standing]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence on a name. waiting: Azure is being asked; refused: the name cannot be had; free: nobody in the world has it.

    near: a name that is free instead of one that is refused.
    """

    words: str
    name: str = ""
    waiting: bool = False
    refused: bool = False
    free: bool = False
    near: str = ""

    @property
    def holds(self) -> bool:
        """Whether *Next* waits for it. Where Azure could not be asked the checks will, and say why they cannot."""
        return self.waiting or self.refused

    @property
    def tone(self) -> str:
        """Of the mark beside it."""
        return "wait" if self.waiting else "error" if self.refused else "ok" if self.free else "warn"

    @property
    def label(self) -> str:
        """The mark's word."""
        return "Being asked" if self.waiting else "Taken" if self.refused else "Free" if self.free else "Not known"


def in_the_world(standing: Standing) -> Said:
    """What Azure said of a name that must be unique in the whole world."""
    name = standing.name
    if standing.waiting:
        return Said(f"Azure is being asked whether anybody in the world has the name {name}.", waiting=True, name=name)
    if standing.problem:
        return Said(f"Azure could not be asked for the name {name}, the checks will ask again: {standing.problem}", name=name)
    if standing.refusal:
        free = f" {standing.free} is free." if standing.free else ""
        return Said(f"{name} cannot be had: {standing.refusal}{free}", refused=True, name=name, near=standing.free)
    return Said(f"Nobody in the world has the name {name}.", name=name, free=True)


class Names:
    """What one person is told of names for one draft."""

    def __init__(self, draft: Draft, person: Person) -> None:
        self._draft, self._person = draft, person

    def refusal(self, field: str, text: str, arm_id: str) -> str:
        """Why what a field of Placement names cannot be made as `arm_id`, in a sentence, or ''."""
        kind = NEW[field]
        if wrong := naming.RULES[kind.rule].refusal(text):
            return f"{text}: {wrong}"
        same = self._there(kind, text)
        if there := (same if kind.worldwide else same.filter(key=ids.key(arm_id))).first():
            return _exists(there)
        if Resource.objects.filter(connection_id=self._draft.connection_id, gone_at=None, key=ids.key(arm_id)).exists():
            return f"{text} is not among those that your role opens: give another name."
        standing = self._standing(text) if kind.worldwide else None
        return in_the_world(standing).words if standing and standing.refusal else ""

    def said(self, field: str, text: str, ask: Ask | None = None) -> Said | None:
        """What to say below a field of a form while one types; None of what is no such field, or is empty.

        ask: has Azure asked for a name that must be unique in the world.
        """
        if field not in (*_FIELDS, POLICY) or not text.strip("\x00 "):
            return None
        kind = _FIELDS.get(field)
        if wrong := naming.RULES[kind.rule if kind else "policy"].refusal(text):
            return Said(wrong, refused=True)
        if kind is None:
            return self._of_policy(text)
        if there := self._there(kind, text).first():
            return Said(_exists(there), refused=True)
        if not kind.worldwide:
            return Said("Azure takes this name, and nothing that was read has it.")
        standing = self._standing(text) or (ask(kind, text) if ask else None)
        return in_the_world(standing) if standing else Said("Azure takes such names. Whether this one is free is asked when it is saved.")

    def of_chosen(self, chosen: Placement) -> dict[str, Said]:
        """By the field of forms that names a new account, what is known in the world of the one that is chosen instead of it."""
        named = {NEW[field].text: ids.name(getattr(chosen, field)) for field in WORLDWIDE if getattr(chosen, field)}
        known = worldwide.standings(self._draft.connection_id, named.values()) if named else {}
        mine = worldwide.given(self._draft) if known else {}
        return {text: in_the_world(known[name]) for text, name in named.items() if name in known and name in mine}

    def _standing(self, name: str) -> Standing | None:
        return worldwide.standings(self._draft.connection_id, [name]).get(name)

    def _there(self, kind: TargetKind, text: str) -> QuerySet[Resource]:
        """What was read of the kind and has the name, where no second one can have it, as far as the person's grants open it."""
        vault = self._draft.vault
        rows = access.targets(self._person, vault)
        if kind.worldwide:
            rows = rows | access.sources(self._person, vault)
        elif not kind.type:
            rows = rows.filter(subscription_id__iexact=self._draft.target.get("subscription_id", ""))
        return rows.filter(kind=kind.resource, name__iexact=text)

    def _of_policy(self, text: str) -> Said:
        there = {each["name"].lower(): each["name"] for each in (self._draft.vault.site or {}).get("policies", ())}
        if text.lower() in there:
            return Said(f"{there[text.lower()]} exists already: choose it in the list, or give another name.", refused=True)
        return Said("Azure takes this name, and no policy of the vault has it.")


def _exists(there: Resource) -> str:
    where = f" in {ids.group_name(there.arm_id)}" if there.kind != Resource.Kind.GROUP else ""
    return f"{there.name} exists already{where}: choose it in the list, or give another name."
