"""Reading settings: what an administrator chose, else what the environment says, else the registry's default.

Inside a web request or a task, all of them are read with one query, once; elsewhere each reading asks the database.
"""

import os
from typing import Any

from asgiref.local import Local
from django.core.signals import request_finished, request_started

from replication.domain.settings import SETTINGS, Unfit
from replication.models import Setting, Vault

_Rows = dict[tuple[str, int | None], Any]  # (name, vault's row id; None for the whole console) -> value
_local = Local()


def value(name: str, vault: Vault | int | None = None) -> Any:
    """The setting's present value; the vault's own where it has one. A stored value that no longer fits counts as not set.

    vault: the row, or its id.
    """
    rows = _rows()
    for place in (vault.pk if isinstance(vault, Vault) else vault, None):
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
    _local.remember, _local.rows = True, None


def end(**_: Any) -> None:
    """It is over."""
    _local.remember, _local.rows = False, None


def forget() -> None:
    """A setting was changed: the next reading asks again."""
    _local.rows = None


def _rows() -> _Rows:
    known: _Rows | None = getattr(_local, "rows", None)
    if known is None:
        found = Setting.objects.filter(name__in=SETTINGS).values_list("name", "vault_id", "value")
        known = {(name, vault): each for name, vault, each in found}
        if getattr(_local, "remember", False):
            _local.rows = known
    return known


request_started.connect(begin)
request_finished.connect(end)
