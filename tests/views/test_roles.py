"""What a role may not do is visible, disabled with the reason, refused by the server, and recorded."""

import pytest
from django.test import Client
from django.urls import reverse

from replication.models import AuditEntry, Draft, Person, Reading, Vault
from tests.views import rows
from tests.views.conftest import SignedIn


def _last(action: str) -> AuditEntry:
    return AuditEntry.objects.filter(action=action).latest("sequence")


def test_helpdesk_sees_replicate_with_the_reason(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    shown = signed_in(helpdesk).get(reverse("replication:items", args=[vault.pk])).content.decode()
    assert 'aria-disabled="true"' in shown
    assert "Only administrators can replicate machines." in shown


@pytest.mark.parametrize("role", ["operator", "helpdesk", "lead"])
def test_nobody_but_an_administrator_starts_a_draft(
    signed_in: SignedIn, vault: Vault, request: pytest.FixtureRequest, role: str
) -> None:
    person: Person = request.getfixturevalue(role)
    answer = signed_in(person).post(reverse("replication:draft_start", args=[vault.pk]))
    assert answer.status_code == 403
    assert "Only administrators can replicate machines." in answer.content.decode()
    entry = _last("access.refused")
    assert (entry.actor_id, entry.outcome, entry.vault_key) == (person.pk, "refused", vault.key)
    assert entry.request_id in answer.content.decode()
    assert not Draft.objects.exists()


def test_helpdesk_cannot_cancel_a_run_and_an_operator_can(
    signed_in: SignedIn, vault: Vault, admin: Person, operator: Person, helpdesk: Person
) -> None:
    run = rows.run(vault, admin)
    assert signed_in(helpdesk).post(reverse("replication:run_cancel", args=[run.pk])).status_code == 403
    run.refresh_from_db()
    assert run.cancel_requested_at is None
    assert signed_in(operator).post(reverse("replication:run_cancel", args=[run.pk])).status_code == 302
    run.refresh_from_db()
    assert run.cancel_requested_at is not None
    assert _last("run.cancel").actor_role == "operator"


def test_cancelling_what_has_ended_says_so_and_is_no_refusal(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin, state="succeeded")
    answer = signed_in(admin).post(reverse("replication:run_cancel", args=[run.pk]), follow=True)
    assert "The run has ended" in answer.content.decode()
    assert not AuditEntry.objects.filter(action="access.refused").exists()


def test_everybody_with_a_role_may_refresh(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    answer = signed_in(helpdesk).post(reverse("replication:items_refresh", args=[vault.pk]) + "?health=Critical")
    reading = Reading.objects.get(kind="items")
    assert (
        answer["Location"] == reverse("replication:items", args=[vault.pk]) + f"?health=Critical&reading={reading.pk}"
    )
    assert (_last("items.refresh").actor_id, reading.asked_by_id) == (helpdesk.pk, helpdesk.pk)


def test_a_stranger_refreshes_nothing(signed_in: SignedIn, vault: Vault, stranger: Person) -> None:
    assert signed_in(stranger).post(reverse("replication:items_refresh", args=[vault.pk])).status_code == 404
    assert signed_in(stranger).post(reverse("replication:all_items_refresh")).status_code == 403
    assert not Reading.objects.exists()


@pytest.mark.parametrize("name", ["people", "person_create"])
def test_people_are_the_administrators_business(signed_in: SignedIn, vault: Vault, lead: Person, name: str) -> None:
    browser = signed_in(lead)
    assert browser.get(reverse(f"replication:{name}")).status_code == 403
    assert f'href="{reverse("replication:people")}"' not in browser.get(reverse("replication:vaults")).content.decode()


def test_home_is_the_audit_for_a_team_lead_and_the_vaults_for_others(
    signed_in: SignedIn, lead: Person, helpdesk: Person
) -> None:
    assert signed_in(lead).get("/")["Location"] == reverse("replication:audit")
    assert signed_in(helpdesk).get("/")["Location"] == reverse("replication:vaults")


def test_helpdesk_sees_only_their_own_entries_and_is_told(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person, lead: Person
) -> None:
    signed_in(admin).post(reverse("replication:items_refresh", args=[vault.pk]))
    signed_in(helpdesk).post(reverse("replication:vaults_refresh"))
    theirs, all_ = AuditEntry.objects.get(action="items.refresh"), AuditEntry.objects.get(action="vaults.refresh")
    shown = signed_in(helpdesk).get(reverse("replication:audit")).content.decode()
    assert "Your role shows your own actions only." in shown
    assert f'aria-label="Entry {all_.sequence}"' in shown
    assert f'aria-label="Entry {theirs.sequence}"' not in shown
    assert signed_in(helpdesk).get(reverse("replication:audit_entry", args=[theirs.sequence])).status_code == 404
    assert signed_in(lead).get(reverse("replication:audit_entry", args=[theirs.sequence])).status_code == 200


def test_a_page_without_a_session_changes_nothing(client: Client, vault: Vault) -> None:
    assert client.post(reverse("replication:items_refresh", args=[vault.pk])).status_code == 302
    assert not Reading.objects.exists()
