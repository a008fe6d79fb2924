"""One box over machines, items and runs: within what the person may see."""

from django.urls import reverse

from replication.models import Person, Vault
from tests.conftest import OTHER_SUBSCRIPTION
from tests.views import rows
from tests.views.conftest import SignedIn


def test_machines_items_and_runs_are_found(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    rows.item(vault, "erp-sql-01")
    rows.machine(vault, "erp-web-01")
    rows.machine(vault, "erp-secret", subscription=OTHER_SUBSCRIPTION)
    run = rows.run(vault, admin)
    browser, address = signed_in(admin), reverse("replication:search")
    shown = browser.get(address + "?q=erp").content.decode()
    assert "erp-sql-01" in shown
    assert "erp-web-01" in shown
    assert "erp-secret" not in shown
    assert reverse("replication:run", args=[run.pk]) in browser.get(address + "?q=run+1").content.decode()
    assert "Nothing found" in browser.get(address + "?q=zzz").content.decode()
    assert "Nothing to search for" in browser.get(address).content.decode()


def test_what_was_typed_is_shown_as_text(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    shown = signed_in(admin).get(reverse("replication:search"), {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in shown
