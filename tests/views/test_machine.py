"""The page of a machine that nobody replicates: it says why, and those with the right begin from it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from replication import clock
from replication.models import AuditEntry, Draft, Machine, Person, Vault
from tests.conftest import OTHER_SUBSCRIPTION
from tests.domain import estate
from tests.views import rows
from tests.views.conftest import SignedIn, polled
from tests.wizard.conftest import store_machine


@pytest.fixture
def bare(vault: Vault) -> Machine:
    """A machine that can be replicated, in a vault that was read just now."""
    Vault.objects.filter(pk=vault.pk).update(as_of=clock.now())
    return store_machine(vault.connection, estate.machine("erp-bare"))


def shown(signed_in: SignedIn, person: Person, machine: Machine) -> str:
    answer = signed_in(person).get(reverse("replication:machine", args=[machine.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_search_leads_to_the_page_that_says_why(signed_in: SignedIn, bare: Machine, helpdesk: Person) -> None:
    found = signed_in(helpdesk).get(reverse("replication:search"), {"q": "erp-bare"}).content.decode()
    assert reverse("replication:machine", args=[bare.pk]) in found
    page = shown(signed_in, helpdesk, bare)
    assert "erp-bare</bdi>: Not protected." in page
    assert "It can be replicated." in page
    assert 'aria-disabled="true" aria-label="Start protecting"' in page  # helpdesk sees the command, and who can


def test_what_stands_in_the_way_is_said_in_words(signed_in: SignedIn, bare: Machine, admin: Person) -> None:
    verdict = {"code": "X", "effect": "block", "message": "Its disk is shared.", "causes": "", "action": "Detach it.", "when": ""}
    Machine.objects.filter(pk=bare.pk).update(replicable=False, replicable_zonally=False, verdicts=[verdict])
    page = shown(signed_in, admin, bare)
    assert "It cannot be replicated as it is." in page
    assert "Its disk is shared." in page
    assert "Detach it." in page
    assert "Start protecting" not in page


def test_start_protecting_begins_a_draft_with_the_machine_in_it(
    signed_in: SignedIn, vault: Vault, bare: Machine, admin: Person
) -> None:
    assert "Start protecting" in shown(signed_in, admin, bare)
    answer = signed_in(admin).post(reverse("replication:draft_start", args=[vault.pk]), {"machine": bare.pk})
    draft = Draft.objects.get()
    assert answer["Location"] == reverse("replication:draft_target", args=[draft.pk])
    assert signed_in(admin).get(answer["Location"]).status_code == 200
    assert [each.machine_id for each in draft.machines.all()] == [bare.pk]
    assert AuditEntry.objects.get(action="draft.created").detail["machine"] == "erp-bare"


@pytest.mark.parametrize("asked", ["x", "987654", "9" * 40])
def test_a_machine_that_is_not_there_begins_nothing(signed_in: SignedIn, vault: Vault, admin: Person, asked: str) -> None:
    answer = signed_in(admin).post(reverse("replication:draft_start", args=[vault.pk]), {"machine": asked})
    assert answer.status_code == 404
    assert not Draft.objects.exists()


def test_a_machine_that_cannot_be_replicated_begins_nothing(
    signed_in: SignedIn, vault: Vault, bare: Machine, admin: Person
) -> None:
    Machine.objects.filter(pk=bare.pk).update(replicable=False, replicable_zonally=False)
    answer = signed_in(admin).post(reverse("replication:draft_start", args=[vault.pk]), {"machine": bare.pk})
    assert answer.status_code == 403
    assert not Draft.objects.exists()


def test_what_is_replicated_leads_to_its_item(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    item, machine = rows.item(vault, "erp-sql"), rows.machine(vault, "erp-sql")
    answer = signed_in(admin).get(reverse("replication:machine", args=[machine.pk]))
    assert answer["Location"] == reverse("replication:item", args=[item.pk])


def test_a_machine_out_of_scope_is_absent(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    machine = rows.machine(vault, "erp-secret", subscription=OTHER_SUBSCRIPTION)
    assert signed_in(admin).get(reverse("replication:machine", args=[machine.pk])).status_code == 404


def test_the_verdict_of_an_open_page_follows(signed_in: SignedIn, bare: Machine, helpdesk: Person) -> None:
    browser, later = signed_in(helpdesk), clock.now() + timedelta(minutes=16)
    asked = polled(shown(signed_in, helpdesk, bare), "verdict")
    assert browser.get(asked).status_code == 204
    with clock.injected(lambda: later):
        told = browser.get(asked)
    assert "erp-bare</bdi>: Unknown." in told.content.decode()
    assert told["As-Of"].endswith(", too long ago")
