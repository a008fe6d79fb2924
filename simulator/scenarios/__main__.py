"""`python -m simulator.scenarios fleet:10000:7 --out world.json --key key.json` writes a scenario, and a fleet's key."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import SCENARIOS, load
from .estate import as_bytes
from .fleet import Fleet


def main() -> None:
    """Writes what was asked for; a fleet is built only once for both files."""
    parser = argparse.ArgumentParser(prog="python -m simulator.scenarios", description=__doc__)
    parser.add_argument("scenario", help=f"one of {', '.join(sorted(SCENARIOS))}, with its numbers after colons")
    parser.add_argument("--out", type=Path, help="where to write the scenario document")
    parser.add_argument("--key", type=Path, help="where to write the key (fleets only)")
    wanted = parser.parse_args()
    name, *numbers = wanted.scenario.split(":")
    if wanted.key and name != "fleet":
        parser.error("only a fleet has a key")
    if wanted.key:
        Fleet(*(int(number) for number in numbers)).write_key(wanted.key)
    if wanted.out:
        document = load(wanted.scenario)
        wanted.out.write_bytes(as_bytes(document | {"resources": list(document["resources"])}))


if __name__ == "__main__":
    main()
