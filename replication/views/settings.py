"""Settings: every part of the registry as a form of its own; for the whole console, or where a vault has its own values for a vault."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.http import require_POST, require_safe

from replication import access
from replication import settings as reader
from replication.actions import settings as verbs
from replication.domain.roles import Permission
from replication.domain.settings import SETTINGS, Section, Setting, of_section
from replication.forms.settings import SettingsForm
from replication.models import Vault
from replication.views.actor import actor, signed_in


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page with its form; why_not: why the visitor cannot change it, '' when they can."""

    section: Section
    form: SettingsForm
    url: str
    why_not: str


@require_safe
def settings(request: HttpRequest) -> HttpResponse:
    """All parts, for the whole console."""
    access.require(signed_in(request), Permission.MANAGE_SETTINGS)
    return _page(request, None)


@require_safe
def of_vault(request: HttpRequest, pk: int) -> HttpResponse:
    """What a vault can have otherwise than the others."""
    return _page(request, _vault(request, pk))


@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What a text that is being typed would come to: the first setting with a preview that the query names."""
    access.require(signed_in(request), Permission.MANAGE_SETTINGS)
    for name, text in request.GET.items():
        setting = SETTINGS.get(name)
        if setting and setting.preview:
            return HttpResponse(escape(setting.preview(str(text)[: setting.longest])))
    return HttpResponse(status=204)


@require_POST
def section(request: HttpRequest, section: str) -> HttpResponse:
    """Change a part."""
    access.require_everywhere(signed_in(request), Permission.MANAGE_SETTINGS)
    return _change(request, section, None)


@require_POST
def vault_section(request: HttpRequest, pk: int, section: str) -> HttpResponse:
    """Change a part for one vault."""
    return _change(request, section, _vault(request, pk))


def _vault(request: HttpRequest, pk: int) -> Vault:
    vault = access.vault(signed_in(request), pk)
    access.require(signed_in(request), Permission.MANAGE_SETTINGS, vault)
    return vault


def _change(request: HttpRequest, name: str, vault: Vault | None) -> HttpResponse:
    if name not in {each.value for each in Section} or not _settings(Section(name), vault):
        raise Http404
    form = _form(request, Section(name), vault, posted=True)
    if not form.is_valid():
        return _page(request, vault, form, Section(name), status=422)
    try:
        changed = verbs.change(form.values(), seen=form.seen_values(), actor=actor(request, vault), vault=vault)
    except verbs.Overtaken:
        form = _form(request, Section(name), vault)
        said = "Somebody else has just changed these settings. Nothing was saved; they are shown as they are now."
        return _page(request, vault, form, Section(name), status=409, error=said)
    messages.success(request, "The settings were saved." if changed else "Nothing was different, so nothing was saved.")
    return redirect(_url(vault) + f"#{name}")


def _page(
    request: HttpRequest, vault: Vault | None, form: SettingsForm | None = None, at: Section | None = None, *, status: int = 200,
    error: str = "",
) -> HttpResponse:  # fmt: skip
    """The page with one form shown again, when there is one."""
    parts = [
        Part(each, form if form and each is at else _form(request, each, vault), _url(vault, each), _why_not(request, vault))
        for each in Section
        if _settings(each, vault)
    ]
    vaults = access.vaults(signed_in(request), Permission.MANAGE_SETTINGS).order_by("name") if vault is None else []
    context = {"parts": parts, "for_vault": vault, "vaults": vaults, "error": error}
    return render(request, "replication/settings/page.html", context, status=status)


def _form(request: HttpRequest, section: Section, vault: Vault | None, posted: bool = False) -> SettingsForm:
    shown = _settings(section, vault)
    values = {each.name: reader.value(each.name, vault) for each in shown}
    return SettingsForm(
        request.POST if posted else None, settings=shown, values=values, editable=not _why_not(request, vault)
    )


def _settings(section: Section, vault: Vault | None) -> list[Setting]:
    return [each for each in of_section(section) if vault is None or each.of_vault]


def _why_not(request: HttpRequest, vault: Vault | None) -> str:
    return "" if vault else access.everywhere(signed_in(request), Permission.MANAGE_SETTINGS).reason


def _url(vault: Vault | None, section: Section | None = None) -> str:
    name = ("vault_" if vault else "") + ("setting_section" if section else "settings")
    parts = ([vault.pk] if vault else []) + ([section.value] if section else [])
    return reverse(f"replication:{name}", args=parts)
