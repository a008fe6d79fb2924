"""The wizard through HTTP: from +Replicate to a run."""

from uuid import uuid4

import pytest
from django.test import Client

from replication.domain.plan import parse
from replication.models import AuditEntry, Draft, Machine, MachineClaim, Person, ReplicationPlan, Run, Vault

from .walk import SOURCE, TARGET, choose, digest_of, post, started, text

pytestmark = pytest.mark.django_db

def test_each_page_shows_itself(web: Client, ready: Draft) -> None:
    for page, words in {
        "source": "Found 3 machines, 2 can be replicated.",
        "machines": "The machine is deallocated.",
        "target": "rg-erp-asr",
        "customize": "Customize target settings",
        "review": "Validation passed.",
    }.items():
        response = web.get(f"/replicate/{ready.pk}/{page}/")
        assert response.status_code == 200, page
        assert words in text(response), page


def test_enabling_writes_plan_run_steps_claims_and_one_entry(web: Client, ready: Draft) -> None:
    digest = digest_of(web, ready)
    response = web.post(f"/replicate/{ready.pk}/enable/", {"digest": digest})
    run = Run.objects.get()
    assert response.headers["Location"] == f"/runs/{run.pk}/"
    plan = ReplicationPlan.objects.get()
    assert (plan.digest, parse(plan.document).digest) == (digest, digest)
    assert run.steps.count() == len(parse(plan.document).steps)
    assert MachineClaim.objects.filter(run=run).count() == 2
    entry = AuditEntry.objects.get(action="run.enable")
    assert (entry.phase, entry.subject_count, entry.run_id, entry.actor_role) == ("asked", 2, run.pk, "administrator")


def test_a_second_press_starts_nothing(web: Client, ready: Draft) -> None:
    digest = digest_of(web, ready)
    first, second = (web.post(f"/replicate/{ready.pk}/enable/", {"digest": digest}) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert Run.objects.count() == 1


def test_create_target_resources_leaves_the_draft_open(web: Client, ready: Draft) -> None:
    web.post(f"/replicate/{ready.pk}/create-targets/", {"digest": digest_of(web, ready)})
    run = Run.objects.get()
    assert (run.purpose, run.machine_count) == ("targets", 0)
    assert not run.steps.filter(kind="protect").exists()
    ready.refresh_from_db()
    assert ready.state == Draft.State.OPEN
    run.steps.update(state="succeeded")
    run.state = "succeeded"
    run.save()
    page = text(web.get(f"/replicate/{ready.pk}/review/"))
    assert f"Created by run {run.number}, reused" in page
    assert web.post(f"/replicate/{ready.pk}/enable/", {"digest": digest_of(web, ready)}).status_code == 302


def test_what_changed_since_the_review_is_shown_first(web: Client, ready: Draft, machines: list[Machine]) -> None:
    digest = digest_of(web, ready)
    web.post(f"/replicate/{ready.pk}/machines/selection/", {"drop": machines[0].pk}, HTTP_HX_REQUEST="true")
    response = web.post(f"/replicate/{ready.pk}/enable/", {"digest": digest})
    assert response.status_code == 409
    assert "Something has changed since this page was shown" in text(response)
    assert not Run.objects.exists()


def test_a_machine_is_in_one_run_at_a_time(web: Client, ready: Draft, machines: list[Machine], vault: Vault) -> None:
    web.post(f"/replicate/{ready.pk}/enable/", {"digest": digest_of(web, ready)})
    other = started(web, vault)
    post(web, other, "source", SOURCE)
    choose(web, other, machines[0])
    post(web, other, "target", TARGET)
    response = web.post(f"/replicate/{other.pk}/enable/", {"digest": digest_of(web, other)})
    assert response.status_code == 409
    assert "Another run is working on erp-01." in text(response)
    other.refresh_from_db()
    assert other.state == Draft.State.OPEN  # nothing was changed
    assert Run.objects.count() == 1


def test_a_stale_tab_is_told_and_changes_nothing(web: Client, vault: Vault, machines: list[Machine]) -> None:
    draft = started(web, vault)
    old = draft.version
    post(web, draft, "source", SOURCE)
    response = web.post(f"/replicate/{draft.pk}/source/", {**SOURCE, "model": "Classic", "version": old})
    assert response.status_code == 409
    assert "What you sent was not saved" in text(response)
    draft.refresh_from_db()
    assert draft.source["model"] == "ResourceManager"


def test_a_page_shown_again_stays_as_old_as_it_was(web: Client, ready: Draft) -> None:
    old = ready.version
    post(web, ready, "target", TARGET)
    stale = {**TARGET, "version": old}
    for extra in ({"do": "update"}, {"retention_hours": "many"}):
        assert f'name="version" value="{old}"' in text(web.post(f"/replicate/{ready.pk}/target/", {**stale, **extra}))
    assert web.post(f"/replicate/{ready.pk}/target/", stale).status_code == 409


def test_changing_the_source_drops_what_no_longer_matches(web: Client, ready: Draft) -> None:
    response = post(web, ready, "source", {**SOURCE, "model": "Classic"})
    assert "No longer selected" in text(web.get(response.headers["Location"]))
    assert not ready.machines.exists()


def test_machines_that_cannot_be_replicated_cannot_be_chosen(
    web: Client, vault: Vault, machines: list[Machine]
) -> None:
    draft = started(web, vault)
    post(web, draft, "source", SOURCE)
    choose(web, draft, machines[2])
    assert not draft.machines.exists()


def test_bad_input_is_told_on_the_field_and_kept(web: Client, ready: Draft) -> None:
    wrong = {"policy_name": "no spaces!", "retention_hours": "9999", "app_consistent_minutes": "x"}
    response = post(web, ready, "target", TARGET | wrong)
    assert response.status_code == 422
    page = text(response)
    assert "no spaces!" in page
    assert page.count('aria-invalid="true"') == 3
    ready.refresh_from_db()
    assert ready.target["policy"]["name"] == "24-hour-retention-policy"


HOSTILE = ["\x00", "'; DROP TABLE", "<script>", "9" * 400, "../..", "\u202e", "-1", "{{7*7}}", " "]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_never_break_a_page(web: Client, ready: Draft, value: str) -> None:
    before = Draft.objects.values().get(pk=ready.pk)
    for page, fields in {
        "source": ["location", "subscription_ids", "model", "groups", "zonal"],
        "target": ["location", "subscription_id", "policy", "policy_name", "retention_hours"],
        "customize": ["all-group_id", "all-group_name", "all-network_name"],
    }.items():
        for field in fields:
            data = (SOURCE if page == "source" else TARGET if page == "target" else {}) | {field: value}
            assert post(web, ready, page, data).status_code in {302, 422}, (page, field)
    for query in ("q", "page", "size", "sort", "can", "group", "chosen"):
        assert web.get(f"/replicate/{ready.pk}/machines/", {query: value}).status_code == 200
    web.post(
        f"/replicate/{ready.pk}/machines/selection/",
        {"add": value, "drop": value, "select": value},
        HTTP_HX_REQUEST="true",
    )
    assert web.post(f"/replicate/{ready.pk}/enable/", {"digest": value}).status_code == 409
    assert Draft.objects.get(pk=ready.pk).source == before["source"]
    assert not Run.objects.exists()


def test_pages_before_their_turn_lead_to_the_first_open_one(web: Client, vault: Vault, machines: list[Machine]) -> None:
    draft = started(web, vault)
    for page in ("machines", "target", "customize", "review"):
        assert web.get(f"/replicate/{draft.pk}/{page}/").headers["Location"].endswith("/source/")


def test_others_see_the_draft_and_cannot_change_it(
    ready: Draft, vault: Vault, operator: Person, helpdesk: Person
) -> None:
    from tests.conftest import _person

    colleague = Client()
    colleague.force_login(_person("second-admin", "administrator", vault))
    assert "Take over this draft" in text(colleague.get(f"/replicate/{ready.pk}/target/"))
    assert post(colleague, ready, "target", TARGET).status_code == 403
    colleague.post(f"/replicate/{ready.pk}/take-over/")
    assert post(colleague, ready, "target", TARGET).status_code == 302
    for person in (operator, helpdesk):
        client = Client()
        client.force_login(person)
        assert client.get(f"/replicate/{ready.pk}/review/").status_code == 404
        assert client.post(f"/vaults/{vault.pk}/replicate/").status_code == 403


def test_unknown_drafts_are_absent(web: Client) -> None:
    assert web.get(f"/replicate/{uuid4()}/review/").status_code == 404
