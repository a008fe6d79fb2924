"""Pause, resume and take over: who may, what the page says, what the audit has."""

import pytest
from django.urls import reverse

from replication.models import AuditEntry, Person, Vault
from tests.views import rows
from tests.views.conftest import SignedIn


def _last(action: str) -> AuditEntry:
    return AuditEntry.objects.filter(action=action).latest("sequence")


def test_a_run_is_paused_and_resumed(signed_in: SignedIn, vault: Vault, admin: Person, operator: Person) -> None:
    run, browser = rows.run(vault, admin), signed_in(operator)
    pause, resume = (reverse(f"replication:run_{verb}", args=[run.pk]) for verb in ("pause", "resume"))
    shown = browser.post(pause, follow=True).content.decode()
    for said in ("The run is paused.", "Paused", f'action="{resume}"'):
        assert said in shown
    run.refresh_from_db()
    assert run.paused_at
    assert _last("run.pause").run_id == run.pk
    assert "is paused or being cancelled already" in browser.post(pause, follow=True).content.decode()
    shown = browser.post(resume, follow=True).content.decode()
    assert f'action="{pause}"' in shown
    run.refresh_from_db()
    assert (run.paused_at, bool(run.due_at)) == (None, True)
    assert _last("run.resume").actor_id == operator.pk
    assert "The run is not paused." in browser.post(resume, follow=True).content.decode()


@pytest.mark.parametrize("verb", ["pause", "resume", "take_over"])
def test_a_run_that_has_ended_is_left_as_it_is(
    signed_in: SignedIn, vault: Vault, admin: Person, operator: Person, verb: str
) -> None:
    run = rows.run(vault, admin, state="succeeded", version=4)
    before = AuditEntry.objects.count()
    browser = signed_in(operator)
    browser.post(reverse(f"replication:run_{verb}", args=[run.pk]))
    run.refresh_from_db()
    assert (run.version, run.owner_id, run.paused_at) == (4, None, None)
    assert not AuditEntry.objects.filter(sequence__gt=before, action__startswith="run.").exists()


@pytest.mark.parametrize("verb", ["pause", "resume", "take_over"])
def test_helpdesk_controls_no_run(
    signed_in: SignedIn, vault: Vault, admin: Person, helpdesk: Person, verb: str
) -> None:
    run = rows.run(vault, admin)
    address = reverse(f"replication:run_{verb}", args=[run.pk])
    assert signed_in(helpdesk).post(address).status_code == 403
    assert signed_in(helpdesk).get(address).status_code == 405
    run.refresh_from_db()
    assert (run.paused_at, run.owner_id) == (None, None)


def test_a_run_is_taken_over(signed_in: SignedIn, vault: Vault, admin: Person, operator: Person) -> None:
    run = rows.run(vault, admin)
    take_over = reverse("replication:run_take_over", args=[run.pk])
    assert "The run is yours." in signed_in(admin).get(reverse("replication:run", args=[run.pk])).content.decode()
    shown = signed_in(operator).post(take_over, follow=True).content.decode()
    assert f"started by {admin}, taken over by {operator}," in shown
    run.refresh_from_db()
    assert (run.started_by_id, run.owner_id) == (admin.pk, operator.pk)
    entry = _last("run.take_over")
    assert (entry.before, entry.after) == ({"owner": admin.username}, {"owner": operator.username})
    assert "is yours already" in signed_in(operator).post(take_over, follow=True).content.decode()
    signed_in(admin).post(take_over)
    run.refresh_from_db()
    assert run.responsible == admin
