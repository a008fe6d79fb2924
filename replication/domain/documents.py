"""The domain's dataclasses as JSON, and back: how snapshots are stored in the `document` columns.

Times become ISO 8601 text, enums their values, tuples lists. Reading is lenient: a field that an older version did not write takes its
default, one that this version does not know is dropped.
"""

import hashlib
import json
import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]


def to_json(value: Any) -> Any:
    """Anything made of dataclasses, tuples, dicts, enums, datetimes and plain values, as plain JSON data."""
    if is_dataclass(value):
        return {each.name: to_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {str(name): to_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def from_json(cls: Callable[..., T], data: dict[str, Any]) -> T:
    """The dataclass `cls` that `to_json` wrote. TypeError when a field without default is missing."""
    return cls(**{name: read(data[name]) for name, read in _readers(cls).items() if name in data})


def digest(document: Any) -> str:
    """SHA-256, in hex, of plain JSON data; the order of keys does not matter."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@cache
def _readers(cls: Any) -> dict[str, Reader]:
    hints = get_type_hints(cls)
    return {each.name: _reader(hints[each.name]) for each in fields(cls)}


def _reader(hint: Any) -> Reader:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        inner = next(each for each in arguments if each is not type(None))
        return partial(_optional, _reader(inner))
    if origin is tuple:
        return partial(_tuple, _reader(arguments[0]))
    if hint is datetime:
        return datetime.fromisoformat
    if is_dataclass(hint) and isinstance(hint, type):
        return partial(from_json, hint)
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else _as_is


def _as_is(value: Any) -> Any:
    return value


def _optional(read: Reader, value: Any) -> Any:
    return None if value is None else read(value)


def _tuple(read: Reader, values: list[Any]) -> tuple[Any, ...]:
    return tuple(read(each) for each in values)
