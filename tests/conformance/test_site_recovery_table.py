"""Random sequences of operations on an item, against the state table: what is refused, what follows, what is shown.

In-process and without any timer: the world is the simulator's own, the requests are those that clients send.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.build import load, new_world
from simulator.kernel.clock import Clock
from simulator.kernel.dispatch import answer
from simulator.kernel.request import Request, Response
from simulator.kernel.world import ANYBODY, Settings, World
from simulator.scenarios import load as scenario
from simulator.site_recovery import machines
from simulator.site_recovery.service import ITEM
from simulator.site_recovery.states import INTERRUPTING, MOVES, SHOWN, Operation, State, accepted, move

VERSION = "api-version=2025-08-01"
WIRE = {
    "DisableProtection": Operation.DISABLE,
    "CompleteMigration": Operation.DISABLE,
    "TestFailover": Operation.TEST_FAILOVER,
    "TestFailoverCleanup": Operation.TEST_CLEANUP,
    "UnplannedFailover": Operation.FAILOVER,
    "Commit": Operation.COMMIT,
    "ChangePit": Operation.CHANGE_POINT,
    "SwitchProtection": Operation.SWITCH,
}
SUFFIX = {
    Operation.TEST_FAILOVER: "testFailover",
    Operation.TEST_CLEANUP: "testFailoverCleanup",
    Operation.FAILOVER: "unplannedFailover",
    Operation.CHANGE_POINT: "applyRecoveryPoint",
    Operation.COMMIT: "failoverCommit",
    Operation.DISABLE: "remove",
    Operation.ADD_DISKS: "addDisks",
    Operation.RESYNC: "repairReplication",
    Operation.RESOLVE_HEALTH: "resolveHealthErrors",
    Operation.UPDATE_AGENT: "updateMobilityService",
}


class Site:
    """One machine, one vault, both directions set up; and the item `i`, wherever it is."""

    def __init__(self) -> None:
        self.world: World = new_world(Settings(durations=0.01, pace="fast"), Clock(frozen=True))
        load(self.world, scenario("tiny"))
        self.vault = self._first("Microsoft.RecoveryServices/vaults")
        self.vm = self._first("Microsoft.Compute/virtualMachines")
        self.subscription = "/".join(self.vault.split("/")[:3])
        self.homes = {self.container("eastasia"), self.container("southeastasia")}
        self._foundations()

    def _first(self, kind: str) -> str:
        return next(one.id for one in self.world.store if one.type == kind)

    def container(self, region: str) -> str:
        return f"{self.vault}/replicationFabrics/{region}/replicationProtectionContainers/c-{region}"

    def ask(self, method: str, path: str, body: Any = None, version: str = VERSION) -> Response:
        return answer(self.world, Request.build(method, f"{path}?{version}", body), ANYBODY)

    def _foundations(self) -> None:
        regions = ("eastasia", "southeastasia")
        for region in regions:
            body = {"properties": {"customDetails": {"instanceType": "Azure", "location": region}}}
            assert self.ask("PUT", f"{self.vault}/replicationFabrics/{region}", body).status == 202
            self.let(5)
            assert self.ask("PUT", self.container(region), {"properties": {}}).status == 202
            group = f"{self.subscription}/resourceGroups/rg-{region}"
            self.world.put(group, {"location": region, "properties": {"provisioningState": "Succeeded"}})
            account = f"{group}/providers/Microsoft.Storage/storageAccounts/cache{region}"
            self.world.put(account, {"location": region, "properties": {}})
        provider = {"instanceType": "A2A", "recoveryPointHistory": 1440}
        self.ask("PUT", f"{self.vault}/replicationPolicies/p", {"properties": {"providerSpecificInput": provider}})
        self.let(5)
        for here, there in (regions, regions[::-1]):
            body = {
                "properties": {
                    "targetProtectionContainerId": self.container(there),
                    "policyId": f"{self.vault}/replicationPolicies/p",
                }
            }
            path = f"{self.container(here)}/replicationProtectionContainerMappings/m-{here}"
            assert self.ask("PUT", path, body).status == 202
        self.let(5)

    def let(self, seconds: float) -> None:
        self.world.clock.advance(seconds)
        self.world.settle()

    # --- the item ---

    @property
    def item(self) -> Any:
        return next((one for one in self.world.store if one.type == ITEM), None)

    @property
    def facts(self) -> Any:
        return self.item.sim["record"] if self.item is not None else None

    @property
    def state(self) -> State:
        return State(self.facts["state"]) if self.facts is not None else State.ABSENT

    @property
    def path(self) -> str:
        home = self.facts["primary"] if self.facts is not None else self.container("eastasia")
        return f"{home}/replicationProtectedItems/i"

    def region(self, container: str) -> str:
        return container.split("/replicationFabrics/")[1].split("/")[0]

    def disks(self, machine_id: str, staging_region: str, group_region: str) -> list[dict[str, str]]:
        machine = machines.read(self.world, machine_id)
        group = f"{self.subscription}/resourceGroups/rg-{group_region}"
        home = f"{self.subscription}/resourceGroups/rg-{staging_region}"
        account = f"{home}/providers/Microsoft.Storage/storageAccounts/cache{staging_region}"
        return [
            {"diskId": disk.id, "primaryStagingAzureStorageAccountId": account, "recoveryResourceGroupId": group}
            for disk in (machine.disks if machine else ())
        ]

    def perform(self, ask: Operation) -> Response:
        match ask:
            case Operation.ENABLE:
                return self._enable()
            case Operation.SWITCH:
                return self._switch()
            case Operation.PURGE:
                return self.ask("DELETE", self.path)
            case Operation.UPDATE:
                return self.ask("PATCH", self.path, {"properties": {"recoveryAzureVMName": "renamed"}})
        return self.ask("POST", f"{self.path}/{SUFFIX[ask]}", self._body(ask))

    def _enable(self) -> Response:
        details = {
            "instanceType": "A2A",
            "fabricObjectId": self.vm,
            "recoveryContainerId": self.container("southeastasia"),
            "recoveryResourceGroupId": f"{self.subscription}/resourceGroups/rg-southeastasia",
            "vmManagedDisks": self.disks(self.vm, "eastasia", "southeastasia"),
        }
        body = {"properties": {"policyId": f"{self.vault}/replicationPolicies/p", "providerSpecificDetails": details}}
        return self.ask("PUT", self.path, body)

    def _switch(self) -> Response:
        facts = self.facts
        home = facts["primary"] if facts is not None else self.container("eastasia")
        here = self.region(home)
        there = "southeastasia" if here == "eastasia" else "eastasia"
        made = (facts or {}).get("failover") or {"vm": ""}
        details = {
            "instanceType": "A2A",
            "policyId": f"{self.vault}/replicationPolicies/p",
            "recoveryContainerId": home,
            "recoveryResourceGroupId": f"{self.subscription}/resourceGroups/rg-{here}",
            "vmManagedDisks": self.disks(made["vm"], there, here),
        }
        body = {"properties": {"replicationProtectedItemName": "i", "providerSpecificDetails": details}}
        return self.ask("POST", f"{home}/switchprotection", body)

    def _body(self, ask: Operation) -> Any:
        point = f"{self.path}/recoveryPoints/00000000-0000-4000-8000-000000000000"
        bodies: dict[Operation, Any] = {
            Operation.TEST_FAILOVER: {"properties": {"failoverDirection": "PrimaryToRecovery"}},
            Operation.FAILOVER: {"properties": {"failoverDirection": "PrimaryToRecovery"}},
            Operation.CHANGE_POINT: {"properties": {"recoveryPointId": point}},
            Operation.ADD_DISKS: {
                "properties": {
                    "providerSpecificDetails": {
                        "instanceType": "A2A",
                        "vmManagedDisks": self.disks(self.vm, "eastasia", "southeastasia")[:1]
                        or [
                            {
                                "diskId": "/x",
                                "primaryStagingAzureStorageAccountId": "/x",
                                "recoveryResourceGroupId": "/x",
                            }
                        ],
                    }
                }
            },
            Operation.RESOLVE_HEALTH: {"properties": {"healthErrors": []}},
        }
        return bodies.get(ask)


def expected_status(site: Site, ask: Operation) -> set[int]:
    """What the table says of asking this now."""
    state, facts = site.state, site.facts
    if state is State.ABSENT:
        return {202} if ask is Operation.ENABLE else {204} if ask is Operation.PURGE else {404}
    hidden = not site.item.born and ask not in INTERRUPTING and ask is not Operation.ENABLE
    if hidden:
        return {404}
    if ask is Operation.ENABLE:
        return {409}
    row = move(state, ask)
    if facts["running"] is not None and (ask not in INTERRUPTING or row is None):
        return {409}
    return {202} if row is not None else {400}


ASKS = [ask for ask in Operation if ask is not Operation.REMOVE_DISKS]
FATES = st.sampled_from(["done", "done", "done", "failed", "running"])
#: A way through the whole life, so that late states are reached often; random steps are mixed in between.
LIFE = [
    Operation.ENABLE,
    Operation.TEST_FAILOVER,
    Operation.TEST_CLEANUP,
    Operation.FAILOVER,
    Operation.COMMIT,
    Operation.SWITCH,
    Operation.FAILOVER,
    Operation.COMMIT,
    Operation.SWITCH,
    Operation.DISABLE,
]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(min_value=0, max_value=len(LIFE)), st.integers(min_value=1, max_value=12))
def test_the_item_obeys_its_table(data: st.DataObject, life: int, steps: int) -> None:
    site = Site()
    for ask in LIFE[:life]:
        play(site, ask, "done", True)
    for _ in range(steps):
        likely = sorted(accepted(site.state) - {Operation.PURGE, Operation.REMOVE_DISKS})
        ask = data.draw(st.sampled_from([*likely, *likely, *likely, *ASKS]))
        play(site, ask, data.draw(FATES), data.draw(st.booleans()))
    assert not [one for one in site.world.oplog.entries({}) if one["status"] >= 500]


def play(site: Site, ask: Operation, fate: str, wait: bool) -> None:
    """Ask one thing; then let it end, fail, or run on while the next thing is asked."""
    before, wanted = site.state, expected_status(site, ask)
    response = site.perform(ask)
    assert response.status in wanted, (before, ask, response.status, response.content())
    if response.status == 202 and fate != "running":
        end(site, response, before, ask, fate)
    look(site)
    if wait:
        site.let(1200)
        look(site)


def end(site: Site, response: Response, before: State, ask: Operation, fate: str) -> None:
    url = response.header("Azure-AsyncOperation") or ""
    operation = site.world.operations.get(url.split("/replicationOperationStatus/")[1].split("?")[0])
    assert operation is not None
    if fate == "failed":
        operation.args["doomed"] = {"outcome": "Failed", "code": "499", "message": "planned"}
    row = MOVES[before, ask]
    # a purge that fails while a disable runs leaves the item where it stood before the disable, which it has ended
    failed = State(site.facts["before"]) if before is State.DISABLING else row.failed
    site.let(operation.due - site.world.clock.now())
    assert operation.outcome in ("Succeeded", "Failed")
    assert site.state is (row.done if operation.outcome == "Succeeded" else failed)


def look(site: Site) -> None:
    """What readers see agrees with the table, and jobs agree with operations."""
    item = site.item
    if item is None or not item.born:
        return
    body = site.ask("GET", site.path).json()["properties"]
    facts, state = site.facts, site.state
    if facts["running"] is None:
        assert body["allowedOperations"] == list(SHOWN[state].allowed)
        assert body["currentScenario"]["scenarioName"] == "None"
    else:
        job = site.ask("GET", body["currentScenario"]["jobId"]).json()["properties"]
        assert job["state"] in ("NotStarted", "InProgress")
    assert {facts["primary"], facts["recovery"]} == site.homes
    points = site.ask("GET", f"{site.path}/recoveryPoints").json()["value"]
    assert bool(points) is (facts["first_point"] is not None and facts["points_until"] != 0.0)


def test_what_is_shown_and_what_is_accepted_agree() -> None:
    for state, shown in SHOWN.items():
        if not shown.settled:
            continue
        offered = {WIRE[name] for name in shown.allowed}
        taken = accepted(state) & set(WIRE.values())
        assert offered == taken, state


def test_every_state_can_be_left() -> None:
    for state in State:
        if state is not State.ABSENT:
            assert move(state, Operation.PURGE)
