"""The session store: Django's own, whose rows also say whose session it is (SESSION_ENGINE)."""

from datetime import datetime
from typing import Any

from django.contrib.sessions.backends.db import SessionStore as Store

from replication.models import Session

ABOUT = "about"  # {method, address, agent, begun, seen}: written at sign-in, `seen` from time to time


class SessionStore(Store):
    """As the database store, with replication.Session as its table."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        row: Session = super().create_model_instance(data)  # type: ignore[assignment]
        about = data.get(ABOUT) or {}
        row.person_id = int(data["_auth_user_id"]) if data.get("_auth_user_id") else None
        row.method, row.address, row.agent = (str(about.get(name, "")) for name in ("method", "address", "agent"))
        row.begun_at, row.seen_at = (_moment(about.get(name)) for name in ("begun", "seen"))
        return row


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
