"""Drafts as a whole: listed, shared, taken over, expiring, reopened."""

from datetime import timedelta

import pytest
from django.test import Client

from replication import clock
from replication.actions import drafts
from replication.models import AuditEntry, Draft, Machine, Person, Setting, Vault

from .walk import digest_of, text

pytestmark = pytest.mark.django_db


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def saved(draft: Draft, days: float) -> None:
    Draft.objects.filter(pk=draft.pk).update(updated_at=clock.now() - timedelta(days=days))


def test_the_list_leads_on(web: Client, ready: Draft) -> None:
    page = text(web.get("/drafts/?state=open"))
    assert f"/replicate/{ready.pk}/" in page
    assert "Mine" in page
    assert "Resume" in page
    assert "There are no drafts" not in page
    assert "No drafts match" in text(web.get("/drafts/?state=expired"))


def test_shared_by_its_address_and_read_only(web: Client, ready: Draft, helpdesk: Person) -> None:
    reader, address = browser(helpdesk), f"/replicate/{ready.pk}/review/"
    assert reader.get(address).status_code == 404
    assert web.post(f"/replicate/{ready.pk}/share/", {"shared": "yes"}).status_code == 302
    page = text(reader.get(address))
    assert "Read only." in page
    assert "Take over" not in page
    for verb in ("discard", "take-over", "share", "reopen", "enable"):
        assert reader.post(f"/replicate/{ready.pk}/{verb}/").status_code == 403, verb
    Machine.objects.filter(name="erp-02").update(subscription_id="99999999-9999-9999-9999-999999999999")
    assert reader.get(address).status_code == 404  # a machine that helpdesk's grants do not open
    Machine.objects.filter(name="erp-02").update(subscription_id=Machine.objects.get(name="erp-01").subscription_id)
    web.post(f"/replicate/{ready.pk}/share/", {"shared": "no"})
    assert reader.get(address).status_code == 404
    assert set(AuditEntry.objects.values_list("action", flat=True)) >= {"draft.shared", "draft.unshared"}


def test_a_draft_expires_after_its_rest_and_can_be_reopened(web: Client, ready: Draft) -> None:
    saved(ready, 13)
    assert drafts.expire() == 0
    assert "This draft expires soon." in text(web.get(f"/replicate/{ready.pk}/review/"))
    saved(ready, 14.1)
    assert drafts.expire() == 1
    assert drafts.expire() == 0
    response = web.get(f"/replicate/{ready.pk}/review/", follow=True)
    assert "has expired" in text(response)
    assert "Reopen" in text(response)
    assert AuditEntry.objects.filter(action="draft.expired", subject_key=str(ready.pk)).count() == 1
    assert web.post(f"/replicate/{ready.pk}/reopen/").status_code == 302
    assert "Validation passed." in text(web.get(f"/replicate/{ready.pk}/review/"))


def test_a_vault_can_keep_its_drafts_longer(ready: Draft, vault: Vault) -> None:
    Setting.objects.create(name="drafts.days", vault=vault, value=60, changed_at=clock.now())
    saved(ready, 40)
    assert drafts.expire() == 0


def test_a_draft_of_a_run_that_goes_on_does_not_expire(web: Client, ready: Draft) -> None:
    web.post(f"/replicate/{ready.pk}/create-targets/", {"digest": digest_of(web, ready)})
    saved(ready, 40)
    assert drafts.expire() == 0
