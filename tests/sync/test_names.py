"""Names in the world: asked of Azure once, answered by the worker's own code, and not asked again by the checks."""

from datetime import timedelta

import pytest

from replication import clock
from replication.actions import checks, names, plans
from replication.actions.actor import Actor
from replication.domain import ids
from replication.domain.choices import TargetChoices
from replication.models import Connection, Draft, Reading
from replication.sync import readings
from tests.simulated import Simulator
from tests.sync.test_checks import NAMES, admin_actor, made, make_draft

pytestmark = pytest.mark.django_db
TAKEN = "stcontosopayasr"  # by somebody else in the world (docs/scenarios.md)
ASKED = "Microsoft.Storage/checkNameAvailability"
__all__ = ["admin_actor"]


def named(connection: Connection, actor: Actor, name: str) -> Draft:
    """A draft whose cache account has this name."""
    draft = make_draft(connection, actor, NAMES)
    subscription = draft.target["subscription_id"]
    account = ids.resource(ids.group(subscription, "rg-dr-sea"), "Microsoft.Storage/storageAccounts", name)
    target = TargetChoices.from_json(draft.target)
    assert target is not None
    Draft.objects.filter(pk=draft.pk).update(target=target.placed({"cache_account_id": account}).to_json())
    draft.refresh_from_db()
    return draft


def answered(draft: Draft, actor: Actor) -> names.Standing:
    """What the worker finds out."""
    (standing,) = names.ask(draft, names.wanted(draft), actor=actor).values()
    assert standing.waiting
    readings.answer(Reading.objects.get(kind="name", subject=standing.name, answered_at=None).pk)
    return names.standings(draft.connection_id, [standing.name])[standing.name]


def asked(simulator: Simulator) -> int:
    return sum(each["type"].lower() == ASKED.lower() for each in simulator.control("GET", "log"))


def test_a_name_that_is_taken_comes_with_one_that_is_free(contoso: Connection, admin_actor: Actor, simulator: Simulator) -> None:
    draft = named(contoso, admin_actor, TAKEN)
    standing = answered(draft, admin_actor)
    assert "already taken" in standing.refusal
    assert standing.free == f"{TAKEN}2"
    reading = Reading.objects.get(kind="name")
    assert reading.answered_at is not None
    assert reading.expires_at is not None
    assert (reading.expires_at - reading.answered_at).total_seconds() == 30 * 60
    before = asked(simulator)
    assert names.ask(draft, names.wanted(draft), actor=admin_actor)[TAKEN] == standing
    assert (asked(simulator), Reading.objects.filter(kind="name").count()) == (before, 1)


def test_the_checks_do_not_ask_again_until_they_are_told_to(contoso: Connection, admin_actor: Actor, simulator: Simulator) -> None:
    draft = named(contoso, admin_actor, TAKEN)
    answered(draft, admin_actor)
    simulator.control("DELETE", "log")
    now = made(draft, admin_actor)
    assert "NameTaken" in [each.code for each in now.findings]
    assert asked(simulator) == 0
    again = checks.again(draft, plans.compiled(draft).digest, failing=True, actor=admin_actor)
    readings.answer(again.pk)
    assert asked(simulator) == 1
    assert names.standings(draft.connection_id, [TAKEN]) == {}


@pytest.mark.parametrize("failing", [True, False])
def test_checks_made_again_forget_what_is_known_of_the_drafts_own_names_only(
    contoso: Connection, admin_actor: Actor, simulator: Simulator, failing: bool
) -> None:
    free, others = "stnobodyhasthis7", "stnobodyhasthis8"
    answered(named(contoso, admin_actor, others), admin_actor)
    draft = named(contoso, admin_actor, TAKEN)
    answered(draft, admin_actor)
    row = draft.machines.first()
    assert row is not None
    row.overrides = {"cache_account_id": draft.target["cache_account_id"].replace(TAKEN, free)}
    row.save()
    names.ask(draft, names.wanted(draft), actor=admin_actor)
    readings.answer(Reading.objects.get(subject=free).pk)
    made(draft, admin_actor)
    checks.again(draft, plans.compiled(draft).digest, failing=failing, actor=admin_actor)
    kept = {free, others} if failing else {others}
    assert names.standings(draft.connection_id, [TAKEN, free, others]).keys() == kept


def test_a_free_name_and_azure_that_does_not_answer(contoso: Connection, admin_actor: Actor, simulator: Simulator) -> None:
    draft = named(contoso, admin_actor, "stnobodyhasthis7")
    standing = answered(draft, admin_actor)
    assert (standing.told, standing.refusal, standing.free) == (True, "", "")
    Reading.objects.filter(kind="name").delete()
    simulator.control("PUT", "faults", [{"type": "*/checkNameAvailability", "do": "status", "status": 500}])
    standing = answered(draft, admin_actor)
    assert (standing.told, standing.waiting, bool(standing.problem)) == (False, False, True)
    Reading.objects.filter(kind="name").update(expires_at=clock.now())
    assert names.standings(draft.connection_id, [standing.name]) == {}
    names.forget_old()
    assert Reading.objects.filter(kind="name").count() == 1
    Reading.objects.filter(kind="name").update(expires_at=clock.now() - timedelta(days=2))
    names.forget_old()
    assert not Reading.objects.filter(kind="name").exists()
