"""The verdict: each row of its table, and what outranks what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from replication.domain import safety
from replication.domain.safety import Safety, Standing
from replication.domain.states import HEALTH, ItemStatus

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def standing(**differs: Any) -> Standing:
    """A machine of which nothing bad can be said."""
    sound = {
        "as_of": NOW - MINUTE,
        "status": "protected",
        "target": 1800,
        "health": "Normal",
        "failover_health": "Normal",
        "rpo": 300,
        "rpo_at": NOW,
    }
    return Standing(**sound | differs)


@pytest.mark.parametrize(
    ("differs", "verdict", "why"),
    [
        ({}, Safety.PROTECTED, "RPO 5 min, target 30 min."),
        ({"status": "testing"}, Safety.PROTECTED, "RPO 5 min"),
        ({"failover_health": "Warning"}, Safety.PROTECTED, "RPO 5 min"),
        ({"rpo": 1800}, Safety.PROTECTED, "RPO 30 min"),
        ({"rpo_at": NOW + 5 * MINUTE}, Safety.PROTECTED, "RPO 5 min"),
        ({"as_of": NOW + 5 * MINUTE}, Safety.PROTECTED, "RPO 5 min"),
        ({"health": "Critical"}, Safety.AT_RISK, "Replication is critical"),
        ({"health": "Warning"}, Safety.AT_RISK, "may affect replication"),
        ({"health": "None"}, Safety.AT_RISK, "gives no health"),
        ({"failover_health": "Critical"}, Safety.AT_RISK, "A failover would not succeed"),
        ({"rpo": None, "rpo_at": None}, Safety.AT_RISK, "not computed an RPO yet"),
        ({"rpo": 1801, "target": 3600}, Safety.PROTECTED, "RPO 30 min, target 1 h 00 min"),
        ({"rpo": 1801}, Safety.AT_RISK, "above the target of 30 min"),
        ({"rpo_at": NOW - 61 * MINUTE}, Safety.AT_RISK, "last computed its RPO 1 h 01 min ago"),
        ({"status": "failover_failed"}, Safety.AT_RISK, "The last failover failed."),
        ({"status": "enabling"}, Safety.NOT_PROTECTED, "Enabling protection."),
        ({"status": "copying", "progress": 64}, Safety.NOT_PROTECTED, "Initial replication, 64 % done."),
        ({"status": "finishing"}, Safety.NOT_PROTECTED, "no recovery point yet"),
        ({"status": "failed_over", "health": "None"}, Safety.NOT_PROTECTED, "Commit, then re-protect it."),
        ({"status": "committed", "health": "None"}, Safety.NOT_PROTECTED, "until it is re-protected"),
        ({"gone_at": NOW - MINUTE}, Safety.NOT_PROTECTED, "has not listed its replicated item since 18 Nov 2026 11:59 UTC."),
        ({"status": "other", "protection_state": "Levitating"}, Safety.UNKNOWN, "“Levitating”"),
        ({"health": "Purple"}, Safety.UNKNOWN, "“Purple”"),
        ({"as_of": NOW - 16 * MINUTE}, Safety.UNKNOWN, "Azure was last read 16 min ago."),
        ({"as_of": None}, Safety.UNKNOWN, "not been read yet"),
    ],
)  # fmt: skip
def test_the_table(differs: dict[str, Any], verdict: Safety, why: str) -> None:
    judged = safety.of_item(standing(**differs), NOW)
    assert (judged.safety, why in judged.why) == (verdict, True), judged


def test_every_state_and_health_has_a_verdict_and_a_reason() -> None:
    for status in ItemStatus:
        for health in HEALTH:
            judged = safety.of_item(standing(status=status.value, health=health), NOW)
            assert judged.why.endswith("."), (status, health)


def test_what_was_known_stands_beside_unknown() -> None:
    old = safety.of_item(standing(as_of=NOW - timedelta(hours=2), health="Critical"), NOW)
    assert old.before.startswith("At risk. Replication is critical")
    assert safety.of_item(standing(as_of=None), NOW).before == ""


def test_a_machine_without_an_item() -> None:
    bare = safety.of_machine(NOW, NOW, why="It can be replicated.")
    assert (bare.safety, bare.why) == (Safety.NOT_PROTECTED, "No vault replicates it. It can be replicated.")
    assert safety.of_machine(NOW - 20 * MINUTE, NOW).safety is Safety.UNKNOWN
    assert safety.of_machine(NOW, NOW, elsewhere=True).safety is Safety.UNKNOWN
