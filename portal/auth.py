"""Who may sign in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest


class LocalBackend(ModelBackend):
    """Local accounts. A demo account, whose password is published, signs in only where the endpoint is loopback."""

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        allowed = super().user_can_authenticate(user)
        return allowed and (settings.DEMO or not getattr(user, "is_demo", False))

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> AbstractBaseUser | None:
        if username is None or password is None or "\x00" in username + password:
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)
