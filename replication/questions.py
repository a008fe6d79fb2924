"""Questions that every page asks: written once, for Django takes longer to write one than a database to answer it.

For answers that are numbers and words: a kept question comes without what turns a database's times and documents into Python's. What it
depends on must be among the arguments of the function that keeps it (`lru_cache`).
"""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, Q, QuerySet, Value

Question = tuple[str, tuple[Any, ...]]  # SQL with its parameters

MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # stands in a question for the time that is given when it is asked


def written(rows: QuerySet[Any]) -> Question:
    """The question that these rows are the answer to; one without an answer where Django knows that there are none."""
    try:
        sql, parameters = rows.query.sql_with_params()
    except EmptyResultSet:
        return "SELECT 1 WHERE 1 = 0", ()
    return sql, tuple(parameters)


def counting(rows: QuerySet[Any], *conditions: Q) -> Question:
    """How many of the rows there are, or how many under each of the conditions: one line."""
    counts = {f"number_{place}": Count("pk", filter=condition) for place, condition in enumerate(conditions or [None])}
    try:
        sql, parameters = rows.order_by().values(all=Value(1)).annotate(**counts).values_list(*counts).query.sql_with_params()
    except EmptyResultSet:
        return f"SELECT {', '.join('0' for _ in counts)}", ()
    return sql, tuple(parameters)


def answer(question: Question, moment: datetime | None = None) -> list[tuple[Any, ...]]:
    """The present answer."""
    sql, parameters = question
    if moment is not None:
        adapted = connection.ops.adapt_datetimefield_value
        stands, given = adapted(MOMENT), adapted(moment)
        parameters = tuple(given if each == stands else each for each in parameters)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def numbers(question: Question, moment: datetime | None = None) -> tuple[int, ...]:
    """The present answer to a question that counts."""
    return tuple(answer(question, moment)[0])
