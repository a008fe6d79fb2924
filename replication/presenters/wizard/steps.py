"""Where somebody is in the wizard: its pages, which are filled in, and the stepper."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from replication.actions import checks
from replication.domain.choices import SourceChoices, TargetChoices
from replication.domain.inventory import Model
from replication.models import Draft
from replication.presenters.looks import region

PAGES: tuple[tuple[str, str], ...] = (
    ("source", "Source"),
    ("machines", "Virtual machines"),
    ("target", "Target settings"),
    ("checks", "Checks"),
    ("review", "Review and create"),
)
MODELS = {Model.RESOURCE_MANAGER.value: "Resource Manager", Model.CLASSIC.value: "Classic"}


def satisfied(draft: Draft) -> dict[str, bool]:
    """Which pages are filled in."""
    target = TargetChoices.from_json(draft.target) is not None
    return {
        "source": SourceChoices.from_json(draft.source) is not None,
        "machines": draft.machines.exists(),
        "target": target,
        "checks": target,  # they are made, not filled in: the review can be read before them
    }


def first_open(done: Mapping[str, bool]) -> str:
    """The page to show next: the first that is not filled in, else the review."""
    return next((page for page, _ in PAGES if not done.get(page)), "review")


def stepper(draft: Draft, current: str, done: Mapping[str, bool]) -> list[dict[str, Any]]:
    """The wizard's steps for ui/stepper.html."""
    reachable, steps = True, []
    for page, title in PAGES:
        state = (
            "locked" if not reachable else "attention" if page in draft.stale else "done" if done.get(page) else "open"
        )
        state = _checks_state(draft) if page == "checks" and state == "done" else state
        state = "current" if page == current else state
        note = f"{draft.machines.count()} selected" if page == "machines" and done["machines"] else ""
        steps.append({"title": title, "url": page_url(draft, page), "state": state, "note": note})
        reachable = reachable and done.get(page, False)
    return steps


def _checks_state(draft: Draft) -> str:
    """What the last checks came to, as long as nothing was saved since; whether they still count, their own page says."""
    now = checks.latest(draft)
    if now is None or now.running:
        return "open"
    return "attention" if now.refusal else "done"


def page_url(draft: Draft, page: str) -> str:
    """The address of a page of the wizard."""
    return reverse(f"replication:draft_{page}", args=[draft.pk])


def sub_title(draft: Draft, names: Mapping[str, str]) -> str:
    """From East Asia, Resource Manager, rg-erp and 3 more."""
    source = SourceChoices.from_json(draft.source)
    if source is None:
        return f"Into the vault {draft.vault.name}"
    place = region(names, source.location) + (", to another zone" if source.zonal else "")
    groups = "all resource groups" if not source.groups else _some(source.groups)
    tags = f", {_some(source.tags)}" if source.tags else ""
    return f"From {place}, {MODELS[source.model.value]}, {groups}{tags}"


def _some(names: Sequence[str], shown: int = 1) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
