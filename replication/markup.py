"""Markup that is built in Python, and addresses of pages: what every page does dozens of times, and one with fifty rows hundreds."""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django.urls import NoReverseMatch, get_resolver, get_script_prefix, reverse
from django.urls.resolvers import URLResolver
from django.utils.safestring import SafeString

_SPECIAL = re.compile("[&<>\"']").search  # most texts have none of them: one look instead of five replacements
_ANY = 987654321  # stands in an address where a row's number will


def escaped(value: Any) -> SafeString:
    """The value as markup: as it is where it is markup already."""
    return value if type(value) is SafeString else SafeString(_plain(value))


def _plain(value: Any) -> str:
    """The same, without saying that it is markup."""
    if type(value) is not str:
        if hasattr(value, "__html__"):
            return str(value.__html__())
        value = str(value)
    return escape(value) if _SPECIAL(value) else value


def markup(pattern: str, *values: Any) -> SafeString:
    """Django's `format_html` without its search among the values for texts to be translated later: the console has none.

    pattern: written in the program, never given; values: escaped unless they are markup already.
    """
    return SafeString(pattern.format(*map(_plain, values)))


def joined(pattern: str, rows: Iterable[Iterable[Any]]) -> SafeString:
    """The pattern once a row."""
    return SafeString("".join(markup(pattern, *row) for row in rows))


def row_address(name: str, pk: int, *before: Any) -> str:
    """The address of a row's page: `reverse`, asked once a page's name. before: what stands in the address before the row's number."""
    head, tail = _around(name, get_script_prefix(), *before)
    return f"{head}{pk}{tail}"


@lru_cache(maxsize=200)
def _around(name: str, prefix: str, *before: Any) -> tuple[str, str]:
    head, _, tail = reverse(f"replication:{name}", args=[*before, _ANY]).partition(str(_ANY))
    return head, tail


def address_if_any(name: str, *args: Any) -> str:
    """The address of a page; nothing where this installation has no such page. `reverse`, asked once."""
    return _address(name, get_resolver(), get_script_prefix(), *args)


@lru_cache(maxsize=1000)
def _address(name: str, resolver: URLResolver, prefix: str, *args: Any) -> str:
    """resolver and prefix: what `reverse` answers from, so that another installation's answers are not given."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
