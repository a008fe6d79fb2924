"""What a check finds: Azure's five parts, who can mend it, and a text to send them."""

from dataclasses import asdict, dataclass
from typing import Any

from replication.domain import ids
from replication.domain.eligibility import Effect

# Who can mend something, as pages say it.
ADMINISTRATOR = "administrator of this console"
OWNER = "owner of the subscription"
NETWORKS = "network administrator"
MACHINES = "machine owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check has to say.

    about: what it speaks of, a name or an ARM id. lines: particulars, one a line. request: a text to paste for the person who can mend it.
    """

    code: str
    effect: Effect
    message: str
    about: str = ""
    causes: str = ""
    action: str = ""
    fixed_by: str = ""
    lines: tuple[str, ...] = ()
    request: str = ""

    @property
    def name(self) -> str:
        """By what it is acknowledged: the same thing found again has the same name."""
        return f"{self.code} {self.about}".strip().lower()

    def to_json(self) -> dict[str, Any]:
        """A plain dict for a JSON column; `name` travels along."""
        return asdict(self) | {"name": self.name, "lines": list(self.lines)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Finding":
        """The finding that `to_json` wrote."""
        known = {name: data[name] for name in cls.__dataclass_fields__ if name in data}
        return cls(**known | {"effect": Effect(known["effect"]), "lines": tuple(known.get("lines", ()))})


def place(scope: str) -> str:
    """A scope as people call it: the subscription 4b37…, the resource group rg-hr, the vault rsv-dr."""
    parts = ids.parse(scope)
    if parts is None:
        return scope
    if not parts.types:
        return f"the resource group {parts.group}" if parts.group else f"the subscription {parts.subscription}"
    kind = _KINDS.get(parts.types[-1].lower(), "resource")
    return f"the {kind} {parts.names[-1]}"


_KINDS = {
    "vaults": "vault",
    "virtualmachines": "machine",
    "virtualnetworks": "virtual network",
    "storageaccounts": "storage account",
    "availabilitysets": "availability set",
    "networkinterfaces": "interface",
}


def some(names: list[str], shown: int = 5) -> str:
    """erp-01, erp-02 and 12 more."""
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest:,} more" if rest > 0 else "")


def machines(names: list[str]) -> str:
    """1 machine (erp-01); 14 machines (erp-01, erp-02 and 12 more)."""
    number = f"{len(names):,} machine{'' if len(names) == 1 else 's'}"
    return f"{number} ({some(names)})"
