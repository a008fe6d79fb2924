"""Bundles: audit entries as JSON lines, with a signed manifest as the last line.

A bundle of the whole chain can be verified entry by entry without the console (scripts/verify_audit_bundle.py). One that was narrowed by
filters is no chain and says so; its manifest covers its bytes, and each entry its own hash.

Lines: {"bundle": header}, then {"entry": {…, "subjects": [[key, name]], "hash"}} and, after one that was sealed, {"checkpoint": sealed};
last {"manifest": sealed}. docs/audit.md has the whole format.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from replication import clock, seals
from replication.actions import audit
from replication.models import AuditCheckpoint, AuditEntry

FORMAT = 1
CHUNK = 500


def chain(last: int, *, by: str) -> Iterator[str]:
    """Lines of all entries up to number `last`, each checkpoint after the entry that it seals."""
    start, previous = audit.pruned_to()
    rows = AuditEntry.objects.filter(sequence__lte=last, sequence__gt=start).order_by("sequence")
    header = {"chain": True, "first": start + 1, "previous": previous}
    sealed = AuditCheckpoint.objects.filter(sequence__lte=last, sequence__gt=start).values_list("sequence", "sealed")
    return _Writer("audit-bundle", header, by).lines(rows, dict(sealed))


def filtered(rows: QuerySet[AuditEntry], filters: dict[str, Any], *, by: str) -> Iterator[str]:
    """Lines of the rows, in their order."""
    return _Writer("audit-bundle", {"chain": False, "filters": filters}, by).lines(rows, {})


def of_run(rows: QuerySet[AuditEntry], run: dict[str, Any], *, by: str) -> Iterator[str]:
    """Lines of what is known of a run: {"run": …}, then its entries."""
    return _Writer("run-evidence", {"chain": False}, by).lines(rows.order_by("sequence"), {}, {"run": run})


class _Writer:
    """Writes lines and keeps what the manifest says of them."""

    def __init__(self, kind: str, facts: dict[str, Any], by: str) -> None:
        self.header = {"kind": kind, "format": FORMAT, "made_by": by, **facts}
        self.count = self.checkpoints = 0
        self.last, self.head = facts.get("first", 1) - 1, facts.get("previous", "")
        self.content = hashlib.sha256()

    def lines(
        self, rows: QuerySet[AuditEntry], sealed: dict[int, dict[str, Any]], *before: dict[str, Any]
    ) -> Iterator[str]:
        """The header, what comes before the entries, the entries; the manifest last, so that a file without one was cut off."""
        for each in ({"bundle": self.header}, *before):
            yield self._line(each)
        for row in rows.prefetch_related("subjects").iterator(chunk_size=CHUNK):
            self.count, self.last, self.head = self.count + 1, row.sequence, row.hash
            yield self._line({"entry": entry(row)})
            if row.sequence in sealed:
                self.checkpoints += 1
                yield self._line({"checkpoint": sealed[row.sequence]})
        yield seals.canonical({"manifest": seals.seal(self._manifest())}) + "\n"

    def _line(self, content: dict[str, Any]) -> str:
        line = seals.canonical(content) + "\n"
        self.content.update(line.encode())
        return line

    def _manifest(self) -> dict[str, Any]:
        return {
            **self.header,
            "made_at": clock.now().isoformat(timespec="seconds"),
            "count": self.count,
            "last": self.last,
            "head": self.head,
            "checkpoints": self.checkpoints,
            "content": self.content.hexdigest(),
        }


def entry(row: AuditEntry) -> dict[str, Any]:
    """An entry with its machines and its hash."""
    return audit.content(row, [(each.key, each.name) for each in row.subjects.all()]) | {"hash": row.hash}
