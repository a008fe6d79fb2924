"""The catalogue of error codes: what each means in plain words, who can fix it, and what they do.

Codes, meanings and fixes: portal-behaviour.md §8 and the troubleshooting articles it names; 161011 and 151207: site-recovery-protocol.md
§3.3, §0.2. Azure's own texts stand beside ours on every page; a code that is not here is shown as Azure tells it, and collected.
"""

from dataclasses import dataclass
from enum import StrEnum


class Fixer(StrEnum):
    """Who can do something about it."""

    OWNER = "Machine owner"
    NETWORK = "Network team"
    AZURE = "Azure administrator"
    ANYBODY = "Whoever may replicate machines"
    NOBODY = "Nobody needs to act"


@dataclass(frozen=True, slots=True)
class Known:
    """A code that we can explain. steps: the runbook, one thing to do each."""

    code: str
    title: str
    who: Fixer
    steps: tuple[str, ...]


_ALL = (
    Known("150019", "The machine is not ready in Azure", Fixer.OWNER, (
        "Look at the machine in Azure: its provisioning state must be Succeeded.",
        "Wait while it is Updating; when it is Failed, start or redeploy it.",
        "Then retry here.")),
    Known("150039", "A data disk is not initialised inside the machine", Fixer.OWNER, (
        "Sign in to the machine and initialise the disk of the LUN that Azure names.",
        "If the disk is not wanted, detach it.",
        "Then retry here.")),
    Known("150097", "The target region has no quota, size or interface count for it", Fixer.AZURE, (
        "Ask Azure for more cores of the size's family in the target region, or choose a smaller size.",
        "Check that the target subscription may create machines in that region.",
        "Then retry here.")),
    Known("150161", "A replica disk of this name is there already, and not Site Recovery's own", Fixer.AZURE, (
        "Look in the target resource group for the disk that Azure names (it ends in -ASRReplica).",
        "If nobody needs it, delete it: it is left over from an earlier replication.",
        "Then retry here.")),
    Known("150172", "A disk is smaller than 1,024 MB", Fixer.OWNER, (
        "Enlarge the disk to at least 1 GiB, or leave it out of replication.",)),
    Known("150225", "Replication was removed, but a lock kept links in place", Fixer.AZURE, (
        "Remove the lock on the machine or its resource group.",
        "Run Azure's clean-up script for stale replication links.",
        "Put the lock back.")),
    Known("150226", "Links of an earlier replication stand in the way", Fixer.AZURE, (
        "Remove any lock on the machine or its resource group.",
        "Run Azure's clean-up script for stale replication links.",
        "Then retry here.")),
    Known("150257", "The protection container's name is too long", Fixer.ANYBODY, (
        "Choose a shorter name for the container, then retry here.",)),
    Known("151025", "A Windows service that snapshots need is disabled", Fixer.OWNER, (
        "On the machine, set COM+ System Application and Volume Shadow Copy to start automatically.",
        "Start both, then wait for the next application-consistent point.")),
    Known("151037", "The machine does not reach Site Recovery", Fixer.NETWORK, (
        "Allow outbound HTTPS to the service tags Storage, AzureActiveDirectory, AzureSiteRecovery and EventHub.",
        "Check network security groups, firewall and proxy on the way.",
        "Then retry here.")),
    Known("151066", "Trusted root certificates are missing on the machine", Fixer.OWNER, (
        "Install the current root certificates (Windows Update, or the distribution's ca-certificates package).",
        "Then retry here.")),
    Known("151072", "The proxy settings of the agent are wrong", Fixer.OWNER, (
        "Correct ProxyInfo.conf on the machine; the proxy must not ask for a password.",
        "Then retry here.")),
    Known("151083", "The agent was updated and waits for a restart", Fixer.OWNER, (
        "Restart the machine when it suits; replication goes on until then.",)),
    Known("151124", "GRUB names a volume that does not exist", Fixer.OWNER, (
        "Create the LVM device that GRUB names, or correct GRUB's configuration.",
        "Then retry here.")),
    Known("151126", "GRUB names disks by device and not by UUID", Fixer.OWNER, (
        "Replace /dev/sdX in GRUB's configuration by the UUID of the device.",
        "Then retry here.")),
    Known("151137", "The installer cannot find the root disk", Fixer.OWNER, (
        "Update to a current agent; for agent 9.35 on an encrypted Linux, patch its check file as Azure says.",
        "Then retry here.")),
    Known("151195", "The machine cannot resolve Site Recovery's names", Fixer.NETWORK, (
        "Check the DNS servers of the virtual network: they must answer from the recovery region as well.",
        "Then retry here.")),
    Known("151196", "The machine does not reach Microsoft's sign-in", Fixer.NETWORK, (
        "Allow outbound HTTPS to AzureActiveDirectory.",
        "Behind an internal standard load balancer, add a NAT gateway: there is no way out without one.")),
    Known("151197", "The machine does not reach Site Recovery's endpoints", Fixer.NETWORK, (
        "Allow outbound HTTPS to the service tags AzureSiteRecovery and EventHub.",
        "Then retry here.")),
    Known("151207", "The agent was updated with warnings", Fixer.NOBODY, (
        "Nothing failed. Restart the machine when it suits, so that the new agent is fully in place.",)),
    Known("153006", "No application-consistent recovery point for some time", Fixer.OWNER, (
        "Crash-consistent points go on: the machine can still be recovered.",
        "On Windows, look at `vssadmin list writers` for a writer that failed, and restart its service.",
        "On Linux, look at the pre- and post-scripts.")),
    Known("153007", "No crash-consistent recovery point for an hour", Fixer.OWNER, (
        "Look whether the machine runs: one that is switched off makes no points.",
        "Look whether it writes more than its disks may replicate; High churn or larger replica disks allow more.",
        "Look whether the way to the cache storage account is slow or blocked.")),
    Known("153039", "A disk was added that is not protected", Fixer.ANYBODY, (
        "Protect the new disk from the machine's page, or dismiss the warning if it holds nothing to recover.",)),
    Known("161011", "A test failover has not been done yet", Fixer.ANYBODY, (
        "Replication itself is fine. Plan a test failover into a network of its own, and clean it up afterwards.",)),
    Known("BookmarkNotFound", "The recovery point is older than a change of a disk's type", Fixer.ANYBODY, (
        "Choose a newer recovery point.",)),
    Known("HvrStorageAccountNotFound", "The cache storage account was not found where Azure expects it", Fixer.AZURE, (
        "Check that the cache storage account exists in the source region, in the group in which Azure looks for it.",
        "Then retry here.")),
    Known("ReadOnlyDisabledSubscription", "The subscription can only be read", Fixer.AZURE, (
        "Ask the owner of the billing account why the subscription is not active: canceled, a bill, a spending limit.",
        "Have it activated again within 90 days: Azure deletes it for good after that.",
        "Start its machines again, and look here whether replication goes on.")),
    Known("45005", "Replication could not be enabled; Azure gives no particular reason", Fixer.AZURE, (
        "Open the Site Recovery job: its tasks name the real error.",)),
    Known("2147221164", "The snapshot provider is not registered", Fixer.OWNER, (
        "On the machine, install the Azure Site Recovery VSS provider again.",)),
    Known("2147943458", "The snapshot service is disabled", Fixer.OWNER, (
        "On the machine, set Volume Shadow Copy to start automatically.",
        "Restart Volume Shadow Copy, the Azure Site Recovery VSS provider and Virtual Disk.")),
    Known("2147754756", "The snapshot provider is not registered", Fixer.OWNER, (
        "On the machine, run the provider's uninstall and install scripts.",)),
    Known("2147754994", "A snapshot writer failed", Fixer.OWNER, (
        "On the machine, read vacp.log for the writer's name, and restart its service.",)),
    Known("28031", "The machine could not be created at failover", Fixer.AZURE, (
        "Check quota and allowed sizes in the target region, and policies that forbid the machine.",
        "Choose another size, then fail over again.")),
    Known("28092", "The network interface could not be created at failover", Fixer.AZURE, (
        "Ask for more network interfaces in the target region, then retry.",)),
    Known("70038", "The classic machine could not be created at failover", Fixer.AZURE, (
        "Correct the target virtual network in the machine's network settings, then retry.",)),
)  # fmt: skip

CATALOGUE: dict[str, Known] = {known.code: known for known in _ALL}

# Seen by people, documented nowhere (azure-docs issue 59284): Azure's text is all there is.
UNDOCUMENTED = frozenset({"153001", "153035"})


def known(code: str) -> Known | None:
    """What we know of a code; VSS codes are told with and without their sign."""
    return CATALOGUE.get(code.strip().lstrip("-"))
