"""The demo's accounts and what they may do. Their passwords are published, so this refuses to run where Azure is real."""

from django.conf import settings
from django.db import transaction

from replication import clock
from replication.actions import people
from replication.actions.actor import CONSOLE
from replication.actions.audit import gesture
from replication.demo import DEMO_ACCOUNTS, DemoAccount
from replication.models import Connection, Grant, GrantScope, Person, Subscription, Vault


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
            _grant(person, account, vault)
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


def _grant(person: Person, account: DemoAccount, vault: Vault) -> None:
    """A role in the vault, over all subscriptions on both sides; never a second one, nor one that was ended."""
    with transaction.atomic():
        if Grant.objects.filter(person=person, vault=vault).exists():
            return
        about = {"subject_kind": "person", "subject_key": people.key(person), "vault_key": vault.key}
        with gesture("grant.given", actor=CONSOLE, subject_name=f"{person} in {vault.name}", **about) as entry:
            grant = Grant.objects.create(person=person, vault=vault, role=account.role, granted_at=clock.now())
            subscriptions = Subscription.objects.filter(connection_id=vault.connection_id, gone_at=None)
            GrantScope.objects.bulk_create(
                GrantScope(grant=grant, side=side, subscription_id=each)
                for side in GrantScope.Side
                for each in subscriptions.values_list("subscription_id", flat=True)
            )
            entry.after = people.shown(grant)
