"""People and their grants."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from replication import access
from replication.actions.people import Scope, scopes_of
from replication.domain.roles import Role
from replication.grid import Choice, Column, Grid, Rows, words
from replication.models import Grant, GrantScope, GroupRole, Person, Resource, Vault


def grid(vaults: Rows) -> Grid:
    """Accounts by user name; by role only of the vaults that the asker administers."""
    return Grid(
        columns=(
            Column(key="name", label="User name", order=("username",)),
            Column(key="display", label="Display name", order=("display_name", "username")),
            Column(key="last", label="Last sign-in", order=("last_login",), nullable=True),
        ),
        filters=(
            Choice(
                key="state", label="State", narrow=_by_state, options=[("active", "Active"), ("closed", "Deactivated")]
            ),
            Choice(
                key="role", label="Role", narrow=_by_role(vaults), options=[(role.value, role.label) for role in Role]
            ),
        ),
        search=words("username", "display_name"),
        default_sort="name",
    )


def _by_state(rows: Rows, value: str) -> Rows:
    return rows.filter(is_active=value == "active")


def _by_role(vaults: Rows) -> Callable[[Rows, str], Rows]:
    live = Grant.objects.filter(vault__in=vaults, ended_at=None)
    return lambda rows, value: rows.filter(pk__in=live.filter(role=value).values("person_id"))


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A grant in words."""

    grant: Grant
    subscriptions: Mapping[str, str]

    @property
    def role(self) -> str:
        return Role(self.grant.role).label

    @property
    def sources(self) -> list[str]:
        return self._side("source")

    @property
    def targets(self) -> list[str]:
        return self._side("target")

    def _side(self, side: str) -> list[str]:
        return sorted(scope_label(s, self.subscriptions) for s in self.grant.scopes.all() if s.side == side)


def scope_label(scope: GrantScope | Scope, subscriptions: Mapping[str, str]) -> str:
    """Production / rg-erp, or Production for the whole of it."""
    name = subscriptions.get(scope.subscription_id, scope.subscription_id)
    return f"{name} / {scope.resource_group}" if scope.resource_group else name


# --- what an administrator can open for others: no more than what is open to them -----------------------------------------


def scope_choices(person: Person, vault: Vault, side: str) -> list[tuple[str, str]]:
    """(value, label) of subscriptions and groups that the person may open on a side."""
    groups = (access.sources if side == "source" else access.targets)(person, vault).filter(kind=Resource.Kind.GROUP)
    names = dict(access.subscriptions(person, vault, side).values_list("subscription_id", "name"))
    scopes = [Scope(side, subscription) for subscription in sorted(access.whole_subscriptions(person, vault, side))]
    scopes += [Scope(side, *row) for row in groups.order_by("name").values_list("subscription_id", "group_key")]
    labelled = [(f"{s.subscription_id}/{s.resource_group}", scope_label(s, names)) for s in scopes]
    return sorted(labelled, key=lambda pair: pair[1].lower())


def read_scopes(side: str, values: Iterable[str]) -> list[Scope]:
    """Scopes from the form's values."""
    return [Scope(side, *value.partition("/")[::2]) for value in values]


def initial(held: Grant | None) -> dict[str, object]:
    """What the form shows of a grant that there is already."""
    if held is None:
        return {}
    values: dict[str, list[str]] = {"source": [], "target": []}
    for scope in scopes_of(held):
        values[scope.side].append(f"{scope.subscription_id}/{scope.resource_group}")
    return {"role": held.role, **values}


def kept(held: Grant | None, offered: Iterable[tuple[str, str]], side: str) -> list[Scope]:
    """Scopes that a grant has and that its editor does not see: they stay."""
    seen = {value for value, _ in offered}
    scopes = scopes_of(held) if held else []
    return [s for s in scopes if s.side == side and f"{s.subscription_id}/{s.resource_group}" not in seen]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group's role in words."""

    row: GroupRole
    subscriptions: Mapping[str, str]

    @property
    def role(self) -> str:
        return Role(self.row.role).label

    @property
    def sources(self) -> list[str]:
        return self._side("source")

    @property
    def targets(self) -> list[str]:
        return self._side("target")

    def _side(self, side: str) -> list[str]:
        scopes = (Scope(*each) for each in self.row.scopes)
        return sorted(scope_label(scope, self.subscriptions) for scope in scopes if scope.side == side)
