"""Every field of the wizard's forms, as the pages name them, against what people and programs could send: never a 500, nothing lost.

What a page refuses it refuses on the page, with 422, and the draft stays word for word as it was.
"""

import re
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from replication.models import Draft, DraftMachine, Machine, Person, Resource, Run, Vault
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.domain import estate

from .walk import SOURCE, TARGET, post, text

FOREIGN = f"/subscriptions/{OTHER_SUBSCRIPTION}/resourceGroups/rg-secret/providers/Microsoft.Network/virtualNetworks/vnet-secret"
HOSTILE = st.sampled_from(
    ["", "\x00", "' OR 1=1 --", "<script>alert(1)</script>", "{{ 7 }}", "../../etc/passwd", "9" * 400, "-1", "1e309", "NaN", "۳", "none",
     "ı" * 200, FOREIGN, FOREIGN.upper(), estate.GROUP, f"{estate.GROUP}/",
     "/subscriptions/x", SUBSCRIPTION.upper(), "a\r\nb", "\u202e txt", "yes"]
)  # fmt: skip
VALUES = HOSTILE | st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
FEW = settings(max_examples=5, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
               suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
BASES: dict[str, dict[str, Any]] = {"source": SOURCE, "target": TARGET, "customize": {}, "machine": {}}
SAID = r'role="alert"|class="error-text"'  # the sentence over a form, or at a field
OURS = {"csrfmiddlewaretoken", "version", "do", "reset", "q", "only", "page", "next", "theme"}


def _state(draft: Draft) -> Any:
    row = Draft.objects.values("source", "target", "state", "owner_id").get(pk=draft.pk)
    return row, list(DraftMachine.objects.filter(draft=draft).order_by("pk").values_list("machine_id", "overrides"))


def _page(draft: Draft, page: str) -> str:
    return f"customize/{draft.machines.order_by('pk')[0].pk}" if page == "machine" else page


def _fields(web: Client, draft: Draft, page: str) -> list[str]:
    """The names of all fields that the page shows."""
    shown = text(web.get(f"/replicate/{draft.pk}/{_page(draft, page)}/"))
    return sorted(set(re.findall(r'<(?:input|select|textarea)\b[^>]*?\bname="([^"]+)"', shown)) - OURS)


@pytest.mark.parametrize("page", BASES)
def test_no_field_breaks_its_page_or_changes_what_it_refuses(web: Client, ready: Draft, page: str) -> None:
    fields = _fields(web, ready, page)
    assert len(fields) >= 5, fields
    address = _page(ready, page)
    quiet = len(re.findall(SAID, text(web.get(f"/replicate/{ready.pk}/{address}/"))))

    @FEW
    @given(st.lists(st.tuples(st.sampled_from(fields), VALUES), min_size=1, max_size=6), st.sampled_from(["next", "stay", "many"]))
    @example([(name, FOREIGN) for name in fields], "next")
    @example([(name, "\x00") for name in fields], "stay")
    def refuse(sent: list[tuple[str, str]], do: str) -> None:
        before = _state(ready)
        answer = post(web, ready, address, {**BASES[page], **dict(sent), "do": do})
        assert answer.status_code in {200, 302, 422}, (sent, do)
        if answer.status_code == 422:
            assert _state(ready) == before
            assert len(re.findall(SAID, text(answer))) > quiet, sent
        if answer.status_code == 200:
            assert _state(ready) == before
        saved = str(_state(ready))
        assert OTHER_SUBSCRIPTION not in saved

    refuse()


@FEW
@given(digest=VALUES, warnings=st.lists(VALUES, max_size=3), page=VALUES)
def test_checks_and_review_start_nothing_on_what_they_do_not_know(
    web: Client, ready: Draft, digest: str, warnings: list[str], page: str
) -> None:
    before = _state(ready)
    for verb in ("enable", "create-targets"):
        assert web.post(f"/replicate/{ready.pk}/{verb}/", {"digest": digest}).status_code in {404, 409, 422}
    web.post(f"/replicate/{ready.pk}/checks/acknowledge/", {"warning": warnings})
    for name in ("review", "checks", "customize", "machines"):
        answer = web.get(f"/replicate/{ready.pk}/{name}/", {"page": page, "since": digest, "digest": digest, "q": page})
        assert answer.status_code == 200, name
    assert _state(ready) == before
    assert not Run.objects.exists()


def test_somebody_elses_draft_is_changed_by_nobody(web: Client, ready: Draft, helpdesk: Person, vault: Vault) -> None:
    Draft.objects.filter(pk=ready.pk).update(owner=helpdesk)
    before = _state(ready)
    for page, data in BASES.items():
        assert post(web, ready, _page(ready, page), data | {"all-churn": "High"}).status_code in {403, 404}, page
    row = ready.machines.order_by("pk")[0].machine_id
    assert web.post(f"/replicate/{ready.pk}/machines/selection/", {"drop": row}).status_code in {403, 404}
    assert _state(ready) == before


def test_what_vanishes_between_two_pages_is_said_and_starts_nothing(web: Client, ready: Draft, machines: list[Machine]) -> None:
    shown = text(web.get(f"/replicate/{ready.pk}/review/"))
    digest = re.findall(r'name="digest" value="([^"]+)"', shown)
    Resource.objects.filter(name="rg-erp").delete()
    Machine.objects.filter(pk=machines[1].pk).update(gone_at=ready.created_at)
    for page in ("machines", "target", "customize", "checks", "review"):
        assert web.get(f"/replicate/{ready.pk}/{page}/").status_code == 200, page
    answer = web.post(f"/replicate/{ready.pk}/enable/", {"digest": digest[0] if digest else "x"})
    assert answer.status_code in {403, 409, 422}
    assert not Run.objects.exists()
