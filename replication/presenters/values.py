"""JSON values as people read them."""

from collections.abc import Iterator
from typing import Any


def compact(value: Any) -> str:
    """A JSON value in one line: role: operator; source: [a, b]."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {compact(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(compact(each) for each in value)
    return str(value)


def fields(value: Any) -> dict[str, str]:
    """A JSON value as fields with readable text; nested ones get names like target: location."""
    if value is None:
        return {}
    return dict(_flat(value, "")) if isinstance(value, dict) else {"value": compact(value)}


def _flat(value: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, each in value.items():
        shown = prefix + name.replace("_", " ")
        if isinstance(each, dict):
            yield from _flat(each, f"{shown}: ")
        else:
            yield shown, compact(each)
