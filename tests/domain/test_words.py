"""Ids, names, regions, verdicts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.domain import ids, naming, regions
from replication.domain.eligibility import RULES, judge
from replication.domain.inventory import Power
from replication.domain.roles import Permission, Role, allowed, refusal
from replication.domain.states import HEALTH, HEALTH_RANK

from .estate import disk, machine


def test_parsing_an_id() -> None:
    parts = ids.parse("/Subscriptions/s/resourcegroups/g/providers/Microsoft.RecoveryServices/vaults/v/replicationFabrics/f")
    assert parts is not None
    assert (parts.subscription, parts.group, parts.types, parts.names) == ("s", "g", ("vaults", "replicationFabrics"), ("v", "f"))


@pytest.mark.parametrize("text", ["", "x", "/subscriptions", "/subscriptions/s/providers/a", "/subscriptions/s//resourceGroups/g"])
def test_what_is_no_id(text: str) -> None:
    assert ids.parse(text) is None


@given(st.text(max_size=300))
def test_any_text_can_be_asked(text: str) -> None:
    ids.parse(text)
    assert ids.same(text, text.upper().lower()) or text.lower() != text.upper().lower()


NAME = st.text(alphabet="abcXYZ019-_", min_size=1, max_size=90).map(lambda text: "a" + text + "z")


@given(NAME, st.sampled_from(["resource_group", "virtual_network", "availability_set", "placement_group"]))
def test_suffixed_names_fit_and_are_valid(name: str, kind: str) -> None:
    made = naming.Naming().made(kind, name)
    assert len(made) <= naming.RULES[kind].longest
    assert made.endswith("-asr")


def test_long_names_that_differ_at_the_end_stay_two() -> None:
    one, two = ("x" * 64 + end for end in ("1", "2"))
    assert naming.Naming().made("virtual_network", one) != naming.Naming().made("virtual_network", two)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789", min_size=3, max_size=24))
def test_account_names_are_valid(source: str) -> None:
    assert naming.RULES["storage_account"].refusal(naming.Naming().made("storage_account", source)) == ""


@given(st.text(min_size=1, max_size=60))
def test_cache_account_names_are_valid_whatever_the_vault_is_called(vault: str) -> None:
    name = naming.Naming().cache_account(f"/subscriptions/s/resourceGroups/g/providers/p/vaults/{vault}", "eastasia")
    assert re.fullmatch(r"[a-z0-9]{3,24}", name)
    assert name.endswith("asrcache")


@given(st.text(min_size=1, max_size=100))
def test_item_names_are_plain_and_repeatable(name: str) -> None:
    arm_id = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/{name}"
    assert naming.item(arm_id) == naming.item(arm_id.upper().lower()) or ids.key(arm_id) != ids.key(arm_id.upper().lower())
    assert re.fullmatch(r"[a-z0-9-]{1,60}", naming.item(arm_id))


def test_targets() -> None:
    assert regions.refusal("East Asia", "eastasia") != ""
    assert regions.refusal("eastasia", "southeastasia") == ""
    assert regions.refusal("eastasia", "westeurope") == ""
    assert regions.refusal("eastasia", "westeurope", strict=True) != ""
    assert regions.refusal("westeurope", "francesouth") != ""
    assert regions.refusal("francecentral", "francesouth") == ""
    assert regions.recommended("eastasia", "southeastasia", ["japaneast", "southeastasia"]) == "southeastasia"
    assert regions.recommended("eastasia", "eastasia", ["japaneast", "southeastasia"], "japaneast") == "japaneast"


def test_a_healthy_machine_has_no_verdict() -> None:
    assert judge(machine()) == ()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"power": Power.STOPPED}, "NotRunning"),
        ({"power": Power.UNKNOWN}, "PowerUnknown"),
        ({"provisioning_state": "Updating"}, "ProvisioningNotSucceeded"),
        ({"disks": (disk("os", is_os=True, size_gib=4096),)}, "OsDiskTooLarge"),
        ({"disks": (disk("d", size_gib=32 * 1024 + 1),)}, "DataDiskTooLarge"),
        ({"disks": tuple(disk(f"d{n}") for n in range(65))}, "TooManyDisks"),
        ({"disks": (disk("d", facts={"writeAccelerator": True}),)}, "WriteAccelerator"),
        ({"disks": (disk("d", facts={"maxShares": 2}),), "os_type": "Linux"}, "SharedDiskLinux"),
    ],
)
def test_offenders_are_blocked(changes: dict[str, object], code: str) -> None:
    verdicts = judge(machine(**changes))
    assert [verdict.code for verdict in verdicts if verdict.blocks] == [code]


@pytest.mark.parametrize(
    "changes",
    [
        {"disks": (disk("os", is_os=True, size_gib=4095),)},
        {"disks": (disk("d", size_gib=32 * 1024),)},
        {"disks": (disk("os", is_os=True), *(disk(f"d{n}") for n in range(64)))},
        {"disks": (disk("d", facts={"maxShares": 1}),), "os_type": "Linux"},
    ],
)
def test_near_misses_are_not_accused(changes: dict[str, object]) -> None:
    assert not any(verdict.blocks for verdict in judge(machine(**changes)))


def test_rules_have_unique_codes_and_full_sentences() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.message.endswith(".") for rule in RULES)


def test_what_a_role_may_do() -> None:
    assert all(allowed(Role.ADMINISTRATOR, permission) for permission in Permission)
    assert not allowed(Role.HELPDESK, Permission.REPLICATE)
    assert allowed(Role.TEAM_LEAD, Permission.AUDIT_ALL)
    assert refusal(Permission.REPLICATE) == "Only administrators can replicate machines."


def test_health_is_ranked_completely() -> None:
    assert HEALTH.keys() == HEALTH_RANK.keys()
