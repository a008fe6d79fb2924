"""Who may sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from replication.models import Person


class LocalBackend(ModelBackend):
    """Local accounts. A demo account, whose password is published, signs in only where the endpoint is loopback."""

    def user_can_authenticate(self, user: Person | AnonymousUser | None) -> bool:
        """Whether the account is active, not locked, and may be used here."""
        unlocked = getattr(user, "locked_at", None) is None
        return super().user_can_authenticate(user) and unlocked and (settings.DEMO or not getattr(user, "is_demo", False))

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Person | None:
        """The account, or None. A null byte can be no part of a name or password, and PostgreSQL refuses to look for one."""
        if "\x00" in f"{username}{password}":
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)
