"""What a torture has found so far, line by line in a file, so that one that was stopped goes on where it was."""

import hashlib
import json
from pathlib import Path
from typing import Any

from tests.chaos.points import ROOT

Played = dict[str, Any]


class State:
    """Valid for the sources that it was begun with: when they change, it begins anew."""

    def __init__(self, path: Path, *, fresh: bool = False) -> None:
        self._path = path
        self.results: dict[str, Played] = {}
        self.counted: set[str] = set()
        self.reached: dict[str, dict[str, int]] = {}
        lines = path.read_text().splitlines() if path.exists() and not fresh else []
        if lines and json.loads(lines[0]) == {"sources": _sources()}:
            for line in lines[1:]:
                self._take(json.loads(line))
        else:
            path.write_text(json.dumps({"sources": _sources()}) + "\n")

    def add(self, result: Played) -> None:
        """Keep a result, on disk at once."""
        self._take(result)
        with self._path.open("a") as out:
            out.write(json.dumps(result) + "\n")

    def _take(self, result: Played) -> None:
        if result["kind"] == "count":
            self.counted.add(result["point"].removeprefix("undisturbed "))
            self.reached |= result["reached"]
            if result["harm"]:
                self.results[result["point"]] = result
        else:
            self.results[result["point"]] = result

    def finish(self) -> None:
        """The torture is over: the next one begins anew. The file stays beside it for whoever wants to read on."""
        self._path.replace(self._path.with_name("last.jsonl"))


def _sources() -> str:
    digest = hashlib.sha256()
    for folder in ("portal", "replication", "simulator", "tests/chaos"):
        for path in sorted(Path(ROOT, folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
