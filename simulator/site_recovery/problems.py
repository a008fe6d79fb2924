"""Site Recovery's own refusals and failures: the five parts each carries, and the two shapes they travel in.

Codes and meanings: site-recovery-protocol.md §4.3, portal-behaviour.md §8; the sentences are ours. A refusal of the request
itself is an `ArmError` whose outer code is the HTTP family and whose ASR code sits in `details[0]` (§4.1); what goes wrong
afterwards is a `Problem`, found in the operation's status and in the job's errors. Which refusal comes at once and which
comes later is recorded for a few cases only; the rest is marked *assumed*.
"""

from __future__ import annotations

from dataclasses import dataclass

from simulator.kernel import ids
from simulator.kernel.errors import ArmError

Json = dict[str, object]


@dataclass(frozen=True)
class Problem:
    """One failure: code, message, possible causes, recommended action, severity."""

    code: str
    message: str
    causes: str
    action: str
    level: str = "Error"
    task: int = 0
    """Which of the job's tasks it stops (0-based)."""

    def about(self, **words: object) -> Problem:
        """The same problem with its blanks filled."""
        return Problem(
            self.code,
            self.message.format(**words),
            self.causes.format(**words),
            self.action.format(**words),
            self.level,
            self.task,
        )


def _problem(code: str, message: str, causes: str, action: str, level: str = "Error", task: int = 0) -> Problem:
    return Problem(code, message, causes, action, level, task)


_RETRY = "Resolve the issue and retry the operation."

PROBLEMS: dict[str, Problem] = {
    problem.code: problem
    for problem in (
        _problem(
            "150019",
            "The provisioning state of the virtual machine '{vm}' is not valid for this operation.",
            "The machine is being changed, or its last change has failed: its provisioning state is '{state}'.",
            "Wait until the provisioning state is Succeeded, or repair the machine, then retry.",
        ),
        _problem(
            "150032",  # assumed number
            "The virtual machine '{vm}' is not running.",
            "The machine was stopped or deallocated before or while replication was being enabled.",
            "Start the virtual machine and retry the operation.",
        ),
        _problem(
            "150039",
            "A data disk attached to '{vm}' with the logical unit number {lun} is not mapped to a disk in the machine.",
            "A new data disk was attached to the virtual machine but was not initialised.",
            "Initialise the data disk inside the virtual machine, then retry.",
        ),
        _problem(
            "150097",
            "The virtual machine '{vm}' cannot be created in the target region '{location}'.",
            "The subscription has no quota for it in the target region, or the size '{size}' is not offered there.",
            "Raise the quota or choose another target region, then retry.",
        ),
        _problem(
            "150161",
            "The replica managed disk '{disk}' already exists without the tags that Site Recovery sets.",
            "A disk of that name was created in the target resource group by somebody else.",
            "Delete the disk or choose another target resource group, then retry.",
        ),
        _problem(
            "150172",
            "The disk '{disk}' has a size of {size} MB, less than the minimum of 1024 MB.",
            "Disks of less than 1024 MB cannot be replicated.",
            "Enlarge the disk or leave it out, then retry.",
        ),
        _problem(
            "150175",
            "The operating system disk of '{vm}' is encrypted and no target key vault was given.",
            "The request has no disk encryption information for the target region.",
            "Give the target key vaults and retry.",
        ),
        _problem(
            "150225",
            "Replication of '{vm}' was removed, but its resource links could not be cleaned up.",
            "A lock on the machine or its resource group forbids it.",
            "Remove the lock and run the clean-up.",
            level="Warning",
        ),
        _problem(
            "150226",
            "The virtual machine '{vm}' still has links of an earlier replication.",
            "The machine is protected in another vault, or an earlier disable could not clean up.",
            "Disable replication in the other vault, or clean up the links, then retry.",
        ),
        _problem(
            "150253",
            "Protection could not be enabled for the virtual machine '{vm}'.",
            "See the errors of the job.",
            _RETRY,
        ),
        _problem(
            "150257",
            "The protection container name '{name}' is too long.",
            "Names of protection containers have a maximum length.",
            "Use a shorter name.",
        ),
        _problem(
            "150261",
            "The replication policy '{name}' could not be created or changed.",
            "{why}",
            "Correct the value and retry.",
        ),
        _problem(
            "150401",  # assumed number
            "The resource '{what}' named in the request was not found.",
            "The resource '{id}' does not exist, or was deleted.",
            "Create the resource or name another one, then retry.",
        ),
        _problem(
            "150402",  # assumed number
            "The cache storage account '{account}' cannot be used for '{vm}'.",
            "A cache storage account must be in the region of the source machine ('{expected}'); this one is in '{found}'.",
            "Choose a storage account in the source region.",
        ),
        _problem(
            "150403",  # assumed number
            "The disks in the request do not belong to the virtual machine '{vm}': {disks}.",
            "Each disk id must be that of a disk attached to the machine, and the operating system disk must be there.",
            "Correct the list of disks and retry.",
        ),
        _problem(
            "150404",  # assumed number
            "The virtual machine '{vm}' is in '{found}' but the fabric is that of '{expected}'.",
            "The machine is not in the region that the source fabric stands for.",
            "Use the fabric of the machine's region.",
        ),
        _problem(
            "150405",  # assumed number
            "The target resource '{what}' is in '{found}' but must be in the target region '{expected}'.",
            "Availability sets and networks must be in the target region, and a target resource group outside the source's.",
            "Choose a resource of the target region.",
        ),
        _problem(
            "150406",  # assumed number
            "The virtual machine '{vm}' cannot be protected: {why}.",
            "Site Recovery does not support this configuration.",
            "Change the machine's configuration, or protect it by other means.",
        ),
        _problem(
            "150407",  # assumed number
            "The source virtual machine '{vm}' of the reversed replication was not found.",
            "The virtual machine might have been deleted after the failover.",
            "Re-protection needs both machines; disable replication and enable it again.",
        ),
        _problem(
            "151025",
            "The Site Recovery extension could not be installed on '{vm}'.",
            "The COM+ System Application or the Volume Shadow Copy service is disabled.",
            "Set both services to start automatically or manually, then retry.",
            task=1,
        ),
        _problem(
            "151037",
            "The virtual machine '{vm}' could not be registered with Site Recovery.",
            "The Site Recovery endpoints or IP ranges cannot be reached from the machine.",
            "Allow the outbound URLs or service tags, then retry.",
            task=1,
        ),
        _problem(
            "151066",
            "The configuration of Site Recovery has failed on '{vm}'.",
            "The trusted root certificates needed for authorisation are missing on the machine.",
            "Install the latest trusted root certificates, then retry.",
            task=1,
        ),
        _problem(
            "151072",
            "The proxy settings of '{vm}' are not valid.",
            "The mobility service agent cannot use the proxy settings it found.",
            "Correct ProxyInfo.conf (proxies with authentication are not supported), then retry.",
            task=1,
        ),
        _problem(
            "151126",
            "Replication could not be enabled on the Linux machine '{vm}'.",
            "The GRUB configuration names disks by device name instead of UUID.",
            "Replace device names by UUIDs in the GRUB configuration, then retry.",
            task=1,
        ),
        _problem(
            "151195",
            "The connection of '{vm}' to Site Recovery endpoints failed.",
            "The name of a service endpoint cannot be resolved.",
            "Make the DNS server reachable from the machine, then retry.",
            task=1,
        ),
        _problem(
            "151196",
            "The connection of '{vm}' to Microsoft Entra endpoints failed.",
            "There is no outbound path to the sign-in endpoints.",
            "Allow the AzureActiveDirectory service tag, then retry.",
            task=1,
        ),
        _problem(
            "151197",
            "The connection of '{vm}' to Site Recovery endpoints failed.",
            "There is no outbound path to the Site Recovery service.",
            "Allow the AzureSiteRecovery service tag, then retry.",
            task=1,
        ),
        _problem(
            "151207",
            "The mobility service of '{vm}' was updated with warnings.",
            "The machine needs a restart for the update to take full effect.",
            "Restart the machine when convenient.",
            level="Warning",
        ),
        _problem(
            "BookmarkNotFound",
            "The recovery point for '{vm}' was not found.",
            "The point was pruned, or it is older than a change of a disk's tier.",
            "Choose a newer recovery point and retry.",
        ),
    )
}


def problem(code: str, **words: object) -> Problem:
    """A known problem about something. Unknown codes give a bare problem of that code (for planted faults)."""
    known = PROBLEMS.get(code)
    if known is None:
        return Problem(code, f"The operation failed with error {code}.", "", _RETRY)
    return known.about(**{**_DEFAULTS, **words})


_DEFAULTS: Json = {
    "vm": "",
    "state": "",
    "lun": 0,
    "location": "",
    "size": "",
    "disk": "",
    "name": "",
    "why": "",
    "what": "",
    "id": "",
    "account": "",
    "expected": "",
    "found": "",
    "disks": "",
}


def status_error(found: Problem) -> Json:
    """The `error` of an operation status (§3.1): details are null."""
    return {"code": found.code, "message": found.message, "details": None}


def job_error(found: Problem, *, at: str, task_id: str, activity: str) -> Json:
    """One item of a job's `errors` (§3.4)."""
    return {
        "serviceErrorDetails": {
            "code": found.code,
            "message": found.message,
            "possibleCauses": found.causes,
            "recommendedAction": found.action,
            "activityId": activity,
        },
        "providerErrorDetails": None,
        "errorLevel": found.level,
        "creationTime": at,
        "taskId": task_id,
    }


# --- refusals of the request itself -----------------------------------------------------------------------------------

_FAMILY = {400: "BadRequest", 404: "NotFound", 405: "MethodNotAllowed", 409: "Conflict"}


def refusal(status: int, code: str, message: str, causes: str = "", action: str = "", *, client: str = "") -> ArmError:
    """A synchronous refusal in Site Recovery's shape (§4.1); the ASR code is in `details[0]`."""
    detail = {
        "activityId": ids.guid("refusal", client, code, message),
        "clientRequestId": client,
        "code": code,
        "message": message,
        "possibleCauses": causes,
        "recommendedAction": action,
    }
    return ArmError(status, _FAMILY[status], message, details=[detail])


def entity_missing(kind: str, name: str, client: str = "") -> ArmError:
    """404: an unknown fabric, container, item, policy or mapping. `FabricArmEntityMissing` is seen for several kinds."""
    return refusal(
        404,
        "FabricArmEntityMissing",
        f"The {kind} '{name}' was not found.",
        f"The {kind} does not exist in this vault, or it is of another fabric or container.",
        "Check the name and retry.",
        client=client,
    )


def never_used(vault: str, client: str = "") -> ArmError:
    """400 instead of 404 in a vault in which Site Recovery was never used (§4.2)."""
    return refusal(
        400,
        "SubscriptionIdNotRegisteredWithSrs",
        f"The vault '{vault}' is not registered with Site Recovery.",
        "Site Recovery has not been used in this vault yet.",
        "Create a fabric in the vault first.",
        client=client,
    )


def invalid(field: str, why: str, client: str = "") -> ArmError:
    """400: a body that lacks something or has something of a wrong kind. The code is *assumed*."""
    return refusal(400, "InvalidParameter", f"The value of '{field}' is not valid: {why}.", why, _RETRY, client=client)


def not_allowed(operation: str, name: str, state: str, client: str = "") -> ArmError:
    """400: the item does not take this operation now. Answer and code are *assumed* (§4.2)."""
    return refusal(
        400,
        "OperationNotAllowedInCurrentState",
        f"The operation '{operation}' is not allowed on '{name}' in its current state '{state}'.",
        "allowedOperations of the item does not name the operation.",
        "Wait until the item allows the operation.",
        client=client,
    )


def busy(name: str, scenario: str, job: str, client: str = "") -> ArmError:
    """409: another operation is running on the item. Answer and code are *assumed* (§4.2)."""
    return refusal(
        409,
        "AnotherOperationInProgress",
        f"Another operation ('{scenario}', job {job}) is in progress on '{name}'.",
        "Only one operation runs on an item at a time.",
        "Wait until the other operation has ended, then retry.",
        client=client,
    )


def in_use(kind: str, name: str, by: str, client: str = "") -> ArmError:
    """409: something that others still rest on cannot go. Answer and code are *assumed* (§4.2)."""
    return refusal(
        409,
        "ResourceInUse",
        f"The {kind} '{name}' cannot be removed because {by}.",
        f"The {kind} is still in use.",
        "Remove what uses it first.",
        client=client,
    )


def already_protected(name: str, client: str = "") -> ArmError:
    """409: PUT over an item that exists. Not recorded, *assumed*."""
    return refusal(
        409,
        "ReplicationProtectedItemAlreadyExists",
        f"Replication is enabled already for '{name}'.",
        "A protected item of that name exists in the container.",
        "Disable replication first, or update the item.",
        client=client,
    )
