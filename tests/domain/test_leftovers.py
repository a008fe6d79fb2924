"""What was made for recovery, by its name; and what replicated items refer to."""

import pytest

from replication.domain import leftovers


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("resource_group", "rg-erp-asr", True), ("resource_group", "RG-ERP-ASR-2", True), ("resource_group", "rg-asr-tools", False),
        ("resource_group", "quasar", False), ("storage_account", "kf1wkmvaultasrcache", True), ("storage_account", "cache", False),
        ("virtual_network", "vnet-asr", False), ("replica_disk", "anything", True),
    ],
)  # fmt: skip
def test_names(kind: str, name: str, expected: bool) -> None:
    assert leftovers.made_for_recovery(kind, name) is expected


def test_replica_disks() -> None:
    names = ("os-ASRReplica", "os-asrtest", "ms-asr-0a1b", "os", "asr-os")
    assert [leftovers.is_replica(name) for name in names] == [True, True, True, False, False]


def test_what_items_refer_to() -> None:
    disk = {"recoveryReplicaDiskId": "/D/Os-ASRReplica", "primaryStagingAzureStorageAccountId": None, "recoveryResourceGroupId": "/G/b"}
    item = {
        "recovery_group_id": "/subscriptions/s/resourceGroups/RG-asr",
        "machine_id": "/subscriptions/s/resourceGroups/rg/providers/x/vm",
        "details": {"protectedManagedDisks": [disk], "protectedDisks": None},
    }
    assert leftovers.referred([item, {}]) == {
        "/subscriptions/s/resourcegroups/rg-asr", "/subscriptions/s/resourcegroups/rg", "/d/os-asrreplica", "/g/b",
    }  # fmt: skip
