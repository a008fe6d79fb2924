"""Every form that can be sent leaves exactly the entry that the hand-written table says: one, once, of a registered action."""

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pyotp
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from replication import clock, models
from replication.actions import audit, factors
from replication.domain.vocabulary import ACTIONS
from tests.conftest import SUBSCRIPTION
from tests.permissions.test_matrix import address_of, quick_passwords, table, world
from tests.permissions.world import PASSWORD, World, payload

pytestmark = pytest.mark.django_db
__all__ = ["quick_passwords", "world"]  # fixtures
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-erp-asr"
TABLE = Path(__file__).with_name("audit.csv")


class Row(NamedTuple):
    name: str
    who: str
    first: str
    again: str
    why: str


def rows() -> list[Row]:
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [Row(**row) for row in csv.DictReader(lines)]


ROWS = rows()
TRIED = [row for row in ROWS if row.who != "-"]


def test_every_form_has_its_row() -> None:
    """A new address that takes a POST fails here: write down what it leaves in the audit."""
    taking = {row.name for row in table() if row.method == "POST" and set(row.cells.values()) - {"405", "404", ">login"}}
    assert {row.name for row in ROWS} == taking | {"login_code", "logout"}
    assert len(ROWS) == len({row.name for row in ROWS})


def test_every_action_is_registered() -> None:
    named = {each.partition(" ")[0] for row in ROWS for each in (row.first, row.again)} - {"-"}
    assert named <= set(ACTIONS)


# --- what a gesture needs before it means something --------------------------------------------------------------------------


def _of(world: World, **columns: Any) -> None:
    models.Run.objects.filter(pk=world.ours.run.pk).update(**columns)


def _paused(world: World) -> None:
    _of(world, paused_at=clock.now())


def _somebody_elses(world: World) -> None:
    _of(world, started_by=world.ours.colleague)


def _failed(world: World) -> None:
    """A run of the draft's plan, of which nothing succeeded."""
    address = reverse("replication:draft_enable", args=[world.ours.draft.pk])
    world.browser("administrator").post(address, payload(world, "draft_enable", "ours"))
    run = models.Run.objects.exclude(pk__in=[world.ours.run.pk, world.theirs.run.pk]).get()
    run.steps.update(state="failed")
    run.claims.all().delete()
    models.Run.objects.filter(pk=run.pk).update(state="failed", ended_at=clock.now())
    world.ours.run = run


def _acknowledged(world: World) -> None:
    world.browser("helpdesk").post(address_of(world, "issue_acknowledge", "ours"), {"note": "seen"})


def _locked(world: World) -> None:
    models.Person.objects.filter(pk=world.ours.colleague.pk).update(locked_at=clock.now())


def _with_factor(who: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        person = world.ours.administrator if who == "administrator" else world.ours.colleague
        factors.offered(person)
        models.SecondFactor.objects.filter(person=person).update(confirmed_at=clock.now())

    return prepare


def _signed_in_elsewhere(world: World) -> None:
    from tests.permissions.world import _session

    _session(world.ours.colleague)


def _everywhere(world: World) -> None:
    """Administrator of the other vault as well: only then the settings and the whole chain are theirs."""
    grant = models.Grant.objects.create(
        person=world.ours.administrator, vault=world.theirs.vault, role="administrator", granted_at=clock.now()
    )
    for side in models.GrantScope.Side:
        models.GrantScope.objects.create(grant=grant, side=side, subscription_id=SUBSCRIPTION)


def _asked_by_administrator(world: World) -> None:
    models.Approval.objects.filter(pk=world.ours.approval.pk).update(requested_by=world.ours.administrator)


def _draft_of_a_colleague(world: World) -> None:
    models.Draft.objects.filter(pk=world.ours.draft.pk).update(owner=world.ours.colleague)


def _job_running(world: World) -> None:
    models.Job.objects.filter(pk=world.ours.job.pk).update(state="InProgress", document={"allowed_actions": ["Cancel"]})


def _settings_known(world: World) -> None:
    item = world.ours.item
    item.document["details"] |= {"recoveryAzureResourceGroupId": GROUP}
    item.save(update_fields=["document"])


def _expired(world: World) -> None:
    models.Draft.objects.filter(pk=world.ours.draft.pk).update(state="expired")


def _running_window(world: World) -> None:
    models.MaintenanceWindow.objects.filter(pk=world.ours.window.pk).update(begins_at=clock.now() - timedelta(hours=1))


PREPARE: dict[str, Callable[[World], None]] = {
    "run_resume": _paused,
    "run_take_over": _somebody_elses,
    "run_retry": _failed,
    "issue_withdraw": _acknowledged,
    "person_unlock": _locked,
    "person_factor_reset": _with_factor("colleague"),
    "second_factor_off": _with_factor("administrator"),
    "recovery_codes": _with_factor("administrator"),
    "person_sessions_end": _signed_in_elsewhere,
    "setting_section": _everywhere,
    "audit_bundle": _everywhere,
    "audit_verify": _everywhere,
    "approval_withdraw": _asked_by_administrator,
    "draft_take_over": _draft_of_a_colleague,
    "job_control": _job_running,
    "item_change": _settings_known,
    "draft_reopen": _expired,
    "window_end": _running_window,
}


def _fields(world: World, name: str) -> dict[str, Any]:
    """The form as its page shows it."""
    form = world.browser("administrator").get(address_of(world, name, "ours")).context["form"]
    return {field: form[field].value() or "" for field in form.fields}


def _plan(world: World) -> bytes:
    """The draft's plan as a file."""
    answer = world.browser("administrator").get(f"/replicate/{world.ours.draft.pk}/plan.json")
    return b"".join(answer.streaming_content if answer.streaming else [answer.content])


def sent(world: World, name: str) -> dict[str, Any]:
    """What is filled in, beyond what only decides about the answer."""
    policy = {"retention_hours": "48", "app_consistent_minutes": "120"}
    more: dict[str, Callable[[], dict[str, Any]]] = {
        "second_factor": lambda: {"code": pyotp.TOTP(factors.offered(world.ours.administrator)).now()},
        "second_factor_off": lambda: {"password": PASSWORD},
        "recovery_codes": lambda: {"password": PASSWORD},
        "draft_share": lambda: {"shared": "yes"},
        "draft_upload": lambda: {"file": SimpleUploadedFile("plan.json", _plan(world))},
        "policy_create": lambda: policy | {"name": "new-policy"},
        "policy_edit": lambda: policy,
        "item_change": lambda: _fields(world, name) | {"name": "vm-dr", "size": "Standard_D4s_v5", "group_id": GROUP},
        "items_act": lambda: {"chosen": [world.ours.item.pk]},
        "setting_section": lambda: {"audit.retention_days": "3000", "audit.reason_required": ["run.enable"]},
    }
    return payload(world, name, "ours") | more.get(name, dict)()


@pytest.mark.parametrize("row", TRIED, ids=[row.name for row in TRIED])
def test_one_gesture_one_entry(world: World, row: Row) -> None:
    with transaction.atomic():
        try:
            _tried(world, row)
        finally:
            transaction.set_rollback(True)


def _tried(world: World, row: Row) -> None:
    run = world.ours.run
    PREPARE.get(row.name, lambda _: None)(world)
    who = row.who if row.who in world.sessions else "administrator"
    address, data = address_of(world, row.name, "ours"), sent(world, row.name)
    world.ours.run = run
    before = newest()
    browser = world.browser(who)
    answer = browser.post(address, data)
    if digest := re.search(rb'name="digest" value="(\w+)"', answer.content if not answer.streaming else b""):
        data = data | {"digest": digest.group(1).decode()}  # the review's own button
        answer = browser.post(address, data)
    _drained(answer)
    assert written(before) == row.first, f"{row.name} answered {answer.status_code}"
    before = newest()
    if "file" in data:
        data["file"].seek(0)
    _drained(browser.post(address, data))
    assert written(before) == row.again, f"{row.name}, a second time"
    assert audit.broken_link() is None


def newest() -> int:
    return models.AuditEntry.objects.latest("sequence").sequence


def _drained(answer: Any) -> None:
    """Read to its end: what is written while a file is streamed counts."""
    if answer.streaming:
        list(answer.streaming_content)


def written(before: int) -> str:
    """Action and phase of what was written since; of a refusal nothing, since every refusal may be on record."""
    found = models.AuditEntry.objects.filter(sequence__gt=before).exclude(action="access.refused")
    return ", ".join(f"{each.action} {each.phase}" for each in found.order_by("sequence")) or "-"
