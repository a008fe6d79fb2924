"""*Customize*: the blade on top of the target page, for all machines, for many, and for those of the table; and one machine's own page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from replication import finding
from replication.actions import drafts, plans
from replication.domain.choices import MachineChoice
from replication.domain.inventory import Machine
from replication.forms.wizard import EveryForm, MachineForm, ManyForm, RowForm, initial
from replication.grid import clean
from replication.models import Draft, DraftMachine
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.wizard.names import checking, chosen_names
from replication.views.wizard.shared import open_draft, require_page, show, version

MACHINES_A_PAGE = 25


@require_page
def customize(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the targets: for all machines at the top, for single machines in the table, for all that the filter shows."""
    draft = open_draft(request, pk, "review")  # needs what the review needs
    if isinstance(draft, HttpResponse):
        return draft
    rows = _filtered(request, draft)
    page = Paginator(rows.values_list("pk", flat=True), MACHINES_A_PAGE).get_page(request.GET.get("page"))
    blade = _Blade(request, draft, page)
    if request.method != "POST":
        return blade.show()
    if request.POST.get("do") == "many":
        return _many(request, draft, blade, rows)
    return blade.save() if blade.is_valid() else blade.show(status=422)


def _filtered(request: HttpRequest, draft: Draft) -> QuerySet[DraftMachine]:
    """The machines that the search and the filter leave."""
    rows = drafts.selected(draft)
    if request.GET.get("q"):
        rows = finding.machines(rows, clean(request.GET["q"]), key="machine")
    return rows.filter(customized=True) if request.GET.get("only") == "overridden" else rows


class _Blade:
    """The forms of the blade, for one page of machines: only these are read, however many the draft has."""

    def __init__(self, request: HttpRequest, draft: Draft, page: Page[int]) -> None:
        self.request, self.draft, self.page = request, draft, page
        shown, self.total = drafts.numbered(page), draft.machines.count()
        whole = page.paginator.count == self.total  # nothing is filtered away: the first page begins with the draft's first machine
        first = shown[:1] if whole and page.number == 1 else list(drafts.selected(draft)[:1])
        read = list({row.pk: row for row in (*shown, *first)}.values())
        known = plans.facts(draft, read)
        self.chosen = plans.choices(draft, read)
        self.targets = present.Targets(draft, signed_in(request), self.chosen, known)
        data = request.POST if request.method == "POST" and request.POST.get("do") != "many" else None
        self.options, self.first = self.targets.every(), known.machines[first[0].machine.key]
        self.every = EveryForm(
            data,
            prefix="all",
            initial=initial(self.chosen.target),
            options=self.options,
            sets=self.targets.sets,
            homes=self.targets.homes(self.first, every=True),
            **checking(request, draft, self.chosen.target, "all-"),
        )
        self.many = self.many_form()
        self.rows = [self._row(row, data) for row in shown]

    def many_form(self, data: Any = None) -> ManyForm:
        """One change for many machines."""
        homes, asked = self.targets.homes(self.first), checking(self.request, self.draft)
        return ManyForm(data, prefix="many", options=self.options, sets=self.targets.sets, homes=homes, **asked)

    def _row(self, row: DraftMachine, data: Any) -> present.Row:
        machine = self.targets.facts.machines[row.machine.key]
        lists, choice, form = self.targets.row(machine), self.targets.resolver.own(machine), None
        if data is not None:
            form = RowForm(
                data,
                prefix=f"m{row.pk}",
                choice=choice,
                options={name: each.options for name, each in lists.items()},
                sets=self.targets.sets,
                home=self._home(machine),
            )
        return present.Row(row, lists, initial(choice), form, present.unseen(row.overrides))

    def _home(self, machine: Machine) -> str:
        """The group of a machine that chooses none: for all, as it is being saved, else by the rule."""
        sent = self.every.placement() if self.every.is_valid() else {}
        return sent.get("group_id", self.chosen.target.group_id) or self.targets.resolver.group_id(machine)

    def is_valid(self) -> bool:
        """Every row is asked, so that all errors show at once."""
        wrong = sum(bool(row.errors) for row in self.rows)
        return self.every.is_valid() and not wrong

    def save(self) -> HttpResponse:
        """Save both halves in one go; a reset button empties one machine's row."""
        request, draft, before = self.request, self.draft, self.chosen.target
        reset = request.POST.get("reset", "")
        placed = self.every.placement()
        own = {row.chosen.pk: MachineChoice() if str(row.chosen.pk) == reset else row.form.choice() for row in self.rows if row.form}
        drafts.save_customized(
            draft, before.placed(placed), own, version=version(request), actor=actor(request, draft.vault)
        )
        chosen_names(request, draft)
        if reset or request.POST.get("do") == "stay":
            return _back(request, draft)
        messages.success(request, "The changes were kept in the draft.")
        return redirect("replication:draft_target", draft.pk)

    def show(self, status: int = 200) -> HttpResponse:
        """The blade, at an address of its own."""
        wrong = sum(bool(row.errors) for row in self.rows)
        context = {
            "every": self.every,
            "many": self.many,
            "rows": self.rows,
            "page": self.page,
            "total": self.total,
            "overridden": self.draft.machines.filter(customized=True).count(),
            "matching": self.page.paginator.count,
            "wrong": wrong,
        }
        return show(self.request, self.draft, "target", context, template="customize", status=status)


def _back(request: HttpRequest, draft: Draft) -> HttpResponse:
    return HttpResponseRedirect(f"{present.page_url(draft, 'customize')}?{request.GET.urlencode()}")


def _many(request: HttpRequest, draft: Draft, blade: _Blade, rows: QuerySet[DraftMachine]) -> HttpResponse:
    """One change for every machine that the filter shows, on all pages of it."""
    form = blade.many = blade.many_form(request.POST)
    if not form.is_valid():
        return blade.show(status=422)
    who = actor(request, draft.vault)
    number = drafts.override_many(draft, rows, form.changes(), version=version(request), actor=who)
    chosen_names(request, draft)
    messages.success(request, f"{number:,} machine{'s were' if number != 1 else ' was'} changed in the draft.")
    return _back(request, draft)


# --- one machine --------------------------------------------------------------------------------------------------------------


@require_page
def machine(request: HttpRequest, pk: UUID, row: int) -> HttpResponse:
    """Everything about one machine, its disks included."""
    draft = open_draft(request, pk, "review")
    if isinstance(draft, HttpResponse):
        return draft
    found = drafts.selected(draft).filter(pk=row).first()
    if found is None:
        raise Http404
    known = plans.facts(draft, [found])
    chosen = plans.choices(draft, [found])
    targets = present.Targets(draft, signed_in(request), chosen, known)
    source = known.machines[found.machine.key]
    homes = targets.homes(source)
    form = MachineForm(
        request.POST if request.method == "POST" else None,
        machine=source,
        choice=targets.resolver.own(source),
        keys=targets.keys(),
        options=targets.machine(source),
        sets=targets.sets,
        home=homes.group_id,
        homes=homes,
        **checking(request, draft, targets.resolver.own(source)),
        group=source.model.value != "Classic",
    )
    if request.method == "POST" and request.POST.get("do") == "reset":
        return _save_machine(request, draft, found, MachineChoice(), form)
    if form.is_valid():
        return _save_machine(request, draft, found, form.choice(), form)
    context = {"form": form, "row": found, "source": source, "changed": bool(found.overrides)}
    status = 422 if request.method == "POST" else 200
    return show(request, draft, "target", context, template="machine", status=status)


def _save_machine(
    request: HttpRequest, draft: Draft, row: DraftMachine, choice: MachineChoice, form: MachineForm
) -> HttpResponse:
    try:
        drafts.save_overrides(draft, {row.pk: choice}, version=version(request), actor=actor(request, draft.vault))
    except drafts.Stale as stale:
        stale.differences = form.differences()
        raise
    chosen_names(request, draft)
    messages.success(request, f"{row.machine.name}: the changes were kept in the draft.")
    return redirect(reverse("replication:draft_customize", args=[draft.pk]))
