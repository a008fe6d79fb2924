"""The access review: who may do what where, since when, and when they last did."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Max, OuterRef, Subquery

from replication import access
from replication.domain.roles import Permission, Role
from replication.grid import Choice, Column, Grid, Rows, by, distinct, words
from replication.models import AuditEntry, Grant, Person, Vault
from replication.presenters.people import GrantRow


def rows(person: Person) -> Rows:
    """Live grants of the vaults whose people or whole audit the person may see, each with when it was last used."""
    seen = access.vaults(person, Permission.MANAGE_PEOPLE) | access.vaults(person, Permission.AUDIT_ALL)
    used = AuditEntry.objects.filter(actor=OuterRef("person"), vault_key=OuterRef("vault__key")).order_by()
    last = used.values("actor").annotate(last=Max("at")).values("last")
    grants = Grant.objects.filter(ended_at=None, vault__in=seen).select_related("person", "vault", "granted_by")
    return grants.prefetch_related("scopes").annotate(used_at=Subquery(last))


def grid(names: Mapping[str, str]) -> Grid:
    """Grants by person; names: of subscriptions."""
    return Grid(
        columns=(
            Column(key="person", label="User name", order=("person__username", "vault__name"), text=lambda g: g.person.username),
            Column(key="display", label="Display name", text=lambda g: g.person.display_name),
            Column(key="state", label="Account", text=lambda g: ReviewRow(g, names).account),
            Column(key="vault", label="Vault", order=("vault__name", "person__username"), text=lambda g: g.vault.name),
            Column(key="role", label="Role", order=("role", "person__username"), text=lambda g: Role(g.role).label),
            Column(key="source", label="Usable as source", text=lambda g: "; ".join(GrantRow(g, names).sources)),
            Column(key="target", label="Usable as target", text=lambda g: "; ".join(GrantRow(g, names).targets)),
            Column(key="since", label="Since", order=("granted_at",), text=lambda g: g.granted_at.date().isoformat()),
            Column(key="by", label="Granted by", text=lambda g: ReviewRow(g, names).granted_by),
            Column(
                key="signin", label="Last sign-in", order=("person__last_login",), nullable=True,
                text=lambda g: _day(g.person.last_login),
            ),
            Column(key="used", label="Last used", order=("used_at",), nullable=True, text=lambda g: _day(g.used_at)),
        ),
        filters=(
            Choice(key="role", label="Role", narrow=by("role"), options=[(role.value, role.label) for role in Role]),
            Choice(key="vault", label="Vault", narrow=by("vault__name"), options=distinct("vault__name")),
            Choice(key="use", label="Use", narrow=_by_use, options=[("never", "Never used"), ("used", "Used")]),
        ),
        search=words("person__username", "person__display_name"),
        default_sort="person",
    )  # fmt: skip


def _by_use(rows: Rows, value: str) -> Rows:
    return rows.filter(used_at__isnull=value == "never")


def _day(at: object) -> str:
    return at.date().isoformat() if hasattr(at, "date") else "never"


def names_of(found: Rows) -> dict[str, str]:
    """Subscription names of the vaults' connections."""
    from replication.models import Subscription

    connections = Vault.objects.filter(pk__in=found.order_by().values("vault_id")).values("connection_id")
    return dict(Subscription.objects.filter(connection_id__in=connections).values_list("subscription_id", "name"))


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A grant of the review in words."""

    grant: Grant
    names: Mapping[str, str]

    @property
    def scopes(self) -> GrantRow:
        return GrantRow(self.grant, self.names)

    @property
    def account(self) -> str:
        """Active, locked, deactivated; and what kind of account."""
        person = self.grant.person
        state = "Deactivated" if not person.is_active else "Locked" if person.locked_at else "Active"
        kind = ", Microsoft" if person.object_id else ", break-glass" if person.is_break_glass else ", demo" if person.is_demo else ""
        return state + kind

    @property
    def granted_by(self) -> str:
        return "A group" if self.grant.by_group else str(self.grant.granted_by or "Console")
