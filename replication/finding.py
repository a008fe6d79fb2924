"""Finding machines and replicated items by what people type: every word must begin a part of one of theirs (domain/terms.py)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Q, QuerySet

from replication.domain.terms import asked, terms, whole
from replication.models import ItemTerm, Machine, MachineTerm, ProtectedItem

Rows = QuerySet[Any]
BATCH = 2000  # rows whose terms are written at once


def machines(rows: Rows, text: str, key: str = "pk") -> Rows:
    """Of rows that name a machine by `key`, those whose machine has every word in its names, group, addresses or tags."""
    for word in asked(text):
        rows = rows.filter(**{f"{key}__in": MachineTerm.objects.filter(_begins(word)).values("row_id")})
    return rows


def items(rows: Rows, text: str, key: str = "pk") -> Rows:
    """Of rows that name a replicated item by `key`, those of which every word is the item's own or its machine's."""
    for word in asked(text):
        own = ItemTerm.objects.filter(_begins(word)).values("row_id")
        rows = rows.filter(**{f"{key}__in": own.union(_of_machines(_begins(word)))})
    return rows


def exactly(text: str) -> Q:
    """Machines that have the text as one whole word: as their computer name, as an address."""
    return Q(name__iexact=text) | Q(pk__in=MachineTerm.objects.filter(_is(text)).values("row_id"))


def item_exactly(text: str) -> Q:
    """Items whose machine has it so."""
    return Q(name__iexact=text) | Q(pk__in=_of_machines(_is(text)))


def _of_machines(condition: Q) -> Rows:
    """Numbers of the items whose machines have such a term."""
    found = Machine.objects.filter(pk__in=MachineTerm.objects.filter(condition).values("row_id")).values("key")
    return ProtectedItem.objects.filter(machine_key__in=found).order_by().values("pk")


def _begins(word: bytes) -> Q:
    return Q(term__gte=word, term__lt=word + b"\xff")  # no UTF-8 has this byte


def _is(text: str) -> Q:
    return Q(term=whole(text) or b"", whole=True)


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
