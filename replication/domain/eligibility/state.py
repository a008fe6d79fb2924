"""Rules about the machine's state and what hangs on it: provisioning, power, locks, links, its group."""

from replication.domain.eligibility.verdicts import Effect, Rule, said, when
from replication.domain.inventory import Machine, Model, Power

_STOPPED = {
    Power.STOPPED: "stopped",
    Power.DEALLOCATED: "deallocated",
    Power.STOPPING: "stopping",
    Power.DEALLOCATING: "stopping",
}


def _group_elsewhere(machine: Machine) -> str | None:
    where = machine.facts.get("groupLocation")
    here = machine.model is Model.CLASSIC or where in (None, "", machine.location)
    return None if here else str(where)


RULES: tuple[Rule, ...] = (
    Rule(
        code="StaleLinks", row=2, effect=Effect.BLOCK, title="Left-over links",
        message="Left-over replication links are on the machine (150226): {found}.",
        finds=said("staleLinks"),
        causes="An earlier replication was removed while a lock kept its links, or its vault was deleted.",
        action="Disable replication in the other vault, or delete the links ASR-Protect-*, then refresh the inventory.",
        fixed_by="administrator",
    ),
    Rule(
        code="Locked", row=3, effect=Effect.WARN, title="Locked",
        message="A lock is on it: {found}.",
        finds=said("locks"),
        causes="While it stands, replication can be set up, but its links cannot be cleaned up when it is disabled (150225).",
        action="Remove the lock for as long as replication is enabled or disabled.",
    ),
    Rule(
        code="ProvisioningNotSucceeded", row=4, effect=Effect.BLOCK, title="Provisioning state",
        message="The machine's provisioning state is {found} (150019).",
        finds=lambda m: m.provisioning_state if m.provisioning_state != "Succeeded" else None,
        causes="An operation on the machine is running or has failed.",
        action="Wait until the operation ends, or repair the machine, then refresh the inventory.",
    ),
    Rule(
        code="NotRunning", row=5, effect=Effect.BLOCK, title="Running",
        message="The machine is {found}.",
        finds=lambda m: _STOPPED.get(m.power),
        causes="Enabling installs an agent in the guest, which must be running.",
        action="Start the machine, then refresh the inventory.",
    ),
    Rule(
        code="PowerUnknown", row=5, effect=Effect.BLOCK, title="Power state known",
        message="Azure has not said whether the machine runs.",
        finds=when(lambda m: m.power is Power.UNKNOWN),
        causes="The last inventory did not contain its power state.",
        action="Refresh the inventory.",
    ),
    Rule(
        code="GroupInOtherRegion", row=8, effect=Effect.BLOCK, title="Group's region",
        message="Its resource group is in {found}, not in the machine's region.",
        finds=_group_elsewhere,
        causes="A vault lists only resource groups that lie in the source region.",
        action="Move the machine to a group in its own region, or enable replication from the machine's own page in Azure.",
    ),
    Rule(
        code="Classic", row=61, effect=Effect.INFORM, title="Classic model",
        message="A classic machine: it can be recovered only as a classic machine.",
        finds=when(lambda m: m.model is Model.CLASSIC),
        action="Choose Classic as the deployment model on the Source page to replicate it.",
    ),
    Rule(
        code="ClassicWithoutNetwork", row=61, effect=Effect.BLOCK, title="Classic without network",
        message="The classic machine is in no virtual network.",
        finds=when(lambda m: m.model is Model.CLASSIC and not m.network_id),
        causes="A classic machine outside any virtual network cannot be replicated.",
        action="Move the machine into a virtual network.",
    ),
    Rule(
        code="TagsCopied", row=59, effect=Effect.INFORM, title="Tags",
        message="Its tags are copied to the target once a day.",
        finds=when(lambda m: m.tags),
    ),
)  # fmt: skip
