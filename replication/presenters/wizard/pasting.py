"""*Paste a list*: what became of each line, counted and named."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from replication import access
from replication.domain.choices import SourceChoices
from replication.domain.inventory import Model
from replication.domain.pasting import MOST_LINES, Candidate, Fate, Index, Line, read
from replication.domain.words import amount
from replication.models import Draft, Machine, Person

SHOWN = 100  # lines of each kind that the page names; the counts are of all
Place = tuple[str, str]  # location, deployment model


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a machine that a line can mean."""

    place: Place
    subscription_id: str
    group_key: str
    can: bool
    protected: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A line as the page tells it: the machine it means and why that is left out ('' when it is not)."""

    line: Line
    name: str = ""
    where: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Heap:
    """Lines of one fate, under a heading."""

    key: str
    title: str
    tone: str
    lines: tuple[Told, ...]

    @property
    def shown(self) -> tuple[Told, ...]:
        return self.lines[:SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.lines) - SHOWN)


class Pasted:
    """A list that was pasted into a draft. settled: line number -> the machine's row, for lines that mean several machines."""

    def __init__(self, draft: Draft, person: Person, text: str, settled: Mapping[int, int]) -> None:
        self._draft, self._person, self.text = draft, person, text
        self._saved = SourceChoices.from_json(draft.source)
        self._known, self._index = self._inventory()
        self.settled: dict[int, int] = {}  # of `settled`, what holds for this list: the page sends it again with the next press
        self.lines = [self._settle(line, settled) for line in read(text, self._index)]
        self.cut = len(text.splitlines()) > MOST_LINES

    def _inventory(self) -> tuple[dict[int, Known], Index]:
        zonal = bool(self._saved and self._saved.zonal)
        rows = access.machines(self._person, self._draft.vault).order_by().values_list(
            "pk", "key", "name", "resource_group", "location", "model", "subscription_id",
            "replicable_zonally" if zonal else "replicable", "protected_in",
        )  # fmt: skip
        known, candidates = {}, []
        for pk, key, name, group, location, model, subscription_id, can, protected_in in rows.iterator(chunk_size=2000):
            known[pk] = Known((location, model), subscription_id, group.lower(), can, bool(protected_in))
            candidates.append(Candidate(pk=pk, key=key, name=name, group=group))
        return known, Index(candidates)

    def _settle(self, line: Line, settled: Mapping[int, int]) -> Line:
        """An ambiguous line for which one of its machines was chosen has been found."""
        chosen = tuple(each for each in line.machines if each.pk == settled.get(line.number))
        if line.fate is not Fate.AMBIGUOUS or not chosen:
            return line
        self.settled[line.number] = chosen[0].pk
        return replace(line, fate=Fate.FOUND, machines=chosen)

    @cached_property
    def place(self) -> Place | None:
        """The source's region and model; without a source yet, those of most machines of the list."""
        if self._saved:
            return self._saved.location, self._saved.model.value
        places = Counter(self._known[line.machines[0].pk].place for line in self.lines if line.fate is Fate.FOUND)
        return places.most_common(1)[0][0] if places else None

    @cached_property
    def heaps(self) -> list[Heap]:
        """The lines by what became of them; only those of which there are some."""
        gathered: dict[str, list[Told]] = {key: [] for key, _, _ in _HEAPS}
        reasons = self._reasons()
        for line in self.lines:
            key = self._heap(line)
            gathered[key].append(self._told(line, reasons if key == "cannot" else {}))
        heaps = [Heap(key, title, tone, tuple(gathered[key])) for key, title, tone in _HEAPS]
        return [heap for heap in heaps if heap.lines]

    def _heap(self, line: Line) -> str:
        if line.fate is not Fate.FOUND:
            return line.fate.value
        known = self._known[line.machines[0].pk]
        if self.place and known.place[0] != self.place[0]:
            return "region"
        if self.place and known.place != self.place:
            return "model"
        return "protected" if known.protected else "add" if known.can else "cannot"

    def _told(self, line: Line, reasons: Mapping[int, str]) -> Told:
        if line.fate is not Fate.FOUND:
            return Told(line)
        machine = line.machines[0]
        place = ", ".join((machine.group, self._known[machine.pk].place[0]))
        return Told(line, machine.name, place, reasons.get(machine.pk, ""))

    def _reasons(self) -> dict[int, str]:
        """The first reason against each machine that cannot be chosen, of those that the page names."""
        blocked = [line.machines[0].pk for line in self.lines if self._heap(line) == "cannot"][:SHOWN]
        rows = Machine.objects.filter(pk__in=blocked).values_list("pk", "verdicts")
        return {pk: next((each["message"] for each in said if each["effect"] == "block"), "") for pk, said in rows}

    # -- what would be added ------------------------------------------------------------------------------------------------
    @cached_property
    def adds(self) -> list[int]:
        """Rows of the machines to add."""
        return [told.line.machines[0].pk for heap in self.heaps if heap.key == "add" for told in heap.lines]

    @property
    def source(self) -> SourceChoices | None:
        """The draft's source, opened as far as the machines to add need it; None when there are none and no source."""
        wanted = [self._known[pk] for pk in self.adds]
        if not self.place or not (wanted or self._saved):
            return self._saved
        base = self._saved or SourceChoices(
            location=self.place[0], model=Model(self.place[1]), subscription_ids=(wanted[0].subscription_id,)
        )
        return _opened(base, wanted)

    def __str__(self) -> str:
        counts = ", ".join(f"{len(heap.lines):,} {_SHORT[heap.key]}" for heap in self.heaps)
        return (
            f"{amount(len(self.lines), 'line')}: {counts}." if self.lines else "The list is empty."
        )

    def choices(self) -> Iterator[tuple[Line, list[tuple[int, str]]]]:
        """Lines that mean several machines, with the machines to choose from."""
        for line in self.lines:
            if line.fate is Fate.AMBIGUOUS:
                yield (
                    line,
                    [
                        (each.pk, f"{each.name} in {each.group}, {self._known[each.pk].place[0]}")
                        for each in line.machines
                    ],
                )


def _opened(base: SourceChoices, wanted: list[Known]) -> SourceChoices:
    """The source with the subscriptions that are needed; its groups and tags fall when a machine of the list lies outside."""
    subscriptions = dict.fromkeys((*base.subscription_ids, *(each.subscription_id for each in wanted)))
    outside = bool(base.groups) and any(each.group_key not in base.groups for each in wanted)
    return replace(
        base,
        subscription_ids=tuple(subscriptions),
        groups=() if outside else base.groups,
        tags=() if wanted else base.tags,
    )


_HEAPS = (
    ("add", "Can be added", "ok"),
    ("ambiguous", "Several machines have this name", "warn"),
    ("unmatched", "Not found", "error"),
    ("cannot", "Cannot be replicated", "error"),
    ("protected", "Replicated already", "info"),
    ("region", "In another region", "warn"),
    ("model", "Of the other deployment model", "warn"),
    ("duplicate", "Named more than once", "info"),
)
_SHORT = {
    "add": "can be added",
    "ambiguous": "ambiguous",
    "unmatched": "not found",
    "cannot": "cannot be replicated",
    "protected": "replicated already",
    "region": "in another region",
    "model": "of the other deployment model",
    "duplicate": "named before",
}
