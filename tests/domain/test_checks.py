"""Checks before the first write: one over and one under each limit, and exactly the over ones block."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from replication.domain import ids
from replication.domain.checks import asks, policies, rights, ways
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.catalogue import CHECKS, KEYS, only
from replication.domain.checks.findings import Finding
from replication.domain.choices import MachineChoice
from replication.domain.compiler import compile_plan
from replication.domain.eligibility import Effect
from replication.domain.inventory import Machine, ResourceGroup, StorageAccount, Subnet
from replication.domain.plan import Facts
from replication.domain.problems import Problem
from tests.domain import estate

TARGET = ids.group(estate.SUB, "rg-erp-asr")
NETWORK = ids.resource(TARGET, "Microsoft.Network/virtualNetworks", "vnet-erp-asr")
CACHE = ids.resource(estate.GROUP, "Microsoft.Storage/storageAccounts", "stcache01")
GUARD = ids.resource(estate.GROUP, "Microsoft.Network/networkSecurityGroups", "nsg-app")
SUBNET = f"{estate.NETWORK}/subnets/app"
OUT = (
    asks.GuardRule(name="AllowInternetOutBound", priority=65001, allow=True, destinations=("Internet",)),
    asks.GuardRule(name="DenyAllOutBound", priority=65500, allow=False),
)


def machines(number: int, **changes: Any) -> list[Machine]:
    """So many machines, each with an address of its own."""
    return [
        replace(one, nics=tuple(replace(nic, private_address=f"10.0.{n // 250}.{4 + n % 250}") for nic in one.nics))
        for n in range(number)
        for one in [estate.machine(f"erp-{n:04}", **changes)]
    ]


def batch(number: int = 1, *, there: bool = True, choices: dict[str, MachineChoice] | None = None, prefix: str = "10.0.0.0/24",
          limits: dict[str, Any] | None = None, account: StorageAccount | None = None, **changes: Any) -> Batch:
    """A plan for so many machines; `there`: the target's group, network and cache account exist."""
    chosen = machines(number, **changes)
    facts = estate.facts(*chosen)
    network = replace(estate.network(NETWORK, "southeastasia"), subnets=(Subnet(name="app", prefix=prefix),))
    cache = account or StorageAccount(id=CACHE, name="stcache01", location="eastasia", sku="Standard_LRS", kind="StorageV2")
    if there:
        group = ResourceGroup(id=TARGET, name="rg-erp-asr", location="southeastasia")
        facts = replace(facts, groups={**facts.groups, ids.key(TARGET): group}, networks={**facts.networks, ids.key(NETWORK): network},
                        accounts={ids.key(CACHE): cache})  # fmt: skip
    plan = compile_plan(estate.choices(choices, **({"cache_account_id": CACHE} if there else {})), facts)
    assert not plan.objections, plan.objections
    return of(plan, facts, **limits or {})


def of(plan: Any, facts: Facts, **limits: Any) -> Batch:
    return Batch(
        plan=plan, vault=facts.vault, client_id="app-1", machines=facts.machines, groups=facts.groups, networks=facts.networks, **limits
    )


Answers = dict[str, Callable[..., Any]]
SKU = asks.Sku(kind="virtualMachines", name="Standard_D2s_v5", family="standardDSv5Family", cores=2, zones=("1", "2"))
HEALTHY: Answers = {
    "principal": lambda: "me",
    "rights": lambda scope: (asks.Right(actions=("*",)),),
    "denials": lambda subscription: (),
    "locks": lambda subscription: (),
    "registrations": lambda subscription: dict.fromkeys(
        ("microsoft.recoveryservices", "microsoft.compute", "microsoft.network", "microsoft.storage"), "Registered"
    ),
    "policies": lambda subscription: (),
    "compute_usages": lambda subscription, where: (),
    "network_usages": lambda subscription, where: (),
    "storage_usages": lambda subscription, where: (),
    "skus": lambda subscription, where: (SKU, asks.Sku(kind="disks", name="Premium_LRS")),
    "subnets": lambda subscription: (asks.SubnetUse(id=SUBNET, prefixes=("10.0.0.0/24",), group_id=GUARD),),
    "addresses": lambda subscription: (),
    "guards": lambda subscription: (asks.Guard(id=GUARD, rules=OUT),),
    "route_tables": lambda subscription: (),
    "gateways": lambda group: (),
    "private_endpoints": lambda subscription: (),
    "account_uses": lambda subscription: (cache(),),
    "soft_delete": lambda account: False,
    "account_name": lambda subscription, name: "",
}


def cache(**changes: Any) -> asks.AccountUse:
    return replace(asks.AccountUse(id=CACHE, location="eastasia", kind="StorageV2", sku="Standard_LRS"), **changes)


@dataclass
class Made:
    findings: list[Finding]
    asked: int

    @property
    def blocking(self) -> list[str]:
        return [each.code for each in self.findings if each.effect is Effect.BLOCK]

    def codes(self, effect: Effect) -> list[str]:
        return [each.code for each in self.findings if each.effect is effect]


def check(what: Batch, answers: Answers | None = None, *keys: str) -> Made:
    """Ask and judge, as the worker does, with answers out of a table."""
    known, table = Known(), {**HEALTHY, **(answers or {})}
    findings: list[Finding] = []
    for each in only(keys or KEYS):
        while fresh := each.open(what, known):
            for ask in fresh:
                known.answers[ask] = table[ask.kind](*ask.args)
        findings += each.findings(what, known)
    return Made(findings, len(known.answers))


def usage(kind: str, name: str, room: int) -> Answers:
    return {kind: lambda subscription, where: (asks.Usage(name=name, title=name, used=10, limit=10 + room),)}


# --- limits ------------------------------------------------------------------------------------------------------------------

# (batch, answers) with so much more than the limit: 0 fits exactly, 1 is one too many.
LIMITS: dict[str, Callable[[int], tuple[Batch, Answers]]] = {
    "cores of a family": lambda over: (batch(4), usage("compute_usages", "standardDSv5Family", 8 - over)),
    "cores in all": lambda over: (batch(4), usage("compute_usages", "cores", 8 - over)),
    "machines in a region": lambda over: (batch(3), usage("compute_usages", "virtualMachines", 3 - over)),
    "interfaces": lambda over: (batch(5), usage("network_usages", "NetworkInterfaces", 5 - over)),
    "networks": lambda over: (batch(1, there=False), usage("network_usages", "VirtualNetworks", 1 - over)),
    "accounts": lambda over: (batch(1, there=False), usage("storage_usages", "StorageAccounts", 1 - over)),
    "a subnet of eight": lambda over: (batch(3 + over, prefix="10.0.0.0/29"), {}),
    "a subnet in use": lambda over: (batch(3, prefix="10.0.0.0/28"), taken(8 + over)),
    "disks of a cache account": lambda over: (batch(2, limits={"cached": {ids.key(CACHE): 748 + over}}), {}),
    "protected disks": lambda over: (batch(2, limits={"protected": {estate.SUB: 2_998 + over}}), {}),
}  # fmt: skip
CODES = {"a subnet of eight": "SubnetFull", "a subnet in use": "SubnetFull", "disks of a cache account": "CacheOverloaded",
         "protected disks": "ProtectedDisks"}  # fmt: skip


def taken(number: int) -> Answers:
    """Addresses of the target subnet that are held already, far from those of the batch."""
    held = tuple(asks.Address(subnet_id=f"{NETWORK}/subnets/app", address=f"10.0.0.{200 + n}", nic_id=f"nic{n}") for n in range(number))
    return {"addresses": lambda subscription: held}


@pytest.mark.parametrize("limit", LIMITS)
def test_one_over_blocks_and_one_under_does_not(limit: str) -> None:
    assert check(*LIMITS[limit](0)).blocking == []
    assert check(*LIMITS[limit](1)).blocking == [CODES.get(limit, "QuotaExceeded")]


def test_the_questions_do_not_grow_with_the_machines() -> None:
    few, many = (check(batch(number, prefix="10.0.0.0/16")) for number in (2, 400))
    assert few.asked == many.asked
    assert few.findings == []
    assert [each.code for each in many.findings] == ["CacheLoaded"]


def test_an_answer_that_azure_refused_is_said_and_not_taken_for_good() -> None:
    made = check(batch(), {"locks": lambda subscription: Problem(code="AuthorizationFailed", message="No.")})
    assert made.codes(Effect.WARN) == ["NotChecked"]
    assert made.findings[0].about == "locks locks"


def test_each_check_has_all_five_parts() -> None:
    """Whatever a check says tells the cause, what to do, and who can do it."""
    for over in LIMITS.values():
        for each in check(*over(1)).findings:
            assert all((each.code, each.message, each.causes, each.action, each.fixed_by)), each
    assert len({check.key for check in CHECKS}) == len(CHECKS)


# --- sizes, zones, addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sku", "zone", "blocked"),
    [
        (SKU, "", False), (SKU, "2", False), (SKU, "3", True), (replace(SKU, closed=("2",)), "2", True),
        (replace(SKU, available=False), "", True), (replace(SKU, name="Standard_A1_v2"), "", True),
    ],
)  # fmt: skip
def test_a_size_must_be_on_offer_in_the_region_and_in_the_zone(sku: asks.Sku, zone: str, blocked: bool) -> None:
    one = machines(1)[0]
    what = batch(choices={one.id: MachineChoice(availability_zone=zone)} if zone else None)
    made = check(what, {"skus": lambda *_: (sku, asks.Sku(kind="disks", name="Premium_LRS"))}, "sizes")
    assert made.blocking == (["SizeNotAvailable"] if blocked else [])


def test_addresses_asked_for_must_be_free() -> None:
    def asked(address: str) -> Batch:
        return batch(choices={machines(1)[0].id: MachineChoice(static_address=address)})

    held = {"addresses": lambda _: (asks.Address(subnet_id=f"{NETWORK}/subnets/app", address="10.0.0.77", nic_id="/x/nic-db"),)}
    assert check(asked("10.0.0.78"), held, "subnets").findings == []
    made = check(asked("10.0.0.77"), held, "subnets")
    assert (made.blocking, made.findings[0].message) == (
        ["AddressNotFree"], "erp-0000: the address 10.0.0.77 for the subnet app of vnet-erp-asr is held by nic-db there."
    )  # fmt: skip


def test_a_source_address_that_is_taken_there_is_a_warning() -> None:
    held = {"addresses": lambda _: (asks.Address(subnet_id=f"{NETWORK}/subnets/app", address="10.0.0.4", nic_id="/x/nic-db"),)}
    assert check(batch(2), held, "subnets").codes(Effect.WARN) == ["AddressNotKept"]


# --- cache accounts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "effect", "code"),
    [
        ({"shared_key": False}, Effect.BLOCK, "CacheWithoutKeys"),
        ({"location": "westeurope"}, Effect.BLOCK, "CacheInOtherRegion"),
        ({"sku": "Premium_LRS", "kind": "BlockBlobStorage"}, Effect.BLOCK, "CacheKindNormal"),
        ({"firewall": True}, Effect.WARN, "CacheFirewall"),
        ({"firewall": True, "subnet_ids": (SUBNET,), "trusted": False}, Effect.WARN, "CacheFirewall"),
        ({"public": False}, Effect.WARN, "CacheNotPublic"),
        ({"immutable": True}, Effect.WARN, "CacheImmutable"),
    ],
)
def test_rules_of_a_cache_account(changes: dict[str, Any], effect: Effect, code: str) -> None:
    assert check(batch(), {"account_uses": lambda _: (cache(**changes),)}, "caches").codes(effect) == [code]


def test_a_firewall_that_names_the_subnets_is_no_obstacle() -> None:
    open_ = cache(firewall=True, subnet_ids=(SUBNET.upper(),))
    assert check(batch(), {"account_uses": lambda _: (open_,)}, "caches").findings == []
    assert check(batch(), {"soft_delete": lambda _: True}, "caches").codes(Effect.WARN) == ["CacheSoftDelete"]


def test_a_name_that_somebody_else_has() -> None:
    made = check(batch(there=False), {"account_name": lambda *_: "It is already taken."}, "names")
    assert made.blocking == ["NameTaken"]
    assert check(batch(), {"account_name": lambda *_: "It is already taken."}, "names").findings == []  # it exists, and is ours


# --- ways out ------------------------------------------------------------------------------------------------------------------


def rule(name: str, priority: int, *, allow: bool, **more: Any) -> asks.GuardRule:
    return asks.GuardRule(name=name, priority=priority, allow=allow, **more)


CLOSED = rule("deny", 4000, allow=False, destinations=("Internet",))
NEEDED = ("Storage.eastasia", "AzureActiveDirectory", "AzureSiteRecovery", "EventHub.southeastasia", "GuestAndHybridManagement")


def guarded(*rules: asks.GuardRule) -> Answers:
    return {"guards": lambda _: (asks.Guard(id=GUARD, rules=(*rules, *OUT)),)}


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ((), []),
        ((CLOSED,), [("OutboundClosed", Effect.BLOCK)]),
        ((CLOSED, *(rule(tag, 100 + n, allow=True, destinations=(tag,)) for n, tag in enumerate(NEEDED))), []),
        ((CLOSED, *(rule(tag, 100 + n, allow=True, destinations=(tag,)) for n, tag in enumerate(NEEDED[:-1]))),
         [("UpdatesClosed", Effect.WARN)]),
        ((CLOSED, rule("cloud", 100, allow=True, destinations=("AzureCloud",))), []),
        ((CLOSED, rule("late", 4001, allow=True, destinations=("AzureCloud",))), [("OutboundClosed", Effect.BLOCK)]),
        ((CLOSED, rule("other port", 100, allow=True, destinations=("AzureCloud",), ports=("80", "8000-9000"))),
         [("OutboundClosed", Effect.BLOCK)]),
        ((CLOSED, rule("range", 100, allow=True, destinations=("AzureCloud",), ports=("400-500",))), []),
        ((rule("udp", 100, allow=False, protocol="Udp"),), []),
        ((rule("one range", 100, allow=False, destinations=("20.0.0.0/8",)),), [("OutboundUncertain", Effect.INFORM)]),
        ((rule("inside", 100, allow=False, destinations=("10.0.0.0/8",)),), []),
    ],
)  # fmt: skip
def test_outbound_rules_by_priority_port_and_tag(rules: tuple[asks.GuardRule, ...], found: list[Any]) -> None:
    made = check(batch(2), guarded(*rules), "guards")
    assert [(each.code, each.effect) for each in made.findings] == found
    assert all("2 machines (erp-0000, erp-0001)" in each.message for each in made.findings)


def test_a_group_on_the_interface_counts_like_one_on_the_subnet() -> None:
    own = GUARD.replace("nsg-app", "nsg-own")
    one = estate.machine("erp-01")
    nic = replace(one.nics[0], facts={"securityGroupId": own})
    facts = estate.facts(replace(one, nics=(nic,)))
    what = of(compile_plan(estate.choices(), facts), facts)
    made = check(what, {"guards": lambda _: (asks.Guard(id=GUARD, rules=OUT), asks.Guard(id=own.upper(), rules=(CLOSED, *OUT)))}, "guards")
    assert [each.about for each in made.findings] == [own.upper()]


def test_private_endpoints_in_the_network_make_it_a_warning() -> None:
    private = {"private_endpoints": lambda _: (f"{estate.NETWORK}/subnets/data",)}
    assert check(batch(), guarded(CLOSED) | private, "guards").codes(Effect.WARN) == ["OutboundClosed"]


def test_routes_and_gateways() -> None:
    table = ids.resource(estate.GROUP, "Microsoft.Network/routeTables", "rt")
    gateway = ids.resource(estate.GROUP, "Microsoft.Network/virtualNetworkGateways", "gw-er")
    forced = asks.Route(name="all", prefix="0.0.0.0/0", next_hop="VirtualAppliance")
    answers: Answers = {
        "subnets": lambda _: (
            asks.SubnetUse(id=SUBNET, prefixes=("10.0.0.0/24",), routes_id=table),
            asks.SubnetUse(id=f"{estate.NETWORK}/subnets/GatewaySubnet", prefixes=(), holders=(f"{gateway}/ipConfigurations/a",)),
            asks.SubnetUse(id=f"{NETWORK}/subnets/GatewaySubnet", prefixes=(), holders=(f"{gateway}2/ipConfigurations/a",)),
        ),
        "route_tables": lambda _: (asks.RouteTable(id=table, routes=(forced,)),),
        "gateways": lambda _: (asks.Gateway(id=gateway, kind="ExpressRoute", subnet_ids=()),),
    }  # fmt: skip
    made = check(batch(), answers, "routes", "gateways")
    assert [(each.code, each.effect) for each in made.findings] == [
        ("ForcedTunnel", Effect.INFORM), ("GatewayOnSourceNetwork", Effect.WARN)
    ]  # fmt: skip
    assert "an ExpressRoute connection" in made.findings[1].message


# --- subscriptions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "scope", "found"),
    [
        ("ReadOnly", f"/subscriptions/{estate.SUB}", ("LockWrites", Effect.BLOCK)),
        ("ReadOnly", TARGET, ("LockWrites", Effect.BLOCK)),
        ("CanNotDelete", estate.GROUP.upper(), ("LockSources", Effect.WARN)),
        ("CanNotDelete", TARGET, ("LockTargets", Effect.WARN)),
        ("ReadOnly", f"{estate.GROUP}-other", None),
    ],
)
def test_locks(level: str, scope: str, found: tuple[str, Effect] | None) -> None:
    made = check(batch(there=False), {"locks": lambda _: (asks.Lock(name="keep", scope=scope, level=level),)}, "locks")
    assert [(each.code, each.effect) for each in made.findings] == ([found] if found else [])


def test_providers() -> None:
    states = HEALTHY["registrations"]("") | {"microsoft.network": "NotRegistered", "microsoft.storage": "Registering"}
    made = check(batch(), {"registrations": lambda _: states}, "providers")
    assert [(each.about.split()[0], each.effect) for each in made.findings] == [
        ("Microsoft.Network", Effect.BLOCK), ("Microsoft.Storage", Effect.WARN)
    ]  # fmt: skip


def test_a_vault_in_the_source_region() -> None:
    what = batch()
    for vault, group in (("eastasia", "westeurope"), ("westeurope", "eastasia"), ("westeurope", "westeurope")):
        rg = ids.group(estate.SUB, "rg-dr")
        groups = {ids.key(rg): ResourceGroup(id=rg, name="rg-dr", location=group)}
        made = check(replace(what, vault=replace(what.vault, location=vault), groups=groups), None, "vault")
        assert len(made.blocking) == ("eastasia" in (vault, group))


# --- policies ------------------------------------------------------------------------------------------------------------------

DENY = {"effect": "deny"}
TAG = "[concat('tags[', parameters('name'), ']')]"


@pytest.mark.parametrize(
    ("condition", "parameters", "effect"),
    [
        ({"field": "location", "notIn": "[parameters('all')]"}, {"all": ["East Asia"]}, Effect.BLOCK),
        ({"field": "location", "notIn": "[parameters('all')]"}, {"all": ["Southeast Asia", "eastasia"]}, None),
        ({"not": {"field": "type", "in": ["Microsoft.Compute/virtualMachines"]}}, {}, Effect.BLOCK),
        ({"field": TAG, "exists": "false"}, {"name": "cost"}, Effect.BLOCK),
        ({"field": "tags['cost']", "exists": "true"}, {}, None),
        ({"anyOf": [{"field": "location", "equals": "x"}, {"field": "Microsoft.Storage/storageAccounts/minimumTlsVersion", "equals": "1"}]},
         {}, Effect.INFORM),
        ({"allOf": [{"field": "type", "equals": "Microsoft.Compute/disks"}, {"field": "[anything()]", "equals": 1}]}, {}, None),
        ({"field": "Microsoft.Storage/storageAccounts/sku.name", "like": "standard_*"}, {}, Effect.BLOCK),
        ({"count": {"field": "x"}, "greater": 1}, {}, Effect.INFORM),
        (None, {}, Effect.INFORM),
    ],
)  # fmt: skip
def test_a_policy_denies_or_cannot_be_judged(condition: Any, parameters: dict[str, Any], effect: Effect | None) -> None:
    rule = {"if": condition, "then": {"effect": "[parameters('effect')]"}} if condition else None
    policy = asks.Policy(name="p", scope=f"/subscriptions/{estate.SUB}", rule=rule, parameters=parameters | {"effect": "Deny"}, mode="All")
    made = check(batch(there=False), {"policies": lambda _: (policy,)}, "policies")
    assert [each.effect for each in made.findings] == ([effect] if effect else [])


def test_a_policy_counts_in_its_scope_only_and_audits_do_not() -> None:
    deny = asks.Policy(name="p", scope=TARGET, rule={"if": {"field": "type", "exists": "true"}, "then": DENY})
    for policy, number in (
        (deny, 1), (replace(deny, scope=f"{TARGET}-no"), 0), (replace(deny, not_scopes=(TARGET.upper(),)), 0),
        (replace(deny, rule={**(deny.rule or {}), "then": {"effect": "audit"}}), 0),
        (replace(deny, scope="/providers/Microsoft.Management/managementGroups/all"), 1),
    ):  # fmt: skip
        assert len(check(batch(there=False), {"policies": lambda _, it=policy: (it,)}, "policies").findings) == number


# --- permissions ---------------------------------------------------------------------------------------------------------------


def test_actions_are_globs_without_case_and_not_actions_take_them_back() -> None:
    assert rights.gives(("Microsoft.Network/*/READ",), (), "microsoft.network/virtualNetworks/read")
    assert not rights.gives(("*",), ("*/write",), "Microsoft.Network/virtualNetworks/write")
    assert not rights.gives(("Microsoft.Network/virtualNetworks/*",), (), "Microsoft.Network/virtualNetworksX/read")


def test_each_action_missing_is_named_with_its_scope_and_no_other() -> None:
    what = batch(there=False)
    for demand in rights.demands(what):
        lacking = asks.Right(actions=("*",), not_actions=(demand.action,))
        made = check(what, {"rights": lambda _, it=lacking: (it,)}, "rights")
        named = {line.split(": ")[0] for each in made.findings for line in each.lines}
        wanted = {f"{other.action} at {other.scope}" for other in rights.demands(what) if other.action == demand.action}
        assert named == wanted
        assert all(demand.action in each.request and "app-1" in each.request for each in made.findings)


def test_a_right_given_at_the_scope_itself_is_enough() -> None:
    """Rights below a subscription are asked for only where the subscription's do not suffice."""
    everything = (asks.Right(actions=("*",)),)
    asked: list[str] = []

    def given(scope: str) -> Any:
        asked.append(scope)
        return everything if "/resourcegroups/" in scope else ()

    what = batch()
    made = check(what, {"rights": given}, "rights")
    assert {each.about for each in made.findings} == {f"/subscriptions/{estate.SUB}"}
    assert len(asked) == len(set(asked))
    assert check(what, None, "rights").asked == 3  # who, what is denied, what is given: one subscription


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"principals": (rights.EVERYONE,)}, Effect.BLOCK),
        ({"principals": (rights.EVERYONE,), "excluded": ("me",)}, None),
        ({"principals": ("some-group",)}, Effect.WARN),
        ({"principals": ("me",), "not_actions": ("*/write",)}, None),
        ({"principals": ("me",), "scope": f"/subscriptions/{estate.SUB}", "here_only": True, "actions": ("*/availabilitySets/*",)}, None),
    ],
)
def test_deny_assignments(changes: dict[str, Any], found: Effect | None) -> None:
    denial = replace(asks.Denial(name="stack", scope=estate.GROUP, actions=("*/write",)), **changes)
    made = check(batch(), {"denials": lambda _: (denial,)}, "rights")
    assert [each.effect for each in made.findings] == ([found] if found else [])


def test_service_tags_stand_for_their_regions() -> None:
    guard = asks.Guard(id=GUARD, rules=(rule("a", 1, allow=True, destinations=("Storage",)), rule("b", 2, allow=False)))
    assert ways.decided(guard, "Storage.eastasia") == guard.rules[0]
    assert ways.decided(guard, "EventHub.southeastasia") == guard.rules[1]


def test_unknown_questions_stay_unknown() -> None:
    assert policies._holds({"field": "location"}, {"location": "x", "type": "t", "tags": {}}, {}) is None
    assert Ask("locks", ("a",)) == asks.locks("A")
