"""What people can be told of: each kind with its words, and who is told when nobody has chosen otherwise."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    ITEM_CRITICAL = "item_critical"
    ITEM_RECOVERED = "item_recovered"
    RPO_OVER = "rpo_over"
    RPO_BACK = "rpo_back"
    ENABLE_FAILED = "enable_failed"
    RUN_ENDED = "run_ended"
    VAULT_SILENT = "vault_silent"
    VAULT_GONE = "vault_gone"
    VAULT_BACK = "vault_back"
    APPROVAL_WAITS = "approval_waits"
    APPROVAL_GIVEN = "approval_given"
    APPROVAL_REFUSED = "approval_refused"
    APPROVAL_EXPIRED = "approval_expired"


# Kinds whose subject is a request for approval and not an item.
OF_APPROVALS = (Kind.APPROVAL_WAITS, Kind.APPROVAL_GIVEN, Kind.APPROVAL_REFUSED, Kind.APPROVAL_EXPIRED)


class Channel(StrEnum):
    """How somebody is told."""

    BELL = "bell"
    EMAIL = "email"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Words:
    """label: in lists of choices; one, many: the sentence; tone: ok | info | warn | error.

    A sentence takes {name}, {count} and {vault}; what may concern the whole console takes {where} for " in" and the vault.
    """

    label: str
    one: str
    many: str
    tone: str
    bell: bool = True  # in the bell unless somebody chose otherwise


KINDS: dict[Kind, Words] = {
    Kind.ITEM_CRITICAL: Words(
        "An item becomes critical", "{name} became critical in {vault}", "{count} items became critical in {vault}", "error"
    ),
    Kind.ITEM_RECOVERED: Words(
        "An item is no longer critical",
        "{name} is no longer critical in {vault}",
        "{count} items are no longer critical in {vault}",
        "ok",
    ),
    Kind.RPO_OVER: Words(
        "RPO goes over its target",
        "RPO of {name} went over its target in {vault}",
        "RPO of {count} items went over its target in {vault}",
        "warn",
    ),
    Kind.RPO_BACK: Words(
        "RPO is back within its target",
        "RPO of {name} is back within its target in {vault}",
        "RPO of {count} items is back within its target in {vault}",
        "ok",
    ),
    Kind.ENABLE_FAILED: Words(
        "Replication could not be enabled",
        "Replication of {name} could not be enabled in {vault}",
        "Replication of {count} machines could not be enabled in {vault}",
        "error",
    ),
    Kind.RUN_ENDED: Words("A run of mine ended", "{name} in {vault} ended", "{count} runs ended in {vault}", "info"),
    Kind.VAULT_SILENT: Words(
        "A vault cannot be read", "{vault} has not been read for 15 minutes", "{vault} has not been read for 15 minutes", "error"
    ),
    Kind.VAULT_GONE: Words(
        "A vault is no longer there", "Azure does not list {vault} any more", "Azure does not list {vault} any more", "error"
    ),
    Kind.VAULT_BACK: Words(
        "A vault can be read again", "{vault} can be read again", "{vault} can be read again", "ok"
    ),
    Kind.APPROVAL_WAITS: Words(
        "A request waits for my approval",
        "{name} waits for your approval{where}",
        "{count} requests wait for your approval{where}",
        "warn",
    ),
    Kind.APPROVAL_GIVEN: Words(
        "A request of mine is approved", "{name} was approved{where}", "{count} requests were approved{where}", "ok"
    ),
    Kind.APPROVAL_REFUSED: Words(
        "A request of mine is refused", "{name} was refused{where}", "{count} requests were refused{where}", "error"
    ),
    Kind.APPROVAL_EXPIRED: Words(
        "A request of mine expired",
        "{name} was not carried out in time{where}",
        "{count} requests were not carried out in time{where}",
        "warn",
    ),
}


def sentence(kind: Kind, count: int, name: str, vault: str) -> str:
    """What happened, in one sentence without a full stop. name: of the only thing, when there is one; vault: '' for the console."""
    words = KINDS[kind]
    where = f" in {vault}" if vault else ""
    return (words.one if count == 1 else words.many).format(name=name, count=f"{count:,}", vault=vault, where=where)
