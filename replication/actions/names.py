"""Names that are unique in the whole world: whether somebody else has one is a Reading, asked once, kept for half an hour, shared by all.

Names that a person gave are asked for, and those that the rules give where the draft's plan is at hand; else they are the checks'
(domain/checks/storage.py).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from replication import access, clock
from replication.actions import compiled, readings
from replication.actions.actor import Actor
from replication.actions.drafts import named
from replication.domain import ids, naming
from replication.domain.choices import TargetChoices
from replication.domain.compiler.resources import HIGH_CACHE
from replication.domain.plan import Plan
from replication.domain.roles import Permission
from replication.domain.specs import StorageSpec
from replication.domain.steps import StepState
from replication.domain.targets import WORLDWIDE
from replication.models import Draft, Reading, Resource, Step


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a name. refusal: why it cannot be had, in Azure's words; free: one near it that can be.

    problem: why Azure told nothing.
    """

    name: str
    waiting: bool = False
    refusal: str = ""
    free: str = ""
    problem: str = ""

    @property
    def told(self) -> bool:
        """Whether Azure has answered."""
        return not (self.waiting or self.problem)


def standings(connection_id: int, names: Iterable[str]) -> dict[str, Standing]:
    """By name, for those that were asked for and whose answer still counts. One query."""
    rows = _readings(connection_id).filter(subject__in=list(names)).order_by("pk")
    return {row.subject: _standing(row) for row in rows}


def _readings(connection_id: int) -> QuerySet[Reading]:
    """Those that count."""
    counting = Q(answered_at=None) | Q(expires_at__gt=clock.now())
    return Reading.objects.filter(counting, connection_id=connection_id, kind=Reading.Kind.NAME)


def _standing(row: Reading) -> Standing:
    if row.answered_at is None:
        return Standing(row.subject, waiting=True)
    told: dict[str, Any] = row.result or {}
    problem = str((row.problem or {}).get("message", ""))
    return Standing(row.subject, refusal=told.get("refusal", ""), free=told.get("free", ""), problem=problem)


def ask(draft: Draft, names: Mapping[str, str], *, actor: Actor) -> dict[str, Standing]:
    """Have Azure asked for the names, those apart that were asked for already. By name how all of them stand.

    names: of accounts, with the subscription through which Azure is asked. Looking is no verb, so the audit has no entry of it.
    """
    assert actor.person is not None
    access.require(actor.person, Permission.REPLICATE, draft.vault)
    known = standings(draft.connection_id, names)
    for name in names.keys() - known.keys():
        about = {"vault_id": draft.vault_id, "result": {"subscription": names[name]}}
        readings.ask(Reading.Kind.NAME, actor, connection_id=draft.connection_id, subject=name, **about)
        known[name] = Standing(name, waiting=True)
    return known


def forget(draft: Draft, *, failing: bool) -> None:
    """Ask anew for the draft's names when somebody wants to know what has changed. failing: not for those that are free."""
    known = standings(draft.connection_id, wanted(draft)).values()
    again = [each.name for each in known if not failing or each.refusal or each.problem]
    _readings(draft.connection_id).filter(subject__in=again).exclude(answered_at=None).update(expires_at=clock.now())


def forget_old() -> None:
    """Delete what has long ceased to count: whoever types leaves an answer behind for each name that rested."""
    old = clock.now() - timedelta(days=1)
    Reading.objects.filter(kind=Reading.Kind.NAME, expires_at__lt=old).delete()


# -- those of a draft ----------------------------------------------------------------------------------------------------


def wanted(draft: Draft) -> dict[str, str]:
    """Names of accounts that are to be made, with their subscription: those given, and those of the plan that is kept."""
    kept = compiled.kept(draft)
    return (planned(kept.plan) if kept else {}) | given(draft)


def planned(plan: Plan) -> dict[str, str]:
    """Those that the plan would make, by the rules or not."""
    new = (spec.id for spec in _new(plan))
    return {ids.name(each): ids.subscription(each) for each in new if not naming.RULES["storage_account"].refusal(ids.name(each))}


def _new(plan: Plan) -> list[StorageSpec]:
    return [step.spec for step in plan.resources if isinstance(step.spec, StorageSpec) and not step.reused]


def field_for_all(plan: Plan, name: str) -> str:
    """The field of Placement that gives the plan's account another name for all machines; '' where the plan has several like it."""
    every = [step.spec for step in plan.resources if isinstance(step.spec, StorageSpec)]
    fields = {ids.name(each.id): _field(plan, each) for each in every}
    return fields[name] if name in fields and list(fields.values()).count(fields[name]) == 1 else ""


def _field(plan: Plan, spec: StorageSpec) -> str:
    if spec.location != plan.source_location:
        return "storage_account_id"
    return "high_cache_account_id" if spec.account_kind == HIGH_CACHE[1] else "cache_account_id"


def replaced(target: TargetChoices, plan: Plan, name: str, free: str) -> TargetChoices:
    """The target settings with the free name for an account that the rules name."""
    account = next((spec.id for spec in _new(plan) if ids.name(spec.id) == name), "")
    field = field_for_all(plan, name) if account else ""
    return target.placed({field: f"{account.removesuffix(name)}{free}"}) if field else target


def given(draft: Draft) -> dict[str, str]:
    """Names that a person gave to accounts that are to be made, with their subscription; those apart that are there by now.

    At most three queries.
    """
    own = named(draft).values_list("overrides", flat=True)
    chosen = {ids.key(each): each for said in (draft.target, *own) for each in _accounts(said)}
    if not chosen:
        return {}
    there = Resource.objects.filter(connection_id=draft.connection_id, gone_at=None, key__in=list(chosen))
    made = Step.objects.filter(run__plan__draft=draft, state=StepState.SUCCEEDED, subject_key__in=list(chosen))
    gone = {*there.values_list("key", flat=True), *made.values_list("subject_key", flat=True)}
    return {ids.name(each): ids.subscription(each) for key, each in chosen.items() if key not in gone}


def _accounts(said: Mapping[str, Any]) -> Iterable[str]:
    """Those that Azure could have at all: of others the plan says what is wrong."""
    found = (said.get(name) or "" for name in WORLDWIDE)
    return (each for each in found if each and not naming.RULES["storage_account"].refusal(ids.name(each)))
