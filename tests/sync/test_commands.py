"""`connect`, `demo_accounts` and `read_azure`, as people and the demo call them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from replication import access
from replication.domain.roles import Permission
from replication.models import Connection, Grant, Machine, Person, Vault

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_connect_stores_and_reads_nothing(simulator):
    run("connect")
    assert Connection.objects.get().endpoint == simulator.endpoint
    assert not Vault.objects.exists()


def test_demo_accounts_read_azure_first_and_can_be_asked_for_again(simulator, settings):
    settings.DEMO = True
    printed = json.loads(run("demo_accounts"))
    assert run("demo_accounts")
    assert [each["username"] for each in printed] == ["admin", "operator", "helpdesk", "lead"]
    assert Machine.objects.exists()
    assert Grant.objects.count() == 4 * Vault.objects.count()
    admin, helpdesk = Person.objects.get(username="admin"), Person.objects.get(username="helpdesk")
    assert admin.is_demo
    assert admin.check_password(printed[0]["password"])
    assert access.machines(admin).count() == Machine.objects.count()
    assert access.may(admin, Permission.REPLICATE)
    assert not access.may(helpdesk, Permission.REPLICATE)


def test_demo_accounts_are_refused_where_azure_is_real(settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="PORTAL_DEMO"):
        run("demo_accounts")
    assert not Person.objects.exists()


def test_an_account_of_the_same_name_is_not_taken_over(simulator, settings):
    settings.DEMO = True
    Person.objects.create_user("admin", password="a-real-password")
    with pytest.raises(CommandError, match="no demo account"):
        run("demo_accounts")


def test_read_azure_says_what_it_saw(simulator):
    with pytest.raises(CommandError, match="connect"):
        run("read_azure")
    run("connect")
    assert "Inventory: " in run("read_azure")
