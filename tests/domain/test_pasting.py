"""What a pasted line can mean."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replication.domain.pasting import Candidate, Fate, Index, read

SUB = "11111111-1111-1111-1111-111111111111"


def candidate(pk: int, name: str, group: str = "rg-erp") -> Candidate:
    key = f"/subscriptions/{SUB}/resourcegroups/{group}/providers/microsoft.compute/virtualmachines/{name}".lower()
    return Candidate(pk=pk, key=key, name=name, group=group)


MACHINES = [candidate(1, "ERP-01"), candidate(2, "erp-02"), candidate(3, "web"), candidate(4, "web", "rg-crm")]
INDEX = Index(MACHINES)


@pytest.mark.parametrize(
    "line",
    [
        "erp-01", "ERP-01", "  erp-01  ", "- erp-01", "• erp-01;", '"ERP-01",', "erp-01.contoso.local", "rg-erp/erp-01", "RG-ERP/Erp-01",
        MACHINES[0].key, MACHINES[0].key.upper(), f"https://portal.azure.com/#@contoso/resource{MACHINES[0].key}/overview",
        "erp-01\trg-erp\tEast Asia\trunning", "17;erp-01;Windows", "erp-01 (the one with the database)", "move erp-01 please",
    ],
)  # fmt: skip
def test_a_line_finds_its_machine(line: str) -> None:
    (found,) = read(line, INDEX)
    assert (found.fate, found.machines[0].pk) == (Fate.FOUND, 1)


def test_every_line_gets_one_fate() -> None:
    text = "erp-01\n\nERP-01\nweb\nrg-crm/web\nnobody\nNobody\n---\nerp-O2"
    assert [(line.number, line.fate) for line in read(text, INDEX)] == [
        (1, Fate.FOUND), (3, Fate.DUPLICATE), (4, Fate.AMBIGUOUS), (5, Fate.FOUND), (6, Fate.UNMATCHED), (7, Fate.DUPLICATE),
        (9, Fate.UNMATCHED),
    ]  # fmt: skip


def test_an_id_of_somewhere_else_is_not_found_by_its_name() -> None:
    (line,) = read(MACHINES[0].key.replace("rg-erp", "rg-other"), INDEX)
    assert line.fate is Fate.UNMATCHED


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    lines = list(read(text, INDEX))
    assert len(lines) <= len(text.splitlines())
    assert all(count == 1 for count in Counter(line.number for line in lines).values())
    assert all((line.fate is Fate.UNMATCHED) == (not line.machines) or line.fate is Fate.DUPLICATE for line in lines)
