"""Four eyes: verbs that a vault's rules hold back until a second person has approved exactly that.

A gated verb calls `require` inside its transaction, once it knows the digest of what it would do. Without an approval that raises
NeedsApproval, which rolls the verb back; views/approvals.py then calls `request`. When somebody else has approved it, whoever asked
makes the same gesture again: it finds the approval, uses it up and goes through. If the plan came out differently in between, the
digest does not match, nothing goes through, and the new request voids the old one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from replication import access, clock, seals, settings
from replication.actions import notices
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import Unchanged, gesture
from replication.domain.approvals import GATED, OPEN, ApprovalState
from replication.domain.notices import Kind
from replication.domain.roles import Permission
from replication.models import Approval, Grant, Person, Run, Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody wants to do. shown: facts for the approver, JSON; machines: (key, name) of each."""

    action: str
    vault: Vault | None
    digest: str
    subject_kind: str
    subject_key: str
    subject_name: str
    shown: dict[str, Any]
    machines: Sequence[tuple[str, str]] = field(default_factory=tuple)


class NeedsApproval(Exception):
    """The verb waits for a second person. Nothing was changed."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.action)
        self.asked = asked


def digest_of(content: dict[str, Any]) -> str:
    """What binds an approval to a change that has no plan: SHA-256 over its canonical JSON."""
    return hashlib.sha256(seals.canonical(content).encode()).hexdigest()


def wanted(action: str, vault: Vault | None) -> bool:
    """Whether the vault's rules ask a second person for this."""
    return action in settings.value("approvals.verbs", vault)


def require(asked: Asked, *, actor: Actor) -> Approval | None:
    """Use up the actor's approval of exactly this; None when no rule asks for one. Raises NeedsApproval.

    Call it inside the verb's transaction: when that rolls back, the approval is not used up.
    """
    if actor.person is None or not wanted(asked.action, asked.vault):
        return None
    mine = Approval.objects.filter(
        action=asked.action, subject_key=asked.subject_key, digest=asked.digest, requested_by=actor.person,
        state=ApprovalState.APPROVED, expires_at__gt=clock.now(),
    )  # fmt: skip
    found = mine.select_related("decided_by").first()
    # The UPDATE decides: of two presses at once, one finds it used.
    if found is None or not mine.filter(pk=found.pk).update(state=ApprovalState.USED, used_at=clock.now()):
        raise NeedsApproval(asked)
    return found


def told(approval: Approval | None) -> dict[str, Any]:
    """The approval, for the entry of the verb that it let through."""
    return {"approval": approval.pk, "approved_by": str(approval.decided_by)} if approval else {}


def bind(approval: Approval | None, run: Run) -> None:
    """Remember which run an approval let through."""
    if approval:
        Approval.objects.filter(pk=approval.pk).update(run=run)


# --- asking and deciding -------------------------------------------------------------------------------------------------


def request(asked: Asked, *, address: str, sent: Sequence[tuple[str, str]], actor: Actor) -> Approval:
    """Ask for approval of exactly this; what was asked before for the same subject, and is different, becomes void.

    Asked twice (two presses, two tabs), it is one request.
    """
    assert actor.person is not None
    same = Approval.objects.filter(action=asked.action, subject_key=asked.subject_key, requested_by=actor.person, state__in=OPEN)
    for old in same.exclude(digest=asked.digest):
        _void(old, actor)
    _expire(same)
    try:
        with transaction.atomic():
            return same.filter(digest=asked.digest).first() or _write(asked, address, sent, actor)
    except IntegrityError:
        return same.get(digest=asked.digest)


def _write(asked: Asked, address: str, sent: Sequence[tuple[str, str]], actor: Actor) -> Approval:
    assert actor.person is not None
    now = clock.now()
    with gesture("approval.requested", actor=actor, **_about(asked)) as entry:
        row = Approval.objects.create(
            vault=asked.vault,
            action=asked.action,
            digest=asked.digest,
            subject_kind=asked.subject_kind,
            subject_key=asked.subject_key,
            subject_name=asked.subject_name[:300],
            shown=asked.shown,
            machines=[name for _, name in asked.machines],
            address=address,
            sent=[list(each) for each in sent],
            reason=actor.reason[:300],
            state=ApprovalState.PENDING,
            requested_by=actor.person,
            requested_at=now,
            expires_at=now + timedelta(hours=settings.value("approvals.expiry", asked.vault)),
        )
        entry.detail = {"approval": row.pk, "for": asked.action, "digest": asked.digest}
        entry.after = asked.shown
        _tell(Kind.APPROVAL_WAITS, row, approvers(row), f"Asked by {actor.person}.")
    return row


def approvers(found: Approval) -> list[Person]:
    """Who may decide a request, by name."""
    holding = Grant.objects.filter(ended_at=None, **({"vault": found.vault} if found.vault else {}))
    holders = Person.objects.filter(grants__in=holding, is_active=True).distinct().order_by("display_name", "username")
    return [person for person in holders if decision(found, person)]


def waiting(kind: str, key: str) -> Approval | None:
    """The open request about this subject, the newest of several."""
    rows = Approval.objects.filter(subject_kind=kind, subject_key=key, state__in=OPEN, expires_at__gt=clock.now())
    return rows.select_related("vault", "requested_by", "decided_by").order_by("-pk").first()


def _tell(kind: Kind, found: Approval, people: Sequence[Person], detail: str) -> None:
    if people:
        name = f"{GATED.get(found.action, found.action)}: {found.subject_name}"
        notices.tell(kind, found.vault, [(name, found.pk)], only=people, detail=detail)


def approve(found: Approval, *, note: str = "", actor: Actor) -> None:
    """Let whoever asked go on with exactly this. Raises access.Refused: the same person, too late, decided already."""
    _decide(found, ApprovalState.APPROVED, note, actor)


def refuse(found: Approval, *, note: str, actor: Actor) -> None:
    """Say no, with the reason."""
    _decide(found, ApprovalState.REFUSED, note, actor)


def _decide(found: Approval, state: ApprovalState, note: str, actor: Actor) -> None:
    _require_second(found, actor)
    pending = Approval.objects.filter(pk=found.pk, state=ApprovalState.PENDING, expires_at__gt=clock.now())
    with gesture(f"approval.{state}", actor=actor, **_of(found)) as entry:
        decided = {"state": state, "decided_by": actor.person, "decided_at": clock.now(), "note": note[:500]}
        if not pending.update(**decided):
            raise access.Refused("This request has expired, or somebody has decided it already.", found.vault)
        entry.detail = {"approval": found.pk, "for": found.action, "digest": found.digest, "note": note[:500]}
        kind = Kind.APPROVAL_GIVEN if state is ApprovalState.APPROVED else Kind.APPROVAL_REFUSED
        _tell(kind, found, [found.requested_by], f"By {actor.person}{f': {note}' if note else ''}")


def withdraw(found: Approval, *, actor: Actor) -> None:
    """Take one's own request back, while it is open."""
    if found.requested_by_id != getattr(actor.person, "pk", None):
        raise access.Refused("Only who asked can withdraw a request.", found.vault)
    with gesture("approval.withdrawn", actor=actor, **_of(found)) as entry:
        if not Approval.objects.filter(pk=found.pk, state__in=OPEN).update(state=ApprovalState.WITHDRAWN):
            raise access.Refused("This request is not open any more.", found.vault)
        entry.detail = {"approval": found.pk, "for": found.action}


def decision(found: Approval, person: Person) -> access.Decision:
    """Whether the person may decide a request, apart from its being open."""
    if found.requested_by_id == person.pk:
        return access.Decision(False, "Somebody else has to decide this: nobody approves their own request.")
    if found.vault is None:
        return access.everywhere(person, Permission.APPROVE)
    return access.may(person, Permission.APPROVE, found.vault)


def _require_second(found: Approval, actor: Actor) -> None:
    assert actor.person is not None
    may = decision(found, actor.person)
    if not may:
        raise access.Refused(may.reason, found.vault)


# --- what ends without anybody's doing ------------------------------------------------------------------------------------


def expire() -> int:
    """End the open requests whose time is over; returns how many. A worker calls it by the clock."""
    return _expire(Approval.objects.filter(state__in=OPEN))


def _expire(rows: QuerySet[Approval]) -> int:
    ended = 0
    for each in rows.filter(expires_at__lte=clock.now()).select_related("vault", "requested_by"):
        with gesture("approval.expired", actor=CONSOLE, **_of(each)) as entry:
            if not Approval.objects.filter(pk=each.pk, state__in=OPEN).update(state=ApprovalState.EXPIRED):
                raise Unchanged
            entry.detail = {"approval": each.pk, "for": each.action}
            _tell(Kind.APPROVAL_EXPIRED, each, [each.requested_by], "Whoever still wants it has to ask again.")
            ended += 1
    return ended


def _void(old: Approval, actor: Actor) -> None:
    with gesture("approval.voided", actor=actor, **_of(old)) as entry:
        if not Approval.objects.filter(pk=old.pk, state__in=OPEN).update(state=ApprovalState.VOID):
            raise Unchanged
        entry.detail = {"approval": old.pk, "for": old.action, "digest": old.digest}


def _about(asked: Asked) -> dict[str, Any]:
    return {
        "subject_kind": asked.subject_kind,
        "subject_key": asked.subject_key,
        "subject_name": asked.subject_name,
        "vault_key": asked.vault.key if asked.vault else "",
        "subjects": list(asked.machines),
    }


def _of(found: Approval) -> dict[str, Any]:
    return {
        "subject_kind": found.subject_kind,
        "subject_key": found.subject_key,
        "subject_name": found.subject_name,
        "vault_key": found.vault.key if found.vault else "",
    }
