"""The menu at the left: one list. An entry appears when its page exists and the person may ever use it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from replication.domain.roles import Permission
from replication.markup import address_if_any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A page of the menu.

    name: its url name; of_vault: its address takes the vault, and it is shown in a vault; outside: shown only outside of one;
    permission: without it the whole page is of no use to a
    person and is left out (single actions are shown disabled instead, ux.md §7.4); also: other pages under this entry.
    """

    name: str
    label: str
    icon: str
    section: str = ""
    of_vault: bool = True
    outside: bool = False
    permission: Permission | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it stands on a page."""

    label: str
    icon: str
    url: str
    current: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class Section:
    """A heading ("" for the first, which has none) with its links."""

    title: str
    links: list[Link]


PROTECTED, OPERATE, INFRASTRUCTURE, MANAGE = "Protected items", "Operate", "Site Recovery infrastructure", "Manage"

ENTRIES: tuple[Entry, ...] = (
    Entry(name="vaults", label="Vaults", icon="vault", of_vault=False),
    Entry(name="all_overview", label="Overview", icon="overview", of_vault=False, outside=True),
    Entry(name="all_items", label="Replicated items", icon="list", of_vault=False, outside=True),
    Entry(name="all_issues", label="Health issues", icon="health", of_vault=False, outside=True, also=("codes",)),
    Entry(name="coverage", label="Coverage", icon="vm", of_vault=False, outside=True, also=("machine",)),
    Entry(name="leftovers", label="Leftovers", icon="trash", of_vault=False, outside=True),
    Entry(name="all_runs", label="Runs", icon="runs", of_vault=False, outside=True),
    Entry(name="all_ledger", label="RPO ledger", icon="clock", of_vault=False, outside=True, also=("all_report",)),
    Entry(name="drafts", label="Drafts", icon="edit", of_vault=False, outside=True, also=("draft_upload",)),
    Entry(name="overview", label="Overview", icon="overview"),
    Entry(name="items", label="Replicated items", icon="list", section=PROTECTED, also=("item", "item_change", "item_act", "items_act")),
    Entry(name="issues", label="Health issues", icon="health", section=PROTECTED, also=("issue",)),
    Entry(name="ledger", label="RPO ledger", icon="clock", section=PROTECTED, also=("ledger_item", "report")),
    Entry(name="windows", label="Maintenance windows", icon="pause", section=PROTECTED, also=("window", "window_create")),
    Entry(name="runs", label="Runs", icon="runs", section=OPERATE, also=("run", "step")),
    Entry(name="jobs", label="Site Recovery jobs", icon="sync", section=OPERATE, also=("job", "job_control")),
    Entry(name="plans", label="Recovery plans", icon="plan", section=OPERATE),
    Entry(
        name="policies",
        label="Replication policies",
        icon="policy",
        section=INFRASTRUCTURE,
        also=("policy_create", "policy_edit", "policy_delete"),
    ),
    Entry(
        name="network_mappings",
        label="Network mappings",
        icon="mapping",
        section=INFRASTRUCTURE,
        also=("mapping_create", "mapping_change", "mapping_delete"),
    ),
    Entry(name="cache_storage", label="Cache storage", icon="storage", section=INFRASTRUCTURE),
    Entry(name="audit", label="Audit history", icon="audit", section=MANAGE, of_vault=False, also=("audit_entry",)),
    Entry(name="approvals", label="Approvals", icon="check", section=MANAGE, of_vault=False, also=("approval",)),
    Entry(
        name="people",
        label="People",
        icon="people",
        section=MANAGE,
        of_vault=False,
        permission=Permission.MANAGE_PEOPLE,
        also=("person", "person_create", "grant", "grant_choose", "groups", "group_create", "person_password"),
    ),
    Entry(name="roles", label="What each role may do", icon="policy", section=MANAGE, of_vault=False, outside=True),
    Entry(
        name="webhooks",
        label="Webhooks",
        icon="bell",
        section=MANAGE,
        permission=Permission.MANAGE_SETTINGS,
        also=("webhook", "webhook_create"),
    ),
    Entry(
        name="settings",
        label="Settings",
        icon="settings",
        section=MANAGE,
        of_vault=False,
        permission=Permission.MANAGE_SETTINGS,
        also=("setting_section",),
    ),
)


def sections(
    *,
    vault: Any = None,
    permissions: Collection[Permission] | None = None,
    current: str = "",
    counts: Mapping[str, int],
) -> list[Section]:
    """The menu for one page.

    vault: the vault of the page or None; permissions: what the person may do anywhere, None when nobody asked yet;
    current: the page's url name; counts: numbers beside entries, by entry name.
    """
    shown = [entry for entry in ENTRIES if permissions is None or entry.permission in {None, *permissions}]
    found = [(entry, url) for entry in shown if (url := _address(entry, vault))]
    return [
        Section(title, [_link(entry, url, current, counts) for entry, url in group])
        for title, group in groupby(found, key=lambda pair: pair[0].section)
    ]


def _link(entry: Entry, url: str, current: str, counts: Mapping[str, int]) -> Link:
    here = current.rpartition(":")[2] in {entry.name, *entry.also}
    return Link(entry.label, entry.icon, url, here, counts.get(entry.name) or None)


def _address(entry: Entry, vault: Any) -> str:
    """Where the entry leads; nothing when it needs a vault and there is none, or when no such page is installed."""
    if entry.outside if vault is not None else entry.of_vault:
        return ""
    return address_if_any(f"replication:{entry.name}", *([vault.pk] if entry.of_vault else []))
