"""What every page's shell shows."""

from typing import Any

from django.http import HttpRequest

from portal.middleware import request_id


def shell(request: HttpRequest) -> dict[str, Any]:
    """Theme, request id."""
    person = getattr(request, "user", None)
    return {"theme": getattr(person, "theme", "auto") or "auto", "request_id": request_id.get()}
