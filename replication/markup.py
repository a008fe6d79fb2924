"""Markup that is built in Python, and addresses of rows: what a page with fifty rows does hundreds of times."""

from functools import lru_cache
from html import escape
from typing import Any

from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString

_ANY = 987654321  # stands in an address where a row's number will


def escaped(value: Any) -> SafeString:
    """The value as markup: as it is where it is markup already."""
    if isinstance(value, SafeString):
        return value
    return SafeString(value.__html__() if hasattr(value, "__html__") else escape(str(value)))


def markup(pattern: str, *values: Any) -> SafeString:
    """Django's `format_html` without its search among the values for texts to be translated later: the console has none.

    pattern: written in the program, never given; values: escaped unless they are markup already.
    """
    return SafeString(pattern.format(*map(escaped, values)))


def row_address(name: str, pk: int, *before: Any) -> str:
    """The address of a row's page: `reverse`, asked once a page's name. before: what stands in the address before the row's number."""
    head, tail = _around(name, get_script_prefix(), *before)
    return f"{head}{pk}{tail}"


@lru_cache(maxsize=200)
def _around(name: str, prefix: str, *before: Any) -> tuple[str, str]:
    head, _, tail = reverse(f"replication:{name}", args=[*before, _ANY]).partition(str(_ANY))
    return head, tail
