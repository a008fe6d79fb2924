"""What a text is found by: each of its words, and each part of a word from there to the word's end.

erp-sql-01 is found by erp-sql, sql-01, 01 and 1, owner:ada by ada: by the beginning of any part, so that an index can find it at any size.
What stands in the middle of a part (ql) finds nothing.
"""

import re
from collections.abc import Iterator
from itertools import islice

WIDTH = 100  # bytes of a term: longer words are told apart by so many
MOST = 500  # terms of one text; its whole words come before their parts
_PART = re.compile(r"[a-z]+|[0-9]+|[^\x00-\x7f]")  # of other scripts each character: they set no blanks between words
_PUNCTUATION = re.compile(r"^[\x00-\x2f\x3a-\x60\x7b-\x7f]+(?=[^\x00-\x2f\x3a-\x60\x7b-\x7f])")


def terms(text: str) -> dict[bytes, bool]:
    """The terms, as UTF-8 so that every database sorts them alike; True for a whole word."""
    whole = _plain(text)
    found = {_cut(word): True for word in whole}
    for word in whole:
        for start in _starts(word):
            found.setdefault(_cut(word[start:]), False)
    return dict(islice(found.items(), MOST))


def asked(text: str) -> list[bytes]:
    """What the terms must begin with, a word of the text each; tag=value means tag:value."""
    return [_cut(_PUNCTUATION.sub("", word)) for word in _plain(text)]


def whole(text: str) -> bytes | None:
    """The text as the one whole word that it is; None when it is several, or nothing."""
    found = _plain(text)
    return _cut(found[0]) if len(found) == 1 else None


def _plain(text: str) -> list[str]:
    return text.lower().replace("=", ":").split()


def _cut(word: str) -> bytes:
    return word.encode(errors="replace")[:WIDTH]


def _starts(word: str) -> Iterator[int]:
    """Where parts begin; a number also behind its leading zeros."""
    for part in _PART.finditer(word):
        yield part.start()
        if part[0][0] == "0" and part[0].strip("0"):
            yield part.end() - len(part[0].lstrip("0"))
