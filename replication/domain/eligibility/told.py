"""What Azure was asked about one machine: rules over its instance view, and its own answer beside ours.

The answer stands in the machine's facts under `told` (inventory.MachineState as JSON) as long as it counts. Without it these conditions
are unknown, which is never the same as fine.
"""

from collections.abc import Iterable
from typing import Any

from replication.domain.eligibility.verdicts import Effect, Rule, Verdict
from replication.domain.inventory import Machine, Power

AZURE = "Azure:"  # before Azure's own codes, which are not ours
AGREES_NOT = "AzureDoesNotObject"
AGREES_NOT_TITLE = "Azure does not object"


def told_of(machine: Machine) -> dict[str, Any] | None:
    """MachineState as JSON, or None when Azure was not asked."""
    found: dict[str, Any] | None = machine.facts.get("told")
    return found


def _agent(machine: Machine) -> str | None:
    told = told_of(machine)
    silent = told is not None and machine.power is Power.RUNNING and told["agent"] != "Ready"
    return (told or {}).get("agent") or "does not report" if silent else None


def _failed(machine: Machine) -> str | None:
    return ", ".join((told_of(machine) or {}).get("failed_extensions", ())) or None


def _by_application(machine: Machine) -> str | None:
    """Version 0.x of the extension signs in to Microsoft Entra with an application; 1.x does without."""
    extensions = (told_of(machine) or {}).get("extensions", {})
    versions = (version for kind, version in extensions.items() if kind.endswith("AzureDiskEncryptionForLinux"))
    return next((version for version in versions if version.startswith("0.")), None)


RULES: tuple[Rule, ...] = (
    Rule(
        code="AgentNotReady", row=6, effect=Effect.BLOCK, title="Agent",
        message="The Azure VM agent of the machine is not ready ({found}).",
        finds=_agent,
        causes="The agent is not installed, has stopped, or cannot reach Azure.",
        action="Install or restart the agent, then check the machine again.",
    ),
    Rule(
        code="ExtensionFailed", row=7, effect=Effect.BLOCK, title="Extensions",
        message="The extension {found} has failed.",
        finds=_failed,
        causes="Enabling installs an extension, which waits for the others.",
        action="Remove the failed extension or install it again, then check the machine again.",
    ),
    Rule(
        code="EncryptedByApplication", row=37, effect=Effect.BLOCK, title="Disk Encryption by application",
        message="Azure Disk Encryption of this Linux machine (extension {found}) signs in with an application.",
        finds=_by_application,
        causes="Site Recovery supports Azure Disk Encryption of Linux only without Microsoft Entra application.",
        action="Encrypt the machine anew with version 1.1 of the extension.",
    ),
)  # fmt: skip


def azures(machine: Machine, ours: Iterable[Verdict]) -> list[Verdict]:
    """Azure's own reasons as verdicts. Where the two disagree, both are shown: its objection blocks when we have none; where we block
    and it does not, that is told."""
    told = told_of(machine)
    if told is None:
        return []
    blocked = any(each.blocks for each in ours)
    if not told["reasons"]:
        return [_no_objection()] if blocked else []
    return [_azures(reason, Effect.INFORM if blocked else Effect.BLOCK) for reason in told["reasons"]]


def _azures(reason: dict[str, str], effect: Effect) -> Verdict:
    return Verdict(
        code=f"{AZURE}{reason['code']}",
        effect=effect,
        message=f"Azure\u2019s own check: {reason['message']}",
        causes=reason["causes"],
        action=reason["action"],
        fixed_by="machine owner",
    )


def _no_objection() -> Verdict:
    return Verdict(
        code=AGREES_NOT,
        effect=Effect.INFORM,
        message="Azure\u2019s own check has no objection; the reason above is this console\u2019s.",
        causes="Azure\u2019s check does not look at everything that its documents name.",
    )
