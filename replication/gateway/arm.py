"""Azure Resource Manager's language: reading its JSON, its times, its headers."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

Json = dict[str, Any]


def dig(body: Any, *path: str) -> Any:
    """body[a][b][c], or None where the way ends early."""
    for name in path:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def text(body: Any, *path: str) -> str:
    """The text at the end of the path; '' when there is none."""
    value = dig(body, *path)
    return "" if value is None else str(value)


def rows(body: Any, *path: str) -> list[Json]:
    """The list of objects at the end of the path; [] when there is none."""
    value = dig(body, *path) if path else body
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def moment(value: Any) -> datetime | None:
    """A time of Azure's as aware UTC; None for nothing, for what cannot be read and for the years that mean "unset".

    Seven digits after the point and a missing Z both occur; 0001, 1753 and 9999 are sentinels (site-recovery-protocol.md §6 no. 19, 20).
    """
    if not isinstance(value, str) or not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(UTC) if 1900 < at.year < 9000 else None


def plain(model: Any) -> Json:
    """An SDK model as the JSON that came over the wire, without what no database takes."""
    body = model if isinstance(model, dict) else dict(model.as_dict())
    return {sound(name): sound(value) for name, value in body.items()}


def sound(value: Any) -> Any:
    """Plain JSON without null characters and without halves of surrogate pairs: people put both into tags and descriptions."""
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else _clean(value)
    if isinstance(value, dict):
        return {sound(name): sound(each) for name, each in value.items()}
    return [sound(each) for each in value] if isinstance(value, list) else value


def _clean(value: str) -> str:
    return value.replace("\0", "").encode(errors="replace").decode()


LARGEST = 2**31 - 1  # what an integer column holds


def whole(value: Any) -> int | None:
    """A number of Azure's as one that fits a column, never below zero (a machine's clock may run ahead); None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return None
    return int(min(max(value, 0), LARGEST))


def location(name: str) -> str:
    """A region in its short form: 'Southeast Asia' and 'southeastasia' are the same place."""
    return name.replace(" ", "").lower()


def seconds(headers: Any) -> float:
    """How long Azure asks us to wait: `retry-after-ms`, or `Retry-After` in seconds or as a date. 0 when it does not say."""
    for name, unit in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("Retry-After", 1.0)):
        value = headers.get(name)
        if value:
            return _number(value) * unit
    return 0


def _number(value: str) -> float:
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0


def body_of(response: Any) -> Json:
    """The JSON object of an answer; {} for none, and for what is no JSON object."""
    try:
        body = response.json() if response.text() else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
