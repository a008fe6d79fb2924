"""Seen in Azure, not made here: somebody else uses the vault, and the audit tells it once, with the name that the Activity log gives."""

import time
from typing import Any

import pytest

from replication.actions.actor import Actor
from replication.domain.changes import DisableSpec, PolicyChangeSpec, ResyncSpec
from replication.gateway.port import Gateway
from replication.models import AuditEntry, Job, ProtectedItem, Run, Sighting, Vault
from replication.sync import outside, vaults
from tests.changes.conftest import finished, read_again
from tests.changes.test_kinds import about, begun


def told() -> list[tuple[str, str]]:
    rows = AuditEntry.objects.filter(action__startswith="azure.").order_by("sequence")
    return list(rows.values_list("action", "subject_name"))


def by_hand(gateway: Gateway, spec: Any) -> None:
    """What the portal would send, with the rights of the console's own credential, and no step of ours."""
    answer = gateway.submit(spec, request_id="0a0a0a0a-0000-0000-0000-00000000beef")
    while gateway.poll(answer.handle).state == "running":
        time.sleep(0.02)


def test_what_others_do_is_told_once(vault: Vault, items: list[ProtectedItem], gateway: Gateway, azure: Any) -> None:
    assert told() == []
    policy = vault.site["policies"][0]
    by_hand(gateway, PolicyChangeSpec(id=policy["id"], retention=4320, app_consistent=0))
    by_hand(gateway, ResyncSpec(**about(items[0])))
    by_hand(gateway, DisableSpec(**about(items[1])))
    for _ in range(2):
        read_again(vault)
    assert sorted(told()) == [
        ("azure.item_gone", items[1].name),
        ("azure.operation", f"Disable replication: {items[1].name}"),
        ("azure.operation", f"Resynchronize: {items[0].name}"),
        ("azure.policy_changed", policy["name"]),
    ]
    changed = AuditEntry.objects.get(action="azure.policy_changed")
    assert (changed.before["retention (minutes)"], changed.after["retention (minutes)"]) == (1440, 4320)
    assert changed.actor is None
    (name,) = {entry.actor_name for entry in AuditEntry.objects.filter(action__startswith="azure.")}
    assert name.endswith(" (in Azure)")
    assert name.removesuffix(" (in Azure)") == azure.object_id


def test_what_runs_of_ours_do_is_not_told(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor
) -> None:
    policy = vault.site["policies"][0]
    change = PolicyChangeSpec(id=policy["id"], retention=4320, app_consistent=0)
    for purpose, spec in (
        (Run.Purpose.RESYNC, ResyncSpec(**about(items[0]))),
        (Run.Purpose.DISABLE, DisableSpec(**about(items[1]))),
        (Run.Purpose.POLICY, change),
    ):
        assert finished(begun(vault, purpose, actor, spec), gateway).state == "succeeded"
    read_again(vault)
    assert told() == []
    assert set(vault.jobs.values_list("origin", flat=True)) <= {Job.Origin.OURS, Job.Origin.BEFORE}


def test_a_crash_before_the_telling_loses_nothing(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, monkeypatch: Any
) -> None:
    by_hand(gateway, ResyncSpec(**about(items[0])))

    def dies(*_: Any) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(vaults.outside, "tell", dies)
        with pytest.raises(KeyboardInterrupt):
            read_again(vault)
    assert (told(), Sighting.objects.count()) == ([], 1)
    read_again(vault)
    assert len(told()) == 1
    assert outside.tell(vault, gateway) == 0


def test_without_the_activity_log_nobody_is_named(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, azure: Any
) -> None:
    """403 on Microsoft.Insights: the console's role does not have to read it."""
    by_hand(gateway, ResyncSpec(**about(items[0])))
    azure.control("PUT", "faults", [{"type": "Microsoft.Insights/*", "do": "status", "status": 403, "code": "Forbidden"}])
    read_again(vault)
    entry = AuditEntry.objects.get(action="azure.operation")
    assert (entry.actor_name, entry.detail["caller"]) == ("Somebody (in Azure)", "the Activity log could not be read")
