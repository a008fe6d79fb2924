"""Demo accounts: published passwords, one account a role. They exist only where nothing real can be reached with them."""

from typing import NamedTuple

from replication.domain.roles import Role


class DemoAccount(NamedTuple):
    """What the sign-in page shows and `manage.py demo_accounts` creates."""

    username: str
    display_name: str
    role: Role
    password: str


DEMO_ACCOUNTS = (
    DemoAccount("admin", "Demo administrator", Role.ADMINISTRATOR, "admin-of-contoso"),
    DemoAccount("operator", "Demo operator", Role.OPERATOR, "operator-of-contoso"),
    DemoAccount("helpdesk", "Demo helpdesk", Role.HELPDESK, "helpdesk-of-contoso"),
    DemoAccount("lead", "Demo team lead", Role.TEAM_LEAD, "lead-of-contoso"),
)
