"""The four roles and what each may do: the one table that access.py and the actions ask, and pages explain from."""

from enum import StrEnum


class Role(StrEnum):
    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    HELPDESK = "helpdesk"
    TEAM_LEAD = "team_lead"

    @property
    def label(self) -> str:
        """The role's name on pages."""
        return {"team_lead": "Team lead"}.get(self.value, self.value.capitalize())


class Permission(StrEnum):
    """One named thing that a person may or may not do in a vault."""

    READ = "read"  # vaults, items, runs, inventory in scope
    REFRESH = "refresh"  # have a worker re-read Azure
    EXPORT = "export"
    ACKNOWLEDGE = "acknowledge"  # say that one knows of a health issue
    REPLICATE = "replicate"  # drafts, create target resources, enable replication
    CHANGE_ITEMS = "change_items"  # settings, disks, resynchronization and agent of protected machines
    DISABLE = "disable"  # disable replication
    INFRASTRUCTURE = "infrastructure"  # replication policies and network mappings
    CONTROL_JOBS = "control_jobs"  # cancel and restart Site Recovery jobs
    CONTROL_RUNS = "control_runs"  # cancel, pause, resume, take over and retry
    MANAGE_WINDOWS = "manage_windows"  # maintenance windows: what the RPO ledger excuses
    AUDIT_OWN = "audit_own"
    AUDIT_ALL = "audit_all"
    APPROVE = "approve"  # decide what others ask for, where rules ask for a second person
    MANAGE_PEOPLE = "manage_people"
    MANAGE_SETTINGS = "manage_settings"


_EVERYONE = frozenset({Permission.READ, Permission.REFRESH, Permission.EXPORT, Permission.ACKNOWLEDGE, Permission.AUDIT_OWN})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.OPERATOR: _EVERYONE | {Permission.CONTROL_RUNS, Permission.MANAGE_WINDOWS, Permission.CONTROL_JOBS},
    Role.HELPDESK: _EVERYONE,
    Role.TEAM_LEAD: _EVERYONE | {Permission.AUDIT_ALL, Permission.APPROVE},
}

_VERBS: dict[Permission, str] = {
    Permission.READ: "see this vault",
    Permission.REFRESH: "refresh",
    Permission.EXPORT: "export",
    Permission.ACKNOWLEDGE: "acknowledge health issues",
    Permission.REPLICATE: "replicate machines",
    Permission.CHANGE_ITEMS: "change protected machines",
    Permission.DISABLE: "disable replication",
    Permission.INFRASTRUCTURE: "change policies and network mappings",
    Permission.CONTROL_JOBS: "cancel or restart Site Recovery jobs",
    Permission.CONTROL_RUNS: "control runs",
    Permission.MANAGE_WINDOWS: "set maintenance windows",
    Permission.AUDIT_OWN: "see audit entries",
    Permission.AUDIT_ALL: "see everybody's audit entries",
    Permission.APPROVE: "approve what others ask for",
    Permission.MANAGE_PEOPLE: "manage people",
    Permission.MANAGE_SETTINGS: "change settings",
}


def described(permission: Permission) -> str:
    """What the permission lets somebody do: "Replicate machines"."""
    words = _VERBS[permission]
    return words[0].upper() + words[1:]


def allowed(role: Role, permission: Permission) -> bool:
    """Whether the role holds the permission."""
    return permission in ROLE_PERMISSIONS[role]


def refusal(permission: Permission) -> str:
    """Why somebody may not: "Only administrators can replicate machines."."""
    holders = [role for role in Role if allowed(role, permission)]
    names = " and ".join(f"{role.label.lower()}s" for role in holders)
    return f"Only {names} can {_VERBS[permission]}."
