"""The operations log: one entry per request to ARM. The last ones are in memory, older ones in a file, none is lost."""

from __future__ import annotations

import json
import tempfile
from collections import deque
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
#: Entries kept in memory; half of them go to the file when there are more.
IN_MEMORY = 20_000


class OpLog:
    """Append-only. Entries are JSON objects with the keys of `dispatch.entry`."""

    def __init__(self, folder: Path | None = None) -> None:
        """Spill into a folder (the home directory), or a temporary one."""
        self._folder = folder
        self._recent: deque[Entry] = deque()
        self._file: Path | None = None
        self.count = 0

    def append(self, entry: Entry) -> None:
        """Number an entry and keep it."""
        self.count += 1
        entry["seq"] = self.count
        self._recent.append(entry)
        if len(self._recent) > IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            folder = self._folder or Path(tempfile.mkdtemp(prefix="simulator-"))
            folder.mkdir(parents=True, exist_ok=True)
            self._file = folder / "operations.ndjson"
            self._file.unlink(missing_ok=True)
        with self._file.open("a", encoding="utf-8") as out:
            for _ in range(IN_MEMORY // 2):
                out.write(json.dumps(self._recent.popleft(), ensure_ascii=False) + "\n")

    def clear(self) -> None:
        """Forget all entries; numbers start again."""
        self._recent.clear()
        self.count = 0
        if self._file is not None:
            self._file.unlink(missing_ok=True)

    def entries(self, filters: dict[str, str] | None = None) -> Iterator[Entry]:
        """Entries in order that match all filters (see `matches`)."""
        wanted = filters or {}
        for entry in self._all():
            if matches(entry, wanted):
                yield entry

    def _all(self) -> Iterator[Entry]:
        if self._file is not None and self._file.exists():
            with self._file.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)
        yield from list(self._recent)


def matches(entry: Entry, filters: dict[str, str]) -> bool:
    """`since` is a sequence number; every other filter is a glob over the field of that name, without case."""
    for name, wanted in filters.items():
        if name == "since":
            if entry["seq"] <= int(wanted):
                return False
        elif name == "mutating":
            if bool(entry.get("mutating")) != (wanted.lower() in ("1", "true", "yes")):
                return False
        elif not fnmatchcase(str(entry.get(name, "")).lower(), wanted.lower()):
            return False
    return True
