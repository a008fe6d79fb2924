"""*Target settings*: suitable locations, the defaults, and the target resources of a plan."""

from replication import access, settings
from replication.domain import regions as rules
from replication.domain.choices import SourceChoices, TargetChoices
from replication.forms.wizard import Options
from replication.models import Draft, Person, Resource, Vault
from replication.presenters.looks import region, regions


def target_locations(draft: Draft, source: SourceChoices) -> tuple[Options, str]:
    """The suitable target regions with the recommended one marked, and that one."""
    names = regions([draft.vault])
    if source.zonal:
        return [(source.location, f"{region(names, source.location)}, in another availability zone")], source.location
    offered = {each["name"]: each for each in draft.vault.connection.locations}
    strict = settings.value("replication.region_pairing", draft.vault) == "cluster"
    suitable = rules.suitable(source.location, list(offered), strict=strict)
    paired = offered.get(source.location, {}).get("paired", "")
    best = rules.recommended(source.location, draft.vault.location, suitable, paired)
    reasons = {paired: "paired with the source", rules.normal(draft.vault.location): "the vault's region"}
    marked = {best: f" (recommended: {reasons.get(best, 'the first suitable one')})"}
    options = [(name, region(names, name) + marked.get(name, "")) for name in suitable]
    return sorted(options, key=lambda pair: (pair[0] != best, pair[1])), best


def automation_accounts(vault: Vault) -> Options:
    """Those of the vault's resource group: others the portal does not offer either (portal-behaviour.md §1.2)."""
    rows = Resource.objects.filter(
        connection_id=vault.connection_id,
        kind=Resource.Kind.AUTOMATION_ACCOUNT,
        subscription_id__iexact=vault.subscription_id,
        group_key=vault.resource_group.lower(),
        gone_at=None,
    )
    found = [(row.arm_id, row.name) for row in rows]
    return [("", "Choose an account" if found else "There is none in the vault's resource group"), *found]


def default_target(draft: Draft, person: Person, source: SourceChoices) -> TargetChoices:
    """The article's defaults: recommended location, the source's subscription where it may be a target."""
    opened = [row.subscription_id for row in access.subscriptions(person, draft.vault, "target")]
    same = next((each for each in opened if each.lower() == source.subscription_id.lower()), "")
    policy = TargetChoices(location="", subscription_id="").policy
    return TargetChoices(
        location=target_locations(draft, source)[1],
        subscription_id=same or next(iter(opened), ""),
        policy=type(policy)(
            retention_hours=settings.value("replication.retention_hours", draft.vault),
            app_consistent_minutes=settings.value("replication.app_consistent_minutes", draft.vault),
        ),
    )
