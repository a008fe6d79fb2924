"""Worlds to start with: each scenario is a function that answers a document (see `simulator.kernel`).

`load("contoso")`, `load("pristine:500")`, `load("fleet:10000:7")` (count and seed) or `load("/path/to/world.json")`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

from .contoso import contoso
from .fleet import Fleet
from .tiny import pristine, protected, tiny

Document = dict[str, Any]


def fleet(n: int = 10_000, seed: int = 1, regions: int = 6, subscriptions: int = 2) -> Document:
    """A fleet's scenario (see `Fleet`, which also has the key); its resources are made while they are read."""
    return Fleet(n, seed, regions, subscriptions).scenario()


SCENARIOS: dict[str, Callable[..., Document]] = {
    "contoso": contoso,
    "fleet": fleet,
    "pristine": pristine,
    "protected": protected,
    "tiny": tiny,
}


class UnknownScenarioError(ValueError):
    """No scenario of that name, and no such file."""


def load(name_or_file: str) -> Document:
    """A scenario by name, with its numbers after colons, or from a JSON file. Raises UnknownScenarioError."""
    name, *numbers = name_or_file.split(":")
    if name not in SCENARIOS:
        return _from_file(Path(name_or_file))
    make = SCENARIOS[name]
    try:
        wanted = signature(make).bind(*(int(number) for number in numbers))
    except (TypeError, ValueError):
        raise UnknownScenarioError(f"{name} takes these whole numbers: {_numbers_of(make)}.") from None
    return make(*wanted.args)


def _numbers_of(make: Callable[..., Document]) -> str:
    """The parameters of a scenario as a person types them."""
    return ", ".join(str(parameter).split(":")[0] for parameter in signature(make).parameters.values())


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


__all__ = ["SCENARIOS", "Fleet", "UnknownScenarioError", "contoso", "fleet", "load", "pristine", "protected", "tiny"]
