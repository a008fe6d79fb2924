"""What a text is found by."""

import pytest

from replication.domain.terms import MOST, WIDTH, asked, terms, whole


def finds(question: str, text: str) -> bool:
    return all(any(each.startswith(word) for each in terms(text)) for word in asked(question))


NAMES = ["erp-sql-0042", "ERP", "sql", "sql-00", "0042", "42", "-sql", "服", "é", "🔥"]


@pytest.mark.parametrize("question", [*NAMES, "10.0.0.4", "0.0.42", "owner:ada", "owner=Ada", "ada", "erp ada"])
def test_words_and_their_parts_are_found_by_their_beginning(question: str) -> None:
    assert finds(question, "erp-sql-0042 10.0.0.42 owner:Ada tier=Gold 北京服务器 café 🔥hot")


@pytest.mark.parametrize("question", ["ql", "erp-sql-00421", "10.0.0.43", "owner:bob", "erp bob", "2"])
def test_the_middle_of_a_part_and_what_is_not_there_find_nothing(question: str) -> None:
    assert not finds(question, "erp-sql-0042 10.0.0.42 owner:ada")


def test_only_a_whole_word_is_one() -> None:
    found = terms("erp-sql owner:ada")
    assert {each for each, entire in found.items() if entire} == {b"erp-sql", b"owner:ada"}
    assert (whole("Owner=Ada"), whole("erp sql"), whole("")) == (b"owner:ada", None, None)


def test_hostile_text_makes_few_and_short_terms() -> None:
    found = terms("ש" * 5000 + " -- \ud800 " + "a-" * 5000)
    assert len(found) <= MOST
    assert max(map(len, found)) <= WIDTH
    assert asked("--") == [b"--"]
