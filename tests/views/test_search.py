"""One box over machines, items and runs: within what the person may see, and with a verdict in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from replication import clock, finding
from replication.models import Machine, Person, ProtectedItem, Vault
from tests.conftest import OTHER_SUBSCRIPTION
from tests.views import rows
from tests.views.conftest import SignedIn, polled


@pytest.fixture
def fresh(vault: Vault) -> Vault:
    """The vault, read just now."""
    Vault.objects.filter(pk=vault.pk).update(as_of=clock.now())
    vault.refresh_from_db()
    return vault


def protected(vault: Vault, name: str, **columns: Any) -> ProtectedItem:
    """An item and its machine, of which nothing bad can be said."""
    found = rows.item(vault, name, **{"rpo": 240, "rpo_at": clock.now()} | columns)
    machine = rows.machine(vault, name)
    search = f"{name} {name}-host rg-erp linux 10.0.0.{machine.pk} owner:Ada tier:gold".lower()
    Machine.objects.filter(pk=machine.pk).update(search=search, protected_in=found.key)
    finding.write(Machine, [(machine.pk, search)])
    return found


def ask(signed_in: SignedIn, person: Person, text: str) -> str:
    return signed_in(person).get(reverse("replication:search"), {"q": text}).content.decode()


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


def test_name_computer_name_address_and_tag_lead_to_the_same_verdict(
    signed_in: SignedIn, fresh: Vault, helpdesk: Person
) -> None:
    protected(fresh, "erp-sql-1")
    address = Machine.objects.get().search.split()[4]
    for text in ("erp-sql-1", "ERP-SQL", "erp-sql-1-host", address, "owner:ada", "tier=gold", "rg-erp gold"):
        assert "erp-sql-1</bdi>: Protected." in ask(signed_in, helpdesk, text), text


def test_what_is_found_by_its_middle_or_by_another_machine_is_not(signed_in: SignedIn, fresh: Vault, helpdesk: Person) -> None:
    protected(fresh, "erp-sql-1")
    rows.machine(fresh, "erp-web-1")
    for text in ("ql-1", "erp-sql-1-hosts", "web gold"):
        assert "Nothing found" in ask(signed_in, helpdesk, text), text


def test_the_exact_name_is_answered_and_the_others_are_listed(
    signed_in: SignedIn, fresh: Vault, helpdesk: Person
) -> None:
    protected(fresh, "sql-1")
    protected(fresh, "sql-10", health="Critical")
    shown = ask(signed_in, helpdesk, "sql-1")
    assert "sql-1</bdi>: Protected." in shown
    assert "Also found" in shown
    assert "At risk" in shown
    both = ask(signed_in, helpdesk, "sql")
    assert "2 machines found" in both
    assert 'class="verdict' not in both


def test_each_of_the_four_verdicts(signed_in: SignedIn, fresh: Vault, helpdesk: Person) -> None:
    protected(fresh, "well")
    protected(fresh, "slow", rpo=7200)
    rows.machine(fresh, "bare")
    assert "well</bdi>: Protected." in ask(signed_in, helpdesk, "well")
    assert "slow</bdi>: At risk." in ask(signed_in, helpdesk, "slow")
    assert "bare</bdi>: Not protected." in ask(signed_in, helpdesk, "bare")
    Vault.objects.update(as_of=clock.now() - timedelta(minutes=16))
    shown = ask(signed_in, helpdesk, "well")
    assert "well</bdi>: Unknown." in shown
    assert "Last known: Protected." in shown


def test_an_answer_that_stands_open_is_told_what_time_alone_changes(signed_in: SignedIn, fresh: Vault, helpdesk: Person) -> None:
    protected(fresh, "well")
    rows.machine(fresh, "bare")
    browser, later = signed_in(helpdesk), clock.now() + timedelta(minutes=16)
    for name in ("well", "bare"):
        asked = polled(ask(signed_in, helpdesk, name), "verdict")
        assert browser.get(asked).status_code == 204
        with clock.injected(lambda: later):
            told = browser.get(asked).content.decode()
            assert f"{name}</bdi>: Unknown." in told
            assert "Open the replicated item" in told or "See why" in told
            assert browser.get(polled(told, "verdict")).status_code == 204


def test_a_machine_is_not_called_unprotected_while_one_vault_was_not_read(
    signed_in: SignedIn, fresh: Vault, foreign_vault: Vault, helpdesk: Person
) -> None:
    rows.machine(fresh, "bare")
    assert "bare</bdi>: Unknown." in ask(signed_in, helpdesk, "bare")


def test_a_machine_replicated_out_of_sight_is_unknown(
    signed_in: SignedIn, fresh: Vault, foreign_vault: Vault, helpdesk: Person
) -> None:
    protected(foreign_vault, "theirs")
    shown = ask(signed_in, helpdesk, "theirs")
    assert "theirs</bdi>: Unknown." in shown
    assert "rsv-foreign" not in shown


def test_what_left_azure_is_found_once(signed_in: SignedIn, fresh: Vault, helpdesk: Person) -> None:
    protected(fresh, "left", gone_at=clock.now())
    assert "left</bdi>: Not protected." in ask(signed_in, helpdesk, "left")
    rows.item(fresh, "left", key="again", rpo=60, rpo_at=clock.now())
    assert "left</bdi>: Protected." in ask(signed_in, helpdesk, "left")


def test_search_costs_the_same_at_any_size(
    signed_in: SignedIn, fresh: Vault, helpdesk: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    browser, address = signed_in(helpdesk), reverse("replication:search") + "?q=vm"
    protected(fresh, "vm-1")
    browser.get(address)
    few = queries(lambda: browser.get(address))
    for number in range(60):
        protected(fresh, f"vm-x{number}")
        rows.machine(fresh, f"vm-y{number}")
    assert queries(lambda: browser.get(address)) <= few + 2  # what is more than is shown is counted: of items, of machines
    assert few <= 10, few  # one of them is the bell's


def test_a_search_looks_at_what_it_finds_and_no_further(signed_in: SignedIn, fresh: Vault, helpdesk: Person) -> None:
    """Found by number: an index on what is there would lead through all machines."""
    protected(fresh, "erp-sql-1")
    rows.machine(fresh, "erp-web-1")
    with CaptureQueriesContext(connection) as asked:
        assert "2 machines found" in ask(signed_in, helpdesk, "erp")
    found = [each["sql"] for each in asked.captured_queries if "term" in each["sql"]]
    assert len(found) == 2
    if connection.vendor == "sqlite":  # PostgreSQL decides by how much there is, and here is next to nothing
        with connection.cursor() as cursor:
            plans = [str(cursor.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()) for sql in found]
        for plan, table in zip(plans, ("replication_protecteditem", "replication_machine"), strict=True):
            assert f"SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)" in plan, plan
