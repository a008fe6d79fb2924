"""What pages read off all machines of a question, remembered as long as the inventory is the same: a page of any size costs the same."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, TypeVar

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet
from django.db.models import Count, Q

from replication.actions.drafts import can_column
from replication.grid import Rows
from replication.models import Connection

KEPT_FOR = 30 * 60  # seconds: what nobody asks for again goes
Found = TypeVar("Found")


class Remembered:
    """For the rows of one page."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._asked: tuple[Rows, str] | None = None  # the rows of the last question, and its key: a page has several menus of the same

    def of(self, name: str, find: Callable[[Rows], Found]) -> Callable[[Rows], Found]:
        """The same, looked up first. name: of what is found, which must follow from machines alone."""

        def remembered(rows: Rows) -> Found:
            try:
                key = f"machines:{name}:{self._key(rows)}"
            except EmptyResultSet:  # nothing is chosen, or nothing is open: nobody asks the database
                return find(rows)
            found: Found | None = cache.get(key)
            if found is None:
                found = find(rows)
                cache.set(key, found, KEPT_FOR)
            return found

        return remembered

    def counts(self, rows: Rows, *, zonal: bool) -> tuple[int, int]:
        """How many there are, and how many of them can be replicated."""
        return self.of(f"counts:{zonal}", lambda some: counts(some, zonal=zonal))(rows)

    def _key(self, rows: Rows) -> str:
        if self._asked is None or self._asked[0] is not rows:
            self._asked = rows, self._inventory(rows)
        return self._asked[1]

    def _inventory(self, rows: Rows) -> str:
        """What the rows depend on: the question with the grants in it, and which inventory it is."""
        sql, params = rows.order_by().values("pk").query.sql_with_params()
        connection = self._connection
        about = (sql, params, connection.inventory_as_of, connection.inventory_version, connection.pk)
        return sha256(repr(about).encode()).hexdigest()


def counts(rows: Rows, *, zonal: bool) -> tuple[int, int]:
    """The same, counted now."""
    found: dict[str, Any] = rows.order_by().aggregate(every=Count("pk"), can=Count("pk", filter=Q(**{can_column(zonal): True})))
    return found["every"], found["can"]
