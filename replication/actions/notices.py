"""Telling people: a notice, the bells that it rings, and what must leave by e-mail or webhook, in the transaction of what happened."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from replication import clock
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.domain.notices import KINDS, Channel, Kind
from replication.models import BellEntry, Delivery, Grant, Notice, NoticeRule, Person, Run, Vault, Webhook

NAMED = 50  # subjects that a notice names; it counts all of them
BELL = timedelta(days=30)
GATHER = timedelta(seconds=20)  # what happens within this leaves together
Subject = tuple[str, int | None]  # (name, row id of the item, if it is one)


def tell(
    kind: Kind,
    vault: Vault | None,
    subjects: Sequence[Subject],
    *,
    run: Run | None = None,
    only: Iterable[Person] = (),
    detail: str = "",
) -> Notice:
    """Tell everybody who wants to know; call inside the transaction of what happened.

    vault: None for what concerns the whole console. only: the people that it concerns, () for all.
    """
    now, named = clock.now(), [[_storable(name), pk] for name, pk in subjects[:NAMED]]
    notice = Notice.objects.create(
        at=now, kind=kind, vault=vault, run=run, count=len(subjects), subjects=named, detail=_storable(detail)[:300]
    )
    people = _wishes(kind, vault, {person.pk for person in only})
    BellEntry.objects.bulk_create(BellEntry(person_id=pk, notice=notice) for pk, (bell, _) in people.items() if bell)
    _send(notice, people, now)
    return notice


def _storable(text: str) -> str:
    """Without what no database takes: what happened must not be undone because somebody's words cannot be kept."""
    return text.replace("\x00", "").encode(errors="replace").decode()


def _wishes(kind: Kind, vault: Vault | None, only: set[int]) -> dict[int, tuple[bool, bool]]:
    """Who of the vault's people wants it: row id -> (bell, e-mail). A rule for the vault goes before one for all vaults."""
    grants = Grant.objects.filter(ended_at=None, person__is_active=True)
    if vault:
        grants = grants.filter(vault=vault)
    people = set(grants.values_list("person_id", flat=True))
    people = people & only if only else people
    found = dict.fromkeys(people, (KINDS[kind].bell, False))
    rules = NoticeRule.objects.filter(person__in=people, kind=kind)
    for rules_of in (rules.filter(vault=None), rules.filter(vault=vault)):
        found |= {pk: (bell, email) for pk, bell, email in rules_of.values_list("person_id", "bell", "email")}
    return found


def _send(notice: Notice, people: Mapping[int, tuple[bool, bool]], now: datetime) -> None:
    """What must leave the house."""
    written = [pk for pk, (_, email) in people.items() if email] if settings.EMAIL_HOST else []
    mails = Person.objects.filter(pk__in=written).exclude(email="")
    rows = [Delivery(channel=Channel.EMAIL, receiver=f"email:{person.pk}", person=person) for person in mails]
    for webhook in Webhook.objects.filter(vault=notice.vault, active=True):
        if notice.kind in webhook.kinds:
            rows.append(Delivery(channel=Channel.WEBHOOK, receiver=f"webhook:{webhook.pk}", webhook=webhook))
    due = _when({row.receiver for row in rows}, now)
    for row in rows:
        row.notice, row.made_at, row.due_at = notice, now, due[row.receiver]
    Delivery.objects.bulk_create(rows, batch_size=500)


def _when(receivers: Iterable[str], now: datetime) -> dict[str, datetime]:
    """Soon, but not so soon after the last message that a storm becomes a flood of messages."""
    sent = Delivery.objects.filter(receiver__in=receivers, state=Delivery.State.SENT)
    last = dict(sent.order_by().values_list("receiver").annotate(last=Max("sent_at")))
    quiet, soon = timedelta(seconds=settings.NOTICE_QUIET), now + GATHER
    return {each: max(soon, last[each] + quiet) if each in last else soon for each in receivers}


# --- one's own ---------------------------------------------------------------------------------------------------------------


def read(person: Person, notice: int | None = None) -> int:
    """Mark one notice as read, or all; how many were unread. Theirs alone, so the audit need not know."""
    rows = BellEntry.objects.filter(person=person, read_at=None)
    return (rows if notice is None else rows.filter(notice=notice)).update(read_at=clock.now())


def choose(
    wishes: Mapping[Kind, tuple[bool, bool]] | None, *, vault: Vault | None, email: str | None = None, actor: Actor
) -> None:
    """The actor's own rules, for one vault or for all; wishes: (bell, e-mail) a kind, None to take a vault's own rules away.

    email: their address for messages; None leaves it as it is.
    """
    assert actor.person is not None
    person, rows = actor.person, NoticeRule.objects.filter(person=actor.person, vault=vault)
    where = vault.name if vault else "all vaults"
    about = {"subject_kind": "person", "subject_key": f"person:{person.pk}", "subject_name": where}
    with gesture("notices.chosen", actor=actor, vault_key=vault.key if vault else "", **about) as entry:
        entry.before = {each.kind: _shown(each.bell, each.email) for each in rows}
        rows.delete()
        NoticeRule.objects.bulk_create(
            NoticeRule(person=person, vault=vault, kind=kind, bell=bell, email=mail) for kind, (bell, mail) in (wishes or {}).items()
        )
        entry.after = {kind.value: _shown(*each) for kind, each in (wishes or {}).items()}
        if email is not None and email != person.email:
            entry.before["address"], entry.after["address"] = person.email, email
            Person.objects.filter(pk=person.pk).update(email=email)


def _shown(bell: bool, email: bool) -> str:
    return ", ".join(word for word, on in (("bell", bell), ("e-mail", email)) if on) or "nothing"


# --- upkeep --------------------------------------------------------------------------------------------------------------------


def forget_old(most: int = 2000) -> int:
    """Drop notices older than the bell keeps them, some at a time; how many. What waits to be delivered is never that old."""
    old = Notice.objects.filter(at__lt=clock.now() - BELL).order_by("id").values_list("pk", flat=True)[:most]
    return Notice.objects.filter(pk__in=list(old)).delete()[0]


