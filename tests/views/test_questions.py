"""Questions that are kept answer for whoever asks now, and for when."""

from datetime import timedelta

from replication import access, clock
from replication.models import Draft, Grant, GrantScope, Person, Vault
from tests.conftest import OTHER_SUBSCRIPTION
from tests.views import rows
from tests.views.conftest import SignedIn
from tests.views.test_overview import leftover, page


def test_what_grants_open_is_counted_as_they_are_now(vault: Vault, foreign_vault: Vault, admin: Person, helpdesk: Person) -> None:
    leftover(vault, "d-ASRReplica")
    now = clock.now()
    shared = {"connection_id": vault.connection_id, "owner": admin, "updated_by": admin, "created_at": now, "updated_at": now}
    draft = Draft.objects.create(vault=vault, **shared)
    assert (access.open_drafts(admin, None), access.open_drafts(admin, foreign_vault), access.open_drafts(helpdesk, None)) == (1, 0, 0)
    assert access.leftovers_by_kind(helpdesk) == {"replica_disk": 1}
    assert access.source_names(helpdesk) == {vault.subscription_id: "Production"}
    Draft.objects.filter(pk=draft.pk).update(shared=True)
    assert access.open_drafts(helpdesk, vault) == 1
    Grant.objects.filter(person=helpdesk).update(ended_at=clock.now())
    assert (access.open_drafts(helpdesk, vault), access.leftovers_by_kind(helpdesk), access.source_names(helpdesk)) == (0, {}, {})
    narrow = Grant.objects.create(person=helpdesk, vault=vault, role="helpdesk", granted_at=clock.now())
    GrantScope.objects.create(grant=narrow, side="source", subscription_id=OTHER_SUBSCRIPTION)
    assert access.roles(helpdesk) == {vault.pk: "helpdesk"}
    assert (access.open_drafts(helpdesk, vault), access.leftovers_by_kind(helpdesk)) == (1, {})


def test_failed_jobs_of_the_last_day_are_of_the_day_before_now(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    rows.item(vault, "erp")
    for hours in (1, 23, 25):
        rows.job(vault, f"j{hours}", state="Failed", started_at=clock.now() - timedelta(hours=hours))
    assert ">2</a><small>failed in 24 hours" in page(signed_in, helpdesk, "overview", vault.pk)
    later = clock.now() + timedelta(hours=2)
    with clock.injected(lambda: later):
        assert ">1</a><small>failed in 24 hours" in page(signed_in, helpdesk, "overview", vault.pk)
