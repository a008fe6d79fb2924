"""A small site of sample pages: every part of templates/ui once, for tests and screenshots. Sample data only."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import sin
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, include, path

from replication import charts, navigation
from replication.domain.roles import Permission

NOW = datetime(2026, 11, 23, 12, 41, 7, tzinfo=UTC)


class TargetForm(forms.Form):
    location = forms.ChoiceField(
        label="Target location",
        choices=[("southeastasia", "Southeast Asia"), ("japaneast", "Japan East")],
        help_text="Same region as this vault.",
    )
    group = forms.CharField(label="Resource group", max_length=20, help_text="Must not be in East Asia.")
    notes = forms.CharField(label="Reason or ticket", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    together = forms.BooleanField(label="Replicate these machines as one group", required=False)
    model = forms.ChoiceField(
        label="Deployment model", choices=[("rm", "Resource Manager"), ("classic", "Classic")], widget=forms.RadioSelect
    )
    groups = forms.MultipleChoiceField(label="Groups", choices=[("a", "rg-erp"), ("b", "rg-web")], required=False)


class SamplePerson:
    """Somebody signed in."""

    is_authenticated = True
    theme = "auto"

    def __str__(self) -> str:
        return "Sample Person"

    def get_username(self) -> str:
        return "sample"


@dataclass
class Row:
    pk: int
    name: str
    health: str
    progress: int | None
    rpo: int | None


def rows() -> list[Row]:
    healths = ["Critical", "Warning", "Normal", "None"]
    return [
        Row(n, f"erp-app-{n:02d}", healths[n % 4], 64 if n % 5 == 0 else None, None if n % 5 == 0 else n * 211)
        for n in range(1, 121)
    ]


def steps(locked: int = 4) -> list[dict[str, Any]]:
    titles = ["Source", "Virtual machines", "Target settings", "Review and create"]
    states = ["done", "attention", "current", "locked"]
    return [
        {"title": title, "url": f"#{n}", "state": state, "note": "14 selected" if n == 1 else ""}
        for n, (title, state) in enumerate(zip(titles, states, strict=True))
    ]


def run_steps() -> list[dict[str, Any]]:
    problem = {
        "code": "151066",
        "message": "The extension could not be installed on file-srv-01.",
        "causes": "The VM agent is not running.",
        "action": "Start the agent, then retry.",
        "severity": "error",
    }
    base = {"detail": "Southeast Asia", "duration": 41, "started": NOW}
    return [
        base | {"tone": "ok", "word": "done", "title": "Create resource group rg-erp-asr", "mark": "new"},
        base | {"tone": "ok", "word": "done", "title": "Use policy 24h-retention", "mark": "reuse"},
        base | {"tone": "run", "word": "running", "title": "Enable replication of erp-app-01"},
        base | {"tone": "error", "word": "failed", "title": "Enable replication of file-srv-01", "problem": problem},
        {"tone": "skipped", "word": "skipped", "title": "Enable replication of mq-01", "duration": None},
        {"tone": "wait", "word": "waiting", "title": "Start initial replication", "duration": None},
    ]


def shell(request: HttpRequest) -> dict[str, Any]:
    person = SamplePerson()
    return {
        "vault": SimpleNamespace(pk=1, name="rsv-dr-sea", as_of=NOW),
        "unread": 2,
        "user": person,
        "permissions": frozenset(Permission),
        "role_label": "Administrator",
        "menu_counts": {"items": 25},
    }


PARTS = [
    charts.Part("error", "Critical", 25, "?health=Critical"),
    charts.Part("warn", "Warning", 61, "?health=Warning"),
    charts.Part("ok", "Healthy", 1138, "?health=Normal"),
]


@login_not_required
def grid(request: HttpRequest) -> HttpResponse:
    page = Paginator(rows(), 25).get_page(request.GET.get("page"))
    options = [("Critical", "Critical"), ("Warning", "Warning")]
    values = shell(request) | {
        "page": page,
        "sizes": [25, 50, 100],
        "parts": PARTS,
        "options": options,
        "health": request.GET.get("health", ""),
        "line": [3, 4, 5, None, 6, 9, 20],
        "now": NOW,
    }
    return render(request, "guide/grid.html", values)


@login_not_required
def wizard(request: HttpRequest) -> HttpResponse:
    form = TargetForm(request.POST or None)
    form.is_valid()
    status = 422 if form.errors else 200
    return render(request, "guide/wizard.html", shell(request) | {"form": form, "steps": steps()}, status=status)


@login_not_required
def item(request: HttpRequest) -> HttpResponse:
    start = NOW - timedelta(hours=24)
    samples = [
        charts.Sample(
            start + timedelta(minutes=5 * n), None if 100 < n < 120 else 300 + 200 * sin(n / 9) + max(0, n - 220) * 150
        )
        for n in range(289)
    ]
    bars = [
        charts.Bar("Check prerequisites", 0, 48, "ok"),
        charts.Bar("Create target resources", 48, 96, "ok"),
        charts.Bar("Start initial replication", 144, None, "wait"),
    ]
    values = shell(request) | {
        "chart": charts.rpo(samples, target=1800, start=start, end=NOW),
        "gantt": charts.gantt(bars),
        "steps": run_steps(),
        "facts": [("Replication health", "Critical, 3 issues"), ("Policy", "24h-retention"), ("Source", "East Asia")]
        * 3,
        "tabs": [("Overview", "#o", True), ("Disks", "#d", False), ("Events", "#e", False)],
        "changes": [("role", "helpdesk", "operator"), ("groups", None, "rg-erp"), ("vault", "rsv", "rsv")],
        "now": NOW,
    }
    return render(request, "guide/item.html", values)


@login_not_required
def live(request: HttpRequest) -> HttpResponse:
    """Counts up to 3, then 286: what portal.js has to follow."""
    since = int(request.GET.get("since", "0"))
    if request.GET.get("quiet"):
        return HttpResponse(status=204, headers={"Poll-Interval": "1"})
    values = {"version": since + 1, "final": since >= 2}
    response = render(request, "guide/_live.html", values, status=286 if since >= 2 else 200)
    response["Poll-Interval"] = "1"
    return response


SELECTED: set[str] = set()


@login_not_required
def select(request: HttpRequest) -> HttpResponse:
    SELECTED.update(request.POST.getlist("add"))
    SELECTED.difference_update(request.POST.getlist("drop"))
    return render(request, "ui/selection_strip.html", {"count": len(SELECTED), "matching": 120})


@login_not_required
def sign_in(request: HttpRequest) -> HttpResponse:
    accounts = [{"role": "Administrator", "username": "admin", "password": "sample"}]
    return render(request, "registration/login.html", {"demo_sign_ins": accounts, "form": forms.Form()})


@login_not_required
def page(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, f"{name}.html", {"request_id": "4be2", "explanation": ""})


def _sample_routes() -> Iterator[URLPattern]:
    """The portal's own addresses, all leading here: the menu and the top bar as they are on its pages."""
    for entry in navigation.ENTRIES:
        yield path(f"sample/<int:pk>/{entry.name}" if entry.of_vault else f"sample/{entry.name}", grid, name=entry.name)
    for name in ("search", "theme", "notifications", "help"):
        yield path(f"sample/{name}", grid, name=name)


urlpatterns = [
    path("", grid, name="home"),
    path("guide/wizard", wizard),
    path("guide/item", item),
    path("guide/live", live, name="live"),
    path("guide/select", select, name="select"),
    path("guide/sign-in", sign_in, name="login"),
    path("guide/sign-out", sign_in, name="logout"),
    path("guide/page/<path:name>", page),
    path("", include(([*_sample_routes()], "replication"))),
]
