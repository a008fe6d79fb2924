"""Site Recovery infrastructure of a vault: replication policies, network mappings, cache storage. Each change is reviewed, then a run."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from replication import access
from replication.actions.changes import Purpose, Wanted
from replication.domain import ids, naming
from replication.domain import inventory as inv
from replication.domain.changes import MappingChangeSpec, MappingRemovalSpec, PolicyChangeSpec, PolicyRemovalSpec
from replication.domain.roles import Permission
from replication.domain.specs import NetworkMappingSpec, PolicySpec
from replication.forms.infrastructure import MappingForm, PolicyForm
from replication.models import Vault
from replication.presenters import infrastructure as present
from replication.presenters.looks import regions
from replication.presenters.vaults import why_not
from replication.views.actor import signed_in
from replication.views.changes import reviewed
from replication.views.context import held_roles
from replication.views.live import page_query, reading_of

_ALL_FOLLOW = "All machines that use the policy follow the new values; recovery points that are too old then are removed by Azure."
_LATER = "Only machines that are enabled later follow it; those that are replicated keep their target network."


def _page(request: HttpRequest, vault: Vault, name: str, **context: Any) -> HttpResponse:
    role = held_roles(request, signed_in(request)).get(vault.pk)
    common = {"vault": vault, "why_not": why_not(role, Permission.INFRASTRUCTURE), "reading": reading_of(request)}
    return render(request, f"replication/infrastructure/{name}.html", common | {"page_query": page_query(request)} | context)


def _vault(request: HttpRequest, pk: int) -> Vault:
    """A vault whose infrastructure the person may change; 404 outside of theirs, 403 with the reason."""
    vault = access.vault(signed_in(request), pk)
    access.require(signed_in(request), Permission.INFRASTRUCTURE, vault)
    return vault


# --- policies ------------------------------------------------------------------------------------------------------------------------


@require_safe
def policies(request: HttpRequest, pk: int) -> HttpResponse:
    """All policies with what uses them."""
    vault = access.vault(signed_in(request), pk)
    return _page(request, vault, "policies", rows=present.policies(vault))


@require_http_methods(["GET", "HEAD", "POST"])
def policy_create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new policy."""
    vault = _vault(request, pk)
    taken = {each.name.lower() for each in present.site_of(vault).policies}
    form = PolicyForm(_posted(request), taken=taken)
    if not form.is_bound or not form.is_valid():
        return _form(request, vault, form, "Create replication policy", "policies")
    name = form.cleaned_data["name"]
    spec = PolicySpec(id=f"{vault.arm_id}/replicationPolicies/{name}", **form.values())
    wanted = [Wanted(title=name, spec=spec, before={}, after=_said(spec))]
    return _review(request, vault, Purpose.POLICY, wanted, "Create replication policy", "policies")


@require_http_methods(["GET", "HEAD", "POST"])
def policy_edit(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Other values for a policy, and for all machines that use it."""
    vault = _vault(request, pk)
    found = _policy(vault, name).policy
    there = PolicySpec(
        id=found.id, retention=found.retention, app_consistent=found.app_consistent,
        crash_consistent=found.crash_consistent, multi_vm=found.multi_vm,
    )  # fmt: skip
    form = PolicyForm(_posted(request), taken=set(), there=there)
    title = f"Edit replication policy {found.name}"
    if not form.is_bound or not form.is_valid():
        return _form(request, vault, form, title, "policies")
    spec = PolicyChangeSpec(id=found.id, crash_consistent=found.crash_consistent or 5, **form.values())
    before, after = _said(there), _said(spec)
    wanted = [Wanted(title=found.name, spec=spec, before=before, after=after)] if before != after else []
    return _review(request, vault, Purpose.POLICY, wanted, title, "policies", follows=(_ALL_FOLLOW,))


@require_http_methods(["GET", "HEAD", "POST"])
def policy_delete(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Remove a policy that nothing uses."""
    vault = _vault(request, pk)
    row = _policy(vault, name)
    spec = PolicyRemovalSpec(id=row.policy.id)
    wanted = [Wanted(title=row.policy.name, spec=spec, before={"policy": row.policy.name}, after={"policy": "deleted"})]
    refused = [(row.policy.name, row.why_not_delete)] if row.why_not_delete else []
    title = f"Delete replication policy {row.policy.name}"
    return _review(request, vault, Purpose.POLICY, [] if refused else wanted, title, "policies", refused=refused)


def _policy(vault: Vault, name: str) -> present.PolicyRow:
    for row in present.policies(vault):
        if row.policy.name == name:
            return row
    raise Http404


def _said(spec: PolicySpec) -> dict[str, str]:
    """A policy's values as people compare them."""
    return {
        "Recovery point retention": f"{spec.retention / 60:g} h",
        "App-consistent snapshots": f"every {spec.app_consistent} min" if spec.app_consistent else "none",
        "Multi-VM consistency": "on" if spec.multi_vm else "off",
    }


# --- network mappings ----------------------------------------------------------------------------------------------------------------


@require_safe
def network_mappings(request: HttpRequest, pk: int) -> HttpResponse:
    """Networks without a target first, then the mappings."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    rows = present.mappings(vault, access.sources(person, vault))
    return _page(request, vault, "mappings", rows=rows, names=regions([vault]))


@require_http_methods(["GET", "HEAD", "POST"])
def mapping_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a network its target."""
    vault, person = _vault(request, pk), signed_in(request)
    site = present.site_of(vault)
    fabrics = {each.location: each for each in site.fabrics}
    sources = {arm_id: (name, place) for arm_id, name, place in present.networks(access.sources(person, vault), set(fabrics))}
    targets = {arm_id: (name, place) for arm_id, name, place in present.networks(access.targets(person, vault), set(fabrics))}
    form = MappingForm(
        _posted(request), sources=_options(sources), targets=_options(targets), initial={"source": request.GET.get("network", "")}
    )
    if form.is_bound and form.is_valid():
        _judge(form, site, sources, targets)
    if not form.is_bound or not form.is_valid():
        return _form(request, vault, form, "Add network mapping", "network_mappings")
    source, target = form.cleaned_data["source"], form.cleaned_data["target"]
    here, there = fabrics[sources[source][1]], fabrics[targets[target][1]]
    name = naming.network_mapping(source, there.location)
    spec = NetworkMappingSpec(
        id=f"{here.id}/replicationNetworks/azureNetwork/replicationNetworkMappings/{name}",
        recovery_fabric_name=there.name, primary_network_id=source, recovery_network_id=target,
    )  # fmt: skip
    wanted = [Wanted(title=sources[source][0], spec=spec, before={}, after={"Target network": targets[target][0]})]
    return _review(request, vault, Purpose.MAPPING, wanted, "Add network mapping", "network_mappings", follows=(_LATER,))


def _judge(form: MappingForm, site: inv.Site, sources: Any, targets: Any) -> None:
    """A network has one target in a region, and none in its own (portal-behaviour.md §1.6)."""
    source, target = form.cleaned_data["source"], form.cleaned_data["target"]
    place = targets[target][1]
    taken = {(ids.key(each.primary_network_id), each.recovery_location) for each in site.network_mappings}
    if sources[source][1] == place:
        form.add_error("target", "Choose a network in another region than the source's.")
    elif (ids.key(source), place) in taken:
        form.add_error("source", "The network has a target in that region already: change that mapping.")


@require_http_methods(["GET", "HEAD", "POST"])
def mapping_change(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Another target in the same region."""
    vault, person = _vault(request, pk), signed_in(request)
    found = _mapping(vault, name)
    place = found.recovery_location
    targets = {arm_id: (text, where) for arm_id, text, where in present.networks(access.targets(person, vault), {place})}
    now = next((each for each in targets if ids.same(each, found.recovery_network_id)), "")
    source = ids.name(found.primary_network_id)
    form = MappingForm(
        _posted(request), sources=[(found.primary_network_id, source)], targets=_options(targets), fixed=True,
        initial={"source": found.primary_network_id, "target": now},
    )  # fmt: skip
    title = f"Change network mapping of {source}"
    if not form.is_bound or not form.is_valid():
        return _form(request, vault, form, title, "network_mappings")
    target = form.cleaned_data["target"]
    fabric = next((each.name for each in present.site_of(vault).fabrics if each.location == place), "")
    spec = MappingChangeSpec(
        id=found.id, recovery_fabric_name=fabric, primary_network_id=found.primary_network_id, recovery_network_id=target
    )
    before, after = {"Target network": ids.name(found.recovery_network_id)}, {"Target network": targets[target][0]}
    wanted = [] if ids.same(target, now) else [Wanted(title=source, spec=spec, before=before, after=after)]
    return _review(request, vault, Purpose.MAPPING, wanted, title, "network_mappings", follows=(_LATER,))


@require_http_methods(["GET", "HEAD", "POST"])
def mapping_delete(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Take a network's target away."""
    vault = _vault(request, pk)
    found = _mapping(vault, name)
    source = ids.name(found.primary_network_id)
    before = {"Target network": ids.name(found.recovery_network_id)}
    wanted = [Wanted(title=source, spec=MappingRemovalSpec(id=found.id), before=before, after={"Target network": "none"})]
    follows = ("Machines of the network that are enabled later need a target network of their own.", _LATER)
    title = f"Delete network mapping of {source}"
    return _review(request, vault, Purpose.MAPPING, wanted, title, "network_mappings", follows=follows)


def _mapping(vault: Vault, name: str) -> inv.NetworkMapping:
    for each in present.site_of(vault).network_mappings:
        if each.name == name:
            return each
    raise Http404


def _options(found: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    return [(arm_id, f"{name} ({place})") for arm_id, (name, place) in found.items()]


# --- cache storage -------------------------------------------------------------------------------------------------------------------


@require_safe
def cache_storage(request: HttpRequest, pk: int) -> HttpResponse:
    """The accounts through which machines are replicated, with their load."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    rows = present.cache_rows(vault, access.sources(person, vault))
    return _page(request, vault, "caches", rows=rows, names=regions([vault]))


# --- shared --------------------------------------------------------------------------------------------------------------------------


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _form(request: HttpRequest, vault: Vault, form: Any, title: str, to: str) -> HttpResponse:
    context = {"vault": vault, "form": form, "title": title, "back": _back(vault, to)}
    return render(request, "replication/infrastructure/form.html", context, status=422 if form.is_bound else 200)


def _back(vault: Vault, to: str) -> tuple[str, str]:
    return reverse(f"replication:{to}", args=[vault.pk]), {"policies": "Replication policies"}.get(to, "Network mappings")


def _review(
    request: HttpRequest, vault: Vault, purpose: Purpose, wanted: list[Wanted], title: str, to: str, **more: Any
) -> HttpResponse:
    return reviewed(request, vault, purpose, wanted, {}, back=_back(vault, to), title=title, **more)
