"""What holds for every page: it opens, it costs the same at any size, it survives nonsense, it shows nobody what is not theirs."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from replication.domain import documents
from replication.domain import inventory as inv
from replication.models import AuditEntry, Person, Vault
from tests.views import rows
from tests.views.conftest import SignedIn

NONSENSE = (
    "?q=%00x&sort=-nonsense&page=99999999999999999999999&size=0&health=purple&status=%F0%9F%92%A5&source='"
    "&reading=1e9&since=x:y&ids=a,b"
)


def pages(vault: Vault, admin: Person) -> list[str]:
    found, run = rows.item(vault, "vm-0000"), rows.run(vault, admin)
    job, step = rows.job(vault, "vm-0000"), run.steps.first()
    admin_page = reverse("replication:person", args=[admin.pk])
    return [
        reverse("replication:vaults"), reverse("replication:overview", args=[vault.pk]), reverse("replication:all_items"),
        reverse("replication:items", args=[vault.pk]), reverse("replication:items_live", args=[vault.pk]),
        reverse("replication:all_items_live"), reverse("replication:item", args=[found.pk]),
        reverse("replication:item_points", args=[found.pk]), reverse("replication:all_runs"),
        reverse("replication:runs", args=[vault.pk]), reverse("replication:run", args=[run.pk]),
        reverse("replication:run_live", args=[run.pk]), reverse("replication:step", args=[run.pk, step.pk if step else 0]),
        reverse("replication:jobs", args=[vault.pk]), reverse("replication:job", args=[vault.pk, job.pk]),
        reverse("replication:audit"), reverse("replication:people"), reverse("replication:person_create"), admin_page,
        reverse("replication:grant", args=[admin.pk, vault.pk]), reverse("replication:search"),
    ]  # fmt: skip


def test_every_page_opens(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    for page in pages(vault, admin):
        assert browser.get(page).status_code in {200, 286, 204}, page


def test_nonsense_in_the_address_is_told_or_ignored(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    for page in pages(vault, admin):
        assert browser.get(page + NONSENSE).status_code in {200, 286, 204}, page
    shown = browser.get(reverse("replication:items", args=[vault.pk]) + NONSENSE).content.decode()
    assert "“purple” is not one of the choices" in shown
    assert "cannot be sorted by “-nonsense”" in shown


def test_numbers_too_large_for_a_column_are_absent(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    for name in (
        "overview",
        "items",
        "items_live",
        "runs",
        "jobs",
        "item",
        "item_points",
        "reading",
        "audit_entry",
        "person",
    ):
        assert browser.get(reverse(f"replication:{name}", args=[10**30])).status_code == 404, name


def test_nobody_sees_another_vault(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, admin: Person, stranger: Person
) -> None:
    foreign, run = rows.item(foreign_vault, "secret-vm"), rows.run(foreign_vault, stranger)
    browser = signed_in(admin)
    for name in ("overview", "items", "items_live", "runs", "jobs"):
        assert browser.get(reverse(f"replication:{name}", args=[foreign_vault.pk])).status_code == 404, name
    assert browser.get(reverse("replication:item", args=[foreign.pk])).status_code == 404
    assert browser.get(reverse("replication:run", args=[run.pk])).status_code == 404
    assert browser.post(reverse("replication:run_cancel", args=[run.pk])).status_code == 404
    assert browser.post(reverse("replication:items_export", args=[foreign_vault.pk])).status_code == 404
    assert b"secret-vm" not in browser.get(reverse("replication:all_items")).content
    assert b"secret-vm" not in browser.get(reverse("replication:search") + "?q=secret").content
    assert b"rsv-foreign" not in browser.get(reverse("replication:vaults")).content


def test_without_sign_in_every_page_leads_to_it(client: Client, vault: Vault, admin: Person) -> None:
    for page in pages(vault, admin):
        answer = client.get(page)
        assert answer.status_code == 302, page
        assert answer["Location"].startswith(reverse("login")), page


def test_an_account_without_a_role_sees_empty_pages(signed_in: SignedIn, vault: Vault, stranger: Person) -> None:
    browser = signed_in(stranger)
    for name in ("vaults", "all_items", "all_runs", "audit", "search"):
        assert browser.get(reverse(f"replication:{name}")).status_code == 200, name
    assert b"There are no vaults here" in browser.get(reverse("replication:vaults")).content


@pytest.mark.parametrize(
    "name", ["vaults", "overview", "items", "all_items", "runs", "all_runs", "jobs", "audit", "people"]
)
def test_a_page_costs_the_same_at_any_size(
    signed_in: SignedIn, vault: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int], name: str
) -> None:
    browser = signed_in(admin)
    address = reverse(f"replication:{name}", args=[vault.pk] if name in {"overview", "items", "runs", "jobs"} else [])
    _fill(vault, admin, 3)
    browser.get(address)
    few = queries(lambda: browser.get(address))
    _fill(vault, admin, 30)
    assert queries(lambda: browser.get(address)) == few
    assert few <= 22, few


def _fill(vault: Vault, admin: Person, number: int) -> None:
    for n in range(number):
        rows.item(vault, f"fill-{number}-{n}", errors=())
        rows.run(vault, admin, machines=1)
        rows.job(vault, f"job-{number}-{n}")
        Person.objects.create(username=f"person-{number}-{n}")


def test_a_change_wants_post(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin)
    browser, before = signed_in(admin), AuditEntry.objects.count()
    addresses = [
        reverse("replication:vaults_refresh"), reverse("replication:items_refresh", args=[vault.pk]),
        reverse("replication:items_export", args=[vault.pk]), reverse("replication:audit_export"), reverse("replication:theme"),
        reverse("replication:run_cancel", args=[run.pk]), reverse("replication:run_retry", args=[run.pk]),
        reverse("replication:person_active", args=[admin.pk]), reverse("replication:grant_end", args=[1]), reverse("logout"),
    ]  # fmt: skip
    for address in addresses:
        assert browser.get(address).status_code == 405, address
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("name", ["policies", "network_mappings"])
def test_infrastructure_costs_the_same_at_any_size(
    signed_in: SignedIn, vault: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int], name: str
) -> None:
    browser, address = signed_in(admin), reverse(f"replication:{name}", args=[vault.pk])
    Vault.objects.filter(pk=vault.pk).update(site=_site(1))
    browser.get(address)
    few = queries(lambda: browser.get(address))
    Vault.objects.filter(pk=vault.pk).update(site=_site(40))
    shown = browser.get(address).content.decode()
    assert "thing-39" in shown
    assert queries(lambda: browser.get(address)) == few
    assert few <= 12, few


def _site(number: int) -> dict[str, Any]:
    """So many policies and mappings."""
    policies = tuple(inv.Policy(id=f"/p/thing-{n}", name=f"thing-{n}", retention=60, app_consistent=0) for n in range(number))
    mappings = tuple(
        inv.NetworkMapping(
            id=f"/m/thing-{n}", name=f"thing-{n}", primary_network_id=f"/net/thing-{n}", recovery_network_id=f"/net/other-{n}",
            recovery_location="southeastasia",
        )
        for n in range(number)
    )  # fmt: skip
    made: dict[str, Any] = documents.to_json(inv.Site(policies=policies, network_mappings=mappings))
    return made
