"""*Customize* through HTTP: for all machines, for one in the table, for many at once, and on one machine's own page."""

import re
from typing import Any

import pytest
from django.db import connection
from django.forms import Select, TextInput
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication import clock
from replication.domain import ids
from replication.forms.wizard.options import PlainSelect, PlainText
from replication.models import AuditEntry, Connection, Draft, DraftMachine, Machine, Setting, Vault
from tests.domain import estate

from .conftest import store_machine, store_resource
from .walk import post, text

pytestmark = pytest.mark.django_db


def row_of(draft: Draft, name: str = "erp-01") -> DraftMachine:
    return draft.machines.select_related("machine").get(name=name)


def one(web: Client, draft: Draft, row: DraftMachine, **data: str) -> Any:
    return post(web, draft, f"customize/{row.pk}", data)


def disk_field(web: Client, draft: Draft, row: DraftMachine, name: str, disk: str) -> str:
    """The name of a disk's control, as the page has it."""
    page = text(web.get(f"/replicate/{draft.pk}/customize/{row.pk}/"))
    return page.split(f'aria-label="{name} of {disk}"')[0].rsplit('name="', 1)[1].split('"')[0]


def test_one_machine_in_the_table(web: Client, ready: Draft) -> None:
    row = row_of(ready)
    response = post(web, ready, "customize", {f"m{row.pk}-disk_type": "StandardSSD_LRS", "all-group_name": "rg-own"})
    assert response.status_code == 302
    row.refresh_from_db()
    assert row.overrides == {"disk_type": "StandardSSD_LRS"}
    page = text(web.get(f"/replicate/{ready.pk}/review/"))
    assert "1, Standard SSD; after failover Premium SSD" in page
    assert "rg-own" in page
    assert "rg-erp-asr" not in page
    assert AuditEntry.objects.filter(action="draft.saved", detail__page="customize").count() == 1
    assert post(web, ready, "customize", {f"m{row.pk}-disk_type": "StandardSSD_LRS", "reset": str(row.pk)}).status_code == 302
    row.refresh_from_db()
    assert row.overrides == {}


def test_the_table_keeps_what_it_does_not_show(web: Client, ready: Draft) -> None:
    row = row_of(ready)
    assert one(web, ready, row, target_name="erp-dr", target_size="Standard_D4s_v5", static_address="10.0.0.9").status_code == 302
    assert post(web, ready, "customize", {f"m{row.pk}-churn": "High"}).status_code == 302
    row.refresh_from_db()
    assert row.overrides == {
        "target_name": "erp-dr", "target_size": "Standard_D4s_v5", "static_address": "10.0.0.9", "churn": "High",
    }  # fmt: skip
    review = text(web.get(f"/replicate/{ready.pk}/review/"))
    assert "erp-dr, Standard_D4s_v5, 10.0.0.9" in review
    assert "high churn" in review
    assert "name, size, address" in text(web.get(f"/replicate/{ready.pk}/customize/"))
    assert one(web, ready, row, do="reset").status_code == 302
    row.refresh_from_db()
    assert row.overrides == {}


def test_a_disk_is_left_out_and_another_has_a_type_of_its_own(
    web: Client, ready: Draft, azure_connection: Connection
) -> None:
    disks = (estate.disk("os", is_os=True), estate.disk("data"), estate.disk("scratch"))
    store_machine(azure_connection, estate.machine("erp-03", disks=disks))
    web.post(f"/replicate/{ready.pk}/machines/selection/", {"add": Machine.objects.get(name="erp-03").pk})
    row = row_of(ready, "erp-03")
    left, typed = (disk_field(web, ready, row, *each) for each in (("Replication", "scratch"), ("Replica type", "data")))
    assert one(web, ready, row, **{left: "no", typed: "Standard_LRS"}).status_code == 302
    row.refresh_from_db()
    keys = [ids.key(each.id) for each in disks]
    assert row.overrides == {"disks": {keys[1]: {"disk_type": "Standard_LRS"}, keys[2]: {"excluded": True}}}
    assert "1 disk left out, 1 disk changed" in text(web.get(f"/replicate/{ready.pk}/customize/"))
    assert "scratch" in text(web.get(f"/replicate/{ready.pk}/review/"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("target_name", "no good name"), ("target_size", "<b>"), ("static_address", "10.0.0.300"), ("network_name", "a b")],
)
def test_settings_that_no_machine_can_have(web: Client, ready: Draft, field: str, value: str) -> None:
    row = row_of(ready)
    response = one(web, ready, row, **{field: value})
    assert response.status_code == 422
    assert "aria-invalid" in text(response)
    row.refresh_from_db()
    assert row.overrides == {}


def test_an_address_outside_its_subnet_is_objected_to_in_the_review(web: Client, ready: Draft) -> None:
    one(web, ready, row_of(ready), static_address="192.168.7.7")
    assert "192.168.7.7 does not lie in the target subnet" in text(web.get(f"/replicate/{ready.pk}/review/"))


def test_new_things_get_names_of_their_own(web: Client, ready: Draft) -> None:
    assert post(web, ready, "customize", {"all-storage_name": "Not Valid"}).status_code == 422
    named = {"all-storage_name": "stmineasr", "all-network_name": "vnet-dr", "all-group_name": "rg-dr-new"}
    assert post(web, ready, "customize", named).status_code == 302
    ready.refresh_from_db()
    assert ready.target["storage_account_id"].endswith("/rg-dr-new/providers/Microsoft.Storage/storageAccounts/stmineasr")
    assert ready.target["network_id"].endswith("/rg-dr-new/providers/Microsoft.Network/virtualNetworks/vnet-dr")


def test_a_stale_machine_is_answered_with_what_that_machine_has(web: Client, ready: Draft) -> None:
    """Not with what holds for all machines."""
    assert post(web, ready, "customize", {"all-disk_type": "StandardSSD_LRS"}).status_code == 302
    row, kept = row_of(ready), {"target_name": "erp-dr", "disk_type": "Standard_LRS"}
    before = Draft.objects.get(pk=ready.pk).version
    assert one(web, ready, row, **kept).status_code == 302
    sent = {"version": before, **kept, "target_name": "erp-other", "disk_type": "Premium_LRS"}
    stale = web.post(f"/replicate/{ready.pk}/customize/{row.pk}/", sent)
    assert stale.status_code == 409
    page = stale.content.decode()
    assert page.count("<del>") == page.count("<ins>") == 2
    for shown in ("<del>Standard HDD</del>", "<ins>Premium SSD</ins>", "<del>erp-dr</del>", "<ins>erp-other</ins>"):
        assert shown in page
    row.refresh_from_db()
    assert row.overrides == kept


def test_many_machines_are_changed_at_once_and_only_those_shown(web: Client, ready: Draft) -> None:
    response = post(web, ready, "customize", {"do": "many", "many-disk_type": "Standard_LRS", "many-replication_group": "erp"})
    assert response.status_code == 302
    assert {row.overrides["disk_type"] for row in ready.machines.all()} == {"Standard_LRS"}
    ready.refresh_from_db()
    address = f"/replicate/{ready.pk}/customize/?q=erp-02"
    web.post(address, {"version": ready.version, "do": "many", "many-disk_type": "by-rule"})
    assert row_of(ready, "erp-01").overrides == {"disk_type": "Standard_LRS", "replication_group": "erp"}
    assert row_of(ready, "erp-02").overrides == {"replication_group": "erp"}
    assert post(web, ready, "customize", {"do": "many"}).status_code == 422
    stale = web.post(address, {"version": 1, "do": "many", "many-disk_type": "Premium_LRS"})
    assert stale.status_code == 409
    assert row_of(ready, "erp-02").overrides == {"replication_group": "erp"}


def test_a_stale_table_is_answered_with_what_is_saved_and_what_was_sent(web: Client, ready: Draft) -> None:
    row = row_of(ready, "erp-01")
    before = ready.version
    assert post(web, ready, "customize", {"do": "many", "many-disk_type": "Standard_LRS"}).status_code == 302
    sent = {"version": before, "do": "next", f"m{row.pk}-disk_type": "Premium_LRS", f"m{row.pk}-churn": "", f"m{'9' * 40}-churn": "x"}
    stale = web.post(f"/replicate/{ready.pk}/customize/", sent)
    assert stale.status_code == 409
    page = stale.content.decode()
    assert page.count("<del>") == page.count("<ins>") == 1
    assert "<del>Standard_LRS</del>" in page
    assert "<ins>Premium_LRS</ins>" in page


def test_what_another_subscription_has_cannot_be_chosen(web: Client, ready: Draft, vault: Vault) -> None:
    foreign = "/subscriptions/99999999-9999-9999-9999-999999999999/resourceGroups/rg-x"
    for field in ("all-group_id", "all-network_id", f"m{row_of(ready).pk}-group_id"):
        response = post(web, ready, "customize", {field: foreign})
        assert response.status_code == 422, field
        assert "no longer offered" in text(response)
    ready.refresh_from_db()
    assert ready.target["group_id"] == ""


def test_a_thousand_machines_cost_what_a_few_do(web: Client, ready: Draft, azure_connection: Connection) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert web.get(address).status_code == 200
        return len(seen)

    own = ready.machines.get(machine__name="erp-02").pk
    post(web, ready, f"customize/{own}", {"churn": "High"})  # so that the first look asks for both cache accounts
    pages = [f"/replicate/{ready.pk}/customize/", f"/replicate/{ready.pk}/review/", f"/replicate/{ready.pk}/target/"]
    first = [queries(page) for page in pages]  # compiles the plan and keeps it
    before = [queries(page) for page in pages]
    machines = [store_machine(azure_connection, estate.machine(f"app-{number:04}")) for number in range(60)]
    DraftMachine.objects.bulk_create(
        DraftMachine(draft=ready, machine=each, name=each.name, overrides={"churn": "High"}) for each in machines
    )
    assert all(again <= once for again, once in zip([queries(page) for page in pages], first, strict=True))
    assert [queries(page) for page in pages] == before
    ready.refresh_from_db()
    with CaptureQueriesContext(connection) as seen:
        post(web, ready, "customize", {"do": "many", "many-churn": "Normal"})
    assert len(seen) < 60


@settings(max_examples=50, deadline=None)
@given(
    entries=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), unique_by=lambda each: each[0], max_size=4),
    said=st.dictionaries(st.sampled_from(["aria-label", "class", "title"]), st.text(max_size=5)),
    needed=st.booleans(),
    chosen=st.none() | st.text(max_size=5),
)
def test_lists_are_those_of_the_framework(
    entries: list[tuple[str, str]], said: dict[str, str], needed: bool, chosen: str | None
) -> None:
    """Blanks between their entries and the order of attributes apart."""
    value, said_of = entries[0][0] if entries and chosen is None else chosen, said | {"required": needed}
    ours, theirs = (cls(attrs=said_of, choices=entries).render("m1-churn", value) for cls in (PlainSelect, Select))
    assert ours == re.sub(r"\s+(?=<option|</select)", "", theirs).strip()


@settings(max_examples=30, deadline=None)
@given(
    said=st.dictionaries(st.sampled_from(["aria-label", "maxlength", "hx-get"]), st.text(max_size=5)),
    needed=st.booleans(),
    value=st.none() | st.text(max_size=5),
)
def test_text_fields_are_those_of_the_framework(said: dict[str, str], needed: bool, value: str | None) -> None:
    ours, theirs = (cls(attrs=said | {"required": needed}).render("all-set_name", value) for cls in (PlainText, TextInput))
    assert ours == theirs.strip()


FIELDS = (
    "group_id", "group_name", "network_id", "network_name", "subnet_name", "availability", "set_name", "churn", "cache_account_id",
    "cache_name", "high_cache_account_id", "high_cache_name", "disk_type", "failover_type", "encryption_set_id", "placement_group_id",
    "placement_name", "capacity_group_id", "replication_group", "storage_account_id", "storage_name", "target_name", "target_size",
    "static_address",
)  # fmt: skip
HOSTILE = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["\x00", "zone:", "zone:99", "none", "by-rule", "../..", "<script>", "/subscriptions/x/resourceGroups/y", "9" * 400]),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.dictionaries(st.sampled_from(FIELDS), HOSTILE, min_size=1, max_size=4))
def test_no_value_breaks_customize(web: Client, ready: Draft, data: dict[str, str]) -> None:
    row = row_of(ready)
    before = (ready.target, row.overrides)
    for page, prefix in (("customize", "all-"), ("customize", f"m{row.pk}-"), ("customize", "many-"), (f"customize/{row.pk}", "")):
        sent = {f"{prefix}{name}": value for name, value in data.items()}
        response = post(web, ready, page, sent | ({"do": "many"} if prefix == "many-" else {}))
        assert response.status_code in {302, 422}, (page, data)
        if response.status_code == 422:
            ready.refresh_from_db()
            row.refresh_from_db()
            assert (ready.target, row.overrides) == before
        before = (Draft.objects.get(pk=ready.pk).target, DraftMachine.objects.get(pk=row.pk).overrides)
        assert web.get(f"/replicate/{ready.pk}/review/").status_code == 200, data


def test_a_name_is_judged_while_it_is_typed(web: Client, ready: Draft, azure_connection: Connection) -> None:
    there = estate.network(f"{estate.GROUP}-asr/providers/Microsoft.Network/virtualNetworks/vnet-there", "southeastasia")
    store_resource(azure_connection, "virtual_network", there)

    def said(field: str, text_: str, key: str = "") -> str:
        return text(web.get(f"/replicate/{ready.pk}/customize/name/", {"of": field, key or f"all-{field}": text_}))

    assert "2 to 64 letters" in said("network_name", "no good!")
    assert "vnet-there exists already in rg-erp-asr" in said("network_name", "VNET-there")
    assert "nothing that was read has it" in said("network_name", "vnet-new", key="network_name")
    assert "asked when it is saved" in said("storage_name", "stnew")
    assert "&lt;script&gt;" not in said("group_name", "<script>")
    assert said("nothing", "x") == said("network_name", "") == ""
    assert f'hx-get="/replicate/{ready.pk}/customize/name/?of=network_name"' in text(web.get(f"/replicate/{ready.pk}/customize/"))


def test_naming_rules_are_settings_with_a_preview(web: Client, ready: Draft) -> None:
    page = web.get("/settings/preview/", {"naming.virtual_network": "dr-{name}"})
    assert "erp-prod becomes dr-erp-prod" in text(page)
    assert "Use {name} exactly once" in text(web.get("/settings/preview/", {"naming.virtual_network": "dr"}))
    Setting.objects.create(name="naming.virtual_network", value="dr-{name}", changed_at=clock.now())
    assert "dr-vnet-erp" in text(web.get(f"/replicate/{ready.pk}/review/"))
    assert "erp-prod becomes dr-erp-prod" in text(web.get("/settings/"))
