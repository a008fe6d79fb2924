"""Audit history: filters, one entry in words, and the export through the same filters."""

import csv
import io
from typing import Any

from django.urls import reverse

from replication.actions.actor import Actor
from replication.actions.audit import broken_link, gesture, record
from replication.models import AuditEntry, Person, Vault
from tests.views.conftest import SignedIn


def _by(person: Person) -> Actor:
    return Actor(person=person, name=str(person), role="administrator", request_id="req-1", address="192.0.2.7")


def _enable(person: Person, vault: Vault) -> AuditEntry:
    machines = [(f"/vm/{n}", f"erp-{n}") for n in range(60)]
    facts: dict[str, Any] = {
        "phase": "asked",
        "vault_key": vault.key,
        "subject_name": "run 7 in rsv-dr",
        "subjects": machines,
    }
    with gesture("run.enable", actor=_by(person), **facts) as entry:
        entry.before, entry.after = {"machines": 0}, {"machines": 60, "policy": {"hours": 24}, "made": ["a", "b"]}
    return AuditEntry.objects.latest("sequence")


def _csv(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_an_entry_says_who_what_before_and_after(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    entry = _enable(admin, vault)
    shown = signed_in(lead).get(reverse("replication:audit_entry", args=[entry.sequence])).content.decode()
    for said in (
        "Admin asked to enable replication: run 7 in rsv-dr",
        "192.0.2.7",
        "req-1",
        "<del>0</del>",
        "<ins>60</ins>",
    ):
        assert said in shown
    for said in ("policy: hours", "a, b", "erp-49", "and 10 more", entry.hash):
        assert said in shown
    assert "erp-50" not in shown


def test_entries_are_found_by_person_action_machine_outcome_and_day(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    entry = _enable(admin, vault)
    record("session.refused", actor=Actor(person=None, name="Not signed in"), outcome="refused", subject_name="root")
    browser, address = signed_in(lead), reverse("replication:audit")

    def finds(query: str) -> bool:
        return f'aria-label="Entry {entry.sequence}"' in browser.get(f"{address}?{query}").content.decode()

    assert finds("person=Admin&action=run.enable&subject=ERP-42&outcome=ok&from=2000-01-01&to=9999-12-31")
    assert not finds("action=session.refused")
    assert not finds("subject=nobody")
    assert not finds("outcome=refused")
    assert not finds("to=2000-01-01")
    assert not finds("from=9999-12-31")
    assert not finds("run=not-a-run")


def test_a_day_that_is_none_is_told(signed_in: SignedIn, vault: Vault, lead: Person) -> None:
    shown = signed_in(lead).get(reverse("replication:audit") + "?from=2026-02-31").content.decode()
    assert "From: “2026-02-31” is not one of the choices" in shown


def test_the_export_has_the_filtered_entries_and_is_an_entry_itself(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    entry = _enable(admin, vault)
    record("session.signed_in", actor=_by(admin), subject_name="=cmd()")
    browser, address = signed_in(lead), reverse("replication:audit_export")
    assert [row["Number"] for row in _csv(browser.post(address + "?action=run.enable"))] == [str(entry.sequence)]
    exported = AuditEntry.objects.get(action="audit.export")
    assert (exported.actor_id, exported.detail) == (lead.pk, {"filters": {"action": "run.enable"}, "rows": 1})
    everything = _csv(browser.post(address))
    assert "'=cmd()" in {row["Subject"] for row in everything}
    assert len(everything) == AuditEntry.objects.latest("sequence").detail["rows"]
    assert broken_link() is None


def test_an_administrator_exports_only_what_they_may_read(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, admin: Person, stranger: Person, helpdesk: Person
) -> None:
    record("items.refresh", actor=_by(stranger), vault_key=foreign_vault.key, subject_name="rsv-foreign")
    address = reverse("replication:audit_export")
    assert "rsv-foreign" not in {row["Subject"] for row in _csv(signed_in(admin).post(address))}
    assert {row["Person"] for row in _csv(signed_in(helpdesk).post(address))} <= {"Helpdesk"}
