"""What may be asked of a protected item as it was last read, and if not, why not in a sentence.

allowedOperations decides where Azure names the operation; the others follow the table of states (site-recovery-protocol.md §5), because the
recorded lists never name an update, a resynchronization or added disks. The step looks again before it asks (domain/changes.py).
"""

from collections.abc import Callable

from replication.domain.inventory import Item
from replication.domain.states import ItemStatus, item_status

# Codes by which Azure says that a disk was attached and is not protected (§4.3).
NEW_DISK = "153039"

_UNFIT: dict[ItemStatus, str] = {
    ItemStatus.ENABLING: "Protection is still being enabled.",
    ItemStatus.COPYING: "The first copy has to be complete first.",
    ItemStatus.FINISHING: "The first recovery point has to be there first.",
    ItemStatus.TESTING: "A test failover waits for its clean-up.",
    ItemStatus.FAILED_OVER: "The machine has failed over, and the failover is not committed.",
    ItemStatus.COMMITTED: "The machine has failed over: re-protect it first.",
    ItemStatus.FAILOVER_FAILED: "A failover of the machine has failed: end that first.",
}
_BUSY = "Azure is doing something else with the machine: wait until its job ends."
POLICY_STAYS = (
    "Azure keeps a machine's policy for as long as it is replicated. Edit the policy, which changes all machines that use it, or disable "
    "and enable replication."
)


def why_not(item: Item, purpose: str) -> str:
    """'' when the change can be asked for; purpose: a value of Run.Purpose."""
    return _RULES[purpose](item)


def _settled(item: Item) -> str:
    """Most changes want a protected item at which nothing else is done."""
    status = item_status(item)
    if status is not ItemStatus.PROTECTED:
        return _UNFIT.get(status, f"Azure has it in the state “{item.protection_text or item.protection_state}”.")
    return _BUSY if item.job_id else ""


def _resync(item: Item) -> str:
    return "" if "RepairReplication" in item.allowed_operations else _settled(item)


def _agent(item: Item) -> str:
    if unfit := _settled(item):
        return unfit
    return "" if item.details.get("isReplicationAgentUpdateRequired") else "Azure reports no newer agent."


def _disks(item: Item) -> str:
    if unfit := _settled(item):
        return unfit
    return "" if unprotected_luns(item) else "Azure reports no disk that is not protected."


def _dismiss(item: Item) -> str:
    return _settled(item) or ("" if dismissible(item) else "No health error of the machine can be dismissed.")


def _disable(item: Item) -> str:
    status = item_status(item)
    if status in {ItemStatus.TESTING, ItemStatus.FAILED_OVER, ItemStatus.COMMITTED, ItemStatus.FAILOVER_FAILED}:
        return _UNFIT[status]
    if "DisableProtection" in item.allowed_operations:
        return ""
    return _BUSY if item.job_id else "Azure does not allow it in the machine's present state."


_RULES: dict[str, Callable[[Item], str]] = {
    "update": _settled,
    "resync": _resync,
    "update_agent": _agent,
    "add_disks": _disks,
    "dismiss": _dismiss,
    "disable": _disable,
}


def unprotected_luns(item: Item) -> list[int]:
    """The slots of the disks that Azure calls unprotected."""
    found = item.details.get("unprotectedDisks") or ()
    return [int(each["diskLunId"]) for each in found if isinstance(each, dict) and str(each.get("diskLunId", "")).isdecimal()]


def dismissible(item: Item) -> list[str]:
    """Ids of the health errors that Azure lets be dismissed."""
    return [each.id for each in item.errors if each.dismissible and each.id]
