"""The registered actions of the audit, each with its sentence. An entry with any other action cannot be written."""

ACTIONS: dict[str, str] = {
    "session.signed_in": "{actor} signed in",
    "session.refused": "Sign-in as {subject} was refused",
    "session.signed_out": "{actor} signed out",
    "vaults.refresh": "{actor} had vaults and inventory read again",
    "items.refresh": "{actor} refreshed the replicated items of {subject}",
    "items.export": "{actor} exported replicated items of {subject}",
    "draft.created": "{actor} started a replication draft in {subject}",
    "draft.saved": "{actor} saved {subject}",
    "draft.discarded": "{actor} discarded {subject}",
    "draft.taken_over": "{actor} took over {subject}",
    "run.create_targets": "{actor} asked for target resources: {subject}",
    "run.enable": "{actor} asked to enable replication: {subject}",
    "run.retry": "{actor} retried what failed in {subject}",
    "run.cancel": "{actor} cancelled {subject}",
    "run.pause": "{actor} paused {subject}",
    "run.resume": "{actor} resumed {subject}",
    "run.take_over": "{actor} took over {subject}",
    "run.ended": "{subject} ended",
    "run.evidence": "{actor} took the evidence of {subject}",
    "grant.given": "{actor} granted a role to {subject}",
    "grant.changed": "{actor} changed the role of {subject}",
    "grant.ended": "{actor} ended the role of {subject}",
    "person.created": "{actor} created the account {subject}",
    "person.deactivated": "{actor} deactivated {subject}",
    "person.reactivated": "{actor} reactivated {subject}",
    "person.password_changed": "{actor} changed their password",
    "setting.changed": "{actor} changed settings: {subject}",
    "audit.export": "{actor} exported the audit history",
    "access.refused": "{actor} was refused: {subject}",
    "connection.configured": "The connection {subject} was configured",
}


def action_label(action: str) -> str:
    """An action by its short name: run.create_targets -> Run: create targets."""
    area, _, verb = action.partition(".")
    return f"{area.capitalize()}: {verb.replace('_', ' ')}"
