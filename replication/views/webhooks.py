"""A vault's webhooks: for those who may change settings there."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access
from replication.actions import webhooks as verbs
from replication.domain.notices import KINDS, Kind
from replication.domain.roles import Permission
from replication.forms.notices import WebhookForm
from replication.models import Delivery, Vault, Webhook
from replication.outbound import OutboundError
from replication.views.actor import actor, signed_in

NAME_TAKEN = "This vault has a webhook of that name already. Choose another name, or change that one."


@require_safe
def webhooks(request: HttpRequest, pk: int) -> HttpResponse:
    """All of the vault, with how the last message fared."""
    vault = _vault(request, pk)
    found = Webhook.objects.filter(vault=vault)
    rows = [(webhook, verbs.host(webhook), _waiting(webhook)) for webhook in found]
    return render(request, "replication/webhooks/list.html", {"vault": vault, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new one."""
    vault = _vault(request, pk)
    form = WebhookForm(request.POST if request.method == "POST" else None, initial={"kinds": [Kind.ITEM_CRITICAL, Kind.ENABLE_FAILED]})
    if request.method == "POST" and form.is_valid():
        made = _create(request, vault, form)
        if made:
            messages.success(request, "The webhook was created. Copy its secret now to where the receiver checks signatures.")
            return redirect("replication:webhook", made.pk)
    return render(request, "replication/webhooks/form.html", {"vault": vault, "form": form}, status=422 if form.errors else 200)


def _create(request: HttpRequest, vault: Vault, form: WebhookForm) -> Webhook | None:
    """The new webhook; None with the reason at the form."""
    data = form.cleaned_data
    kinds = [Kind(each) for each in data["kinds"]]
    try:
        return verbs.create(vault, data["name"], data["url"], data["shape"], kinds, actor=actor(request, vault))
    except OutboundError as error:
        form.add_error("url", _words(error))
    except verbs.NameTaken:
        form.add_error("name", NAME_TAKEN)
    except verbs.TooMany:
        form.add_error(None, f"A vault can have {verbs.MOST} webhooks. Delete one first.")
    return None


@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One: its settings, its secret, and how its last message fared."""
    found = _webhook(request, pk)
    shown = {"name": found.name, "shape": found.shape, "kinds": found.kinds, "active": found.active}
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=shown, keep=True)
    if request.method == "POST" and form.is_valid() and _change(request, found, form):
        messages.success(request, "The webhook was changed.")
        return redirect("replication:webhook", found.pk)
    context = {
        "vault": found.vault, "form": form, "webhook": found, "host": verbs.host(found), "secret": verbs.secret_of(found),
        "waiting": _waiting(found), "kinds": [KINDS[Kind(each)].label for each in found.kinds if each in set(Kind)],
    }  # fmt: skip
    return render(request, "replication/webhooks/page.html", context, status=422 if form.errors else 200)


def _change(request: HttpRequest, found: Webhook, form: WebhookForm) -> bool:
    data = form.cleaned_data
    kinds = [Kind(each) for each in data["kinds"]]
    try:
        verbs.change(found, data["name"], data["url"], data["shape"], kinds, data["active"], actor=actor(request, found.vault))
    except OutboundError as error:
        form.add_error("url", _words(error))
    except verbs.NameTaken:
        form.add_error("name", NAME_TAKEN)
        found.refresh_from_db()  # the page is headed by the name that it keeps
    else:
        return True
    return False


@require_POST
def test(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Send a message that says nothing."""
    found = _webhook(request, pk)
    verbs.test(found, actor=actor(request, found.vault))
    messages.success(request, "A test message is on its way. Whether it was taken stands here in a moment.")
    return redirect("replication:webhook", found.pk)


@require_POST
def renew(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Another secret."""
    found = _webhook(request, pk)
    verbs.renew(found, actor=actor(request, found.vault))
    messages.success(request, "From now on messages are signed with another secret. Copy it to the receiver.")
    return redirect("replication:webhook", found.pk)


@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take it away."""
    found = _webhook(request, pk)
    verbs.delete(found, actor=actor(request, found.vault))
    messages.success(request, f"The webhook {found.name} was deleted.")
    return redirect("replication:webhooks", found.vault_id)


def _vault(request: HttpRequest, pk: int) -> Vault:
    vault = access.vault(signed_in(request), pk)
    access.require(signed_in(request), Permission.MANAGE_SETTINGS, vault)
    return vault


def _webhook(request: HttpRequest, pk: UUID) -> Webhook:
    found = access.get(access.webhooks(signed_in(request)), pk=pk)
    access.require(signed_in(request), Permission.MANAGE_SETTINGS, found.vault)
    return found


def _waiting(webhook: Webhook) -> int:
    return Delivery.objects.filter(webhook=webhook, state=Delivery.State.WAITING).count()


def _words(error: OutboundError) -> str:
    return f"{error.problem.message} {error.problem.action}".strip()
