"""Names of what the console creates, and the rules that names must obey. Facts: portal-behaviour.md §1.5."""

import hashlib
import re
from dataclasses import dataclass

from replication.domain import ids

SUFFIX = "-asr"


@dataclass(frozen=True, slots=True)
class NameRule:
    """What Azure accepts as a name of one kind of resource; `words` completes "A name has …"."""

    pattern: re.Pattern[str]
    longest: int
    words: str

    def refusal(self, name: str) -> str:
        """Why the name is refused, in a sentence, or ''."""
        return "" if self.pattern.fullmatch(name) and len(name) <= self.longest else f"The name needs {self.words}."


RULES: dict[str, NameRule] = {
    "resource_group": NameRule(
        re.compile(r"[\w\-.()]*[\w\-()]"), 90, "1 to 90 letters, digits or -_().  and must not end with a full stop"
    ),
    "virtual_network": NameRule(
        re.compile(r"[A-Za-z0-9]([\w.\-]*\w)?", re.ASCII),
        64,
        "1 to 64 letters, digits or -_. and must begin with a letter or digit",
    ),
    "storage_account": NameRule(re.compile(r"[a-z0-9]{3,}"), 24, "3 to 24 lower-case letters and digits"),
    "availability_set": NameRule(
        re.compile(r"[A-Za-z0-9]([\w.\-]*\w)?", re.ASCII),
        80,
        "1 to 80 letters, digits or -_. and must begin with a letter or digit",
    ),
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


def suffixed(name: str, kind: str, suffix: str = SUFFIX) -> str:
    """The name of the target made after a source: `erp-vnet` -> `erp-vnet-asr`, shortened where the kind allows less.

    A shortened name ends in letters that stand for the whole, so that two long names stay two.
    """
    wanted = name + suffix
    longest = RULES[kind].longest
    if len(wanted) <= longest:
        return wanted
    return f"{name[: longest - len(suffix) - 6]}-{_digest(name.lower(), 5)}{suffix}"


def target_account(source_account: str, scope: str = "") -> str:
    """The target storage account made after a source account: `<source>asr`, within 24 characters."""
    wanted = f"{source_account}asr"
    return wanted if len(wanted) <= 24 else f"{source_account[:16]}{_digest(source_account + scope, 5)}asr"


def cache_account(vault_id: str, location: str, *, subscription_id: str = "") -> str:
    """`<6 letters><vault name>asrcache`, at most 24 characters; the letters stand for vault and region.

    subscription_id: where the account lies, when that is not the vault's own: a name is taken for the whole world.
    """
    vault = re.sub(r"[^a-z0-9]", "", ids.name(vault_id).lower())
    return f"{_digest(ids.key(vault_id) + location + subscription_id.lower(), 6)}{vault[:10]}asrcache"


def fabric(location: str) -> str:
    """One fabric a region a vault."""
    return f"asr-a2a-default-{location}"


def container(location: str) -> str:
    """The fabric's protection container."""
    return f"asr-a2a-default-{location}-container"


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
