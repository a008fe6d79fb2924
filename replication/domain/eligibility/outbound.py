"""Whether network security groups leave the way out that replication needs (portal-behaviour.md §4 row 52, §6 "Outbound").

Rules are tried by priority; the first that matches decides (Azure's documentation of network security groups). Destinations are
judged as service tags and as "everywhere": a rule for single addresses can neither open nor close a service.
"""

from collections.abc import Iterable, Mapping
from typing import Any

NEEDED = ("Storage", "AzureActiveDirectory", "AzureSiteRecovery", "EventHub")
_EVERYWHERE = frozenset({"*", "internet", "0.0.0.0/0", "azurecloud"})
Rule = Mapping[str, Any]  # priority, access, protocol, destinations, ports: of one outbound rule


def closed(rules: Iterable[Rule], location: str) -> tuple[str, ...]:
    """The service tags that cannot be reached on port 443 under these outbound rules, in the order of NEEDED."""
    ordered = sorted(rules, key=lambda rule: rule["priority"])
    return tuple(tag for tag in NEEDED if not _open(tag, ordered, location))


def _open(tag: str, ordered: Iterable[Rule], location: str) -> bool:
    for rule in ordered:
        if _speaks_of(rule, tag, location):
            return bool(rule["access"].lower() == "allow")
    return True  # the default rules let everything out


def _speaks_of(rule: Rule, tag: str, location: str) -> bool:
    names = {tag.lower(), f"{tag}.{location}".lower(), *_EVERYWHERE}
    everywhere = rule["protocol"].lower() in {"*", "tcp"} and any(map(holds_443, rule["ports"]))
    return everywhere and any(each.lower() in names for each in rule["destinations"])


def holds_443(port: str) -> bool:
    """Whether a rule's port, range or `*` speaks of 443."""
    first, _, last = port.partition("-")
    return port == "*" or (first.isdigit() and (last or first).isdigit() and int(first) <= 443 <= int(last or first))
