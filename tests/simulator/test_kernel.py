"""The kernel in-process: ids, clock, store, agenda, operations, routing; no server, no token."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import build, scenarios
from simulator.kernel import dispatch, ids, snapshot
from simulator.kernel.clock import Clock, iso, parse_iso
from simulator.kernel.request import Request, Response
from simulator.kernel.store import Resource, Store
from simulator.kernel.verbs import merge
from simulator.kernel.world import ANYBODY, Settings, World

SUBSCRIPTION = "11111111-2222-4333-8444-555555555555"
ROOT = f"/subscriptions/{SUBSCRIPTION}"
GROUP = f"{ROOT}/resourceGroups/rg-a"
DISK = f"{GROUP}/providers/Microsoft.Compute/disks/d1"
NEW_DISK = {"location": "eastasia", "properties": {"diskSizeGB": 8, "creationData": {"createOption": "Empty"}}}
VERSIONS = {"disks": "2026-03-02", "resourceGroups": "2025-04-01"}


@pytest.fixture
def world() -> World:
    return fresh()


def fresh(**settings: Any) -> World:
    world = build.new_world(Settings(**settings), Clock(frozen=True))
    group = {"id": GROUP, "location": "eastasia"}
    build.load(world, {"tenant": "t", "subscriptions": [{"subscriptionId": SUBSCRIPTION}], "resources": [group]})
    return world


def ask(world: World, method: str, path: str, body: Any = None, **headers: str) -> Response:
    if "api-version" not in path:
        version = VERSIONS["disks" if "/disks" in path else "resourceGroups"]
        path += ("&" if "?" in path else "?") + f"api-version={version}"
    return dispatch.answer(world, Request.build(method, path, body, **headers), ANYBODY)


# --- ids and time -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind", "names", "group", "is_item"),
    [
        (ROOT, "Microsoft.Resources/subscriptions", (SUBSCRIPTION,), "", True),
        (GROUP, "Microsoft.Resources/resourceGroups", ("rg-a",), "rg-a", True),
        (f"{ROOT}/resourcegroups", "Microsoft.Resources/resourcegroups", (), "", False),
        (DISK, "Microsoft.Compute/disks", ("d1",), "rg-a", True),
        (f"{GROUP}/providers/Microsoft.Compute//disks", "Microsoft.Compute/disks", (), "rg-a", False),
        (f"{DISK}/providers/Microsoft.Authorization/locks/l", "Microsoft.Authorization/locks", ("l",), "rg-a", True),
    ],
)
def test_paths_are_parsed(path: str, kind: str, names: tuple[str, ...], group: str, is_item: bool) -> None:
    address = ids.parse(path)
    assert (address.type, address.names, address.group, address.is_item) == (kind, names, group, is_item)


def test_every_resource_has_a_parent() -> None:
    assert ids.parent_of(DISK) == GROUP
    assert ids.parent_of(GROUP) == ROOT
    assert ids.parent_of(ROOT) == ""
    assert ids.parent_of(f"{DISK}/providers/Microsoft.Authorization/locks/l") == DISK
    assert ids.parent_of(f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s").endswith(
        "/virtualNetworks/v"
    )


@given(st.text())
def test_no_path_breaks_the_parser(path: str) -> None:
    ids.parse(path)
    ids.parent_of(path)


@given(st.floats(0, 4e9))
def test_times_are_written_and_read(seconds: float) -> None:
    assert abs(parse_iso(iso(seconds)) - seconds) < 1e-5


def test_the_clock_stands_still_or_runs_and_never_goes_back() -> None:
    clock = Clock(frozen=True, start=100.0)
    clock.advance(5)
    assert clock.now() == 105
    clock.run()
    assert clock.now() == pytest.approx(105, abs=1)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


# --- store ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from("abcdefgh"), max_size=30))
def test_the_store_files_and_unfiles(names: list[str]) -> None:
    """Adding toggles: what is there an odd number of times stays, in order, under group and subscription."""
    store, there = Store(), set()
    for name in names:
        identity = f"{GROUP}/providers/Microsoft.Compute/disks/{name}"
        found = store.get(identity.upper())
        if found is None:
            store.add(Resource(identity, "Microsoft.Compute/disks", {}))
            there.add(name)
        else:
            store.remove(found)
            there.discard(name)
    for scope in (GROUP, ROOT):
        assert [found.name for found in store.select("microsoft.compute/DISKS", scope.upper())] == sorted(there)
    assert len(store) == len(there)


@given(st.integers(1, 7), st.integers(0, 20))
def test_pages_together_are_the_whole(size: int, count: int) -> None:
    store = Store()
    for number in range(count):
        store.add(Resource(f"{GROUP}/providers/Microsoft.Compute/disks/d{number:02}", "Microsoft.Compute/disks", {}))
    keys, found, after = store.keys("Microsoft.Compute/disks", GROUP), [], ""
    while True:
        page, after = store.page(keys, after, size)
        found += [resource.name for resource in page]
        if not after:
            break
    assert found == [f"d{number:02}" for number in range(count)]


def test_a_change_below_is_seen_above() -> None:
    store = Store()
    parent = store.add(Resource(DISK, "Microsoft.Compute/disks", {}))
    parent.cached = b"old"
    store.add(Resource(f"{DISK}/parts/p", "Microsoft.Compute/disks/parts", {}))
    assert parent.cached is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@given(st.dictionaries(st.text(max_size=3), JSON), st.dictionaries(st.text(max_size=3), JSON))
def test_merge_follows_rfc_7396(document: dict[str, Any], change: dict[str, Any]) -> None:
    def reference(target: Any, patch: Any) -> Any:
        if not isinstance(patch, dict):
            return patch
        result = dict(target) if isinstance(target, dict) else {}
        for name, value in patch.items():
            if value is None:
                result.pop(name, None)
            else:
                result[name] = reference(result.get(name), value)
        return result

    assert merge(dict(document), change) == reference(document, change)


# --- operations -------------------------------------------------------------------------------------------------------


def test_an_operation_runs_by_the_clock_alone(world: World) -> None:
    begun = ask(world, "PUT", DISK, NEW_DISK)
    assert (begun.status, begun.json()["properties"]["provisioningState"]) == (202, "Creating")
    status, location = begun.header("Azure-AsyncOperation"), begun.header("Location")
    assert status
    assert location
    path = status.removeprefix("https://localhost")
    assert ask(world, "GET", path).json()["status"] == "InProgress"
    assert ask(world, "GET", location.removeprefix("https://localhost")).status == 202
    world.clock.advance(60)
    assert ask(world, "GET", path).json()["status"] == "Succeeded"
    assert ask(world, "GET", location.removeprefix("https://localhost")).json()["name"] == "d1"
    assert ask(world, "GET", DISK).json()["properties"]["provisioningState"] == "Succeeded"


def test_the_end_happens_at_its_own_time_not_when_somebody_looks(world: World) -> None:
    ask(world, "PUT", DISK, NEW_DISK)
    due = world.agenda.next_due()
    world.clock.advance(3_600)
    ask(world, "GET", DISK)
    assert next(iter(world.operations)).ended == due


def test_the_same_seed_and_requests_give_the_same_bytes() -> None:
    def story() -> list[bytes]:
        world = fresh(seed=7)
        answers = [ask(world, "PUT", DISK, NEW_DISK)]
        world.clock.advance(60)
        answers += [ask(world, "GET", DISK), ask(world, "DELETE", DISK)]
        return [answer.content() + repr(answer.headers).encode() for answer in answers]

    assert story() == story()


def test_other_requests_between_do_not_change_an_operations_id_or_length() -> None:
    quiet, busy = fresh(), fresh()
    for number in range(5):
        ask(busy, "PUT", f"{DISK}{number}", NEW_DISK)
    first, second = ask(quiet, "PUT", DISK, NEW_DISK), ask(busy, "PUT", DISK, NEW_DISK)
    assert first.header("Azure-AsyncOperation") == second.header("Azure-AsyncOperation")
    assert next(iter(quiet.operations)).duration == list(busy.operations)[-1].duration


def test_finished_operations_are_forgotten_in_time(world: World) -> None:
    for name in ("a", "b", "c"):
        ask(world, "PUT", f"{DISK}{name}", NEW_DISK)
        world.clock.advance(3 * 3_600)
        ask(world, "GET", DISK)
    assert [operation.target[-1] for operation in world.operations] == ["b", "c"]


def test_a_poll_does_not_mind_unknown_parameters(world: World) -> None:
    status = ask(world, "PUT", DISK, NEW_DISK).header("Azure-AsyncOperation")
    assert status
    assert ask(world, "GET", status.removeprefix("https://localhost") + "&t=1&c=x&s=y&h=z").status == 200
    assert ask(world, "GET", f"{ROOT}/providers/Microsoft.Compute/locations/global/operations/none").status == 404


# --- the world --------------------------------------------------------------------------------------------------------


def test_a_snapshot_is_the_world(world: World) -> None:
    ask(world, "PUT", DISK, NEW_DISK)
    kept = snapshot.take(world)
    other = build.new_world(Settings(), Clock(frozen=True))
    snapshot.restore(other, kept)
    for each in (world, other):
        each.clock.advance(60)
        assert ask(each, "GET", DISK).json()["properties"]["provisioningState"] == "Succeeded"
    assert ask(world, "GET", DISK).content() == ask(other, "GET", DISK).content()
    with pytest.raises(snapshot.BadSnapshotError):
        snapshot.restore(other, {"format": 1})
    assert ask(other, "GET", DISK).status == 200


def test_deleting_a_group_deletes_what_it_holds(world: World) -> None:
    ask(world, "PUT", DISK, NEW_DISK)
    world.clock.advance(60)
    assert ask(world, "DELETE", GROUP).status == 202
    assert ask(world, "PUT", f"{DISK}2", NEW_DISK).json()["error"]["code"] == "ResourceGroupBeingDeleted"
    world.clock.advance(600)
    assert ask(world, "GET", DISK).json()["error"]["code"] == "ResourceGroupNotFound"
    assert [found.type for found in world.store] == ["Microsoft.Resources/subscriptions"]


@pytest.mark.parametrize("name", ["tiny", "contoso"])
def test_every_resource_of_a_scenario_can_be_read_and_is_listed(name: str) -> None:
    world = build.new_world(Settings(page_size=1_000), Clock(frozen=True))
    build.load(world, scenarios.load(name))
    for resource in world.store:
        kind = world.registry.find(resource.type)
        assert kind is not None, resource.type
        assert ask(world, "GET", f"{resource.id}?api-version={kind.versions[0]}").status == 200, resource.id


METHODS = st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS"])
SEGMENTS = st.lists(
    st.sampled_from(
        ["subscriptions", SUBSCRIPTION, "resourceGroups", "rg-a", "providers", "Microsoft.Compute", "Microsoft.Network", "disks", "d1",
         "virtualMachines", "virtualNetworks", "subnets", "operations", "locations", "x", "..", "%00", "ä", "Microsoft.Authorization",
         "locks", "Microsoft.RecoveryServices", "vaults", "replicationFabrics", "register", "start"]
    ),
    max_size=10,
)  # fmt: skip
WORLD = fresh()


@given(
    METHODS, SEGMENTS, st.binary(max_size=40) | st.sampled_from([b'{"location": "eastasia", "properties": {}}', b"{}"])
)
def test_no_request_is_ever_a_500(method: str, segments: list[str], body: bytes) -> None:
    path = "/" + "/".join(segments)
    for version in ("2026-04-01", "2025-04-01", ""):
        request = Request.build(method, f"{path}?api-version={version}")
        request.body = body
        assert dispatch.answer(WORLD, request, ANYBODY).status < 500
