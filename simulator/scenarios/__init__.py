"""Worlds to start with: each scenario is a function that answers a document (see `simulator.kernel`).

`load("contoso")`, `load("pristine:500")`, `load("fleet:10000:7")` (count and seed) or `load("/path/to/world.json")`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .contoso import contoso
from .tiny import pristine, tiny

Document = dict[str, Any]

SCENARIOS: dict[str, Callable[..., Document]] = {"contoso": contoso, "pristine": pristine, "tiny": tiny}


class UnknownScenarioError(ValueError):
    """No scenario of that name, and no such file."""


def load(name_or_file: str) -> Document:
    """A scenario by name, with its numbers after colons, or from a JSON file. Raises UnknownScenarioError."""
    name, *numbers = name_or_file.split(":")
    if name in SCENARIOS and all(number.isdigit() for number in numbers):
        return SCENARIOS[name](*(int(number) for number in numbers))
    return _from_file(Path(name_or_file))


def _from_file(path: Path) -> Document:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        known = ", ".join(sorted(SCENARIOS))
        raise UnknownScenarioError(f"There is no scenario and no file named {path}. Scenarios: {known}.") from None
    except ValueError as error:
        raise UnknownScenarioError(f"{path} is not a JSON document: {error}.") from None
    if not isinstance(document, dict):
        raise UnknownScenarioError(f"{path} holds no scenario: the outermost value must be an object.")
    return document
