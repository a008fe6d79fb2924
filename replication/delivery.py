"""Delivering the outbox: each receiver's waiting notices leave as one message, retried until it is taken or a day has gone by.

A batch is made once, by a conditional UPDATE, and claimed with a lease. A worker that dies after the receiver took the message and
before that was written leaves the batch to the next one, who sends the same message with the same id: at least once, never more than that.
"""

import logging
import smtplib
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import mail
from django.db.models import Q, QuerySet

from replication import clock, outbound
from replication.actions.webhooks import secret_of
from replication.domain.notices import Channel
from replication.domain.problems import Problem, When
from replication.models import Delivery, Webhook
from replication.presenters import notices as present

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)  # longer than any one message takes
TRIED_FOR = timedelta(hours=24)
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0  # seconds between two attempts
MOST = 200  # notices of one message

State = Delivery.State


def due(now: datetime) -> QuerySet[Delivery]:
    """What is to be delivered and held by nobody."""
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return Delivery.objects.filter(free, state=State.WAITING, due_at__lte=now)


def deliver(until: datetime) -> int:
    """Deliver what is due until a time; how many messages were taken."""
    sent = 0
    while clock.now() < until:
        receiver = due(clock.now()).order_by("due_at", "id").values_list("receiver", flat=True).first()
        if receiver is None:
            break
        rows = claim(receiver)
        sent += bool(rows) and _attempt(rows)
    return sent


def claim(receiver: str) -> list[Delivery]:
    """The receiver's next message, held by this worker; [] when another one was quicker. An earlier batch goes first, as it was made."""
    now = clock.now()
    rows = due(now).filter(receiver=receiver)
    batch = rows.exclude(batch=None).order_by("id").values_list("batch", flat=True).first()
    if batch is None:
        batch = uuid.uuid4()
        waiting = Delivery.objects.filter(receiver=receiver, state=State.WAITING, batch=None)
        some = list(waiting.order_by("id").values_list("pk", flat=True)[:MOST])
        waiting.filter(pk__in=some).update(batch=batch)
    held = Delivery.objects.filter(_free(now), batch=batch, state=State.WAITING)
    attempts = held.values_list("attempts", flat=True).first()
    if attempts is None or not held.filter(attempts=attempts).update(lease_until=now + LEASE, attempts=attempts + 1):
        return []
    return list(Delivery.objects.filter(batch=batch).select_related("notice__vault", "notice__run", "person", "webhook").order_by("id"))


def _free(now: datetime) -> Q:
    return Q(lease_until=None) | Q(lease_until__lte=now)


def _attempt(rows: Sequence[Delivery]) -> bool:
    try:
        _SEND[Channel(rows[0].channel)](rows)
    except outbound.OutboundError as error:
        return _failed(rows, error.problem)
    except Exception:  # one message that cannot be made must not keep the others from leaving
        logger.exception("A message to %s could not be made.", rows[0].receiver)
        return _failed(rows, _INTERNAL)
    _record(rows, state=State.SENT, sent_at=clock.now(), problem=None)
    _tell_webhook(rows[0].webhook, None)
    return True


_INTERNAL = Problem(
    code="Internal",
    message="The console failed while it made the message.",
    action="It is tried again by itself; the worker's log has the details.",
    when=When.LATER,
)


def _failed(rows: Sequence[Delivery], problem: Problem) -> bool:
    """Later, longer each time; after a day, or when trying again cannot help, it is given up."""
    first, now = rows[0], clock.now()
    logger.warning("A message to %s was not taken: %s", first.receiver, problem.message)
    pause = max(problem.retry_after, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (first.attempts - 1)))
    over = problem.when is When.NEVER or now - first.made_at > TRIED_FOR
    state = State.FAILED if over else State.WAITING
    _record(rows, state=state, due_at=now + timedelta(seconds=pause), problem=problem.to_json())
    _tell_webhook(first.webhook, problem)
    return False


def _record(rows: Sequence[Delivery], **values: Any) -> None:
    """Only while the attempt is still ours."""
    first = rows[0]
    Delivery.objects.filter(batch=first.batch, attempts=first.attempts, state=State.WAITING).update(lease_until=None, **values)


def _tell_webhook(webhook: Webhook | None, problem: Problem | None) -> None:
    if webhook is not None:
        now = {} if problem else {"sent_at": clock.now()}
        Webhook.objects.filter(pk=webhook.pk).update(problem=problem.to_json() if problem else None, **now)


# --- by e-mail ------------------------------------------------------------------------------------------------------------------


def _mail(rows: Sequence[Delivery]) -> None:
    person = rows[0].person
    assert person is not None
    if not person.email or not person.is_active:
        raise outbound.OutboundError(Problem(code="NoAddress", message="This person has no e-mail address any more."))
    text = present.message(rows)
    letter = mail.EmailMessage(
        subject=" ".join(text.title.split())[:200],
        body=text.plain,
        to=[person.email],
        headers={"Message-ID": f"<{rows[0].batch}@replication-console>", "Auto-Submitted": "auto-generated"},
    )
    try:
        letter.send()
    except smtplib.SMTPRecipientsRefused as error:
        raise outbound.OutboundError(_refused(error)) from error
    except (OSError, smtplib.SMTPException) as error:
        raise outbound.OutboundError(_unsent(error)) from error


def _refused(error: smtplib.SMTPRecipientsRefused) -> Problem:
    code = min((code for code, _ in error.recipients.values()), default=550)
    passing = code < 500
    return Problem(
        code=f"Smtp{code}",
        message="The mail server does not take messages for this address.",
        action="Correct the address on the page of notifications.",
        when=When.LATER if passing else When.NEVER,
    )


def _unsent(error: Exception) -> Problem:
    return Problem(
        code="MailNotSent",
        message=f"The mail server {settings.EMAIL_HOST} did not take the message.",
        causes=str(error)[:300],
        action="It is tried again by itself. Check PORTAL_SMTP_HOST and its companions.",
        when=When.LATER,
    )


# --- by webhook -----------------------------------------------------------------------------------------------------------------


def _post(rows: Sequence[Delivery]) -> None:
    webhook = rows[0].webhook
    assert webhook is not None
    if not webhook.active and rows[0].notice is not None:
        raise outbound.OutboundError(Problem(code="SwitchedOff", message="The webhook was switched off."))
    body = present.teams_card(rows) if webhook.shape == Webhook.Shape.TEAMS else present.as_json(rows)
    outbound.post(webhook.url, body, message_id=str(rows[0].batch), at=clock.now(), secret=secret_of(webhook))


_SEND = {Channel.EMAIL: _mail, Channel.WEBHOOK: _post}
