"""The demo's accounts and what they may do. Their passwords are published, so this refuses to run where Azure is real."""

from django.conf import settings

from replication import clock
from replication.actions import people
from replication.actions.actor import CONSOLE
from replication.actions.audit import gesture
from replication.demo import DEMO_ACCOUNTS, DemoAccount
from replication.models import Connection, Person, Vault


class NotADemo(Exception):
    """Demo accounts are not for this installation; the message says why."""


def ensure_accounts(connection: Connection) -> list[Person]:
    """The four accounts, with grants in every vault that they have had none in yet. What somebody changed since stays."""
    if not settings.DEMO:
        raise NotADemo("Demo accounts exist only with PORTAL_DEMO=1 and an Azure endpoint on this machine.")
    vaults = list(Vault.objects.filter(connection=connection, gone_at=None))
    found = [_account(each) for each in DEMO_ACCOUNTS]
    for person, account in zip(found, DEMO_ACCOUNTS, strict=True):
        for vault in vaults:
            people.give_all(person, vault, account.role)
    return found


def _account(account: DemoAccount) -> Person:
    known = Person.objects.filter(username=account.username).first()
    if known:
        if not known.is_demo:
            raise NotADemo(f"The account {account.username} exists and is no demo account.")
        return known
    with gesture("person.created", actor=CONSOLE, subject_kind="person", subject_name=account.display_name) as entry:
        person = Person(
            username=account.username, display_name=account.display_name, is_demo=True, date_joined=clock.now()
        )
        person.set_password(account.password)
        person.save()
        entry.subject_key = people.key(person)
        entry.after = {"username": account.username, "display_name": account.display_name}
    return person
