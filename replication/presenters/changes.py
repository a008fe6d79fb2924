"""What a page shows before something that is there is changed: of each thing what is and what will be, what cannot be, and what follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from replication.actions.changes import TYPED_ABOVE, Purpose, Wanted, plan_of_change, subject_key
from replication.domain import ids
from replication.domain import inventory as inv
from replication.models import ProtectedItem, Vault
from replication.presenters.approvals import Standing, standing

SHOWN = 100  # things spelled out on a review; the rest is counted


@dataclass(frozen=True, slots=True)
class Verb:
    """The words of a kind of change. follows: what it does, a sentence each; danger: it cannot be undone."""

    title: str
    button: str
    follows: Sequence[str]
    danger: bool = False


VERBS: dict[Purpose, Verb] = {
    Purpose.UPDATE: Verb(
        "Change settings",
        "Change settings",
        ("They are used at the next failover or test failover. Replication goes on meanwhile.",),
    ),
    Purpose.RESYNC: Verb(
        "Resynchronize",
        "Resynchronize",
        (
            "Azure compares source and replica anew and copies what differs. It may take hours, and costs reads on the source's disks.",
            "The machine stays protected. Until it is complete, its newest recovery points may be missing.",
        ),
    ),
    Purpose.UPDATE_AGENT: Verb(
        "Update the agent",
        "Update the agent",
        (
            "Azure installs the newest Mobility service on the running machine. Replication goes on meanwhile.",
            "A restart of the machine is not made; Azure says so afterwards where one is needed.",
        ),
    ),
    Purpose.ADD_DISKS: Verb(
        "Protect added disks",
        "Protect disks",
        (
            "Each disk makes its own first copy, while the others go on being protected.",
            "Recovery points made before its first copy is complete do not hold it.",
        ),
    ),
    Purpose.DISMISS: Verb(
        "Dismiss health errors",
        "Dismiss",
        ("Azure shows the errors no more. A disk that is not protected stays unprotected: after a failover it is not there.",),
    ),
    Purpose.DISABLE: Verb(
        "Disable replication",
        "Disable replication",
        (
            "The machines are no longer protected: their recovery points are gone, and they cannot be failed over.",
            "Replica disks are deleted. Replication can be enabled anew, with a new first copy of all disks.",
            "Machines are taken out of their recovery plans and replication groups.",
            "The machines themselves go on running and are not changed.",
        ),
        danger=True,
    ),
    Purpose.POLICY: Verb("Change a replication policy", "Go on", ()),
    Purpose.MAPPING: Verb("Change a network mapping", "Go on", ()),
    Purpose.JOB: Verb("Control a Site Recovery job", "Go on", ()),
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing of a review, with its fields before and after."""

    title: str
    changes: Sequence[tuple[str, str | None, str | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A change as it will be done when the button is pressed; `digest` binds the button to it."""

    verb: Verb
    wanted: Sequence[Wanted]
    digest: str
    asked: Standing | None = None  # the open request for approval of a change to these things
    refused: Sequence[tuple[str, str]] = ()
    stays: Sequence[tuple[str, str]] = ()
    kept: Sequence[tuple[str, str]] = ()  # what was chosen, sent again with the digest
    title: str = ""
    follows: Sequence[str] = field(default_factory=tuple)

    @property
    def heading(self) -> str:
        return self.title or self.verb.title

    @property
    def button(self) -> str:
        return self.verb.button if self.verb.button != "Go on" else self.heading

    @property
    def consequences(self) -> Sequence[str]:
        return (*self.verb.follows, *self.follows)

    @property
    def things(self) -> list[Thing]:
        return [Thing(each.title, changes_of(each.before, each.after)) for each in self.wanted[:SHOWN]]

    @property
    def hidden(self) -> int:
        return max(0, len(self.wanted) - SHOWN)

    @property
    def count(self) -> int:
        """The number that has to be typed; 0 when none has."""
        return len(self.wanted) if self.verb.danger and len(self.wanted) > TYPED_ABOVE else 0


def changes_of(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str | None, str | None]]:
    """Field, before, after, as ui/diff.html takes them."""
    names = dict.fromkeys([*before, *after])
    return [(name, _said(before.get(name)), _said(after.get(name))) for name in names]


def _said(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def review(vault: Vault, purpose: Purpose, wanted: Sequence[Wanted], **more: Any) -> Review:
    """What the page shows of a change in the vault."""
    plan = plan_of_change(vault, wanted)
    asked = standing("change", subject_key(plan), plan.digest)
    return Review(verb=VERBS[purpose], wanted=wanted, digest=plan.digest, asked=asked, **more)


def left_behind(rows: Sequence[ProtectedItem], items: Sequence[inv.Item]) -> list[tuple[str, str]]:
    """What stays in Azure when replication is disabled (portal-behaviour.md §4, and azure-docs issue 96799): what, and which."""
    groups = {ids.name(item.recovery_group_id) for item in items if item.recovery_group_id}
    networks = {ids.name(str(item.details.get("selectedRecoveryAzureNetworkId") or "")) for item in items}
    caches = {
        ids.name(str(disk.get("primaryStagingAzureStorageAccountId") or ""))
        for item in items
        for disk in item.details.get("protectedManagedDisks") or ()
    }
    sets = {ids.name(str(item.details.get("recoveryAvailabilitySet") or "")) for item in items}
    told = (
        ("Target resource groups", groups),
        ("Target virtual networks", networks),
        ("Availability sets", sets),
        ("Cache storage accounts", caches),
    )
    shown = [(what, _some(sorted(names - {""}))) for what, names in told if names - {""}]
    always = [
        ("Network mappings and replication policy", "as they are"),
        ("Mobility service extension", f"on {'the machine' if len(rows) == 1 else 'the machines'}"),
    ]
    return shown + always


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A change as the item's page offers it. why: '' or the reason why not."""

    label: str
    icon: str
    url: str
    why: str
    danger: bool = False
