"""From the states of the domain to what templates/ui draws."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from replication.domain.states import HEALTH, ITEM, JOB, RUN, SEVERITY, STEP, ItemStatus, Look
from replication.models import Vault

_TONES = {"ok": "ok", "warning": "warn", "error": "error", "info": "info", "muted": "none"}
_ITEM = {status.value: look for status, look in ITEM.items() if status != ItemStatus.OTHER}


@dataclass(frozen=True, slots=True)
class State:
    """A state as `{% badge %}` takes it."""

    tone: str
    label: str
    moving: bool = False


def state(look: Look) -> State:
    """The look of a state; what moves by itself turns."""
    tone = "run" if look.moving and look.tone == "info" else "wait" if look.moving else _TONES[look.tone]
    return State(tone, look.label, look.moving)


def run_state(value: str) -> State:
    return state(RUN.get(value, Look(value, "muted")))


def step_state(value: str) -> State:
    shown = state(STEP.get(value, Look(value, "muted")))
    return State(value, shown.label) if value in {"skipped", "cancelled"} else shown


def job_state(value: str, text: str = "") -> State:
    """A Site Recovery job's state; one never seen is shown as Azure words it."""
    look = JOB.get(value) or Look(text or value, "muted")
    return state(look)


def item_state(value: str, protection_state: str) -> State:
    """Our word for an item's state, or Azure's own where we have none."""
    look = _ITEM.get(value)
    return state(look) if look else State("none", protection_state or "Unknown")


def severity_state(value: str) -> State:
    """How grave a symptom or an event is; a word never seen is shown as it is."""
    return state(SEVERITY.get(value, Look(value or "Not given", "muted")))


def health_word(value: str) -> str:
    """Healthy, Warning, Critical, Not applicable."""
    return HEALTH[value].label if value in HEALTH else value


def moment(text: object) -> datetime | None:
    """A time out of a stored document; None for what is none."""
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def regions(vaults: Iterable[Vault]) -> Mapping[str, str]:
    """Display names of regions by their ARM names, from what the vaults' connections list."""
    connections = {vault.connection_id: vault.connection for vault in vaults}
    return {
        each["name"]: each.get("display_name") or each["name"] for c in connections.values() for each in c.locations
    }


def region(names: Mapping[str, str], location: str) -> str:
    """Southeast Asia for southeastasia; a region that no list has, as it is."""
    return names.get(location.lower().replace(" ", ""), location)
