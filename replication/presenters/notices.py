"""Notices in words: in the bell, in a letter, as JSON and as a card of Microsoft Teams."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from replication.domain.notices import KINDS, OF_APPROVALS, Kind, sentence
from replication.models import BellEntry, Delivery, Notice

NAMED = 10  # machines that a message names


class NoticeRow:
    """A notice as pages show it."""

    def __init__(self, notice: Notice, entry: BellEntry | None = None) -> None:
        self.notice, self.entry = notice, entry
        self.kind = Kind(notice.kind)

    @property
    def sentence(self) -> str:
        vault = self.notice.vault
        return sentence(self.kind, self.notice.count, self.name, vault.name if vault else "")

    @property
    def name(self) -> str:
        return str(self.notice.subjects[0][0]) if self.notice.subjects else ""

    @property
    def tone(self) -> str:
        return KINDS[self.kind].tone

    @property
    def unread(self) -> bool:
        return self.entry is not None and self.entry.read_at is None

    @property
    def names(self) -> str:
        """The first machines by name, when there are several."""
        if self.notice.count == 1:
            return ""
        shown = [str(name) for name, _ in self.notice.subjects[:NAMED]]
        more = self.notice.count - len(shown)
        return ", ".join(shown) + (f" and {more:,} more" if more > 0 else "")

    @property
    def url(self) -> str:
        """Where it leads: the run, the only item, or the items that need a look."""
        if self.notice.run_id:
            return reverse("replication:run", args=[self.notice.run_id])
        items = [pk for _, pk in self.notice.subjects if pk]
        if self.kind in OF_APPROVALS:
            return reverse("replication:approval", args=[items[0]]) if items else reverse("replication:approvals")
        if self.notice.count == 1 and items:
            return reverse("replication:item", args=[items[0]])
        if self.kind in {Kind.VAULT_SILENT, Kind.VAULT_GONE, Kind.VAULT_BACK}:
            return reverse("replication:overview", args=[self.notice.vault_id])
        critical = "?health=Critical" if self.kind is Kind.ITEM_CRITICAL else ""
        return reverse("replication:items", args=[self.notice.vault_id]) + critical

    @property
    def link(self) -> str:
        """The same from outside; '' while nobody has said under which address the console is reached."""
        return f"{settings.PUBLIC_URL}{self.url}" if settings.PUBLIC_URL else ""

    @property
    def time(self) -> str:
        return f"{timezone.localtime(self.notice.at):%Y-%m-%d %H:%M %Z}"

    def to_json(self) -> dict[str, Any]:
        """What receivers of webhooks may build on: names are added, never changed. A webhook is of a vault, and so is what it gets."""
        assert self.notice.vault is not None
        return {
            "id": self.notice.pk,
            "kind": self.kind.value,
            "at": self.notice.at.isoformat(),
            "text": self.sentence,
            "detail": self.notice.detail,
            "vault": {"name": self.notice.vault.name, "id": self.notice.vault.arm_id},
            "run": self.notice.run.number if self.notice.run else None,
            "count": self.notice.count,
            "machines": [name for name, _ in self.notice.subjects],
            "url": self.link,
        }


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads."""

    title: str
    plain: str


def rows_of(deliveries: Sequence[Delivery]) -> list[NoticeRow]:
    return [NoticeRow(each.notice) for each in deliveries if each.notice]


def title(rows: Sequence[NoticeRow]) -> str:
    """One line for all of them: the only sentence, or the worst one and how many more."""
    if not rows:
        return "Test message of the replication console"
    worst = min(rows, key=lambda row: ("error", "warn", "info", "ok").index(row.tone))
    return worst.sentence if len(rows) == 1 else f"{worst.sentence}, and {len(rows) - 1:,} more"


def message(deliveries: Sequence[Delivery]) -> Message:
    """A letter."""
    rows = rows_of(deliveries)
    parts = ["\n".join(_lines(row)) for row in rows] or ["Messages of the replication console reach this address."]
    foot = f"What you are told of: {settings.PUBLIC_URL}{reverse('replication:notice_rules')}" if settings.PUBLIC_URL else ""
    return Message(title(rows), "\n\n".join([*parts, *filter(None, [foot])]) + "\n")


def _lines(row: NoticeRow) -> list[str]:
    return [line for line in (f"{row.sentence}.", row.names, row.notice.detail, row.time, row.link) if line]


def as_json(deliveries: Sequence[Delivery]) -> bytes:
    """The plain shape: {version, text, notices: [...]}."""
    rows = rows_of(deliveries)
    return _bytes({"version": 1, "text": title(rows), "test": not rows, "notices": [row.to_json() for row in rows]})


def teams_card(deliveries: Sequence[Delivery]) -> bytes:
    """An Adaptive Card in the envelope that Teams' workflows take (Microsoft Learn, "Create incoming webhooks with Workflows")."""
    rows = rows_of(deliveries)
    body: list[dict[str, Any]] = [_block(title(rows), size="Medium", weight="Bolder")]
    for row in rows[:NAMED]:
        body.append(_block(" · ".join(_lines(row)[:-1] if row.link else _lines(row))))
    if len(rows) > NAMED:
        body.append(_block(f"and {len(rows) - NAMED:,} more"))
    link = next((row.link for row in rows if row.link), "")
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body,
        "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": link}] if link else [],
    }  # fmt: skip
    content_type = "application/vnd.microsoft.card.adaptive"
    return _bytes({"type": "message", "attachments": [{"contentType": content_type, "contentUrl": None, "content": card}]})


def _block(text: str, **more: str) -> dict[str, Any]:
    """Text as it is: what a card takes for Markdown in a machine's name is escaped."""
    plain = "".join(f"\\{sign}" if sign in "\\*_[]()#`~<>!|" else sign for sign in text)
    return {"type": "TextBlock", "text": plain, "wrap": True, **more}


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace")
