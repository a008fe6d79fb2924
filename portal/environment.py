"""Reading settings from the environment: one place that knows how a value is written there."""

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit


def flag(name: str, default: bool = False) -> bool:
    """`1`, `true`, `yes`, `on` (any case) are true; unset gives the default."""
    value = os.environ.get(name, "").strip().lower()
    return value in {"1", "true", "yes", "on"} if value else default


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def secret(name: str, default: str = "") -> str:
    """A secret from NAME, or from the file that NAME_FILE names (how containers are handed secrets)."""
    path = os.environ.get(f"{name}_FILE")
    return Path(path).read_text().strip() if path else os.environ.get(name, default)


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for `sqlite:///file` or `postgres://user:password@host:port/name`.

    SQLite runs WAL + IMMEDIATE + synchronous FULL: without IMMEDIATE two writers fail at once, and a power cut must not
    lose a committed step. PostgreSQL runs without a pool, because a pool shared across a fork corrupts sessions.
    """
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]),
            # A file, as in real life: an in-memory database shared by threads fails where a file waits.
            "TEST": {"NAME": f"{unquote(parts.path[1:])}.test"},
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA busy_timeout=20000; PRAGMA foreign_keys=ON;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": secret("PORTAL_DATABASE_PASSWORD", unquote(parts.password or "")),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_HEALTH_CHECKS": True,
            "CONN_MAX_AGE": 60,
        }
    raise ValueError(f"PORTAL_DATABASE_URL must start with sqlite: or postgres:, not {parts.scheme or url!r}.")
