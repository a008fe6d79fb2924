"""Connections: which Azure, as which tenant and principal. The credential itself stays in the environment."""

from typing import Any
from urllib.parse import urlsplit

from replication.actions.actor import Actor
from replication.actions.audit import gesture
from replication.models import Connection


def configure(*, endpoint: str, tenant_id: str, client_id: str, name: str = "", actor: Actor) -> Connection:
    """The connection with this identity, made when there is none; an entry of the audit only when something changed."""
    identity: dict[str, Any] = {"endpoint": endpoint.rstrip("/"), "tenant_id": tenant_id, "client_id": client_id}
    known = Connection.objects.filter(**identity).first()
    wanted = name or (known.name if known else urlsplit(endpoint).netloc)
    if known and known.name == wanted:
        return known
    with gesture("connection.configured", actor=actor, subject_kind="connection", subject_name=wanted) as entry:
        connection, _ = Connection.objects.update_or_create(defaults={"name": wanted}, **identity)
        entry.subject_key = str(connection.pk)
        entry.before = {"name": known.name} if known else None
        entry.after = identity | {"name": wanted}
    return connection
