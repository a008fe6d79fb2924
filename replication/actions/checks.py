"""Checks before the first write: asking for them, what they came to, acknowledging warnings, and the clearance that a run needs.

Checks belong to a draft and an intent: when the plan's digest changes, they are to be made again. A Reading holds them while they are
made (result: {"digest", "checks": {key: {"at", "findings": [...]}}}) and for `KEPT` afterwards.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db import transaction

from replication import access, clock, settings
from replication.actions import names as worldwide
from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.domain.checks.catalogue import KEYS
from replication.domain.checks.findings import Finding
from replication.domain.eligibility import Effect
from replication.domain.roles import Permission
from replication.domain.words import amount
from replication.models import Acknowledgement, Draft, Person, Reading
from replication.queue import ring

KEPT = timedelta(minutes=30)  # how long an answer counts: quotas, locks and rights change behind our back


class Uncleared(Exception):
    """The checks stand in the way of a run; the message says why. Nothing was started."""


@dataclass(frozen=True)
class Standing:
    """How the checks of a draft stand, for one intent. reading None: they were never made for it, or too long ago."""

    reading: Reading | None
    acknowledged: frozenset[str]

    @property
    def running(self) -> bool:
        """Whether a worker is at it."""
        return self.reading is not None and self.reading.answered_at is None

    @property
    def expires_at(self) -> datetime | None:
        """Until when they count; None while they are made."""
        return self.reading.expires_at if self.reading else None

    @cached_property
    def done(self) -> Mapping[str, tuple[Finding, ...]]:
        """The findings of each check that is made, in order."""
        made = (self.reading.result or {}).get("checks", {}) if self.reading else {}
        return {key: tuple(map(Finding.from_json, made[key]["findings"])) for key in KEYS if key in made}

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All of them."""
        return tuple(finding for found in self.done.values() for finding in found)

    def of(self, effect: Effect) -> tuple[Finding, ...]:
        """Those that block, warn or inform."""
        return tuple(finding for finding in self.findings if finding.effect is effect)

    @property
    def unacknowledged(self) -> tuple[Finding, ...]:
        """Warnings that nobody has acknowledged."""
        return tuple(each for each in self.of(Effect.WARN) if each.name not in self.acknowledged)

    @property
    def failing(self) -> tuple[str, ...]:
        """Keys of the checks that block or warn: those worth making again when something was mended."""
        wrong = {Effect.BLOCK, Effect.WARN}
        return tuple(key for key, found in self.done.items() if any(each.effect in wrong for each in found))

    @property
    def refusal(self) -> str:
        """Why no run may begin, or ''."""
        if self.reading is None:
            return "The checks have not been made for this plan, or too long ago: make them first."
        if self.running:
            return "The checks are being made."
        if self.reading.problem:
            return "The checks could not be made: make them again."
        if blocking := len(self.of(Effect.BLOCK)):
            return f"The checks found {amount(blocking, 'obstacle')}: mend {'it' if blocking == 1 else 'them'} first."
        if waiting := len(self.unacknowledged):
            return f"The checks found {amount(waiting, 'warning')} that nobody has acknowledged."
        return ""


def standing(draft: Draft, digest: str) -> Standing:
    """How the checks stand for the draft's present intent. Two queries."""
    reading = _readings(draft).filter(result__digest=digest).first()
    if reading and reading.expires_at and reading.expires_at <= clock.now():
        reading = None
    names = Acknowledgement.objects.filter(draft=draft, digest=digest).values_list("name", flat=True)
    return Standing(reading, frozenset(names))


def latest(draft: Draft) -> Standing | None:
    """How the last checks stand, when they were asked for after the draft was last saved; without compiling its plan."""
    reading = _readings(draft).filter(asked_at__gte=draft.updated_at).first()
    return standing(draft, str((reading.result or {}).get("digest", ""))) if reading else None


def _readings(draft: Draft) -> Any:
    return Reading.objects.filter(connection_id=draft.connection_id, kind=Reading.Kind.CHECKS, subject=str(draft.pk))


def begin(draft: Draft, digest: str, *, actor: Actor) -> Standing:
    """Have the checks made when they are not being made, or were made, for this intent. Opening a page is no verb: no audit entry."""
    _require_owner(draft, actor)
    now = standing(draft, digest)
    return now if now.reading else Standing(_ask(draft, digest, {}, actor), now.acknowledged)


def again(draft: Draft, digest: str, *, failing: bool, actor: Actor) -> Reading:
    """Make the checks again: all of them, or only those that block or warn. Those under way are not begun twice."""
    _require_owner(draft, actor)
    now = standing(draft, digest)
    if now.running and now.reading:
        return now.reading
    kept = {} if now.reading is None or not failing else dict((now.reading.result or {}).get("checks", {}))
    with gesture("draft.checked", actor=actor, **_subject(draft)) as entry:
        worldwide.forget(draft, failing=failing)
        again_ = list(now.failing) if failing else list(KEYS)
        entry.detail = {"digest": digest, "checks": again_}
        return _ask(draft, digest, {key: each for key, each in kept.items() if key not in again_}, actor)


def _ask(draft: Draft, digest: str, kept: Mapping[str, Any], actor: Actor) -> Reading:
    with transaction.atomic():
        reading = Reading.objects.create(
            connection_id=draft.connection_id,
            vault_id=draft.vault_id,
            kind=Reading.Kind.CHECKS,
            subject=str(draft.pk),
            asked_by=actor.person,
            asked_at=clock.now(),
            result={"digest": digest, "checks": dict(kept)},
        )
        ring("answer_reading", reading.pk)
    return reading


def acknowledge(draft: Draft, digest: str, names: Iterable[str], *, actor: Actor) -> int:
    """Go on in spite of these warnings. Names of anything else are passed over. Returns how many are new."""
    person = _require_owner(draft, actor)
    now, wanted = standing(draft, digest), set(names)
    fresh = [each for each in now.unacknowledged if each.name in wanted]
    if not fresh:
        return 0
    with gesture("draft.acknowledged", actor=actor, **_subject(draft)) as entry:
        rows = [
            Acknowledgement(
                draft=draft, digest=digest, name=each.name[:700], message=each.message, person=person, at=clock.now()
            )
            for each in fresh
        ]
        Acknowledgement.objects.bulk_create(rows, ignore_conflicts=True)
        entry.detail = {"digest": digest, "warnings": [f"{each.code}: {each.message}" for each in fresh]}
    return len(fresh)


def obstacle(draft: Draft, now: Standing) -> str:
    """Why no run may begin, or ''. Where the vault's setting makes them advice, the checks stand in nobody's way."""
    return now.refusal if settings.value("runs.checks_required", draft.vault) else ""


def clearance(draft: Draft, digest: str) -> dict[str, Any]:
    """What the audit says of the checks when a run begins. Raises Uncleared when they stand in its way."""
    now = standing(draft, digest)
    if refusal := obstacle(draft, now):
        raise Uncleared(refusal)
    acknowledged = [each for each in now.of(Effect.WARN) if each.name in now.acknowledged]
    made = now.reading.answered_at if now.reading else None
    return {
        "made_at": made.isoformat() if made else "not made",
        "acknowledged": [f"{each.code}: {each.message}" for each in acknowledged],
    }


def _require_owner(draft: Draft, actor: Actor) -> Person:
    if actor.person is None:
        raise access.Refused("Drafts belong to people.")
    access.require(actor.person, Permission.REPLICATE, draft.vault)
    if draft.owner_id != actor.person.pk:
        raise access.Refused(f"This draft belongs to {draft.owner}. Take it over to change it.")
    return actor.person


def _subject(draft: Draft) -> dict[str, Any]:
    name = f"draft {str(draft.pk)[:8]} in {draft.vault.name}"
    return {"subject_kind": "draft", "subject_key": str(draft.pk), "subject_name": name, "vault_key": draft.vault.key}
