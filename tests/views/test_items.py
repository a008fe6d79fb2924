"""Replicated items: filters, sort, live cells, export, the page of one."""

import csv
import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any
from xml.etree import ElementTree

from django.urls import reverse

from replication import clock, counts, rpo
from replication.domain import inventory as inv
from replication.domain.packing import Observed
from replication.domain.safety import RPO_OLD, STALE, Safety
from replication.domain.states import ItemStatus
from replication.models import (
    AuditEntry,
    Machine,
    Person,
    ProtectedItem,
    Reading,
    RecoveryPoint,
    SavedView,
    Setting,
    Vault,
)
from replication.presenters import safety
from tests.views import rows
from tests.views.conftest import SignedIn, polled


def _list(vault: Vault, query: str = "") -> str:
    return reverse("replication:items", args=[vault.pk]) + query


def _names(content: bytes, *names: str) -> list[str]:
    """Those of the names that the page links to, in the order of the page."""
    text = content.decode()
    linked = {name: f"<bdi>{name}</bdi></a>" for name in names}
    return sorted((name for name in names if linked[name] in text), key=lambda name: text.index(linked[name]))


def test_worst_health_comes_first_and_every_number_is_a_filter(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    rows.item(vault, "fine")
    rows.item(vault, "bad", health="Critical")
    rows.item(vault, "copying", status="copying", progress=64, protection_state="InitialReplicationInProgress")
    browser = signed_in(admin)
    whole = browser.get(_list(vault))
    assert _names(whole.content, "fine", "bad", "copying") == ["bad", "copying", "fine"]
    assert 'href="?health=Critical"' in whole.content.decode()
    assert "Initial replication" in whole.content.decode()
    assert _names(browser.get(_list(vault, "?health=Critical")).content, "fine", "bad", "copying") == ["bad"]
    assert _names(browser.get(_list(vault, "?status=moving")).content, "fine", "bad", "copying") == ["copying"]
    assert _names(browser.get(_list(vault, "?sort=-name")).content, "fine", "bad", "copying") == [
        "fine",
        "copying",
        "bad",
    ]
    assert _names(browser.get(_list(vault, "?q=FIN+rg-erp")).content, "fine", "bad", "copying") == ["fine"]


def test_what_was_counted_beforehand_is_how_many_there_are(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    for number, (health, status) in enumerate(product(("Normal", "Critical"), ("protected", "copying", "finishing", "enabling"))):
        rows.item(vault, f"vm-{number}", health=health, status=status)
    rows.item(vault, "vm-8", health="Critical", status="testing")
    counts.keep(vault, changed=True)
    browser = signed_in(admin)
    asked = {
        "": 9, "?health=Critical": 5, "?health=Warning": 0, "?status=protected": 2, "?status=copying": 2, "?status=finishing": 2,
        "?status=enabling": 2, "?status=testing": 1, "?health=Critical&status=copying": 1, "?health=Normal&q=vm-0": 1,
    }  # fmt: skip
    for query, number in asked.items():
        assert f'<b class="number">{number}</b> of 9' in browser.get(_list(vault, query)).content.decode(), query


def test_rpo_and_test_filters(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    rows.item(vault, "slow", rpo=3600, last_test_at=clock.now())
    rows.item(vault, "quick", rpo=60, last_test_at=clock.now() - timedelta(days=200))
    browser = signed_in(admin)
    assert _names(browser.get(_list(vault, "?rpo=above")).content, "slow", "quick") == ["slow"]
    assert _names(browser.get(_list(vault, "?test=due")).content, "slow", "quick") == ["quick"]
    assert _names(browser.get(_list(vault, "?sort=rpo")).content, "slow", "quick") == ["slow", "quick"]


def test_an_item_that_runs_in_the_recovery_region_is_shown_turned_round(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    rows.item(vault, "over", active_location="Recovery", status="failed_over")
    shown = signed_in(admin).get(_list(vault)).content.decode()
    assert 'class="arrow">Southeast Asia' in shown


def test_what_left_the_vault_is_not_listed(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    gone = rows.item(vault, "gone", gone_at=clock.now())
    browser = signed_in(admin)
    assert b"No machines are replicated yet" in browser.get(_list(vault)).content
    assert b"no longer replicated" in browser.get(reverse("replication:item", args=[gone.pk])).content


# --- live ----------------------------------------------------------------------------------------------------------------


def _live(vault: Vault, items: list[ProtectedItem], since: str) -> str:
    ids = ",".join(str(item.pk) for item in items)
    return reverse("replication:items_live", args=[vault.pk]) + f"?ids={ids}&since={since}"


def test_nothing_new_is_204_and_one_query_besides_the_session(
    signed_in: SignedIn, vault: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    Vault.objects.update(version=7)
    browser, found = signed_in(admin), rows.item(vault, "one")
    assert browser.get(_live(vault, [found], f"{vault.pk}:7")).status_code == 204
    assert queries(lambda: browser.get(_live(vault, [found], f"{vault.pk}:7"))) == 3  # session, account, versions


def test_only_changed_rows_are_swapped_and_never_the_name(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    Vault.objects.update(version=8)
    old, new = rows.item(vault, "old", version=7), rows.item(vault, "new", version=8, health="Critical")
    answer = signed_in(admin).get(_live(vault, [old, new], f"{vault.pk}:7"))
    shown = answer.content.decode()
    assert f'id="i-{new.pk}-health" hx-swap-oob="true"' in shown
    assert f"i-{old.pk}-" not in shown
    assert "new</bdi></a>" not in shown
    assert f"since={vault.pk}:8" in shown


def test_a_verdict_that_time_alone_changes_reaches_the_open_list(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    """The vault is read, then not for a quarter of an hour, then read again: nothing is new in it, its version stands still."""
    begun, browser = clock.now(), signed_in(admin)
    well, bare = rows.item(vault, "well", rpo=60, rpo_at=begun), rows.item(vault, "bare", status="committed")

    def at(minutes: int, address: str, read: int | None = None) -> Any:
        if read is not None:
            Vault.objects.update(as_of=begun + timedelta(minutes=read))
        with clock.injected(lambda: begun + timedelta(minutes=minutes)):
            return browser.get(address)

    page = at(0, _list(vault, "?columns=name,verdict"), read=0).content.decode()
    asked = polled(page, "items-live")
    assert at(14, asked).status_code == 204
    late = at(16, asked)
    assert late["As-Of"].endswith(", too long ago")
    assert [f'id="i-{each.pk}-verdict" hx-swap-oob="true"' in late.content.decode() for each in (well, bare)] == [True, True]
    assert late.content.decode().count("Unknown") == 2
    asked = polled(late.content.decode(), "items-live")
    assert at(17, asked).status_code == 204
    again = at(18, asked, read=18).content.decode()
    assert (again.count("Protected"), again.count("Not protected"), again.count("Unknown")) == (1, 1, 0)
    old = at(61, polled(again, "items-live"), read=61).content.decode()  # Azure does not reckon its RPO any more
    assert "At risk" in old
    assert f"i-{bare.pk}-" not in old


def test_a_list_that_shows_no_verdict_is_not_sent_again_for_one(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    found, browser, begun = rows.item(vault, "well", rpo=60, rpo_at=clock.now()), signed_in(admin), clock.now()
    Vault.objects.update(as_of=begun)
    asked = polled(browser.get(_list(vault)).content.decode(), "items-live")
    assert (f"ids={found.pk}" in asked, "said=" in asked) == (True, False)
    with clock.injected(lambda: begun + timedelta(minutes=16)):
        answer = browser.get(asked)
        assert (answer.status_code, answer["As-Of"].endswith(", too long ago")) == (204, True)
        assert ", too long ago</span>" in browser.get(_list(vault)).content.decode()


def test_the_server_decides_when_to_ask_again(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    still = rows.item(vault, "still")
    browser = signed_in(admin)
    assert browser.get(_live(vault, [still], ""))["Poll-Interval"] == "30"
    moving = rows.item(vault, "moving", status="copying")
    assert browser.get(_live(vault, [still, moving], ""))["Poll-Interval"] == "5"


# --- export --------------------------------------------------------------------------------------------------------------


def _csv(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_the_export_is_the_filtered_view_and_is_recorded(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    rows.item(vault, "fine")
    rows.item(vault, "bad", health="Critical")
    answer = signed_in(helpdesk).post(reverse("replication:items_export", args=[vault.pk]) + "?health=Critical")
    assert answer["Content-Disposition"].startswith('attachment; filename="rsv-dr-items-')
    assert [(row["Name"], row["Health"], row["Source region"]) for row in _csv(answer)] == [
        ("bad", "Critical", "East Asia")
    ]
    entry = AuditEntry.objects.get(action="items.export")
    assert entry.detail == {"filters": {"health": "Critical"}, "rows": 1}
    assert entry.actor_id == helpdesk.pk


def test_no_cell_is_a_formula(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    for name in ("=1+1", "+cmd", "-2", "@sum", "\ttab"):
        rows.item(vault, name)
    answer = signed_in(admin).post(reverse("replication:items_export", args=[vault.pk]))
    assert {row["Name"] for row in _csv(answer)} == {"'=1+1", "'+cmd", "'-2", "'@sum", "'\ttab"}


def _sheet(answer: Any) -> list[list[str]]:
    """The text of a workbook's cells, row by row, read without a spreadsheet program."""
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    return [["".join(cell.itertext()) for cell in row.findall("{*}c")] for row in sheet.findall(".//{*}row")]


def test_an_excel_file_has_the_same_rows_and_no_formula(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    for name in ("=HYPERLINK(1)", "שרת 🦊", "bell\x07"):
        rows.item(vault, name, health="Critical", rpo=60)
    rows.item(vault, "fine")
    query = "?health=Critical&columns=name,rpo&sort=name"
    address = reverse("replication:items_export", args=[vault.pk]) + query
    answer = signed_in(helpdesk).post(address, {"form": "xlsx"})
    assert answer["Content-Type"].endswith("spreadsheetml.sheet")
    assert _sheet(answer) == [["Name", "RPO seconds"], ["=HYPERLINK(1)", "60"], ["bell", "60"], ["שרת 🦊", "60"]]
    assert AuditEntry.objects.get(action="items.export").detail == {
        "filters": {"health": "Critical"}, "rows": 3, "form": "xlsx",
    }  # fmt: skip


def test_columns_are_part_of_the_address_and_of_the_export(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = rows.item(vault, "erp", rpo=60, rpo_at=clock.now())
    Machine.objects.filter(pk=rows.machine(vault, "erp").pk).update(document={"tags": {"owner": "Ada <b>"}})
    browser = signed_in(helpdesk)
    shown = browser.get(_list(vault, "?columns=tags&columns=verdict&columns=bogus")).content.decode()
    assert "owner: Ada &lt;b&gt;" in shown
    assert f'id="i-{found.pk}-verdict"' in shown
    assert f'id="i-{found.pk}-health"' not in shown
    assert "There is no column “bogus”" in shown
    assert "columns=tags%2Cverdict%2Cbogus" in shown  # the live part asks for the same
    answer = browser.post(reverse("replication:items_export", args=[vault.pk]) + "?columns=tags,group")
    assert _csv(answer) == [{"Name": "erp", "Resource group": "rg-erp", "Tags": "owner: Ada <b>"}]
    every = _csv(browser.post(reverse("replication:items_export", args=[vault.pk])))
    assert (every[0]["Target resource group"], every[0]["Verdict"]) == ("rg-erp-asr", "Unknown")


def test_a_live_answer_says_when_azure_was_read_even_when_nothing_changed(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    Vault.objects.update(version=7, as_of=clock.now())
    found, browser = rows.item(vault, "one"), signed_in(helpdesk)
    same = browser.get(_live(vault, [found], f"{vault.pk}:7"))
    assert (same.status_code, same["As-Of"].startswith("Azure read ")) == (204, True)


def test_an_outage_is_a_sentence_beside_the_old_truth(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    rows.item(vault, "erp")
    problem = {"code": "TooManyRequests", "message": "Azure asks to wait.", "severity": "warning", "when": "later"}
    Vault.objects.update(problem=problem, as_of=rows.NOON, due_at=clock.now(), version=2)
    page = signed_in(helpdesk).get(_list(vault)).content.decode()
    for said in ("rsv-dr could not be read.", "Azure asks to wait.", "What is shown was read", "Next try", "erp</bdi>"):
        assert said in page, said
    live = signed_in(helpdesk).get(_live(vault, [], f"{vault.pk}:1")).content.decode()
    assert "rsv-dr could not be read." in live


# --- saved views -----------------------------------------------------------------------------------------------------------


def test_a_view_is_kept_found_again_shared_and_deleted(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, lead: Person, stranger: Person
) -> None:
    rows.item(vault, "erp")
    mine, page = signed_in(helpdesk), _list(vault)
    data = {"name": "Mine <b>", "query": "health=Critical&page=3&reading=1&columns=name", "back": page, "shared": "1"}
    answer = mine.post(reverse("replication:view_save"), data)
    assert answer["Location"] == f"{page}?health=Critical&columns=name"
    saved = SavedView.objects.get()
    assert "Mine &lt;b&gt;" in mine.get(page).content.decode()
    assert "by Helpdesk" in signed_in(lead).get(page).content.decode()
    mine.post(reverse("replication:view_save"), {**data, "query": "health=Warning", "shared": ""})
    saved.refresh_from_db()
    assert (saved.query, saved.shared) == ("health=Warning", False)
    assert "Mine" not in signed_in(lead).get(page).content.decode()
    for other in (lead, stranger):
        assert signed_in(other).post(reverse("replication:view_delete", args=[saved.pk])).status_code == 404
    mine.post(reverse("replication:view_delete", args=[saved.pk]), {"back": "https://evil.example/"})
    assert not SavedView.objects.exists()


def test_a_view_without_a_name_changes_nothing(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    answer = signed_in(helpdesk).post(reverse("replication:view_save"), {"name": " ", "query": "x=1"}, follow=True)
    assert "Nothing was saved" in answer.content.decode()
    assert not SavedView.objects.exists()


def test_all_pages_are_exported_and_a_stranger_gets_none(
    signed_in: SignedIn, vault: Vault, admin: Person, stranger: Person
) -> None:
    for number in range(60):
        rows.item(vault, f"vm-{number}")
    assert len(_csv(signed_in(admin).post(reverse("replication:all_items_export")))) == 60
    assert signed_in(stranger).post(reverse("replication:all_items_export")).status_code == 403


# --- one item --------------------------------------------------------------------------------------------------------------


def test_the_item_page_tells_what_azure_says(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    error = inv.HealthError(
        code="153023", severity="Critical", message="No recovery point for an hour.", causes="Too much change.", action="Use high churn.",
        created_at=rows.NOON,
    )  # fmt: skip
    found = rows.item(vault, "erp", health="Critical", rpo=7200, errors=[error])
    rows.seen(vault, clock.now() - timedelta(hours=1), {found: Observed(7200, "Critical", counts=True, unknown=False)})
    shown = signed_in(admin).get(reverse("replication:item", args=[found.pk])).content.decode()
    for said in (
        "No recovery point for an hour.",
        "Too much change.",
        "Use high churn.",
        "153023",
        "2 h 00 min",
        "rg-erp-asr",
    ):
        assert said in shown
    assert "Recovery point objective" in shown


def test_looking_at_an_item_asks_for_its_recovery_points_once_in_five_minutes(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    found, browser = rows.item(vault, "erp"), signed_in(admin)
    page, fragment = reverse("replication:item", args=[found.pk]), reverse("replication:item_points", args=[found.pk])
    assert fragment in browser.get(page).content.decode()
    assert browser.get(page).status_code == 200
    assert Reading.objects.filter(kind="recovery_points").count() == 1
    assert browser.get(fragment).status_code == 204
    RecoveryPoint.objects.create(item=found, arm_id="/p", at=rows.NOON, kind="ApplicationConsistent")
    Reading.objects.update(answered_at=clock.now(), result={"changed": 1, "seen": 1})
    last = browser.get(fragment)
    assert (last.status_code, b"App-consistent" in last.content, b"data-poll" in last.content) == (286, True, False)
    browser.get(page)
    assert Reading.objects.filter(kind="recovery_points").count() == 1
    Reading.objects.update(answered_at=clock.now() - timedelta(minutes=6))
    browser.get(page)
    assert Reading.objects.filter(kind="recovery_points").count() == 2


def test_a_reading_is_polled_until_it_says_what_changed(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    page = browser.post(reverse("replication:items_refresh", args=[vault.pk]), follow=True).content.decode()
    reading = Reading.objects.get()
    address = reverse("replication:reading", args=[reading.pk])
    assert f'data-poll="{address}"' in page
    assert browser.get(address).status_code == 200
    Reading.objects.update(answered_at=clock.now(), result={"changed": 0, "seen": 9})
    last = browser.get(address)
    assert (last.status_code, b"nothing changed" in last.content) == (286, True)
    Reading.objects.update(problem={"code": "429", "message": "Too many requests.", "severity": "warning"})
    assert b"Too many requests." in browser.get(address).content


def test_somebody_elses_reading_is_absent(signed_in: SignedIn, vault: Vault, admin: Person, stranger: Person) -> None:
    signed_in(admin).post(reverse("replication:items_refresh", args=[vault.pk]))
    assert signed_in(stranger).get(reverse("replication:reading", args=[Reading.objects.get().pk])).status_code == 404


def test_the_course_of_the_rpo_is_a_column_to_choose_and_costs_two_queries(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    now, browser = clock.now(), signed_in(helpdesk)
    found = [rows.item(vault, f"vm-{number}", version=2) for number in range(3)]
    good, late = (Observed(seconds, "Normal", counts=True, unknown=False) for seconds in (60, 4000))
    rows.seen(vault, now - timedelta(minutes=10), {found[0]: good, found[1]: good})
    rows.seen(vault, now - timedelta(minutes=5), {found[0]: late, found[1]: good})
    plain, drawn = _list(vault), _list(vault, "?columns=name,course")
    assert "spark" not in browser.get(plain).content.decode()
    few = queries(lambda: browser.get(plain))
    shown = browser.get(drawn).content.decode()
    assert shown.count('<svg class="spark"') == 2  # of the third nobody has read anything
    assert "worst 1 h 06 min" in shown
    assert "above the target in" in shown
    assert ", never above the target" in shown
    assert queries(lambda: browser.get(drawn)) == few + 2
    live = browser.get(_live(vault, found, f"{vault.pk}:1") + "&columns=name,course").content.decode()
    assert live.count('<svg class="spark"') == 2
    text = b"".join(browser.post(reverse("replication:items_export", args=[vault.pk])).streaming_content).decode()
    assert "RPO seconds" in text
    assert "RPO, last 24 hours" not in text


def test_what_came_since_is_told_and_even_an_empty_list_is_live(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    browser = signed_in(admin)
    assert b'data-poll="/vaults/' in browser.get(_list(vault)).content
    rows.item(vault, "new", version=2)
    Vault.objects.update(version=2)
    page = "http://testserver" + _list(vault, "?sort=name&reading=3")
    answer = browser.get(_live(vault, [], f"{vault.pk}:1") + "&newest=0", headers={"HX-Current-URL": page})
    shown = answer.content.decode()
    assert "1 machine came since this page was opened." in shown
    assert 'href="?sort=name"' in shown


def test_an_items_essentials_are_live(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    found = rows.item(vault, "erp", version=3, status="copying", progress=40)
    browser = signed_in(admin)
    live = polled(browser.get(reverse("replication:item", args=[found.pk])).content.decode(), "essentials")
    same = browser.get(live)
    assert (same.status_code, same["Poll-Interval"]) == (204, "5")
    assert b'value="40"' in browser.get(live.replace("since=3", "since=2")).content
    Vault.objects.update(as_of=clock.now())  # time alone changes a verdict
    shown = browser.get(live).content.decode()
    assert 'id="verdict" hx-swap-oob="true"' in shown
    assert "Not protected" in shown


def test_a_refresh_leads_back_to_the_page_it_was_asked_from(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    for page in ("overview", "jobs"):
        answer = browser.post(reverse(f"replication:{page}_refresh", args=[vault.pk]))
        assert answer["Location"].startswith(reverse(f"replication:{page}", args=[vault.pk]) + "?reading="), page
        assert b'id="reading"' in browser.get(answer["Location"]).content, page


def test_every_item_is_under_the_filter_of_its_verdict_and_no_other(vault: Vault, foreign_vault: Vault) -> None:
    """The rule in Python and the rule as a question say the same of every combination of what they look at."""
    now = clock.now()
    Setting.objects.create(name=rpo.SETTING, vault=foreign_vault, value=10, changed_at=now)
    statuses = [*(status.value for status in ItemStatus), "levitating"]
    healths = ("Normal", "Warning", "Critical", "None", "Splendid")
    rpos = ((None, None), (60, None), *((seconds, now) for seconds in (600, 601, 1800, 1801)), (60, now - 2 * RPO_OLD))
    made = [
        rows.item_row(of, f"vm-{number}", status=status, health=health, rpo=seconds, rpo_at=at, failover_health=failover)
        for number, (of, status, health, (seconds, at), failover) in enumerate(
            product((vault, foreign_vault), statuses, healths, rpos, ("", "Normal", "Critical"))
        )
    ]
    ProtectedItem.objects.bulk_create(made)
    for as_of in (None, now - 2 * STALE, now):
        Vault.objects.update(as_of=as_of)
        judged = {item.pk: safety.of_item(item).safety for item in ProtectedItem.objects.select_related("vault")}
        for word in Safety:
            found = set(ProtectedItem.objects.filter(safety.having(word)).values_list("pk", flat=True))
            assert found == {pk for pk, each in judged.items() if each is word}, (word, as_of)
