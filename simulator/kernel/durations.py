"""How long operations take, in seconds, as recorded; `--durations FACTOR` multiplies them.

Values marked *assumed* were not recorded. A provider adds its own rows with `register`. Each use is jittered by up to
`JITTER` with a generator keyed by (seed, resource, operation), so that the same run takes the same time again.
"""

from __future__ import annotations

JITTER = 0.1

_TABLE: dict[str, float] = {
    "group.delete.each": 15.0,  # recorded: 202s about 15 s apart (simulator.md §2.4)
    "provider.register": 10.0,  # assumed
    "vm.create": 45.0,  # assumed
    "vm.update": 10.0,  # assumed
    "vm.delete": 30.0,  # assumed
    "vm.start": 20.0,  # assumed
    "vm.stop": 30.0,  # assumed
    "vm.deallocate": 40.0,  # assumed
    "vm.restart": 20.0,  # assumed
    "disk.write": 3.0,  # assumed
    "disk.delete": 2.0,  # assumed
    "extension.write": 30.0,  # assumed
    "network.write": 3.0,  # assumed
    "network.delete": 4.0,  # assumed
    "storage.create": 18.0,  # assumed
    "vault.delete": 8.0,  # assumed
    "vault.update": 4.0,  # assumed
}


def register(rows: dict[str, float]) -> None:
    """Add a provider's own rows: name to seconds."""
    _TABLE.update(rows)


def seconds(name: str) -> float:
    """Recorded seconds of a named operation. Raises KeyError for a name that nobody registered."""
    return _TABLE[name]


def table() -> dict[str, float]:
    """A copy of the whole table, for the control API and the documentation."""
    return dict(_TABLE)
