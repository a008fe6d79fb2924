"""What a plan is written on while it is compiled: its steps, who uses them, and what is said against it."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from replication.domain import ids, naming
from replication.domain.choices import Choices
from replication.domain.compiler.resolver import Resolver
from replication.domain.inventory import Machine
from replication.domain.plan import Facts, Objection, PlannedStep
from replication.domain.specs import Spec


@dataclass(slots=True)
class Sheet:
    """Keys of steps are stable: `fabric:eastasia`, `network:<id>`, `protect:<machine id>`."""

    choices: Choices
    facts: Facts
    steps: dict[str, PlannedStep] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    taken: dict[tuple[str, str, str], Machine] = field(default_factory=dict)  # (field, value, where) -> who asked first
    accounts: dict[str, str] = field(default_factory=dict)  # name of a new storage account -> its id
    groups: dict[str, list[Machine]] = field(default_factory=dict)  # replication group, lower case -> its machines
    shared: dict[Hashable, frozenset[str]] = field(default_factory=dict)  # what Resolver.alike says -> the steps that such machines need
    said: set[Objection] = field(default_factory=set)
    objections: list[Objection] = field(default_factory=list)
    warnings: list[Objection] = field(default_factory=list)
    resolve: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolve = Resolver(self.choices, self.facts)

    @property
    def source(self) -> str:
        """The source region."""
        return self.choices.source.location

    @property
    def target(self) -> str:
        """The target region; between zones it is the source region."""
        return self.choices.target.location

    @property
    def there(self) -> str:
        """What the target side's fabric parts are keyed by: between zones they must differ from the source side's."""
        return f"{self.target}:zones" if self.choices.source.zonal else self.target

    def object_(self, page: str, message: str, *, field: str = "", machine_id: str = "", action: str = "") -> None:
        """Say why the plan must not be run; what many machines give rise to is said once."""
        objection = Objection(page=page, message=message, field=field, machine_id=machine_id, action=action)
        if objection not in self.said:
            self.said.add(objection)
            self.objections.append(objection)

    def warn(self, page: str, message: str, *, machine_id: str = "", action: str = "") -> None:
        """Say what is worth knowing."""
        warning = Objection(page=page, message=message, machine_id=machine_id, action=action)
        if warning not in self.said:
            self.said.add(warning)
            self.warnings.append(warning)

    def check_name(self, kind: str, arm_id: str, field: str) -> None:
        """Object to a name that Azure does not take."""
        refusal = naming.RULES[kind].refusal(ids.name(arm_id))
        if refusal:
            self.object_("target", f"{ids.name(arm_id)}: {refusal}", field=field)

    def add(
        self, key: str, title: str, spec: Spec, reused: bool, *, location: str = "", needs: tuple[str, ...] = ()
    ) -> str:
        """Plan a step once; a second machine that needs the same thing finds it planned. Returns the key."""
        if key not in self.steps:
            maker = "" if spec.changes else self.facts.made.get(ids.key(spec.id), "")
            self.steps[key] = PlannedStep(
                key=key,
                title=title,
                spec=spec,
                reused=reused or bool(maker),
                why=_why(spec, reused, maker),
                location=location,
                needs=needs,
            )
        return key

    def id(self, key: str) -> str:
        """The ARM id of what a planned step makes."""
        return self.steps[key].spec.id


def _why(spec: Spec, reused: bool, maker: str) -> str:
    if spec.changes:
        return "As chosen" if reused else "Changes what is there"
    if maker:
        return f"Created by {maker}, reused"
    return "Exists, reused" if reused else "Nothing with this name exists"


def key_of(kind: str, arm_id: str) -> str:
    """The key of the step that makes or finds a resource."""
    return f"{kind}:{ids.key(arm_id)}"
