"""The outbox: at least once and never doubled beyond that, storms as one message, backoff, and what receivers get."""

import ipaddress
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from replication import clock, delivery, outbound
from replication.actions import notices
from replication.actions.webhooks import secret_of
from replication.domain.notices import Kind
from replication.models import Delivery, NoticeRule, Webhook
from tests.actions.test_outbound import Receiver

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)


class World:
    """A clock that a test turns, and a receiver."""

    def __init__(self, receiver: Receiver) -> None:
        self.now, self.receiver = BEGIN, receiver

    def later(self, **more: float) -> None:
        self.now += timedelta(**more)

    def deliver(self) -> int:
        return delivery.deliver(self.now + timedelta(seconds=1))

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.receiver.taken]


@pytest.fixture
def world(settings: Any) -> Any:
    settings.OUTBOUND_ALLOW, settings.OUTBOUND_HTTP = [ipaddress.ip_network("127.0.0.0/8")], True
    settings.PUBLIC_URL, settings.EMAIL_HOST = "https://console.contoso.example", "mail.example"
    server = Receiver()
    made = World(server)
    with clock.injected(lambda: made.now):
        yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def hook(vault: Any, admin: Any, world: World) -> Webhook:
    return Webhook.objects.create(
        vault=vault, name="ops", url=world.receiver.url, shape="json", kinds=list(Kind), created_by=admin, created_at=BEGIN
    )


def test_what_happens_together_leaves_as_one_signed_message(vault, world, hook):
    for name in ("erp", "crm"):
        notices.tell(Kind.ITEM_CRITICAL, vault, [(name, 7)])
    assert world.deliver() == 0  # it is gathered for a moment
    world.later(seconds=25)
    assert (world.deliver(), world.deliver()) == (1, 0)
    ((_, headers, body),) = world.receiver.taken
    assert [each["text"] for each in json.loads(body)["notices"]] == ["erp became critical in rsv-dr", "crm became critical in rsv-dr"]
    assert json.loads(body)["notices"][0]["url"] == "https://console.contoso.example/items/7/"
    signed = outbound.signature(headers["webhook-id"], headers["webhook-timestamp"], body, secret_of(hook))
    assert headers["webhook-signature"] == signed
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_storm_after_a_message_waits_and_leaves_as_one(vault, world, hook):
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    world.later(seconds=25)
    world.deliver()
    for _ in range(50):
        notices.tell(Kind.RPO_OVER, vault, [("erp", None)])
        world.later(seconds=5)
        world.deliver()
    assert len(world.bodies) == 1
    world.later(seconds=60)
    world.deliver()
    assert [len(body["notices"]) for body in world.bodies] == [1, 50]


def test_a_worker_that_dies_after_the_message_was_taken_leaves_a_repetition_with_the_same_id(vault, world, hook, monkeypatch):
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    world.later(seconds=25)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(delivery, "_record", die)
        with pytest.raises(KeyboardInterrupt):
            world.deliver()
    notices.tell(Kind.RPO_OVER, vault, [("crm", None)])  # does not join the batch that has left
    assert world.deliver() == 0  # the lease holds
    world.later(minutes=3)
    assert world.deliver() == 2
    first, again, other = (headers["webhook-id"] for _, headers, _ in world.receiver.taken)
    assert first == again != other
    assert world.bodies[0] == world.bodies[1]
    assert world.deliver() == 0


def test_a_receiver_that_fails_is_asked_again_ever_more_rarely_and_given_up_after_a_day(vault, world, hook):
    world.receiver.status = 503
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    for _ in range(26 * 60):
        world.later(minutes=1)
        world.deliver()
    row = Delivery.objects.get()
    assert (row.state, row.problem["code"]) == ("failed", "Status503")
    assert 25 < len(world.bodies) < 40
    hook.refresh_from_db()
    assert hook.problem["code"] == "Status503"


def test_a_receiver_that_comes_back_gets_what_waited(vault, world, hook):
    world.receiver.status = 503
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    world.later(minutes=1)
    world.deliver()
    world.receiver.status = 200
    world.later(minutes=1)
    assert world.deliver() == 1
    hook.refresh_from_db()
    assert (hook.problem, hook.sent_at) == (None, world.now)


@pytest.mark.parametrize("status", [302, 404, 410])
def test_an_address_that_is_wrong_is_not_asked_again(vault, world, hook, status):
    world.receiver.status = status
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    world.later(minutes=1)
    world.deliver()
    world.later(hours=5)
    world.deliver()
    assert (len(world.bodies), Delivery.objects.get().state) == (1, "failed")


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_one_message(vault, world, hook):
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    world.later(seconds=25)
    def work() -> None:
        world.deliver()
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(world.bodies) == 1


def test_a_card_for_teams_says_it_and_lets_no_name_be_markup(vault, world, hook):
    hook.shape = "teams"
    hook.save()
    notices.tell(Kind.ITEM_CRITICAL, vault, [("[click](https://evil.example)", None)])
    world.later(minutes=1)
    world.deliver()
    (body,) = world.bodies
    (attachment,) = body["attachments"]
    assert (body["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"], card["actions"][0]["type"]) == ("AdaptiveCard", "1.4", "Action.OpenUrl")
    assert card["body"][0]["text"].startswith(r"\[click\]\(https://evil.example\) became critical")


def test_a_letter_reaches_whoever_wants_one(vault, admin, world):
    admin.email = "admin@contoso.example"
    admin.save()
    NoticeRule.objects.create(person=admin, vault=None, kind=Kind.ITEM_CRITICAL, bell=True, email=True)
    notices.tell(Kind.ITEM_CRITICAL, vault, [(f"vm-{number}\r\nBcc: x@evil.example", None) for number in range(12)])
    world.later(minutes=1)
    assert world.deliver() == 1
    (letter,) = mail.outbox
    assert (letter.to, letter.subject) == (["admin@contoso.example"], "12 items became critical in rsv-dr")
    assert "and 2 more" in letter.body
    assert "https://console.contoso.example/vaults/" in letter.body


def test_a_name_with_line_breaks_cannot_forge_a_letters_head(vault, admin, world):
    admin.email = "admin@contoso.example"
    admin.save()
    NoticeRule.objects.create(person=admin, vault=None, kind=Kind.ITEM_CRITICAL, bell=True, email=True)
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp\r\nBcc: x@evil.example", None)])
    world.later(minutes=1)
    assert world.deliver() == 1
    (letter,) = mail.outbox
    assert "\n" not in letter.subject
    assert letter.recipients() == ["admin@contoso.example"]
