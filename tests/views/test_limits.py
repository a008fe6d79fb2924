"""Limits on costly pages: told, without effect, and over after a while."""

from datetime import timedelta

from django.urls import reverse

from replication import clock
from replication.models import AuditEntry, Person, Setting, Vault
from tests.views import rows
from tests.views.conftest import SignedIn


def choose(name: str, value: int) -> None:
    Setting.objects.create(name=f"limits.{name}", value=value, changed_at=rows.NOON)


def test_exports_of_one_person_are_counted_together(signed_in: SignedIn, vault: Vault, admin: Person, lead: Person) -> None:
    choose("exports", 2)
    browser, items, audit = signed_in(admin), reverse("replication:all_items_export"), reverse("replication:audit_export")
    assert [browser.post(each).status_code for each in (items, audit)] == [200, 200]
    refused = browser.post(items)
    assert (refused.status_code, refused["Retry-After"]) == (429, "300")
    assert "Nothing was done." in refused.content.decode()
    assert AuditEntry.objects.count() == 2
    assert signed_in(lead).post(items).status_code == 200  # somebody else
    later = clock.now() + timedelta(minutes=11)
    with clock.injected(lambda: later):
        assert browser.post(items).status_code == 200


def test_an_address_has_four_times_as_much(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person, operator: Person, helpdesk: Person, stranger: Person
) -> None:
    choose("exports", 1)
    items = reverse("replication:all_items_export")
    assert [signed_in(each).post(items).status_code for each in (admin, lead, operator, helpdesk)] == [200] * 4
    fifth = Person.objects.create_user("fifth")
    fifth.grants.create(vault=vault, role="helpdesk", granted_at=rows.NOON)
    assert signed_in(fifth).post(items).status_code == 429


def test_nought_is_no_limit(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    choose("exports", 0)
    browser = signed_in(admin)
    assert {browser.post(reverse("replication:all_items_export")).status_code for _ in range(5)} == {200}


def test_refreshes_have_a_limit_of_their_own(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    choose("refreshes", 1)
    browser = signed_in(admin)
    assert browser.post(reverse("replication:vaults_refresh")).status_code == 302
    assert browser.post(reverse("replication:vaults_refresh")).status_code == 429
    assert browser.post(reverse("replication:all_items_export")).status_code == 200
