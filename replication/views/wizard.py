"""The Replicate wizard: one address a page, POST-redirect-GET, everything in the draft's row.

A page that cannot be reached yet leads to the first one that is not filled in. Somebody else's draft is shown and cannot be changed.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access
from replication.actions import drafts, plans, runs
from replication.domain.choices import Choices, MachineChoice, SourceChoices, TargetChoices
from replication.domain.compiler import Resolver, compile_plan
from replication.domain.forecast import forecast
from replication.domain.plan import Plan
from replication.domain.roles import Permission
from replication.forms.wizard import TARGET_IDS, EveryForm, MachineForm, SourceForm, TargetForm
from replication.models import Draft, Run
from replication.presenters import wizard as present
from replication.presenters.looks import regions, run_state
from replication.views.actor import actor, signed_in

require_page = require_http_methods(["GET", "HEAD", "POST"])
MACHINES_A_PAGE = 25


# --- beginning and ending ---------------------------------------------------------------------------------------------


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """+Replicate: a new draft in the vault."""
    vault = access.vault(signed_in(request), pk)
    draft = drafts.create(vault, actor=actor(request, vault))
    return redirect("replication:draft_source", draft.pk)


@require_safe
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page to go on with."""
    draft = access.draft(signed_in(request), pk)
    return redirect(present.page_url(draft, present.first_open(present.satisfied(draft))))


@require_POST
def discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away."""
    draft = access.draft(signed_in(request), pk)
    drafts.discard(draft, actor=actor(request, draft.vault))
    messages.success(request, "The draft was discarded. Nothing in Azure was changed.")
    return redirect("replication:overview", draft.vault_id)


@require_POST
def take_over(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make somebody's draft one's own."""
    draft = access.draft(signed_in(request), pk)
    drafts.take_over(draft, actor=actor(request, draft.vault))
    return redirect("replication:draft", draft.pk)


# --- the pages ----------------------------------------------------------------------------------------------------------


@require_page
def source(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where the machines are now."""
    draft = _draft(request, pk, "source")
    if isinstance(draft, HttpResponse):
        return draft
    person = signed_in(request)
    values = request.POST if request.method == "POST" else draft.source
    options = present.SourceOptions.read(person, draft.vault, _source_values(values))
    kwargs = {"locations": options.locations, "subscriptions": options.subscriptions, "groups": options.groups}
    if request.method != "POST":
        return _source_page(request, draft, SourceForm(initial=draft.source, **kwargs))
    form = SourceForm(request.POST, **kwargs)
    if request.POST.get("do") == "update":  # only the lists are wanted anew, for what is chosen so far
        known = {name: request.POST.get(name) for name in ("location", "subscription_id", "model")}
        return _source_page(request, draft, SourceForm(initial=known | {"groups": _still(request, options)}, **kwargs))
    if not form.is_valid():
        return _source_page(request, draft, form, status=422)
    dropped = drafts.save_source(draft, form.choices(), version=_version(request), actor=actor(request, draft.vault))
    if dropped:
        messages.warning(request, f"No longer selected, because they do not match: {', '.join(dropped[:10])}.")
    return _next(request, draft, "machines")


def _still(request: HttpRequest, options: present.SourceOptions) -> list[str]:
    """The groups that were ticked and are still offered."""
    offered = {key for key, _ in options.groups}
    return [key for key in request.POST.getlist("groups") if key in offered]


def _source_values(values: Any) -> dict[str, str]:
    """Only texts that a query can take, whatever was sent."""
    picked = {name: str(values.get(name) or "") for name in ("location", "subscription_id", "model")}
    return {name: value.replace("\x00", "")[:100] for name, value in picked.items()}


def _source_page(request: HttpRequest, draft: Draft, form: SourceForm, status: int = 200) -> HttpResponse:
    values = {name: form[name].value() for name in ("location", "subscription_id", "model", "groups")}
    chosen = None
    if values["location"] and values["subscription_id"] and values["model"] in present.MODELS:
        groups = [str(each).replace("\x00", "") for each in values["groups"] or ()]
        chosen = SourceChoices.from_json({**_source_values(values), "groups": groups})
    found = present.found(draft, signed_in(request), chosen)
    return _page(request, draft, "source", {"form": form, "found": found}, status=status)


@require_page
def machines(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Which machines."""
    draft = _draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    if request.method == "POST":
        if not draft.machines.exists():
            messages.error(request, "Choose at least one machine.")
            return redirect("replication:draft_machines", draft.pk)
        drafts.confirm_selection(draft, version=_version(request), actor=actor(request, draft.vault))
        return _next(request, draft, "target")
    view = present.PICKER.view(present.pickable(draft, signed_in(request)), request.GET)
    context = {
        "view": view,
        "rows": [present.MachineRow(machine) for machine in view.page],
        "matching": view.rows.filter(replicable=True).count(),
        "selected": draft.machines.count(),
        "totals": present.totals(draft),
        "as_of": draft.vault.connection.inventory_as_of,
    }
    return _page(request, draft, "machines", context)


@require_POST
def selection(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ticks: a few at a time from the script (add, drop), or the strip's buttons (select=page|matching|none)."""
    draft = _draft(request, pk, "machines")
    if isinstance(draft, HttpResponse):
        return draft
    who, rows = actor(request, draft.vault), present.pickable(draft, signed_in(request))
    how = request.POST.get("select", "")
    if how == "matching":
        added = drafts.select(draft, present.PICKER.view(rows, request.GET).rows, actor=who)
        messages.success(request, f"{added} machines were added. Those that cannot be replicated were left out.")
    elif how == "none":
        drafts.deselect(draft, rows, actor=who)
    else:
        shown, chosen = _numbers(request, "shown"), _numbers(request, "chosen")
        drafts.select(draft, rows.filter(pk__in=_numbers(request, "add") | chosen), actor=who)
        drafts.deselect(draft, rows.filter(pk__in=_numbers(request, "drop") | (shown - chosen)), actor=who)
    if not request.headers.get("HX-Request"):
        return HttpResponseRedirect(f"{present.page_url(draft, 'machines')}?{request.GET.urlencode()}")
    matching = present.PICKER.view(rows, request.GET).rows.filter(replicable=True).count()
    context = {"count": draft.machines.count(), "matching": matching, "totals": present.totals(draft)}
    return render(request, "replication/wizard/_selection.html", context)


def _numbers(request: HttpRequest, name: str) -> set[int]:
    """Row numbers as a form sent them; anything else is ignored."""
    return {int(text) for text in request.POST.getlist(name) if text.isascii() and text.isdigit() and len(text) < 18}


@require_page
def target(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where to, and how replication is kept."""
    draft = _draft(request, pk, "target")
    if isinstance(draft, HttpResponse):
        return draft
    before = TargetChoices.from_json(draft.target)
    present_choice = before or present.default_target(draft, signed_in(request), _source(draft))
    if request.method != "POST":
        return _target_page(request, draft, _target_form(request, draft, present_choice), present_choice)
    form = _target_form(request, draft, present_choice, request.POST)
    if not form.is_valid():
        return _target_page(request, draft, form, present_choice, status=422)
    new = form.choices(before)
    if request.POST.get("do") == "update":
        return _target_page(request, draft, form, new)
    drafts.save_target(draft, new, version=_version(request), actor=actor(request, draft.vault))
    return _next(request, draft, "customize" if request.POST.get("do") == "customize" else "review")


def _source(draft: Draft) -> SourceChoices:
    """The source of a draft whose first page is filled in."""
    chosen = SourceChoices.from_json(draft.source)
    assert chosen is not None
    return chosen


def _target_form(request: HttpRequest, draft: Draft, target: TargetChoices, data: Any = None) -> TargetForm:
    """The target page's form with its lists; unbound, it shows `target`."""
    subscriptions = access.subscriptions(signed_in(request), draft.vault, "target")
    policies = [(each["id"], each["name"]) for each in (draft.vault.site or {}).get("policies", ())]
    return TargetForm(
        data,
        initial=_target_initial(target, policies),
        locations=present.target_locations(draft, _source(draft))[0],
        subscriptions=[(row.subscription_id, row.name) for row in subscriptions],
        policies=[*policies, ("", "New policy")],
    )


def _target_initial(target: TargetChoices, policies: list[tuple[str, str]]) -> dict[str, Any]:
    policy = target.policy
    there = next((key for key, name in policies if name.lower() == policy.name.lower()), "")
    return {
        "location": target.location,
        "subscription_id": target.subscription_id,
        "policy": policy.id or there,
        "policy_name": policy.name,
        "retention_hours": policy.retention_hours,
        "app_consistent_minutes": policy.app_consistent_minutes,
        "multi_vm": policy.multi_vm,
    }


def _target_page(
    request: HttpRequest, draft: Draft, form: TargetForm, target: TargetChoices, status: int = 200
) -> HttpResponse:
    return _page(request, draft, "target", _target_context(draft, form, target), status=status)


def _target_context(draft: Draft, form: TargetForm, target: TargetChoices) -> dict[str, Any]:
    """What the target page shows, and what *Customize* shows below its blade."""
    plan = _plan(draft, target)
    shown = {
        "form": form,
        "summary": present.summary(plan),
        "disks": present.disks(plan),
        "overridden": draft.machines.exclude(overrides={}).count(),
    }
    return shown | _side(draft, plan)


@require_page
def customize(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the targets: for all machines at the top, for single machines in the table."""
    draft = _draft(request, pk, "review")  # needs what the review needs
    if isinstance(draft, HttpResponse):
        return draft
    chosen = plans.choices(draft)
    known = plans.facts(draft)
    lists = present.Targets(draft, signed_in(request), chosen.target, known, chosen.source)
    rows = drafts.selected(draft)
    if request.GET.get("q"):
        rows = rows.filter(machine__search__contains=request.GET["q"].replace("\x00", "").lower())
    if request.GET.get("only") == "overridden":
        rows = rows.exclude(overrides={})
    page = Paginator(rows, MACHINES_A_PAGE).get_page(request.GET.get("page"))
    every = EveryForm(
        request.POST or None,
        prefix="all",
        initial={name: getattr(chosen.target, name) for name in TARGET_IDS},
        options=lists.every(),
    )
    resolver = Resolver(chosen, known)
    forms = [_machine_form(request, row, known.machines[row.machine.key], resolver, lists) for row in page]
    if request.method == "POST":
        # Every row is asked, so that all errors show at once.
        wrong = sum(not form.is_valid() for _, form in forms)
        if every.is_valid() and not wrong:
            return _save_customize(request, draft, resolver, every, forms)
        return _customize_page(request, draft, every, forms, page, status=422)
    return _customize_page(request, draft, every, forms, page)


def _machine_form(request: HttpRequest, row: Any, machine: Any, resolver: Resolver, lists: present.Targets) -> Any:
    options = lists.machine(machine, resolver, resolver.target(machine).network_id)
    data = request.POST if request.method == "POST" else None
    return row, MachineForm(data, prefix=f"m{row.pk}", name=machine.name, options=options, initial=row.overrides)


def _save_customize(
    request: HttpRequest, draft: Draft, resolver: Resolver, every: EveryForm, forms: list[Any]
) -> HttpResponse:
    """Save both halves; a reset button empties one machine's row."""
    who, reset = actor(request, draft.vault), request.POST.get("reset", "")
    first = next(iter(resolver.facts.machines.values()), None)
    group = resolver.group_id(first) if first else ""
    before = resolver.choices.target
    new = TargetChoices(
        location=before.location,
        subscription_id=before.subscription_id,
        policy=before.policy,
        **every.ids(before.subscription_id, group),
    )
    overrides = {row.pk: MachineChoice() if str(row.pk) == reset else form.choice() for row, form in forms}
    drafts.save_target(draft, new, version=_version(request), actor=who)
    drafts.save_overrides(draft, overrides, version=draft.version, actor=who)
    if reset or request.POST.get("do") == "stay":
        return HttpResponseRedirect(f"{present.page_url(draft, 'customize')}?{request.GET.urlencode()}")
    messages.success(request, "The changes were kept in the draft.")
    return redirect("replication:draft_target", draft.pk)


def _customize_page(
    request: HttpRequest, draft: Draft, every: EveryForm, forms: list[Any], page: Any, status: int = 200
) -> HttpResponse:
    """The blade, on top of the target page as it is saved."""
    saved = TargetChoices.from_json(draft.target)
    assert saved is not None
    below = _target_context(draft, _target_form(request, draft, saved), saved)
    wrong = sum(bool(form.is_bound and form.errors) for _, form in forms)
    blade = {"every": every, "forms": forms, "page": page, "total": draft.machines.count(), "wrong": wrong}
    return _page(request, draft, "target", below | blade, template="customize", status=status)


@require_safe
def review(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The compiled plan, and the two buttons."""
    draft = _draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    if "since" in request.GET and request.headers.get("HX-Request"):
        return _run_fragment(request, draft)
    return _review_page(request, draft)


def _run_fragment(request: HttpRequest, draft: Draft) -> HttpResponse:
    """How the draft's last run stands: nothing new, a new line, or (ended) a fresh page with other marks."""
    run = Run.objects.filter(plan__draft=draft).order_by("-number").first()
    if run is None or str(run.version) == request.GET["since"]:
        return HttpResponse(status=204)
    if run.state in Run.FINISHED:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"draft": draft, "run": run, "run_state": run_state(run.state), "run_moving": True}
    return render(request, "replication/wizard/_run.html", context)


def _review_page(request: HttpRequest, draft: Draft, changed: str = "", status: int = 200) -> HttpResponse:
    known = plans.facts(draft)
    plan = compile_plan(plans.choices(draft), known)
    machines_page = Paginator(present.protected_rows(plan), 50).get_page(request.GET.get("page"))
    latest = Run.objects.filter(plan__draft=draft).order_by("-number").first()
    context = {
        "plan": plan,
        "counts": present.counts(plan),
        "forecast": forecast(plan, known.machines, settings.SITE_RECOVERY_WRITES_A_MINUTE),
        "stages": present.stages(plan),
        "machines": machines_page,
        "objections": present.in_words(plan.objections, lambda page: present.page_url(draft, page)),
        "warnings": present.in_words(plan.warnings, lambda page: present.page_url(draft, page)),
        "run": latest,
        "run_state": run_state(latest.state) if latest else None,
        "run_moving": latest is not None and latest.state not in Run.FINISHED,
        "no_start": _no_start(plan, latest),
        "changed": changed,
    }
    return _page(request, draft, "review", context | _side(draft, plan), status=status)


def _no_start(plan: Plan, run: Run | None) -> str:
    """Why the plan cannot be started now, or ''."""
    if plan.objections:
        return "The plan has problems: mend them first."
    return f"Run {run.number} is still going on." if run and run.state not in Run.FINISHED else ""


@require_safe
def download(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The plan as JSON: exactly what would be stored."""
    draft = _draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    plan = plans.compiled(draft)
    answer = JsonResponse(json.loads(plan.canonical()) | {"digest": plan.digest}, json_dumps_params={"indent": 2})
    answer["Content-Disposition"] = f'attachment; filename="plan-{plan.digest[:12]}.json"'
    return answer


@require_POST
def create_targets(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Create target resources."""
    return _submit(request, pk, runs.create_targets)


@require_POST
def enable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Enable replication."""
    return _submit(request, pk, runs.enable)


def _submit(request: HttpRequest, pk: UUID, verb: Callable[..., Run]) -> HttpResponse:
    draft = _draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    digest = request.POST.get("digest", "")
    try:
        run = verb(draft, digest=digest, actor=actor(request, draft.vault))
    except plans.Objected:
        return _review_page(request, draft, status=422)
    except plans.Changed:
        words = (
            "Something has changed since this page was shown, and nothing was started. This is the plan as it is now."
        )
        return _review_page(request, draft, words, status=409)
    except runs.Busy as busy:
        return _review_page(request, draft, f"{busy} Nothing was started.", status=409)
    return redirect("replication:run", run.pk)


# --- what the pages share -------------------------------------------------------------------------------------------------


def _draft(request: HttpRequest, pk: UUID, page: str) -> Draft | HttpResponse:
    """The draft, when it is open and the page can be reached; else where to go instead."""
    draft = access.draft(signed_in(request), pk)
    if draft.state == Draft.State.SUBMITTED:
        run = Run.objects.filter(plan__draft=draft).order_by("-number").first()
        return redirect("replication:run", run.pk) if run else redirect("replication:overview", draft.vault_id)
    if draft.state == Draft.State.DISCARDED:
        messages.info(request, "That draft was discarded.")
        return redirect("replication:overview", draft.vault_id)
    done = present.satisfied(draft)
    first, order = present.first_open(done), [name for name, _ in present.PAGES]
    if order.index(page) > order.index(first):
        messages.info(request, f"Fill in this page first: {dict(present.PAGES)[first]}.")
        return redirect(present.page_url(draft, first))
    return draft


def _version(request: HttpRequest) -> int:
    """The draft's version that the page showed; one that was tampered with is stale."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _next(request: HttpRequest, draft: Draft, page: str) -> HttpResponse:
    """Where a saved page leads: on, or out of the wizard with *Save and close*."""
    if request.POST.get("do") == "close":
        messages.success(request, "The draft was saved.")
        return redirect("replication:overview", draft.vault_id)
    return redirect(present.page_url(draft, page))


def _plan(draft: Draft, target: TargetChoices) -> Plan:
    """The plan for a target that is perhaps not saved yet."""
    chosen = {row.machine.arm_id: MachineChoice.from_json(row.overrides) for row in drafts.selected(draft)}
    return compile_plan(Choices(source=_source(draft), target=target, machines=chosen), plans.facts(draft))


def _side(draft: Draft, plan: Plan) -> dict[str, Any]:
    """*Plan so far*."""
    return {"side_lines": present.lines(plan, "resource_group", "virtual_network", "network_mapping", "availability_set",
                                        "storage_account", "cloud_service", "policy"), "totals": present.totals(draft)}  # fmt: skip


def _page(
    request: HttpRequest, draft: Draft, page: str, context: dict[str, Any], *, template: str = "", status: int = 200
) -> HttpResponse:
    person = signed_in(request)
    done = present.satisfied(draft)
    mine = draft.owner_id == person.pk
    shared = {
        "draft": draft,
        # A page that is shown again (wrong input, other lists) is as old as what was posted: it must not pass for fresh.
        "version": _version(request) if request.method == "POST" else draft.version,
        "vault": draft.vault,
        "wizard_page": page,
        "steps": present.stepper(draft, page, done),
        "sub_title": present.sub_title(draft, regions([draft.vault])),
        "mine": mine,
        "why_not": "" if mine else f"This draft belongs to {draft.owner}. Take it over to change it.",
        "may_replicate": access.may(person, Permission.REPLICATE, draft.vault),
        "region_names": regions([draft.vault]),
    }
    return render(request, f"replication/wizard/{template or page}.html", shared | context, status=status)


def _guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """409 with both values when somebody, or another tab, saved the draft first."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            return view(request, pk)
        except drafts.Stale as error:
            return _stale_page(request, error)

    return guarded


def _stale_page(request: HttpRequest, error: drafts.Stale) -> HttpResponse:
    """What was sent and what is saved, side by side. Nothing was changed."""
    draft = error.draft
    saved = {**draft.source, **{name: value for name, value in draft.target.items() if name != "policy"}}
    posted = {name.removeprefix("all-"): ", ".join(request.POST.getlist(name))[:300] for name in request.POST}
    sent = {name: value for name, value in posted.items() if name in saved}
    changes = [
        (name.replace("_id", "").replace("_", " ").capitalize(), saved[name] or "by the rule", value)
        for name, value in sent.items()
        if str(saved[name] or "") != value and name != "groups"
    ]
    context = {"draft": draft, "vault": draft.vault, "error": error, "changes": changes, "url": request.get_full_path()}
    return render(request, "replication/wizard/stale.html", context, status=409)


urlpatterns: list[URLPattern] = [
    path("vaults/<int:pk>/replicate/", start, name="draft_start"),
    path("replicate/<uuid:pk>/", resume, name="draft"),
    path("replicate/<uuid:pk>/source/", _guarded(source), name="draft_source"),
    path("replicate/<uuid:pk>/machines/", _guarded(machines), name="draft_machines"),
    path("replicate/<uuid:pk>/machines/selection/", selection, name="draft_selection"),
    path("replicate/<uuid:pk>/target/", _guarded(target), name="draft_target"),
    path("replicate/<uuid:pk>/customize/", _guarded(customize), name="draft_customize"),
    path("replicate/<uuid:pk>/review/", review, name="draft_review"),
    path("replicate/<uuid:pk>/plan.json", download, name="draft_download"),
    path("replicate/<uuid:pk>/create-targets/", _guarded(create_targets), name="draft_create_targets"),
    path("replicate/<uuid:pk>/enable/", _guarded(enable), name="draft_enable"),
    path("replicate/<uuid:pk>/discard/", discard, name="draft_discard"),
    path("replicate/<uuid:pk>/take-over/", take_over, name="draft_take_over"),
]
