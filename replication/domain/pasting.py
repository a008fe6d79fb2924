"""Reading a pasted list: names or ids of machines, from anywhere, in any case.

A line may be an ARM id, an address of the Azure portal, `group/name`, a full DNS name, a row of a table, or a bullet of a mail. What it
names is looked up among the machines that the person may see; what is not there and what is not theirs read alike.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import unquote

MOST_LINES = 5000
_ID = re.compile(
    r"/subscriptions/([^/\s]+)/resourcegroups/([^/\s]+)/providers/microsoft\.(?:classic)?compute/virtualmachines/([^/\s\"',;|?#]+)"
)
_MARKS = " \t\"'`,;|•*·–—-•[]()<>"
_BETWEEN = re.compile(r"[\t;,|]+| {2,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A machine that a line can mean. key: of its id, in lower case."""

    pk: int
    key: str
    name: str
    group: str
    computer: str = ""


class Fate(StrEnum):
    """What became of a line, in the order in which pages tell it."""

    FOUND = "found"
    AMBIGUOUS = "ambiguous"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not empty: its number (from 1), its text, its fate, and the machines it can mean."""

    number: int
    text: str
    fate: Fate
    machines: tuple[Candidate, ...] = ()


class Index:
    """The machines by everything that a line can call them."""

    def __init__(self, machines: Iterable[Candidate]) -> None:
        self._by_id: dict[str, Candidate] = {}
        self._by_name: dict[str, list[Candidate]] = defaultdict(list)
        self._by_computer: dict[str, list[Candidate]] = defaultdict(list)
        for each in machines:
            self._by_id[each.key] = each
            self._by_name[each.name.lower()].append(each)
            if each.computer and each.computer.lower() != each.name.lower():
                self._by_computer[each.computer.lower()].append(each)

    def of_id(self, key: str) -> Sequence[Candidate]:
        """By its id; an id of either deployment model finds the machine that has it."""
        found = self._by_id.get(key)
        return [found] if found else []

    def of_word(self, word: str) -> Sequence[Candidate]:
        """By name, `group/name`, computer name, or the first label of a DNS name."""
        group, _, name = word.rpartition("/")
        if group:
            wanted = group.rsplit("/", 1)[-1]
            return [each for each in self._by_name.get(name, ()) if each.group.lower() == wanted]
        return self._by_name.get(word) or self._by_computer.get(word) or self._of_label(word)

    def _of_label(self, word: str) -> Sequence[Candidate]:
        label, point, _ = word.partition(".")
        return (self._by_name.get(label) or self._by_computer.get(label) or []) if point else []


def read(text: str, index: Index) -> Iterator[Line]:
    """The lines with their fates; of those that mean the same machine the first counts, of equal unmatched ones too."""
    seen: set[object] = set()
    for number, raw in enumerate(text.splitlines()[:MOST_LINES], 1):
        line = raw.replace("\x00", "").strip()
        if not line.strip(_MARKS):
            continue
        machines = tuple(_meant(line.lower(), index))
        mark: object = machines[0].pk if len(machines) == 1 else line.lower()
        fate = Fate.DUPLICATE if mark in seen else _FATES.get(len(machines), Fate.AMBIGUOUS)
        seen.add(mark)
        yield Line(number, line[:300], fate, machines)


_FATES = {0: Fate.UNMATCHED, 1: Fate.FOUND}


def _meant(line: str, index: Index) -> Sequence[Candidate]:
    found = _ID.search(unquote(line))
    if found:
        return index.of_id(found[0].rstrip(_MARKS))
    return next(filter(None, map(index.of_word, _words(line))), ())


def _words(line: str) -> Iterator[str]:
    """What could be the name: the whole line, its cells, then its single words."""
    yield line.strip(_MARKS)
    for cell in (*_BETWEEN.split(line), *line.split()):
        if word := cell.strip(_MARKS):
            yield word
