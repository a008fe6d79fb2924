"""New things under names of one's own: every kind, for all machines, for many and for one; and *Next* that waits for the world."""

from datetime import datetime, timedelta
from importlib import import_module
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F
from django.test import Client

from replication import clock
from replication.actions import compiled, names, plans, readings
from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.targets import NEW, WORLDWIDE
from replication.models import Connection, Draft, GrantScope, Person, Reading, Vault
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION, _person
from tests.domain import estate
from tests.together import at_once

from .conftest import store_machine, store_resource
from .walk import TARGET, choose, free, post, text

pytestmark = pytest.mark.django_db

ACCOUNTS, SETS = "Microsoft.Storage/storageAccounts", "Microsoft.Compute/availabilitySets"
ASR = ids.group(SUBSCRIPTION, "rg-erp-asr")


@pytest.fixture
def draft(web: Client, ready: Draft, azure_connection: Connection) -> Draft:
    """With a machine in an availability set, which has an unmanaged disk beside a managed one; the rules' names are free."""
    disks = (estate.disk("os", is_os=True), estate.disk("vhd", managed=False, id="https://stsource.blob.core.windows.net/vhds/a.vhd"))
    choose(web, ready, store_machine(azure_connection, estate.machine("erp-09", availability_set_id=estate.SET, disks=disks)))
    assert post(web, ready, "target", TARGET).headers["Location"].endswith("/target/?wait=1")
    free()
    return ready


def address(draft: Draft, page: str) -> str:
    return f"/replicate/{draft.pk}/{page}/"


def one(draft: Draft) -> str:
    return f"customize/{draft.machines.get(name='erp-09').pk}"


def asked(name: str) -> int:
    """How often Azure was asked for the name."""
    return Reading.objects.filter(kind="name", subject=name).count()


def told(name: str, **result: str) -> None:
    """The worker's answer (tests/sync/test_names.py)."""
    now = clock.now()
    waiting = Reading.objects.filter(kind="name", subject=name, answered_at=None)
    assert waiting.update(answered_at=now, expires_at=now + timedelta(minutes=30), result={"refusal": "", "free": ""} | result)


# --- every kind ------------------------------------------------------------------------------------------------------------

GOOD = {"group_name": "rg-new", "network_name": "vnet-new", "cache_name": "stcalm01", "high_cache_name": "stbusy01",
        "storage_name": "sttarget01", "set_name": "as-new", "placement_name": "ppg-new"}  # fmt: skip
BAD = {"group_name": "ends.", "network_name": "x", "cache_name": "Capitals", "high_cache_name": "st-hyphen", "storage_name": "st",
       "set_name": "-first", "placement_name": "p" * 81}  # fmt: skip


def test_there_is_a_name_for_every_kind_that_a_plan_can_make() -> None:
    assert {kind.text for kind in NEW.values()} == set(GOOD) == set(BAD)
    assert WORLDWIDE == ("cache_account_id", "high_cache_account_id", "storage_account_id")


@pytest.mark.parametrize("where", ["all-", "many-", ""])
def test_every_kind_can_be_named_and_lies_where_it_must(web: Client, draft: Draft, where: str) -> None:
    page, do = (one(draft), "save") if not where else ("customize", "many" if where == "many-" else "next")
    assert post(web, draft, page, {f"{where}{name}": value for name, value in GOOD.items()} | {"do": do}).status_code == 302
    draft.refresh_from_db()
    said = draft.target if where == "all-" else draft.machines.get(name="erp-09").overrides
    group, cache = ids.group(SUBSCRIPTION, "rg-new"), ids.group(SUBSCRIPTION, "rg-dr")
    assert {name: said[name] for name in NEW} == {
        "group_id": group,
        "network_id": ids.resource(group, "Microsoft.Network/virtualNetworks", "vnet-new"),
        "cache_account_id": ids.resource(cache, ACCOUNTS, "stcalm01"),
        "high_cache_account_id": ids.resource(cache, ACCOUNTS, "stbusy01"),
        "storage_account_id": ids.resource(group, ACCOUNTS, "sttarget01"),
        "availability_set_id": ids.resource(group, SETS, "as-new"),
        "placement_group_id": ids.resource(group, "Microsoft.Compute/proximityPlacementGroups", "ppg-new"),
    }
    review = text(web.get(address(draft, "review")))
    for name in set(GOOD.values()) - {"stbusy01"}:  # no machine has high churn
        assert name in review, name
    assert "stbusy01" not in review
    shown = text(web.get(address(draft, page)))
    assert "(new) as-new" in shown
    assert "(new) stcalm01" in shown or where == "many-"


@pytest.mark.parametrize("field", BAD)
def test_what_azure_does_not_take_is_refused_on_the_field(web: Client, draft: Draft, field: str) -> None:
    before, known = Draft.objects.values("target", "version").get(pk=draft.pk), Reading.objects.count()
    for page, prefix in (("customize", "all-"), ("customize", "many-"), (one(draft), "")):
        answer = post(web, draft, page, {f"{prefix}{field}": BAD[field], "do": "many" if prefix == "many-" else "next"})
        assert answer.status_code == 422, prefix
        shown = text(answer)
        assert f'id="id_{prefix}{field}_error"' in shown
        assert "The name needs" in shown
        assert BAD[field] in shown
    assert Draft.objects.values("target", "version").get(pk=draft.pk) == before
    assert Reading.objects.count() == known


def test_a_set_is_for_machines_that_are_in_one(web: Client, draft: Draft) -> None:
    other = draft.machines.get(name="erp-01").pk
    assert 'name="set_name"' not in text(web.get(address(draft, f"customize/{other}")))
    assert post(web, draft, "customize", {"all-set_name": "as-all"}).status_code == 302
    assert "as-all" in text(web.get(address(draft, "review")))
    assert post(web, draft, f"customize/{other}", {"set_name": "as-own"}).status_code == 302
    assert "as-own" not in str(draft.machines.get(name="erp-01").overrides)


def test_a_new_set_lies_in_the_group_of_each_machine(web: Client, draft: Draft, azure_connection: Connection) -> None:
    """Azure wants both in one group."""
    crm = ids.resource(ids.group(SUBSCRIPTION, "rg-crm"), "Microsoft.Compute/virtualMachines", "crm-01")
    disks = (estate.disk("crm-os", is_os=True),)
    choose(web, draft, store_machine(azure_connection, estate.machine(
        "crm-01", id=crm, resource_group="rg-crm", availability_set_id=estate.SET, disks=disks)))  # fmt: skip
    assert post(web, draft, "customize", {"all-set_name": "as-one"}).status_code == 302
    draft.refresh_from_db()
    sets = {step.spec.id for step in plans.compiled(draft).resources if step.spec.kind == "availability_set"}
    assert sets == {ids.resource(ids.group(SUBSCRIPTION, f"{group}-asr"), SETS, "as-one") for group in ("rg-erp", "rg-crm")}


# --- what was read ---------------------------------------------------------------------------------------------------------


def test_what_is_there_already_is_refused_where_there_can_be_only_one(web: Client, draft: Draft, azure_connection: Connection) -> None:
    there = [f"{ASR}/providers/Microsoft.Network/virtualNetworks/vnet-there", f"{estate.GROUP}/providers/{ACCOUNTS}/stthere01"]
    store_resource(azure_connection, "virtual_network", estate.network(there[0], "southeastasia"))
    store_resource(azure_connection, "storage_account", estate.account("stthere01"))
    store_resource(azure_connection, "resource_group", inv.ResourceGroup(id=ASR, name="rg-erp-asr", location="southeastasia"))
    refused = {"network_name": "VNET-there", "cache_name": "stthere01", "storage_name": "stthere01", "group_name": "RG-erp-asr"}
    for field, name in refused.items():
        answer = post(web, draft, "customize", {f"all-{field}": name})
        assert answer.status_code == 422, field
        assert "exists already" in text(answer), field
    elsewhere = {"all-network_name": "vnet-there", "all-group_name": "rg-other"}
    assert post(web, draft, "customize", elsewhere).status_code == 302  # in another group it is free


def test_what_the_role_does_not_open_is_not_reused_by_its_name(
    web: Client, draft: Draft, admin: Person, azure_connection: Connection
) -> None:
    there = estate.network(f"{ASR}/providers/Microsoft.Network/virtualNetworks/vnet-secret", "southeastasia")
    store_resource(azure_connection, "virtual_network", there)
    GrantScope.objects.filter(grant__person=admin, side="target").update(resource_group="rg-open")
    answer = post(web, draft, "customize", {"all-network_name": "vnet-secret"})
    assert answer.status_code == 422
    assert "not among those that your role opens" in text(answer)


# --- while one types -------------------------------------------------------------------------------------------------------


def typed(web: Client, draft: Draft, field: str, name: str, **more: Any) -> Any:
    return web.get(f"/replicate/{draft.pk}/customize/name/", {"of": field, f"all-{field}": name} | more, HTTP_HX_REQUEST="true")


def test_a_name_in_the_world_is_asked_for_once_while_it_is_typed(web: Client, draft: Draft) -> None:
    first = typed(web, draft, "cache_name", "stmine01")
    assert "Azure is being asked whether anybody in the world has the name stmine01" in text(first)
    assert "data-poll=" in text(first)
    assert "since=asked" in text(first)
    assert typed(web, draft, "cache_name", "stmine01", since="asked").status_code == 204
    assert typed(web, draft, "storage_name", "stmine01").status_code == 200
    assert asked("stmine01") == 1
    told("stmine01")
    last = typed(web, draft, "cache_name", "stmine01", since="asked")
    assert (last.status_code, "Nobody in the world has the name stmine01." in text(last)) == (286, True)
    assert "data-poll" not in text(last)
    assert post(web, draft, "customize", {"all-cache_name": "stmine01"}).status_code == 302
    assert asked("stmine01") == 1  # while the answer is fresh
    Reading.objects.update(expires_at=clock.now())
    assert "being asked" in text(typed(web, draft, "cache_name", "stmine01"))
    assert asked("stmine01") == 2


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_ask_in_one_instant_ask_once(web: Client, draft: Draft, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has found that nobody asked before either asks: the database decides."""
    both, other = Barrier(2), Client()
    other.force_login(admin)

    def now() -> datetime:
        both.wait(10)
        return clock.now()

    monkeypatch.setattr(readings, "clock", SimpleNamespace(now=now))
    said = at_once(*[lambda tab=tab: text(typed(tab, draft, "cache_name", "stmine01")) for tab in (web, other)])
    assert ["Azure is being asked" in each for each in said] == [True, True]
    assert asked("stmine01") == 1


def test_of_questions_that_were_asked_twice_the_first_stays_when_the_rule_comes(azure_connection: Connection) -> None:
    now, asked = clock.now(), {"connection": azure_connection, "asked_at": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_reading")  # rolled back with the test
    kept = [Reading.objects.create(kind="name", subject="stmine01", **asked).pk]
    others = ("name", "stmine01", now), ("name", "stmine02", None), ("items", "stmine01", None), ("checks", "x", None)
    for kind, subject, answered in others:
        kept.append(Reading.objects.create(kind=kind, subject=subject, answered_at=answered, **asked).pk)
    kept.append(Reading.objects.create(kind="checks", subject="x", **asked).pk)
    Reading.objects.create(kind="name", subject="stmine01", **asked)
    import_module("replication.migrations.0044_one_open_reading").ask_once(apps, None)
    assert sorted(Reading.objects.values_list("pk", flat=True)) == kept


def test_only_a_script_of_the_owner_asks_by_typing(web: Client, draft: Draft, vault: Vault) -> None:
    known = Reading.objects.count()
    said = web.get(f"/replicate/{draft.pk}/customize/name/", {"of": "cache_name", "all-cache_name": "stmine01"})
    assert "asked when it is saved" in text(said)
    colleague = Client()
    colleague.force_login(_person("second-admin", "administrator", vault))
    assert "asked when it is saved" in text(typed(colleague, draft, "cache_name", "stmine01"))
    for name in ("no good", "\x00", "", "x" * 400):
        assert typed(web, draft, "cache_name", name).status_code == 200
    assert Reading.objects.count() == known


def test_a_policy_is_told_of_while_it_is_typed(web: Client, draft: Draft, vault: Vault) -> None:
    Vault.objects.filter(pk=vault.pk).update(site={"policies": [{"id": "/x/gold", "name": "gold"}]})

    def said(name: str) -> str:
        return text(web.get(f"/replicate/{draft.pk}/customize/name/", {"of": "policy_name", "policy_name": name}))

    assert "gold exists already" in said("GOLD")
    assert "no policy of the vault has it" in said("silver")
    assert "The name needs" in said("no good")


# --- Next waits ------------------------------------------------------------------------------------------------------------


def test_next_waits_until_azure_has_answered(web: Client, draft: Draft) -> None:
    assert post(web, draft, "customize", {"all-cache_name": "stmine01", "do": "next"}).status_code == 302
    assert Reading.objects.get(kind="name", subject="stmine01").result == {"subscription": SUBSCRIPTION}
    waits = post(web, draft, "target", TARGET | {"do": "next"})
    assert waits.headers["Location"].endswith("/target/?wait=1")
    page = text(web.get(waits.headers["Location"]))
    assert "Next waits for Azure." in page
    assert f'data-poll="/replicate/{draft.pk}/target/names/?wait=1"' in page
    assert 'href="?wait=1"' in page
    polled = f"/replicate/{draft.pk}/target/names/"
    assert web.get(polled, {"wait": "1"}).status_code == 204
    assert post(web, draft, "target", TARGET | {"do": "customize"}).headers["Location"].endswith("/customize/")
    assert "/vaults/" in post(web, draft, "target", TARGET | {"do": "close"}).headers["Location"]
    told("stmine01")
    assert web.get(polled, {"wait": "1"}).headers["HX-Refresh"] == "true"
    assert web.get(waits.headers["Location"]).headers["Location"].endswith("/checks/")
    assert "Nobody in the world has the name stmine01" in text(web.get(polled))
    assert post(web, draft, "target", TARGET | {"do": "next"}).headers["Location"].endswith("/checks/")


def test_next_stays_where_a_name_is_taken(web: Client, draft: Draft) -> None:
    post(web, draft, one(draft), {"storage_name": "stmine01"})
    told("stmine01", refusal="The storage account named stmine01 is already taken.", free="stmine012")
    stays = post(web, draft, "target", TARGET | {"do": "next"})
    assert stays.headers["Location"].endswith("/target/?wait=1")
    sentence = "stmine01 cannot be had: The storage account named stmine01 is already taken. stmine012 is free."
    page = text(web.get(stays.headers["Location"]))
    assert "A name is taken." in page
    assert sentence in page
    assert sentence in text(web.get(address(draft, one(draft))))  # on the field
    again = post(web, draft, one(draft), {"storage_name": "stmine01"})
    assert (again.status_code, sentence in text(again)) == (422, True)
    Reading.objects.filter(kind="name", subject="stmine01").update(result={"refusal": "<zz-evil>", "free": "<zz-evil>"})
    for page in ("target", one(draft)):
        assert "&lt;zz-evil&gt;" in text(web.get(address(draft, page)))
        assert "<zz-evil>" not in text(web.get(address(draft, page)))
    assert post(web, draft, one(draft), {"storage_name": "stmine012"}).status_code == 302
    told("stmine012")
    assert post(web, draft, "target", TARGET | {"do": "next"}).headers["Location"].endswith("/checks/")


def test_the_free_name_is_taken_with_one_press_wherever_the_draft_has_the_other(web: Client, draft: Draft) -> None:
    post(web, draft, "customize", {"all-cache_name": "stmine01", "all-high_cache_name": "stbusy01"})
    post(web, draft, one(draft), {"storage_name": "stmine01", "set_name": "as-new"})
    told("stmine01", refusal="Taken.", free="stmine012")
    told("stbusy01")
    assert 'name="use" value="stmine01">Use stmine012</button>' in text(web.get(address(draft, "target")))
    row, before = draft.machines.get(name="erp-09"), Draft.objects.get(pk=draft.pk)
    for unknown in ("stbusy01", "stother01", "\x00"):
        assert post(web, draft, "target", TARGET | {"use": unknown}).status_code == 302
        assert Draft.objects.get(pk=draft.pk).target == before.target
    stale = web.post(address(draft, "target"), TARGET | {"use": "stmine01", "version": before.version})
    assert stale.status_code == 409
    assert post(web, draft, "target", TARGET | {"use": "stmine01"}).headers["Location"].endswith("/target/")
    was, saved = row.overrides, Draft.objects.get(pk=draft.pk).target
    row.refresh_from_db()
    assert row.overrides == was | {"storage_account_id": was["storage_account_id"].replace("stmine01", "stmine012")}
    assert saved == before.target | {"cache_account_id": before.target["cache_account_id"].replace("stmine01", "stmine012")}
    assert "whether anybody in the world has the name stmine012" in text(web.get(address(draft, "target")))


def test_next_does_not_wait_for_what_is_there_by_now_nor_for_azure_that_does_not_answer(
    web: Client, draft: Draft, azure_connection: Connection
) -> None:
    post(web, draft, "customize", {"all-storage_name": "stmine01", "all-group_name": "rg-new"})
    now = clock.now()
    refused = {"code": "AuthorizationFailed", "message": "No right to ask."}
    ours = Reading.objects.filter(kind="name", subject="stmine01")
    ours.update(answered_at=now, expires_at=now + timedelta(minutes=5), problem=refused)
    assert post(web, draft, "target", TARGET).headers["Location"].endswith("/checks/")
    assert "Azure could not be asked for the name stmine01" in text(web.get(address(draft, "target")))
    ours.delete()
    made = inv.StorageAccount(id=Draft.objects.get(pk=draft.pk).target["storage_account_id"], name="stmine01", location="southeastasia",
                              sku="Standard_LRS", kind="StorageV2")  # fmt: skip
    store_resource(azure_connection, "storage_account", made)
    assert post(web, draft, "target", TARGET).headers["Location"].endswith("/checks/")
    assert asked("stmine01") == 0


# --- those of the rules ----------------------------------------------------------------------------------------------------


def test_next_waits_for_names_that_the_rules_give_and_one_press_replaces_one_for_all(web: Client, draft: Draft) -> None:
    assert asked("stsourceasr") == 1
    Reading.objects.filter(kind="name").update(expires_at=clock.now())
    waits = post(web, draft, "target", TARGET)
    assert waits.headers["Location"].endswith("/target/?wait=1")
    told("stsourceasr", refusal="Taken.", free="stsourceasr2")
    free()
    page = text(web.get(waits.headers["Location"]))
    assert "stsourceasr cannot be had: Taken. stsourceasr2 is free." in page
    assert 'name="use" value="stsourceasr">Use stsourceasr2</button>' in page
    assert post(web, draft, "target", TARGET | {"use": "stsourceasr"}).headers["Location"].endswith("/target/")
    group = ids.group(SUBSCRIPTION, "rg-erp-asr")
    assert Draft.objects.get(pk=draft.pk).target["storage_account_id"] == ids.resource(group, ACCOUNTS, "stsourceasr2")
    assert {"storage_account_id"} == {name for name in WORLDWIDE if Draft.objects.get(pk=draft.pk).target[name]}
    page = text(web.get(address(draft, "target")))
    assert "stsourceasr cannot be had" not in page
    assert "whether anybody in the world has the name stsourceasr2" in page
    free()
    assert post(web, draft, "target", TARGET).headers["Location"].endswith("/checks/")
    made = {step.name for step in plans.compiled(Draft.objects.get(pk=draft.pk)).resources if step.spec.kind == "storage_account"}
    assert "stsourceasr2" in made
    assert "stsourceasr" not in made


def test_what_one_press_cannot_say_for_all_machines_is_changed_under_customize(
    web: Client, draft: Draft, azure_connection: Connection
) -> None:
    """Two source accounts have two targets by the rule: one name for both would be another plan."""
    disks = (estate.disk("vhd-2", managed=False, is_os=True, id="https://stother.blob.core.windows.net/vhds/b.vhd"),)
    choose(web, draft, store_machine(azure_connection, estate.machine("erp-10", disks=disks)))
    waits = post(web, draft, "target", TARGET)
    told("stotherasr", refusal="Taken.", free="stotherasr2")
    page = text(web.get(waits.headers["Location"]))
    assert "stotherasr cannot be had: Taken. stotherasr2 is free." in page
    assert "Use stotherasr2" not in page
    assert "give another name under Customize" in page
    before = Draft.objects.get(pk=draft.pk).target
    post(web, draft, "target", TARGET | {"use": "stotherasr"})
    assert Draft.objects.get(pk=draft.pk).target == before


def test_a_look_compiles_nothing_for_the_names_of_the_rules(web: Client, draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are the checks', where no plan is at hand."""
    draft.refresh_from_db()
    kept = names.wanted(draft)
    assert {"stsourceasr"} < kept.keys()
    monkeypatch.setattr(compiled, "compile_plan", lambda *_: pytest.fail("A plan was compiled."))
    assert names.wanted(draft) == kept
    Draft.objects.filter(pk=draft.pk).update(version=F("version") + 1)
    draft.refresh_from_db()
    assert names.wanted(draft) == {}


def test_readers_of_a_draft_have_nothing_asked(web: Client, draft: Draft, vault: Vault) -> None:
    post(web, draft, "customize", {"all-cache_name": "stmine01"})
    Reading.objects.all().delete()
    colleague = Client()
    colleague.force_login(_person("second-admin", "administrator", vault))
    assert colleague.get(address(draft, "target")).status_code == 200
    assert colleague.get(f"/replicate/{draft.pk}/target/names/").status_code == 286
    assert not Reading.objects.exists()
    stranger = Client()
    stranger.force_login(_person("stranger"))
    assert stranger.get(f"/replicate/{draft.pk}/target/names/").status_code == 404
    assert OTHER_SUBSCRIPTION not in str(Draft.objects.get(pk=draft.pk).target)
