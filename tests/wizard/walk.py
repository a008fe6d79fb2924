"""The ways through the wizard that its tests share."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from replication import clock
from replication.models import Draft, Machine, Reading, Vault
from tests.conftest import SUBSCRIPTION

SOURCE = {"location": "eastasia", "subscription_ids": SUBSCRIPTION, "model": "ResourceManager"}
TARGET = {
    "location": "southeastasia", "subscription_id": SUBSCRIPTION, "policy": "", "policy_name": "24-hour-retention-policy",
    "retention_hours": "24", "app_consistent_minutes": "60",
}  # fmt: skip


def text(response: HttpResponse) -> str:
    return response.content.decode()


def started(web: Client, vault: Vault) -> Draft:
    web.post(f"/vaults/{vault.pk}/replicate/")
    return Draft.objects.latest("created_at")


def post(web: Client, draft: Draft, page: str, data: dict[str, Any]) -> Any:
    draft.refresh_from_db()
    return web.post(f"/replicate/{draft.pk}/{page}/", {"version": draft.version, **data})


def choose(web: Client, draft: Draft, *machines: Machine) -> None:
    web.post(
        f"/replicate/{draft.pk}/machines/selection/",
        {"add": [machine.pk for machine in machines]},
        HTTP_HX_REQUEST="true",
    )


def free() -> None:
    """The worker's answer for all names that were asked for: nobody in the world has them."""
    now = clock.now()
    open_ = Reading.objects.filter(kind="name", answered_at=None)
    open_.update(answered_at=now, expires_at=now + timedelta(minutes=30), result={"refusal": "", "free": ""})


def digest_of(web: Client, draft: Draft) -> str:
    page = text(web.get(f"/replicate/{draft.pk}/review/"))
    return page.split('name="digest" value="')[1].split('"')[0]
