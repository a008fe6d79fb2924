"""Finding machines and replicated items by what people type: every word must begin a part of one of theirs (domain/terms.py)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from replication import questions
from replication.domain.terms import asked, terms, whole
from replication.models import ItemTerm, Machine, MachineTerm, ProtectedItem

Rows = QuerySet[Any]
BATCH = 2000  # rows whose terms are written at once


def machines(rows: Rows, text: str, key: str = "pk") -> Rows:
    """Of rows that name a machine by `key`, those whose machine has every word in its names, group, addresses or tags."""
    for word in asked(text):
        rows = rows.filter(**{f"{key}__in": _beginning(Machine, word)})
    return rows


def items(rows: Rows, text: str, key: str = "pk") -> Rows:
    """Of rows that name a replicated item by `key`, those of which every word is the item's own or its machine's."""
    for word in asked(text):
        rows = rows.filter(**{f"{key}__in": _beginning(ProtectedItem, word)})
    return rows


def exactly(text: str) -> Q:
    """Machines that have the text as one whole word: as their computer name, as an address."""
    return Q(name__iexact=text) | Q(pk__in=_being(Machine, text))


def item_exactly(text: str) -> Q:
    """Items whose machine has it so."""
    return Q(name__iexact=text) | Q(pk__in=_being(ProtectedItem, text))


def _beginning(model: type[Any], word: bytes) -> RawSQL:
    """Row ids of what has a term that begins so: its own, or its machine's."""
    sql, number = _asking(model is ProtectedItem, whole_words=False)
    return RawSQL(sql, [word, word + b"\xff"] * (number // 2))  # noqa: S611  # nosec B611 - Django's own; no UTF-8 has this byte


def _being(model: type[Any], text: str) -> RawSQL:
    """Row ids of machines that have the text as one whole word, or of the items of these."""
    sql, number = _asking(model is ProtectedItem, whole_words=True)
    return RawSQL(sql, [whole(text) or b""] * number)  # noqa: S611  # nosec B611 - as above


@lru_cache(maxsize=4)
def _asking(of_items: bool, whole_words: bool) -> tuple[str, int]:
    """The question, and how often it names the word: a search asks it often, and Django takes longer to write it than to ask."""
    having = Q(term=b"", whole=True) if whole_words else Q(term__gte=b"", term__lt=b"")
    found: Rows = MachineTerm.objects.filter(having)
    rows: Rows = found.values("row_id")
    if of_items:
        rows = ProtectedItem.objects.filter(machine_key__in=found.values("row__key")).order_by().values("pk")
        if not whole_words:
            rows = ItemTerm.objects.filter(having).values("row_id").union(rows)
    sql, parameters = questions.written(rows)
    return sql, len(parameters)


# -- keeping ----------------------------------------------------------------------------------------------------------------------


def follow(rows: Rows, before: Mapping[str, str], fresh: Mapping[str, str]) -> None:
    """Keep the terms as the rows' texts are, within the transaction that stored these. before, fresh: the texts by the rows' keys."""
    differing = sorted(key for key, text in fresh.items() if before.get(key) != text)
    for start in range(0, len(differing), BATCH):
        some = rows.filter(key__in=differing[start : start + BATCH]).order_by()
        write(rows.model, some.values_list("pk", "search"))


def write(model: type[Any], texts: Iterable[tuple[int, str]]) -> None:
    """Make these the terms of the rows. model: Machine or ProtectedItem; texts: by row id."""
    term, found = model._meta.get_field("terms").related_model, dict(texts)
    term.objects.filter(row__in=list(found)).delete()
    term.objects.bulk_create(
        term(row_id=pk, term=each, whole=entire) for pk, text in found.items() for each, entire in terms(text).items()
    )
