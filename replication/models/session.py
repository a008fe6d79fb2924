"""Sessions, with whose they are, so that people see where they are signed in and end what they do not know."""

import hashlib
from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from replication.models.person import Person


class Session(AbstractBaseSession):
    """A row of Django's session table with columns of its own; portal/sessions.py fills them in."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="sessions")
    method = models.CharField(max_length=40, blank=True)  # how they signed in: password, password and recovery code, microsoft
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)  # within some minutes

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> Any:
        """The store that reads and writes these rows."""
        from importlib import import_module

        from django.conf import settings

        return import_module(settings.SESSION_ENGINE).SessionStore

    @property
    def handle(self) -> str:
        """Names the session on pages; the key itself would let whoever reads it in."""
        return hashlib.sha256(self.session_key.encode()).hexdigest()[:20]
