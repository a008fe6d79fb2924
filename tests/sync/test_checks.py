"""Checks of a draft, made by the worker's own code against Azure, and what the pages make of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from replication import clock
from replication.actions import checks, drafts, plans, runs
from replication.actions.actor import Actor
from replication.domain.checks.catalogue import KEYS
from replication.domain.choices import SourceChoices, TargetChoices
from replication.domain.eligibility import Effect
from replication.gateway.port import Gateway
from replication.models import AuditEntry, Connection, Draft, Grant, GrantScope, Machine, Person, Reading, Run
from replication.sync import inventory, readings
from tests.simulated import Simulator

pytestmark = pytest.mark.django_db

NAMES = ("crm-web-01", "crm-web-02", "erp-app-01")


@pytest.fixture(autouse=True)
def _required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_CHECKS_REQUIRED", "1")


@pytest.fixture
def admin_actor(contoso: Connection, gateway: Gateway) -> Actor:
    """An administrator of Contoso's vault in Southeast Asia, whose inventory was read."""
    assert inventory.read(contoso, gateway).problem is None
    vault = contoso.vaults.get(name="rsv-dr-sea")
    person = Person.objects.create_user("admin", password="admin-password-1")
    grant = Grant.objects.create(person=person, vault=vault, role="administrator", granted_at=clock.now())
    for side in GrantScope.Side:
        for each in contoso.subscriptions.all():
            GrantScope.objects.create(grant=grant, side=side, subscription_id=each.subscription_id)
    return Actor(person=person, name="Admin", role="administrator", request_id="r")


@pytest.fixture
def draft(contoso: Connection, admin_actor: Actor) -> Draft:
    return make_draft(contoso, admin_actor, NAMES)


def make_draft(connection: Connection, actor: Actor, names: tuple[str, ...]) -> Draft:
    """A draft filled in by the rules."""
    rows = Machine.objects.filter(connection=connection, name__in=names)
    assert rows.count() == len(names)
    subscription = rows[0].subscription_id
    draft = drafts.create(connection.vaults.get(name="rsv-dr-sea"), actor=actor)
    drafts.save_source(draft, SourceChoices.from_json({"location": "eastasia", "subscription_id": subscription}), version=1, actor=actor)  # type: ignore[arg-type]
    drafts.select(draft, rows, actor=actor)
    draft.refresh_from_db()
    target = TargetChoices(location="southeastasia", subscription_id=subscription)
    drafts.save_target(draft, target, version=draft.version, actor=actor)
    draft.refresh_from_db()
    return draft


def made(draft: Draft, actor: Actor) -> checks.Standing:
    """The checks as the worker makes them."""
    digest = plans.compiled(draft).digest
    now = checks.begin(draft, digest, actor=actor)
    assert now.reading is not None
    readings.answer(now.reading.pk)
    return checks.standing(draft, digest)


def test_all_checks_are_made_and_nothing_is_written(draft: Draft, admin_actor: Actor, simulator: Simulator) -> None:
    simulator.control("DELETE", "log")
    now = made(draft, admin_actor)
    assert tuple(now.done) == KEYS
    assert [each.code for each in now.of(Effect.BLOCK)] == []
    assert "NotChecked" not in [each.code for each in now.findings]
    log = simulator.control("GET", "log")
    assert not [each for each in log if each["mutating"]]
    assert not [each for each in log if each["unmodelled"]]


def test_the_calls_do_not_grow_with_the_machines(contoso: Connection, admin_actor: Actor, simulator: Simulator) -> None:
    def calls(*names: str) -> int:
        draft = make_draft(contoso, admin_actor, names)
        simulator.control("DELETE", "log")
        made(draft, admin_actor)
        return len(simulator.control("GET", "log"))

    others = Machine.objects.filter(group_key="rg-crm-prod").exclude(name="crm-web-01").values_list("name", flat=True)
    assert len(others) > 1
    assert calls("crm-web-01") == calls("crm-web-01", *others)


def obstacle(simulator: Simulator, draft: Draft) -> None:
    """A lock that forbids the run to write."""
    scope = f"/subscriptions/{draft.target['subscription_id']}"
    lock = {"id": f"{scope}/providers/Microsoft.Authorization/locks/freeze", "properties": {"level": "ReadOnly"}}
    simulator.control("POST", "load", {"resources": [lock]})


def warn(simulator: Simulator, draft: Draft) -> None:
    """A gateway on the source network: a warning, and nothing else."""
    row = draft.machines.select_related("machine").first()
    assert row is not None
    subnet = row.machine.document["nics"][0]["subnet_id"]
    network, group = subnet.split("/subnets/")[0], subnet.split("/providers/")[0]
    place = f"{network}/subnets/GatewaySubnet"
    configuration = {"name": "a", "properties": {"subnet": {"id": place}}}
    simulator.control("POST", "load", {"resources": [
        {"id": place, "properties": {"addressPrefix": "10.20.254.0/27"}},
        {"id": f"{group}/providers/Microsoft.Network/virtualNetworkGateways/gw-er", "location": "eastasia",
         "properties": {"gatewayType": "ExpressRoute", "ipConfigurations": [configuration]}},
    ]})  # fmt: skip


def test_an_obstacle_stops_the_run_until_it_is_mended(draft: Draft, admin_actor: Actor, simulator: Simulator) -> None:
    digest = plans.compiled(draft).digest
    with pytest.raises(checks.Uncleared, match="have not been made"):
        runs.enable(draft, digest=digest, actor=admin_actor)
    obstacle(simulator, draft)
    now = made(draft, admin_actor)
    assert [each.code for each in now.of(Effect.BLOCK)] == ["LockWrites"]
    with pytest.raises(checks.Uncleared, match="1 obstacle"):
        runs.enable(draft, digest=digest, actor=admin_actor)
    assert not Run.objects.exists()
    simulator.control("POST", "reset")
    simulator.control("DELETE", "log")
    again = checks.again(draft, digest, failing=True, actor=admin_actor)
    readings.answer(again.pk)
    assert len({each["type"] for each in simulator.control("GET", "log")}) == 1  # only locks were asked for again
    assert tuple(checks.standing(draft, digest).done) == KEYS
    assert runs.enable(draft, digest=digest, actor=admin_actor).number == 1


def test_warnings_are_acknowledged_by_name_and_stand_in_the_audit(draft: Draft, admin_actor: Actor, simulator: Simulator) -> None:
    warn(simulator, draft)
    now, digest = made(draft, admin_actor), plans.compiled(draft).digest
    (warning,) = now.unacknowledged
    with pytest.raises(checks.Uncleared, match="1 warning that nobody has acknowledged"):
        runs.create_targets(draft, digest=digest, actor=admin_actor)
    assert checks.acknowledge(draft, digest, ["something else"], actor=admin_actor) == 0
    assert checks.acknowledge(draft, digest, [warning.name], actor=admin_actor) == 1
    assert checks.acknowledge(draft, digest, [warning.name], actor=admin_actor) == 0
    run = runs.create_targets(draft, digest=digest, actor=admin_actor)
    entry = AuditEntry.objects.get(action="run.create_targets", run_id=run.pk)
    assert entry.detail["checks"]["acknowledged"] == [f"GatewayOnSourceNetwork: {warning.message}"]
    assert AuditEntry.objects.get(action="draft.acknowledged").detail["warnings"] == [f"GatewayOnSourceNetwork: {warning.message}"]


def test_answers_count_for_half_an_hour_and_for_one_plan(draft: Draft, admin_actor: Actor) -> None:
    digest = plans.compiled(draft).digest
    assert made(draft, admin_actor).refusal == ""
    assert "not been made" in checks.standing(draft, "another").refusal
    Reading.objects.filter(kind="checks").update(expires_at=clock.now())
    assert "too long ago" in checks.standing(draft, digest).refusal
    draft.machines.last().delete()  # type: ignore[union-attr]
    reading = checks.begin(draft, digest, actor=admin_actor).reading
    assert reading is not None
    readings.answer(reading.pk)
    reading.refresh_from_db()
    assert reading.problem["code"] == "PlanChanged"


def test_a_worker_that_dies_loses_nothing(draft: Draft, admin_actor: Actor, simulator: Simulator, monkeypatch: Any) -> None:
    """What was answered stays; who takes over asks only for the rest."""
    from replication.sync import checks as making

    store, calls = making._store, []

    def dies(reading: Reading, result: dict[str, Any]) -> bool:
        kept = store(reading, result)
        calls.append(1)
        if len(calls) == 5:
            raise SystemExit
        return kept

    monkeypatch.setattr(making, "_store", dies)
    digest = plans.compiled(draft).digest
    reading = checks.begin(draft, digest, actor=admin_actor).reading
    assert reading is not None
    with pytest.raises(SystemExit):
        readings.answer(reading.pk)
    now = checks.standing(draft, digest)
    assert (now.running, tuple(now.done)) == (True, KEYS[:5])
    monkeypatch.setattr(making, "_store", store)
    Reading.objects.filter(pk=reading.pk).update(lease_until=None)
    readings.answer(reading.pk)
    assert tuple(checks.standing(draft, digest).done) == KEYS


def test_azure_that_does_not_answer_is_no_clearance(draft: Draft, admin_actor: Actor, simulator: Simulator) -> None:
    simulator.control("PUT", "faults", [{"type": "*/locks", "do": "status", "status": 500}])
    now = made(draft, admin_actor)
    assert [each.code for each in now.of(Effect.WARN)] == ["NotChecked"]
    assert "1 warning" in now.refusal


# --- the page --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def web(admin_actor: Actor) -> Client:
    browser = Client()
    browser.force_login(admin_actor.person)  # type: ignore[arg-type]
    return browser


def test_the_page_asks_shows_and_lets_acknowledge(web: Client, draft: Draft, simulator: Simulator, admin_actor: Actor) -> None:
    warn(simulator, draft)
    address = f"/replicate/{draft.pk}/checks/"
    first = web.get(address).content.decode()
    assert "Azure is being asked." in first
    reading = Reading.objects.get(kind="checks")
    polled = first.split('data-poll="')[1].split('"')[0].replace("&amp;", "&")
    assert web.get(polled, headers={"HX-Request": "true"}).status_code == 204
    web.get(address)
    assert Reading.objects.filter(kind="checks").count() == 1  # looking again asks nothing again
    readings.answer(reading.pk)
    assert web.get(polled, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    page = web.get(address).content.decode()
    assert "1 warning to acknowledge before the run can begin" in page
    name = page.split('name="warning" value="')[1].split('"')[0]
    review = web.get(f"/replicate/{draft.pk}/review/").content.decode()
    assert "1 warning that nobody has acknowledged" in review
    assert "/enable/" not in review
    web.post(f"{address}acknowledge/", {"warning": name})
    assert "/enable/" in web.get(f"/replicate/{draft.pk}/review/").content.decode()
    assert "Nothing stands in the way." in web.get(address).content.decode()


def test_a_post_past_the_page_starts_nothing(web: Client, draft: Draft, simulator: Simulator, admin_actor: Actor) -> None:
    obstacle(simulator, draft)
    made(draft, admin_actor)
    answer = web.post(f"/replicate/{draft.pk}/enable/", {"digest": plans.compiled(draft).digest})
    assert answer.status_code == 409
    assert "1 obstacle" in answer.content.decode()
    page = web.get(f"/replicate/{draft.pk}/checks/").content.decode()
    assert "az lock delete" in page
    assert "The run cannot begin." in page
    assert not Run.objects.exists()


def test_bad_input_changes_nothing(web: Client, draft: Draft) -> None:
    address = f"/replicate/{draft.pk}/checks/"
    for since in ("", "x:y:z", "\x00", "9" * 50):
        assert web.get(address, {"since": since, "digest": since * 9}, headers={"HX-Request": "true"}).status_code in {200, 204}
    for words in (["\x00"], ["x" * 5_000], ["lock'; --"]):
        assert web.post(f"{address}acknowledge/", {"warning": words}).status_code == 302
    assert not AuditEntry.objects.filter(action="draft.acknowledged").exists()


def test_the_page_costs_the_same_for_many_findings(web: Client, draft: Draft, admin_actor: Actor, queries: Callable[..., int]) -> None:
    made(draft, admin_actor)
    address = f"/replicate/{draft.pk}/checks/"
    web.get(address)  # compiles the plan, once
    few = queries(lambda: web.get(address))
    reading = Reading.objects.get(kind="checks")
    one = {"code": "X", "effect": "inform", "message": "m", "about": "a"}
    reading.result["checks"]["locks"]["findings"] = [one | {"about": str(n)} for n in range(200)]
    reading.save()
    assert queries(lambda: web.get(address)) == few
