"""The only way a view gets a row: what a person has no grant for reads as absent.

The portal acts with one credential for many people, so each query is narrowed here by the grants: role × vault × the
subscriptions and groups usable as source and as target.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404

from replication import questions
from replication.domain.roles import Permission, Role, allowed, refusal
from replication.models import (
    Approval,
    AuditEntry,
    BellEntry,
    Connection,
    Coverage,
    Draft,
    DraftMachine,
    Event,
    Grant,
    GrantScope,
    HealthIssue,
    Job,
    Machine,
    MaintenanceWindow,
    Person,
    ProtectedItem,
    Reading,
    Resource,
    Run,
    SavedView,
    Subscription,
    Vault,
    Webhook,
)
from replication.questions import Question

Someone = Person | AnonymousUser
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether somebody may, and if not, why not in a sentence."""

    allowed: bool
    reason: str = ""

    def __bool__(self) -> bool:
        return self.allowed


class Refused(PermissionDenied):
    """A verb that the person may not use; the message says why. Django answers it with the 403 page, which records it."""

    def __init__(self, reason: str, vault: Vault | None = None) -> None:
        super().__init__(reason)
        self.vault = vault


def _live(person: Someone) -> QuerySet[Grant]:
    return Grant.objects.filter(person__pk=person.pk or 0, ended_at=None)


Scope = tuple[int, str, str, str]  # vault's row id, side, subscription id, resource group in lower case or '' for all


@dataclass(frozen=True, slots=True)
class _Held:
    """What a person's live grants give, as read at one moment."""

    roles: dict[int, Role] = field(hash=False)  # by the vault's row id
    scopes: frozenset[Scope]


_asked: ContextVar[dict[int, _Held] | None] = ContextVar("asked", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Inside, roles and scopes of a person are read once for all rows that are asked for: for a request that changes nothing.

    Whether somebody may use a verb (`role`, `may`, `require`) is asked anew each time, here as elsewhere.
    """
    token = _asked.set({})
    try:
        yield
    finally:
        _asked.reset(token)


def _held(person: Someone) -> _Held:
    """The person's roles and scopes; one query, where nobody has asked before."""
    pk, kept = person.pk or 0, _asked.get()
    if kept is not None and pk in kept:
        return kept[pk]
    rows = questions.answer(_asking_held(pk))
    held = _Held({row[0]: Role(row[1]) for row in rows}, frozenset((row[0], *row[2:]) for row in rows if row[2]))
    if kept is not None:
        kept[pk] = held
    return held


@lru_cache(maxsize=1000)
def _asking_held(person: int) -> Question:
    columns = "vault_id", "role", "scopes__side", "scopes__subscription_id", "scopes__resource_group"
    return questions.written(Grant.objects.filter(person=person, ended_at=None).values_list(*columns))


def role(person: Someone, vault: Vault | None = None) -> Role | None:
    """The person's role in the vault; without one, the most powerful of all their roles (for pages of no vault)."""
    grants = _live(person) if vault is None else _live(person).filter(vault=vault)
    held = {Role(value) for value in grants.values_list("role", flat=True)}
    return next((each for each in Role if each in held), None)


def roles(person: Someone) -> dict[int, Role]:
    """The person's role in each of their vaults, by the vault's row id: one query for pages that show many."""
    return _held(person).roles


def may(person: Someone, permission: Permission, vault: Vault | None = None) -> Decision:
    """Whether the person may do this in the vault (without a vault: in at least one)."""
    if vault is None:
        roles = {Role(value) for value in _live(person).values_list("role", flat=True)}
        yes = any(allowed(each, permission) for each in roles)
    else:
        held = role(person, vault)
        yes = held is not None and allowed(held, permission)
    return Decision(True) if yes else Decision(False, refusal(permission))


def require(person: Someone, permission: Permission, vault: Vault | None = None) -> None:
    """Raise Refused with the reason unless the person may."""
    decision = may(person, permission, vault)
    if not decision:
        raise Refused(decision.reason, vault)


def everywhere(person: Someone, permission: Permission) -> Decision:
    """Whether the person may do this in every vault in which anybody holds a role: what is settled for the whole console."""
    decision = may(person, permission)
    in_use = Grant.objects.filter(ended_at=None, vault__gone_at=None)
    if decision and in_use.exclude(vault__in=_vault_ids(person, permission)).exists():
        return Decision(False, "This holds for all vaults: only somebody who is administrator of every one can change it.")
    return decision


def require_everywhere(person: Someone, permission: Permission) -> None:
    """Raise Refused with the reason unless the person may in every vault."""
    decision = everywhere(person, permission)
    if not decision:
        raise Refused(decision.reason)


def over(me: Someone, person: Person) -> Decision:
    """Whether somebody administers every vault in which the person has a role: what is done to an account reaches into all of them."""
    decision = may(me, Permission.MANAGE_PEOPLE)
    theirs = _live(person)
    if decision and theirs.exclude(vault__in=_vault_ids(me, Permission.MANAGE_PEOPLE)).exists():
        return Decision(False, "This account has roles in vaults that you do not administer.")
    return decision


def require_over(me: Someone, person: Person) -> None:
    """Raise Refused with the reason unless the person's account is theirs to administer."""
    decision = over(me, person)
    if not decision:
        raise Refused(decision.reason)


def _granted(person: Someone, permission: Permission = Permission.READ) -> QuerySet[Grant]:
    roles = [each.value for each in Role if allowed(each, permission)]
    return _live(person).filter(role__in=roles)


def vaults(person: Someone, permission: Permission = Permission.READ) -> QuerySet[Vault]:
    """Vaults in which the person holds the permission."""
    return Vault.objects.filter(pk__in=_vault_ids(person, permission))


def _vault_ids(person: Someone, permission: Permission = Permission.READ) -> RawSQL:
    """Their row ids, for rows that name a vault: one subquery, not one in another."""
    return _vault_ids_of(person.pk or 0, permission)


@lru_cache(maxsize=1000)
def _vault_ids_of(person: int, permission: Permission) -> RawSQL:
    """The question, not its answer: a page asks it a dozen times, and Django takes longer to write it than a database to answer it."""
    holding = [each.value for each in Role if allowed(each, permission)]
    asked = Grant.objects.filter(person=person, ended_at=None, role__in=holding).values("vault_id")
    return RawSQL(*questions.written(asked))  # noqa: S611  # nosec B611 - Django's own, with its parameters


def connections(person: Someone) -> QuerySet[Connection]:
    """Connections of the person's vaults."""
    return Connection.objects.filter(pk__in=vaults(person).values("connection_id"))


def read_through(person: Someone) -> dict[int, datetime | None]:
    """By connection: when its vaults were last read, all of them, seen or not. None while one was never read.

    Only then is it known that no vault replicates a machine.
    """
    seen = connections(person).values("pk")
    times = Vault.objects.filter(connection__in=seen, gone_at=None).values_list("connection_id", "as_of")
    oldest: dict[int, datetime | None] = {}
    for connection, as_of in times:
        before = oldest.get(connection, as_of)
        oldest[connection] = min(before, as_of) if before and as_of else None
    return oldest


def subscription_names(seen: Iterable[Vault]) -> dict[str, str]:
    """Names of the subscriptions in which vaults lie that the person sees, by their ids."""
    ids = {vault.subscription_id for vault in seen}
    return dict(Subscription.objects.filter(subscription_id__in=ids).values_list("subscription_id", "name"))


def items(person: Someone, vault: Vault | None = None) -> QuerySet[ProtectedItem]:
    """Protected items of the person's vaults, or of one of them."""
    return _of_vaults(ProtectedItem.objects.select_related("vault"), person, vault)


def changeable(person: Someone, vault: Vault) -> QuerySet[ProtectedItem]:
    """Protected items of the vault whose machines the person's grants open as source; those that left Azure are left out."""
    return items(person, vault).filter(_in_scope(person, vault, GrantScope.Side.SOURCE), gone_at=None)


def jobs(person: Someone, vault: Vault | None = None) -> QuerySet[Job]:
    """Site Recovery jobs of the person's vaults."""
    return _of_vaults(Job.objects.select_related("vault"), person, vault)


def runs(person: Someone, vault: Vault | None = None) -> QuerySet[Run]:
    """Runs in the person's vaults."""
    return _of_vaults(Run.objects.select_related("vault", "started_by"), person, vault)


def drafts(person: Someone, vault: Vault | None = None) -> QuerySet[Draft]:
    """Drafts of vaults in which the person may replicate, and those shared in vaults that they see: to read, to change for the owner.

    Somebody else's draft with a machine that the person's grants do not open reads as absent.
    """
    return _drafts(person.pk, vault.pk if vault else None, _held(person)).select_related("vault", "owner")


def _drafts(person: int | None, vault: int | None, held: _Held) -> QuerySet[Draft]:
    theirs = Q(vault__in=_vault_ids_of(person or 0, Permission.REPLICATE))
    theirs |= Q(shared=True, vault__in=_vault_ids_of(person or 0, Permission.READ))
    opened = _opened(held, vault, GrantScope.Side.SOURCE, of="machine__")
    foreign = DraftMachine.objects.filter(~opened, draft=OuterRef("pk"))
    rows = Draft.objects.filter(theirs).filter(Q(owner_id=person) | ~Exists(foreign))
    return rows if vault is None else rows.filter(vault=vault)


def open_drafts(person: Someone, vault: Vault | None) -> int:
    """How many of these are open."""
    return questions.numbers(_asking_open_drafts(person.pk, vault.pk if vault else None, _held(person)))[0]


@lru_cache(maxsize=1000)
def _asking_open_drafts(person: int | None, vault: int | None, held: _Held) -> Question:
    return questions.counting(_drafts(person, vault, held).filter(state="open"))


def approvals(person: Someone) -> QuerySet[Approval]:
    """Requests that the person made, may decide, or may read about in the audit."""
    seen = Q(requested_by_id=person.pk)
    for permission in (Permission.APPROVE, Permission.AUDIT_ALL):
        seen |= Q(vault__in=_vault_ids(person, permission))
    if everywhere(person, Permission.APPROVE):
        seen |= Q(vault=None)
    return Approval.objects.filter(seen).select_related("vault", "requested_by", "decided_by", "run")


def readings(person: Someone) -> QuerySet[Reading]:
    """The person's own readings, and those of vaults that they see."""
    return Reading.objects.filter(Q(asked_by_id=person.pk) | Q(vault__in=_vault_ids(person)))


def issues(person: Someone, vault: Vault | None = None) -> QuerySet[HealthIssue]:
    """Health issues of the person's vaults, those that are over with them."""
    return _of_vaults(HealthIssue.objects.select_related("vault", "acknowledged_by"), person, vault)


def events(person: Someone, vault: Vault | None = None) -> QuerySet[Event]:
    """Site Recovery's events in the person's vaults."""
    return _of_vaults(Event.objects.select_related("vault"), person, vault)


def coverage(person: Someone, vault: Vault | None = None) -> QuerySet[Coverage]:
    """Counts of the resource groups usable as source under the person's grants."""
    rows = Coverage.objects.filter(_in_scope(person, vault, GrantScope.Side.SOURCE))
    return rows.filter(connection__in=vaults(person).values("connection_id")) if vault is None else rows.filter(connection=vault.connection)


def leftovers(person: Someone) -> QuerySet[Resource]:
    """What earlier replication left behind, in the groups that the person's grants open on either side."""
    return _leftovers(person.pk or 0, _held(person))


def _leftovers(person: int, held: _Held) -> QuerySet[Resource]:
    seen = Vault.objects.filter(pk__in=_vault_ids_of(person, Permission.READ)).values("connection_id")
    return Resource.objects.filter(_opened(held, None, *GrantScope.Side), leftover=True, gone_at=None, connection__in=seen)


def leftovers_by_kind(person: Someone) -> dict[str, int]:
    """How many there are of each kind."""
    return dict(questions.answer(_asking_leftovers(person.pk or 0, _held(person))))


@lru_cache(maxsize=1000)
def _asking_leftovers(person: int, held: _Held) -> Question:
    return questions.written(_leftovers(person, held).order_by().values_list("kind").annotate(number=Count("pk")))


def source_names(person: Someone) -> dict[str, str]:
    """Names of the subscriptions that the person's grants open on either side, by their ids."""
    return dict(questions.answer(_asking_source_names(person.pk or 0)))


@lru_cache(maxsize=1000)
def _asking_source_names(person: int) -> Question:
    roles = [each.value for each in Role if allowed(each, Permission.READ)]
    granted = Grant.objects.filter(person=person, ended_at=None, role__in=roles)
    opened = GrantScope.objects.filter(grant__in=granted).values("subscription_id")
    return questions.written(Subscription.objects.filter(subscription_id__in=opened).values_list("subscription_id", "name"))


def own_views(person: Someone) -> QuerySet[SavedView]:
    """Views that the person saved."""
    return SavedView.objects.filter(owner_id=person.pk)


class SavedLine(NamedTuple):
    """A view as a grid lists it."""

    pk: int
    name: str
    query: str
    shared: bool
    owner_id: int
    owner: str


def saved_views(person: Someone, grid: str) -> list[SavedLine]:
    """The person's own views of a grid, and those that others share, for whoever has a role at all."""
    asked = _asking_saved_views(person.pk, grid, bool(_held(person).roles))
    lines = questions.answer(asked)
    return [SavedLine(pk, name, query, shared, owner, shown or login) for pk, name, query, shared, owner, shown, login in lines]


@lru_cache(maxsize=1000)
def _asking_saved_views(person: int | None, grid: str, has_a_role: bool) -> Question:
    shared = Q(shared=True) if has_a_role else Q(pk=None)
    rows = SavedView.objects.filter(Q(owner_id=person) | shared, grid=grid)
    columns = "pk", "name", "query", "shared", "owner_id", "owner__display_name", "owner__username"
    return questions.written(rows.values_list(*columns))


def _of_vaults(rows: QuerySet[Any], person: Someone, vault: Vault | None) -> QuerySet[Any]:
    rows = rows.filter(vault__in=_vault_ids(person))
    return rows if vault is None else rows.filter(vault=vault)


def _in_scope(person: Someone, vault: Vault | None, *sides: str, of: str = "") -> Q:
    """A filter on (subscription_id, group_key) that lets through what the person's grants open on these sides (in one vault).

    of: "machine__" where the rows' machines have the two.
    """
    return _opened(_held(person), vault.pk if vault else None, *sides, of=of)


def _opened(held: _Held, vault: int | None, *sides: str, of: str = "") -> Q:
    seen = [pk for pk, role in held.roles.items() if allowed(role, Permission.READ) and vault in {None, pk}]
    pairs = {(subscription, group) for pk, side, subscription, group in held.scopes if pk in seen and side in sides}
    whole = [subscription for subscription, group in pairs if not group]
    parts = [Q((f"{of}subscription_id", subscription), (f"{of}group_key", group)) for subscription, group in pairs if group]
    return reduce(or_, parts, Q((f"{of}subscription_id__in", whole)))


def machines(person: Someone, vault: Vault | None = None) -> QuerySet[Machine]:
    """Machines usable as source under the person's grants; those that left Azure are left out."""
    rows = Machine.objects.filter(_in_scope(person, vault, GrantScope.Side.SOURCE), gone_at=None)
    return rows if vault is None else rows.filter(connection_id=vault.connection_id)


def machines_found(person: Someone) -> QuerySet[Machine]:
    """The same, for a question that names the machines: SQLite takes an index on what is there for more telling than their numbers."""
    return Machine.objects.filter(_in_scope(person, None, GrantScope.Side.SOURCE)).exclude(gone_at__isnull=False)


def targets(person: Someone, vault: Vault) -> QuerySet[Resource]:
    """Groups, networks, accounts and sets usable as target under the person's grants in the vault."""
    scope = _in_scope(person, vault, GrantScope.Side.TARGET)
    return Resource.objects.filter(scope, connection_id=vault.connection_id, gone_at=None)


def sources(person: Someone, vault: Vault) -> QuerySet[Resource]:
    """Groups, networks and accounts on the source side (groups to pick machines from, cache accounts)."""
    scope = _in_scope(person, vault, GrantScope.Side.SOURCE)
    return Resource.objects.filter(scope, connection_id=vault.connection_id, gone_at=None)


def subscriptions(person: Someone, vault: Vault, side: str) -> QuerySet[Subscription]:
    """Subscriptions that the person's grants in the vault open on one side ('source' or 'target')."""
    opened = GrantScope.objects.filter(side=side, grant__in=_granted(person), grant__vault=vault)
    return Subscription.objects.filter(
        connection_id=vault.connection_id, subscription_id__in=opened.values("subscription_id"), gone_at=None
    )


def whole_subscriptions(person: Someone, vault: Vault, side: str) -> set[str]:
    """Ids of the subscriptions that the person's grants in the vault open as a whole."""
    opened = GrantScope.objects.filter(side=side, resource_group="", grant__in=_granted(person), grant__vault=vault)
    return set(opened.values_list("subscription_id", flat=True))


def scope_names(person: Person) -> dict[str, str]:
    """Names of the subscriptions that a person's grants speak of, by their ids."""
    opened = GrantScope.objects.filter(grant__person=person).values("subscription_id")
    return dict(Subscription.objects.filter(subscription_id__in=opened).values_list("subscription_id", "name"))


def audit(person: Someone) -> QuerySet[AuditEntry]:
    """All entries of the vaults whose audit the person may read, entries of no vault with them; else only their own."""
    own = Q(actor_id=person.pk)
    keys = vaults(person, Permission.AUDIT_ALL).values("key")
    if not may(person, Permission.AUDIT_ALL):
        return AuditEntry.objects.filter(own)
    return AuditEntry.objects.filter(own | Q(vault_key="") | Q(vault_key__in=keys))


def whole_audit(person: Someone) -> Decision:
    """Whether the person may read every entry that there is: what is sealed as a whole, and handed out as a whole."""
    decision = may(person, Permission.AUDIT_ALL)
    told = Vault.objects.filter(Exists(AuditEntry.objects.filter(vault_key=OuterRef("key"))))
    if decision and told.exclude(pk__in=vaults(person, Permission.AUDIT_ALL)).exists():
        return Decision(False, "Only somebody who may read the audit of every vault can do this.")
    return decision


def require_whole_audit(person: Someone) -> None:
    """Raise Refused with the reason unless the person may read every entry."""
    decision = whole_audit(person)
    if not decision:
        raise Refused(decision.reason)


def bell(person: Person) -> QuerySet[BellEntry]:
    """What the person was told of, in vaults that they still see or of the whole console, newest first."""
    return _told(person.pk).order_by("-notice_id").select_related("notice__vault", "notice__run")


def _told(person: int) -> QuerySet[BellEntry]:
    seen = Q(notice__vault__in=_vault_ids_of(person, Permission.READ)) | Q(notice__vault=None)
    return BellEntry.objects.filter(seen, person=person)


def unread(person: Person) -> int:
    """How much of it they have not read."""
    return questions.numbers(_asking_unread(person.pk))[0]


@lru_cache(maxsize=1000)
def _asking_unread(person: int) -> Question:
    return questions.counting(_told(person).filter(read_at=None))


def webhooks(person: Someone) -> QuerySet[Webhook]:
    """Webhooks of the person's vaults."""
    return Webhook.objects.select_related("vault").filter(vault__in=_vault_ids(person))


def windows(person: Someone, vault: Vault | None = None) -> QuerySet[MaintenanceWindow]:
    """Maintenance windows of the person's vaults, the latest first."""
    return _of_vaults(MaintenanceWindow.objects.select_related("vault", "created_by"), person, vault)


def get(rows: QuerySet[Row], **lookup: object) -> Row:
    """The one row, or 404: the same answer for what does not exist and for what is not theirs."""
    try:
        return rows.get(**lookup)
    except (ObjectDoesNotExist, ValueError, OverflowError):
        raise Http404 from None


def vault(person: Someone, pk: int) -> Vault:
    """One of the person's vaults, or 404."""
    return get(vaults(person).select_related("connection"), pk=pk)


def draft(person: Someone, pk: UUID) -> Draft:
    """One of the drafts the person may see, or 404."""
    return get(drafts(person), pk=pk)
