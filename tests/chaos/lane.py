"""`python -m tests.chaos.lane HOME EVIDENCE`: one house; a point a line on standard input (JSON), its result a line on standard output."""

import json
import os
import signal
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.chaos.house import house


def main(home: Path, evidence: Path) -> None:
    """Play points until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever prints, prints to the log
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with house(home, evidence) as made:
        out.write("READY\n")
        out.flush()
        for line in sys.stdin:
            out.write(json.dumps(_play(made, json.loads(line))) + "\n")
            out.flush()


def _play(made: Any, asked: dict[str, Any]) -> dict[str, Any]:
    from tests.chaos.points import Point
    from tests.chaos.torture import Play, Result

    options = asked.pop("options", {})
    point = Point.from_json(asked)
    try:
        return asdict(Play(made, point, **options).run())
    except Exception:  # a point whose course cannot be judged counts as harm
        harm = {"wrong end states": [f"the torture itself failed: {traceback.format_exc()[-1500:]}"]}
        return asdict(Result(point.name, point.kind, harm=harm))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
