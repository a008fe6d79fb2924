"""Audit history: filters, one entry in words, and the export through the same filters."""

import csv
import io
import json
from typing import Any

import pytest
from django.urls import reverse

from replication import clock, models, seals
from replication.actions.actor import Actor
from replication.actions.audit import broken_link, gesture, record
from replication.models import AuditEntry, Person, Vault, triggers
from replication.tasks import watch_audit
from scripts import verify_audit_bundle
from tests.views import rows
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
    assert (exported.actor_id, exported.detail) == (lead.pk, {"filters": {"action": "run.enable"}, "rows": 1, "form": "csv"})
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


# --- bundles, and how the chain stands ----------------------------------------------------------------------------------


def _lines(answer: Any) -> list[bytes]:
    return b"".join(answer.streaming_content).splitlines(keepends=True)


def _verified(lines: list[bytes]) -> verify_audit_bundle.Bundle:
    bundle = verify_audit_bundle.Bundle({seals.fingerprint()}, None)
    bundle.read(lines)
    return bundle


def test_json_lines_come_through_the_filters_of_the_page_and_say_that_they_are_no_chain(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    entry = _enable(admin, vault)
    record("session.signed_in", actor=_by(admin), subject_name="Admin")
    bundle = _verified(_lines(signed_in(lead).post(reverse("replication:audit_lines") + "?action=run.enable")))
    assert (bundle.count, bundle.last) == (1, entry.sequence)
    assert (bundle.header["chain"], bundle.header["filters"]) == (False, {"action": "run.enable"})
    assert AuditEntry.objects.get(action="audit.export").detail["form"] == "lines"


def test_the_whole_chain_leaves_as_a_bundle_and_that_is_an_entry(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    for _ in range(3):
        _enable(admin, vault)
    bundle = _verified(_lines(signed_in(lead).post(reverse("replication:audit_bundle"))))
    exported = AuditEntry.objects.get(action="audit.export")
    assert (bundle.count, bundle.header["chain"], exported.sequence) == (3, True, 4)
    assert exported.detail == {"filters": {}, "rows": 3, "form": "bundle", "head": bundle.head}


def test_who_may_not_read_every_vault_gets_no_bundle_and_is_told_why(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, admin: Person, stranger: Person
) -> None:
    record("items.refresh", actor=_by(stranger), vault_key=foreign_vault.key, subject_name="rsv-foreign")
    answer = signed_in(admin).post(reverse("replication:audit_bundle"))
    assert answer.status_code == 403
    assert "Only somebody who may read the audit of every vault can do this." in answer.content.decode()
    assert "Only somebody who may read" in signed_in(admin).get(reverse("replication:audit")).content.decode()


def test_the_page_says_when_the_chain_was_verified_and_has_it_done_again(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    _enable(admin, vault)
    browser, page = signed_in(lead), reverse("replication:audit")
    assert "Not verified yet" in browser.get(page).content.decode()
    browser.post(reverse("replication:audit_verify"))
    assert "A worker walks the chain now." in browser.get(page).content.decode()
    assert browser.get(reverse("replication:audit_chain")).status_code == 204
    watch_audit()
    assert browser.get(reverse("replication:audit_chain")).status_code == 286
    shown = browser.get(page).content.decode()
    assert "Verified" in shown
    assert "1 entries, 1 signed checkpoints." in shown or "1 entry" in shown
    assert "walks" not in shown


def test_a_broken_chain_is_told_on_the_page(signed_in: SignedIn, vault: Vault, admin: Person, lead: Person) -> None:
    entry = _enable(admin, vault)
    triggers.remove()
    AuditEntry.objects.filter(pk=entry.pk).update(actor_name="Somebody else")
    triggers.install()
    watch_audit()
    assert "The chain is broken at entry 1" in signed_in(lead).get(reverse("replication:audit")).content.decode()


def test_an_entry_leads_to_the_trails_of_its_request_run_person_and_machines(
    signed_in: SignedIn, vault: Vault, admin: Person, lead: Person
) -> None:
    entry = _enable(admin, vault)
    record("session.signed_in", actor=Actor(person=None, name="Other", request_id="req-2"), subject_name="Other")
    browser = signed_in(lead)
    shown = browser.get(reverse("replication:audit_entry", args=[entry.sequence])).content.decode()
    for link in ("?request=req-1", "?person=Admin", "?machine=%2Fvm%2F7", "?subject=run+7+in+rsv-dr"):
        assert link in shown
        found = browser.get(reverse("replication:audit") + link).content.decode()
        assert f'aria-label="Entry {entry.sequence}"' in found
        assert 'aria-label="Entry 2"' not in found


def test_the_evidence_of_a_run_is_signed_and_whole(signed_in: SignedIn, vault: Vault, admin: Person, lead: Person) -> None:
    run = rows.run(vault, admin, reason="CHG-42")
    run.steps.filter(kind="protect").update(state="succeeded", correlation_id="corr-1", azure_job_id="/jobs/1")
    models.Run.objects.filter(pk=run.pk).update(state="succeeded", ended_at=clock.now())
    models.HandOver.objects.create(run=run, machine_key="/vm/0", name="vm-0000", rpo=42, rpo_read_at=rows.NOON)
    rows.item(vault, "vm-0000", rpo=99999)  # what it is now is not what it was
    record("run.enable", actor=_by(admin), phase="asked", run_id=run.pk, vault_key=vault.key, subject_name="run 1")
    record("items.refresh", actor=_by(admin), vault_key=vault.key)
    lines = _lines(signed_in(lead).post(reverse("replication:run_evidence", args=[run.pk])))
    assert _verified(lines).count == 1
    told = json.loads(lines[1])["run"]
    assert (told["reason"], told["asked_by"]["user_name"], told["plan"]["digest"]) == ("CHG-42", "admin", run.plan.digest)
    assert {step["correlation_id"] for step in told["steps"] if step["kind"] == "protect"} == {"corr-1"}
    (handed,) = told["hand_over"]
    assert (handed["name"], handed["rpo"], handed["rpo_is"]) == ("vm-0000", 42, "the last read before the run ended")
    assert AuditEntry.objects.get(action="run.evidence").run_id == run.pk
    changed = [lines[0], lines[1].replace(b"CHG-42", b"CHG-43"), *lines[2:]]
    with pytest.raises(verify_audit_bundle.Bad, match="not those that were signed"):
        _verified(changed)


def test_the_report_is_what_the_filters_leave_and_is_an_entry(signed_in: SignedIn, vault: Vault, lead: Person, admin: Person) -> None:
    by = Actor(person=admin, name="Admin", role="administrator", reason="CHG-9")
    record("items.refresh", actor=by, vault_key=vault.key, subject_name="first", subjects=[("/vm/a", "erp-a")])
    record("items.export", actor=by, vault_key=vault.key, subject_name="second")
    page = signed_in(lead).post(reverse("replication:audit_report") + "?subject=erp-a").content.decode()
    assert "CHG-9" in page
    assert "exported replicated items of second" not in page
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.detail["form"], entry.detail["filters"]) == ("audit.export", "report", {"subject": "erp-a"})


def test_the_trail_of_one_machine_is_by_its_key(signed_in: SignedIn, vault: Vault, lead: Person, admin: Person) -> None:
    by = Actor(person=admin, name="Admin", role="administrator")
    record("items.refresh", actor=by, vault_key=vault.key, subject_name="here", subjects=[("/vm/a", "same-name")])
    record("items.refresh", actor=by, vault_key=vault.key, subject_name="there", subjects=[("/vm/b", "same-name")])
    entry = signed_in(lead).get(reverse("replication:audit_entry", args=[1])).content.decode()
    assert "machine=%2Fvm%2Fa" in entry
    page = signed_in(lead).get(reverse("replication:audit") + "?machine=/vm/a").content.decode()
    assert ">here<" in page
    assert ">there<" not in page


def test_entries_of_one_gesture_are_joined(signed_in: SignedIn, vault: Vault, lead: Person, admin: Person) -> None:
    by = Actor(person=admin, name="Admin", role="administrator", request_id="0b9b7a3e-0000-4000-8000-000000000001")
    record("draft.saved", actor=by, vault_key=vault.key, subject_name="the draft")
    record("items.refresh", actor=by, vault_key=vault.key, subject_name="the items")
    page = signed_in(lead).get(reverse("replication:audit_entry", args=[1])).content.decode()
    assert "The same gesture" in page
    assert "Admin refreshed the replicated items of the items" in page


def test_views_of_the_audit_are_saved_apart_from_those_of_items(signed_in: SignedIn, vault: Vault, lead: Person) -> None:
    browser, audit = signed_in(lead), reverse("replication:audit")
    browser.post(reverse("replication:view_save"), {"name": "Refused", "query": "outcome=refused", "back": audit})
    assert "Refused" in browser.get(audit).content.decode()
    assert '<bdi>Refused</bdi>' not in browser.get(reverse("replication:all_items")).content.decode()
