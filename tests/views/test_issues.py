"""Health issues: the list, a symptom with its runbook, its acknowledgement, exports, and the catalogue of codes."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.db.models import F
from django.urls import reverse

from replication import clock
from replication.models import AuditEntry, HealthIssue, Person, Vault
from tests.views import rows
from tests.views.conftest import SignedIn


def _list(vault: Vault, query: str = "") -> str:
    return reverse("replication:issues", args=[vault.pk]) + query


def test_one_row_a_symptom_with_a_link_to_its_machines(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    one, two = rows.item(vault, "erp-1"), rows.item(vault, "erp-2")
    rows.issue(vault, "No point for an hour", one, two)
    rows.issue(vault, "Strange <b>", one, code="777", severity="Warning", severity_rank=1)
    rows.issue(vault, "Old story", code="1", gone_at=clock.now())
    browser = signed_in(helpdesk)
    shown = browser.get(_list(vault)).content.decode()
    assert "No crash-consistent recovery point for an hour" in shown  # our words for the code
    assert "Strange &lt;b&gt;" in shown
    assert "Old story" not in shown
    assert "Machine owner" in shown
    machines = reverse("replication:items", args=[vault.pk]) + "?code=777"
    assert machines in shown
    listed = browser.get(machines).content.decode()
    assert ("erp-1</bdi></a>" in listed, "erp-2</bdi></a>" in listed) == (True, False)
    assert "Old story" in browser.get(_list(vault, "?there=over")).content.decode()
    assert "Strange" not in browser.get(_list(vault, "?q=erp-2")).content.decode()


def test_a_symptom_says_what_to_do_and_copies_as_text(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = rows.issue(vault, "Azure's words", rows.item(vault, "erp-1"), causes="Churn", action="Less churn")
    shown = signed_in(helpdesk).get(reverse("replication:issue", args=[found.pk])).content.decode()
    for said in ("Machine owner", "High churn", "Azure&#x27;s words", "Churn", "erp-1", "Code: 153007", "Machines: 1: erp-1"):
        assert said in shown, said


def test_an_acknowledgement_has_a_note_a_person_and_an_entry(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    found, browser = rows.issue(vault, "m"), signed_in(helpdesk)
    address = reverse("replication:issue_acknowledge", args=[found.pk])
    assert browser.post(address, {"note": " "}).status_code == 422
    assert not AuditEntry.objects.filter(action="issue.acknowledged").exists()
    browser.post(address, {"note": "Ticket 42 <b>"})
    found.refresh_from_db()
    assert (found.acknowledged_by, found.note) == (helpdesk, "Ticket 42 <b>")
    assert AuditEntry.objects.get(action="issue.acknowledged").after == {"note": "Ticket 42 <b>"}
    assert "Ticket 42 &lt;b&gt;" in browser.get(reverse("replication:issue", args=[found.pk])).content.decode()
    assert "Acknowledged" in browser.get(_list(vault, "?acknowledged=yes")).content.decode()
    browser.post(reverse("replication:issue_withdraw", args=[found.pk]))
    found.refresh_from_db()
    assert (found.acknowledged_at, found.note) == (None, "")


def test_what_is_over_cannot_be_acknowledged(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = rows.issue(vault, "m", gone_at=clock.now())
    address = reverse("replication:issue_acknowledge", args=[found.pk])
    answer = signed_in(helpdesk).post(address, {"note": "late"}, follow=True)
    assert "does not report this issue any more" in answer.content.decode()
    assert HealthIssue.objects.get().note == ""
    assert not AuditEntry.objects.filter(action="issue.acknowledged").exists()


def test_the_export_is_the_filtered_list(signed_in: SignedIn, vault: Vault, lead: Person) -> None:
    rows.issue(vault, "=1+1", code="1")
    rows.issue(vault, "other", code="2", severity="Warning")
    answer = signed_in(lead).post(reverse("replication:issues_export", args=[vault.pk]) + "?severity=Warning")
    text = b"".join(answer.streaming_content).decode()
    assert ("other" in text, "1+1" in text) == (True, False)
    assert AuditEntry.objects.get(action="issues.export").detail["filters"] == {"severity": "Warning"}


def _asked(content: bytes) -> str:
    """The address that the page asks for what is new."""
    (found,) = re.findall(r'id="issues?-live" data-poll="([^"]+)"', content.decode())
    return unescape(found)


def _moved(vault: Vault) -> None:
    """As if a worker had stored another reading."""
    Vault.objects.filter(pk=vault.pk).update(version=F("version") + 1, as_of=clock.now())


@pytest.mark.parametrize("of_all", [True, False])
def test_the_list_is_live_and_its_rows_stay_where_they_are(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, helpdesk: Person, of_all: bool
) -> None:
    one = rows.issue(vault, "m", rows.item(vault, "erp-1"))
    browser = signed_in(helpdesk)
    address = reverse("replication:all_issues") if of_all else _list(vault)
    asked = _asked(browser.get(f"{address}?severity=Critical&reading=3").content)
    assert browser.get(asked).status_code == 204
    Vault.objects.filter(pk=foreign_vault.pk).update(version=77)
    assert browser.get(asked).status_code == 204
    HealthIssue.objects.filter(pk=one.pk).update(gone_at=clock.now())  # it has left the view, but not the page
    rows.issue(vault, "also bad", code="2", severity="Critical")
    rows.issue(vault, "milder", code="3", severity="Warning")
    rows.issue(foreign_vault, "not theirs", code="4", severity="Critical")
    _moved(vault)
    answer = browser.get(asked, headers={"HX-Current-URL": f"http://testserver{address}?severity=Critical&reading=3"})
    told = answer.content.decode()
    assert "Azure read" in answer["As-Of"]
    assert f'<tr id="issue-{one.pk}" hx-swap-oob="true">' in told
    assert "Gone" in told
    assert "1 symptom came since this page was opened." in told
    assert 'href="?severity=Critical"' in told
    for absent in ("also bad", "milder", "not theirs", "<html"):
        assert absent not in told
    assert browser.get(_asked(answer.content)).status_code == 204


def test_an_open_list_tells_that_azure_cannot_be_read(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    browser = signed_in(helpdesk)
    asked = _asked(browser.get(_list(vault)).content)
    Vault.objects.filter(pk=vault.pk).update(problem={"code": "AuthorizationFailed", "message": "Not allowed.", "severity": "error"})
    _moved(vault)
    assert "rsv-dr could not be read." in browser.get(asked).content.decode()


def test_a_symptom_is_live_and_a_note_being_typed_stays(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, admin: Person
) -> None:
    found = rows.issue(vault, "m", rows.item(vault, "erp-1"))
    browser = signed_in(helpdesk)
    asked = _asked(browser.get(reverse("replication:issue", args=[found.pk])).content)
    assert browser.get(asked).status_code == 204
    signed_in(admin).post(reverse("replication:issue_acknowledge", args=[found.pk]), {"note": "Ticket 42"})
    told = browser.get(asked).content.decode()
    for part in ("essentials", "issue-machines", "acknowledged", "ticket"):
        assert f'id="{part}" hx-swap-oob="true"' in told, part
    assert "Ticket 42" in told
    assert 'name="note"' not in told
    asked = _asked(told.encode())
    assert browser.get(asked).status_code == 204
    signed_in(admin).post(reverse("replication:issue_withdraw", args=[found.pk]))
    assert 'name="note"' not in browser.get(asked).content.decode()  # the page has its form still


def test_a_form_comes_to_a_page_that_had_none(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = rows.issue(vault, "m")
    browser, address = signed_in(helpdesk), reverse("replication:issue", args=[found.pk])
    browser.post(reverse("replication:issue_acknowledge", args=[found.pk]), {"note": "Ticket 42"})
    asked = _asked(browser.get(address).content)
    browser.post(reverse("replication:issue_withdraw", args=[found.pk]))
    told = browser.get(asked).content
    assert b'id="acknowledge" hx-swap-oob="true"' in told
    assert b'name="note"' in told
    _moved(vault)
    assert b'name="note"' not in browser.get(_asked(told)).content


@pytest.mark.parametrize("query", ["since=x", "since=1:1&ids=x,,99999999999999999999&others=-1", "since=&ids=&others=" + "9" * 30])
def test_strange_questions_are_answered(signed_in: SignedIn, vault: Vault, helpdesk: Person, query: str) -> None:
    found = rows.issue(vault, "m")
    for address in (_list(vault), reverse("replication:issue", args=[found.pk])):
        assert signed_in(helpdesk).get(f"{address}?{query}").status_code == 200


def test_what_is_the_vaults_own_says_so_and_leads_to_no_machines(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = rows.issue(vault, "It has no identity.", code="150999", causes="It was removed.", action="Add it.", severity="Error")
    HealthIssue.objects.filter(pk=found.pk).update(key="vault:150999", machines=0)
    browser = signed_in(helpdesk)
    listed = browser.get(_list(vault)).content.decode()
    assert ("It has no identity." in listed, "the vault</span>" in listed, "code=vault" in listed) == (True, True, False)
    for address in (reverse("replication:overview", args=[vault.pk]), reverse("replication:all_overview")):
        shown = browser.get(address).content.decode()
        assert ("It has no identity." in shown, "the vault</span>" in shown, "code=vault" in shown) == (True, True, False)
    shown = browser.get(reverse("replication:issue", args=[found.pk])).content.decode()
    for said in ("It was removed.", "Add it.", "of the vault itself", "Machines: none: the vault itself"):
        assert said in shown, said


def test_codes_that_nobody_explains_are_collected(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, helpdesk: Person
) -> None:
    rows.issue(vault, "Unheard of", code="999999")
    rows.issue(foreign_vault, "Not theirs", code="888888")
    shown = signed_in(helpdesk).get(reverse("replication:codes")).content.decode()
    assert "999999" in shown
    assert "Unheard of" in shown
    assert "888888" not in shown
    assert "GRUB uses" not in shown
    assert "GRUB names disks by device" in shown


def test_the_list_costs_the_same_at_any_size(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    browser = signed_in(helpdesk)
    rows.issue(vault, "m", code="0")
    browser.get(_list(vault))
    few = queries(lambda: browser.get(_list(vault)))
    for number in range(1, 40):
        rows.issue(vault, "m", rows.item(vault, f"vm-{number}"), code=str(number))
    assert queries(lambda: browser.get(_list(vault))) == few
    assert few <= 9, few
