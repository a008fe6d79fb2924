"""Virtual machines: filters, columns, what cannot be chosen and why, the matrix, and asking Azure about single machines."""

import re

import pytest
from django.test import Client

from replication import clock, tasks
from replication.domain import inventory as inv
from replication.models import AuditEntry, Connection, Draft, Machine, Reading, Vault
from tests.domain import estate

from .conftest import more, store_machine
from .test_wizard import SOURCE, choose, post, started, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(web: Client, vault: Vault, machines: list[Machine], azure_connection: Connection) -> Draft:
    big = estate.machine("big-01", size="Standard_M128s", zones=("2",), tags={"Env": "Prod"}, os_type="Linux")
    locked = estate.machine("locked-01", facts={"locks": ["keep (CanNotDelete)"], "groupLocation": "eastasia"})
    for each in (big, locked):
        store_machine(azure_connection, each)
    made = started(web, vault)
    post(web, made, "source", SOURCE)
    return made


def names(web: Client, draft: Draft, **query: str) -> list[str]:
    page = text(web.get(f"/replicate/{draft.pk}/machines/", query))
    return re.findall(r'data-blade="medium" title="([^"]+)"', page)


def test_filters_are_links_that_narrow(web: Client, draft: Draft) -> None:
    assert names(web, draft) == ["big-01", "erp-01", "erp-02", "erp-off", "locked-01"]
    assert names(web, draft, can="no", why="NotRunning") == ["erp-off"]
    assert names(web, draft, can="warn") == ["locked-01"]
    assert names(web, draft, zone="2") == names(web, draft, tag="env:prod") == names(web, draft, os="Linux") == ["big-01"]
    assert names(web, draft, zone="none", size="Standard_D2s_v5", disks="1", sort="-name")[0] == "locked-01"
    assert names(web, draft, chosen="yes") == []


def test_counts_are_remembered_until_the_inventory_changes_and_ticks_are_counted_at_once(
    web: Client, draft: Draft, machines: list[Machine], azure_connection: Connection
) -> None:
    def counted(**query: str) -> str:
        page = text(web.get(f"/replicate/{draft.pk}/machines/", query))
        return page.split('<span class="count"><b>')[1].split("<")[0]

    assert (counted(), counted(can="yes"), counted(chosen="yes")) == ("5", "4", "0")
    choose(web, draft, machines[0])
    assert (counted(chosen="yes"), counted(chosen="no", can="yes")) == ("1", "3")
    store_machine(azure_connection, estate.machine("new-01"))
    assert (counted(), counted(can="yes"), counted(chosen="no")) == ("6", "5", "5")


def test_columns_can_be_chosen(web: Client, draft: Draft) -> None:
    page = text(web.get(f"/replicate/{draft.pk}/machines/", {"columns": "power,tags"}))
    assert ">Power<" in page
    assert "env:prod" in page
    assert ">Network<" not in page.split("<tbody>")[0].split("<thead>")[1]


def test_the_reason_stands_in_the_row_and_with_its_parts_on_a_page_of_its_own(
    web: Client, draft: Draft, machines: list[Machine]
) -> None:
    row = text(web.get(f"/replicate/{draft.pk}/machines/", {"q": "erp-off"}))
    assert row.count("The machine is deallocated.") == 2  # the second is what a phone shows, under the name
    page = text(web.get(f"/replicate/{draft.pk}/machines/{machines[2].pk}/"))
    for part in ("Possible causes", "Recommended action", "Who can fix it", "Machine owner", "Unknown, because Azure was not asked"):
        assert part in page


def test_the_matrix_can_be_filtered_and_exported(web: Client, draft: Draft) -> None:
    page = text(web.get(f"/replicate/{draft.pk}/machines/matrix/", {"can": "no"}))
    assert page.count("<tr>") == 2
    assert "unknown" in page
    file = b"".join(web.post(f"/replicate/{draft.pk}/machines/matrix/export/?can=no").streaming_content).decode()
    head, line = file.strip().splitlines()
    assert head.startswith("Machine,Resource group,Subscription,Can be replicated")
    assert line.startswith("erp-off,rg-erp,")
    assert "The machine is deallocated." in line
    entry = AuditEntry.objects.get(action="eligibility.export")
    assert (entry.detail["rows"], entry.detail["filters"]) == (1, {"can": "no"})


def test_the_matrix_names_its_columns_in_words(web: Client, draft: Draft, azure_connection: Connection) -> None:
    """Where Azure was asked and has no objection to what we do not let pass, too."""
    told = {"agent": "Ready", "extensions": {}, "failed_extensions": [], "reasons": []}
    off = estate.machine("off-02", power=inv.Power.DEALLOCATED, facts={"told": told})
    store_machine(azure_connection, off)
    page = text(web.get(f"/replicate/{draft.pk}/machines/matrix/", {"q": "off-02"}))
    assert "Azure does not object" in page
    assert not re.findall(r"<th[^>]*>\s*[A-Z][a-z]+(?:[A-Z][a-z]+)+", page)


def test_next_has_azure_asked_about_the_chosen(web: Client, draft: Draft, machines: list[Machine]) -> None:
    choose(web, draft, machines[0])
    post(web, draft, "machines", {})
    reading = Reading.objects.get(kind="machines")
    assert (reading.subject, reading.vault_id) == (str(draft.pk), draft.vault_id)
    web.post(f"/replicate/{draft.pk}/machines/ask/", {"do": "failing"})
    assert Reading.objects.filter(subject=f"{draft.pk}:failing").exists()
    assert web.post(f"/replicate/{draft.pk}/machines/ask/", {"do": "refresh"}).status_code == 302


def test_azure_is_asked_about_every_machine_that_was_chosen(
    web: Client, draft: Draft, machines: list[Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than a thousand, some at a time; and once about each."""
    more(machines[0], 1001, draft)
    asked: list[str] = []

    class Azure:
        def machine_state(self, machine_id: str) -> inv.MachineState:
            asked.append(machine_id)
            return inv.MachineState(power=inv.Power.RUNNING, provisioning_state="Succeeded", agent="Ready")

    monkeypatch.setattr("replication.sync.readings.open_gateway", lambda _: Azure())
    post(web, draft, "machines", {})
    reading = Reading.objects.get(kind="machines")
    for _ in range(1001):
        tasks.answer_reading(reading.pk)
        reading.refresh_from_db()
        if reading.answered_at:
            break
    assert reading.problem is None
    assert reading.result["seen"] == len(asked) == len(set(asked)) == 1001


def test_a_machine_that_vanished_is_left_out_everywhere(web: Client, draft: Draft, machines: list[Machine]) -> None:
    choose(web, draft, machines[0], machines[1])
    Machine.objects.filter(pk=machines[0].pk).update(gone_at=clock.now())
    assert "erp-01" not in names(web, draft)
    assert web.get(f"/replicate/{draft.pk}/machines/{machines[0].pk}/").status_code == 404
    choose(web, draft, machines[0])
    assert post(web, draft, "machines", {}).status_code == 302
