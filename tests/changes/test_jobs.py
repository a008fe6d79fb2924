"""Site Recovery jobs: whose they are, what is told of them, and cancelling and restarting as far as Azure allows."""

from typing import Any

import pytest
from django.test import Client

from replication.execution import engine
from replication.gateway.port import Gateway
from replication.models import AuditEntry, Job, ProtectedItem, Run, Vault
from tests.changes.conftest import finished, person, read_again
from tests.changes.test_pages import hidden


@pytest.fixture
def running(vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway, azure: Any) -> Job:
    """A job of ours that Azure works on, at a pace that lets it be met."""
    azure.control("PUT", "settings", {"durations": 1})
    address = f"/items/{items[0].pk}/act/resync/"
    web.post(address, hidden(web.get(address)))
    engine.advance(Run.objects.get().pk, gateway, seconds=1)
    azure.control("POST", "clock", {"advance": 5})
    read_again(vault)
    return vault.jobs.get(state="InProgress")


def test_a_job_is_matched_to_the_run_that_asked(vault: Vault, running: Job, web: Client) -> None:
    run = Run.objects.get()
    page = web.get(f"/vaults/{vault.pk}/jobs/").content.decode()
    assert f"/runs/{run.pk}/" in page
    assert "Administrator" in page
    for origin, shown in (("ours", 1), ("azure", vault.jobs.count() - 1)):
        view = web.get(f"/vaults/{vault.pk}/jobs/", {"origin": origin}).context["view"]
        assert view.page.paginator.count == shown


def test_a_running_job_is_cancelled(vault: Vault, running: Job, gateway: Gateway, web: Client) -> None:
    address = f"/vaults/{vault.pk}/jobs/{running.pk}/"
    web.post(f"{address}cancel/", hidden(web.get(f"{address}cancel/")) | {"reason": "wrong machine"})
    run = Run.objects.get(purpose="job")
    assert finished(run, gateway).state == "succeeded"
    read_again(vault)
    running.refresh_from_db()
    assert running.state == "Cancelled"
    page = web.get(address).content.decode()
    assert f"Run {run.number}" in page
    assert "The job has ended." in page
    assert web.get(f"{address}cancel/").context["review"].wanted == []
    assert AuditEntry.objects.get(action="run.job").reason == "wrong machine"


def test_what_ended_meanwhile_is_refused_by_the_step(
    vault: Vault, running: Job, gateway: Gateway, web: Client, azure: Any
) -> None:
    address = f"/vaults/{vault.pk}/jobs/{running.pk}/cancel/"
    web.post(address, hidden(web.get(address)))
    azure.control("POST", "clock", {"advance": 300})
    run = finished(Run.objects.get(purpose="job"), gateway)
    assert (run.state, run.steps.get().problem["code"]) == ("failed", "NotAllowed")


def test_an_operator_controls_jobs_and_helpdesk_does_not(vault: Vault, running: Job, web: Client) -> None:
    address = f"/vaults/{vault.pk}/jobs/{running.pk}/"
    for role, status in (("operator", 200), ("helpdesk", 403)):
        somebody = Client()
        somebody.force_login(person(vault, role))
        assert somebody.get(f"{address}cancel/").status_code == status
    assert "Only administrators and operators can cancel" in somebody.get(address).content.decode()
    assert web.get(f"{address}explode/").status_code == 404


def test_the_export_names_who_asked(vault: Vault, running: Job, web: Client) -> None:
    answer = web.post(f"/vaults/{vault.pk}/jobs/export/?state=InProgress")
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert "run 1, Administrator" in lines[1]
    assert AuditEntry.objects.filter(action="jobs.export").exists()


def test_a_failed_job_is_restarted(vault: Vault, items: list[ProtectedItem], gateway: Gateway, web: Client, azure: Any) -> None:
    """Azure makes the same request again as a job of its own; ours says who asked for it, and both runs are on record."""
    azure.control("PUT", "faults", [{"verb": "POST", "type": "*/replicationProtectedItems", "nth": 1, "do": "operation"}])
    address = f"/items/{items[0].pk}/act/resync/"
    web.post(address, hidden(web.get(address)))
    assert finished(Run.objects.get(), gateway).state == "failed"
    read_again(vault)
    failed = vault.jobs.get(state="Failed")
    before = vault.jobs.count()
    restart = f"/vaults/{vault.pk}/jobs/{failed.pk}/restart/"
    web.post(restart, hidden(web.get(restart)) | {"reason": "INC-1"})
    run = finished(Run.objects.get(purpose="job"), gateway)
    assert run.state == "succeeded", list(run.steps.values_list("problem", flat=True))
    read_again(vault)
    assert vault.jobs.count() == before + 1
    asked, ended = AuditEntry.objects.filter(run_id=run.pk).order_by("sequence")
    assert (asked.action, asked.reason, ended.action, ended.outcome) == ("run.job", "INC-1", "run.ended", "ok")
