"""Reading settings: what an administrator chose, else what the environment says, else the registry's default.

Inside a web request or a task, all of them are read with one query, once; elsewhere each reading asks the database.
"""

import os
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.core.signals import request_finished, request_started

from replication.domain.settings import SETTINGS, Unfit
from replication.models import Setting, Vault

_Rows = dict[tuple[str, int | None], Any]  # (name, vault's row id; None for the whole console) -> value


@dataclass(slots=True)
class _Memory:
    """What one request or task has read, and what it made of it: a list asks for the same target fifty times."""

    rows: _Rows | None = None
    values: dict[tuple[str, int | None], Any] = field(default_factory=dict)


_memory: ContextVar[_Memory | None] = ContextVar("settings", default=None)


def value(name: str, vault: Vault | int | None = None) -> Any:
    """The setting's present value; the vault's own where it has one. A stored value that no longer fits counts as not set.

    vault: the row, or its id.
    """
    known, place = _memory.get(), vault.pk if isinstance(vault, Vault) else vault
    if known is None:
        return _chosen(name, place)
    if (name, place) not in known.values:
        known.values[name, place] = _chosen(name, place)
    return known.values[name, place]


def _chosen(name: str, vault: int | None) -> Any:
    rows = _rows()
    for place in (vault, None):
        if (name, place) in rows:
            try:
                return SETTINGS[name].check(rows[name, place])
            except Unfit:
                continue
    return default(name)


def of_vaults(name: str) -> dict[int, Any]:
    """The values of vaults that have their own, by the vaults' row ids."""
    return {place: value(name, place) for each, place in _rows() if each == name and place is not None}


def default(name: str) -> Any:
    """What holds while nobody has chosen."""
    setting = SETTINGS[name]
    given = os.environ.get(setting.environment, "") if setting.environment else ""
    return setting.read(given) if given else setting.default


def begin(**_: Any) -> None:
    """A request or a task begins: forget what was read before, and remember from here on."""
    _memory.set(_Memory())


def end(**_: Any) -> None:
    """It is over."""
    _memory.set(None)


def forget() -> None:
    """A setting was changed: the next reading asks again."""
    if _memory.get() is not None:
        begin()


def _rows() -> _Rows:
    known = _memory.get()
    if known is not None and known.rows is not None:
        return known.rows
    found = Setting.objects.order_by().values_list("name", "vault_id", "value")
    rows: _Rows = {(name, vault): each for name, vault, each in found}
    if known is not None:
        known.rows = rows
    return rows


request_started.connect(begin)
request_finished.connect(end)
