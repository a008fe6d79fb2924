"""Names of what the console creates, and the rules that names must obey.

Facts: portal-behaviour.md §1.5; lengths and letters: learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from replication.domain import ids


@dataclass(frozen=True, slots=True)
class NameRule:
    """What Azure accepts as a name of one kind of resource; `words` completes "A name has …"."""

    pattern: re.Pattern[str]
    longest: int
    words: str

    def refusal(self, name: str) -> str:
        """Why the name is refused, in a sentence, or ''."""
        return "" if self.pattern.fullmatch(name) and len(name) <= self.longest else f"The name needs {self.words}."


_PLAIN = re.compile(r"[A-Za-z0-9]([\w.\-]*\w)?", re.ASCII)
_PLAIN_WORDS = "letters, digits or -_. and must begin with a letter or digit and end with one or with _"

RULES: dict[str, NameRule] = {
    "resource_group": NameRule(
        re.compile(r"[\w\-.()]*[\w\-()]"), 90, "1 to 90 letters, digits or -_().  and must not end with a full stop"
    ),
    "virtual_network": NameRule(re.compile(rf"(?=..){_PLAIN.pattern}", re.ASCII), 64, f"2 to 64 {_PLAIN_WORDS}"),
    "storage_account": NameRule(re.compile(r"[a-z0-9]{3,}"), 24, "3 to 24 lower-case letters and digits"),
    "availability_set": NameRule(_PLAIN, 80, f"1 to 80 {_PLAIN_WORDS}"),
    "placement_group": NameRule(_PLAIN, 80, f"1 to 80 {_PLAIN_WORDS}"),
    "replication_group": NameRule(_PLAIN, 64, f"1 to 64 {_PLAIN_WORDS}"),  # assumed: Azure does not document it
    "machine": NameRule(
        re.compile(r"[A-Za-z0-9]([\w.\-]*[A-Za-z0-9_])?", re.ASCII),
        64,
        "1 to 64 letters, digits or -_. and must begin with a letter or digit",
    ),
    "windows_machine": NameRule(
        re.compile(r"[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?"),
        15,
        "1 to 15 letters, digits or hyphens, as Windows takes no more",
    ),
    "size": NameRule(re.compile(r"[A-Za-z][A-Za-z0-9_\-]*"), 64, "a size as Azure spells it, such as Standard_D4s_v5"),
    "policy": NameRule(re.compile(r"[A-Za-z0-9][A-Za-z0-9\-_]*"), 80, "1 to 80 letters, digits, - or _"),
}


def _digest(text: str, length: int) -> str:
    """Lower-case letters and digits that stand for the text, the same every time."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    letters = ""
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        letters += alphabet[rest]
    return letters


# --- patterns -------------------------------------------------------------------------------------------------------------

# How the names of targets are made where nobody chose one: the service's own way (portal-behaviour.md §1.5).
PATTERNS: dict[str, str] = {
    "resource_group": "{name}-asr",
    "virtual_network": "{name}-asr",
    "availability_set": "{name}-asr",
    "placement_group": "{name}-asr",
    "cloud_service": "{name}-asr",
    "storage_account": "{name}asr",
    "cache_account": "{hash}{vault}asrcache",
}
# What a pattern may hold: {name} the source's own name, {vault} the vault's, {source} and {target} the regions, {hash} letters that stand
# for vault, region and subscription. The first is the one that is shortened where a name would be too long.
WORDS: dict[str, tuple[str, ...]] = dict.fromkeys(PATTERNS, ("name", "vault", "source", "target")) | {
    "cache_account": ("vault", "hash", "source")
}
_RULE = {"cache_account": "storage_account", "cloud_service": "virtual_network"}
_WORD = re.compile(r"\{([^{}]*)\}")
_MARK = 5  # letters that stand for what was cut off
_LEAST = 12  # characters that a pattern must leave to the source's name, so that names stay readable and apart


def rule_of(kind: str) -> NameRule:
    """What Azure accepts as a name of the kind."""
    return RULES[_RULE.get(kind, kind)]


def pattern_refusal(kind: str, pattern: str) -> str:
    """Why the pattern cannot be a naming rule, in a sentence; '' when it can."""
    known, used = WORDS[kind], _WORD.findall(pattern)
    if strange := [word for word in used if word not in known]:
        return f"{{{strange[0]}}} is not known here. Use {', '.join(f'{{{word}}}' for word in known)}."
    if kind == "cache_account":
        if used.count("hash") != 1 or used.count("vault") > 1:
            return "Use {hash} once and {vault} at most once: storage account names are unique in the whole world."
    elif used.count("name") != 1:
        return "Use {name} exactly once, so that the targets of different sources have different names."
    return _sample_refusal(kind, pattern)


def _sample_refusal(kind: str, pattern: str) -> str:
    """Whether names made with the pattern obey Azure, looked at with the longest region name and short words otherwise."""
    sample = {"name": "a1", "vault": "v1", "hash": "a" * 6, "source": "southcentralus", "target": "southcentralus"}
    made = _WORD.sub(lambda found: sample[found[1]], pattern)
    if said := rule_of(kind).refusal(made if len(made) <= rule_of(kind).longest else "a1"):
        return f"{made}: {said}"
    room = rule_of(kind).longest - len(made) + 2
    if kind != "cache_account" and room < _LEAST:
        return f"Too long: the pattern leaves {max(room, 0)} characters to the source's name, at least {_LEAST} are needed."
    return "" if len(made) <= rule_of(kind).longest else f"Too long: {rule_of(kind).longest} characters are the limit."


def preview(kind: str, pattern: str) -> str:
    """What the pattern makes of a short name and of a long one; or why it cannot be a naming rule."""
    if refusal := pattern_refusal(kind, pattern):
        return refusal
    rules, words = Naming({kind: pattern}), {"vault": "rsv-dr-sea", "source": "eastasia", "target": "southeastasia"}
    if kind == "cache_account":
        vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/rsv-dr-sea"
        return f"For the vault rsv-dr-sea: {rules.cache_account(vault, 'eastasia')}"
    short, long = ("sterpprod", "stcontosoerpproduction01") if kind == "storage_account" else ("erp-prod", "erp-production-" * 6)
    made = [rules.made(kind, each.strip("-")[: rule_of(kind).longest], **words) for each in (short, long)]
    return f"{short} becomes {made[0]}; a long name becomes {made[1]}"


@dataclass(frozen=True, slots=True)
class Naming:
    """The naming rules in force: a pattern per kind; what is not said is Azure's own way."""

    patterns: Mapping[str, str] = field(default_factory=dict)

    def made(self, kind: str, origin: str, *, scope: str = "", **words: str) -> str:
        """The name of the target made after a source: `erp-vnet` -> `erp-vnet-asr`, shortened where Azure allows less.

        A shortened name holds letters that stand for the whole name and the scope, so that two long names stay two.
        """
        pattern = self.patterns.get(kind) or PATTERNS[kind]
        fits = _lower if rule_of(kind) is RULES["storage_account"] else str
        parts = {word: fits(text) for word, text in words.items()}
        rest = len(_filled(pattern, parts | {"name": ""}))
        name, room = fits(origin), rule_of(kind).longest - rest
        if len(name) > room:
            hyphen = "" if fits is _lower else "-"
            mark = hyphen + _digest((origin if fits is _lower else origin.lower()) + scope, _MARK)
            name = name[: max(room - len(mark), 0)] + mark
        return _filled(pattern, parts | {"name": name})

    def cache_account(self, vault_id: str, location: str, *, subscription: str = "", high: bool = False) -> str:
        """`<6 letters><vault name>asrcache`, at most 24 characters; the letters stand for vault, region and what else sets it apart.

        An account for high churn is another one than that for normal churn, as they differ in kind; so is one in another subscription.
        """
        pattern = self.patterns.get("cache_account") or PATTERNS["cache_account"]
        apart = ids.key(vault_id) + location + subscription.lower() + ("high" if high else "")
        words = {"hash": _digest(apart, 6), "source": _lower(location)}
        room = RULES["storage_account"].longest - len(_filled(pattern, words | {"vault": ""}))
        return _filled(pattern, words | {"vault": _lower(ids.name(vault_id))[: max(room, 0)]})


def _filled(pattern: str, words: Mapping[str, str]) -> str:
    return _WORD.sub(lambda found: words.get(found[1], ""), pattern)


def _lower(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def alternatives(account: str) -> Iterator[str]:
    """Names of storage accounts near one that is taken: erpcache2, erpcache3, then some that hardly anybody has."""
    for more in ("2", "3", _digest(account, 4), _digest(account, 8)):
        near = account[: RULES["storage_account"].longest - len(more)] + more
        if near != account:
            yield near


# --- Site Recovery's own -----------------------------------------------------------------------------------------------------


def fabric(location: str) -> str:
    """One fabric a region a vault."""
    return f"asr-a2a-default-{location}"


def container(location: str) -> str:
    """The fabric's protection container."""
    return f"asr-a2a-default-{location}-container"


def zonal_container(location: str) -> str:
    """The container that stands for the other zones, in the same fabric: between zones both sides lie in one region (assumed name)."""
    return f"asr-a2a-default-{location}-t-container"


def container_mapping(source: str, target: str, policy: str) -> str:
    """`eastasia-southeastasia-24-hour-retention-policy`."""
    return f"{source}-{target}-{policy}"


def network_mapping(primary_id: str, recovery_location: str) -> str:
    """The mapping of a network to its one target in a region."""
    return f"{ids.name(primary_id)[:40]}-{recovery_location}-{_digest(ids.key(primary_id) + recovery_location, 6)}"


def item(machine_id: str) -> str:
    """The protected item of a machine: readable, and the same every time (so that a repeated enable is the same item)."""
    name = re.sub(r"[^a-z0-9-]", "-", ids.name(machine_id).lower()).strip("-")[:40] or "vm"
    return f"{name}-{_digest(ids.key(machine_id), 10)}"
