"""Verbs that want a reason or ticket."""

import pytest
from django.urls import reverse

from replication.models import AuditEntry, Person, Vault
from tests.views import rows
from tests.views.conftest import SignedIn


def test_a_verb_that_wants_a_reason_asks_for_it_and_changes_nothing_before(
    signed_in: SignedIn, vault: Vault, admin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_REASON_REQUIRED", "run.cancel")
    run, browser = rows.run(vault, admin), signed_in(admin)
    address = reverse("replication:run_cancel", args=[run.pk])
    asked = browser.post(address, {"kept": ['"><script>', "two"], "reason": "  "})
    shown = asked.content.decode()
    assert asked.status_code == 422
    assert f'action="{address}"' in shown
    assert 'name="kept" value="&quot;&gt;&lt;script&gt;"' in shown
    run.refresh_from_db()
    assert run.cancel_requested_at is None
    assert not AuditEntry.objects.exists()
    assert browser.post(address, {"reason": "CHG-42 wrong subnet"}).status_code == 302
    entry = AuditEntry.objects.get(action="run.cancel")
    assert entry.reason == "CHG-42 wrong subnet"
    page = browser.get(reverse("replication:audit_entry", args=[entry.sequence])).content.decode()
    assert "CHG-42 wrong subnet" in page


def test_a_reason_may_be_given_where_none_is_wanted(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin)
    signed_in(admin).post(reverse("replication:run_cancel", args=[run.pk]), {"reason": "x" * 5000})
    assert AuditEntry.objects.get(action="run.cancel").reason == "x" * 200


def test_whoever_may_not_is_refused_and_not_asked(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_REASON_REQUIRED", "run.cancel")
    run = rows.run(vault, admin)
    assert signed_in(helpdesk).post(reverse("replication:run_cancel", args=[run.pk])).status_code == 403
