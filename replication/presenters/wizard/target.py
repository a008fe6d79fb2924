"""*Target settings*: suitable locations, the defaults, and the target resources of a plan."""

from django.conf import settings

from replication import access
from replication.domain import regions as rules
from replication.domain.choices import SourceChoices, TargetChoices
from replication.forms.wizard import Options
from replication.models import Draft, Person
from replication.presenters.looks import region, regions


def target_locations(draft: Draft, source: SourceChoices) -> tuple[Options, str]:
    """The suitable target regions with the recommended one marked, and that one."""
    offered = {each["name"]: each for each in draft.vault.connection.locations}
    strict = settings.REGION_PAIRING == "cluster"
    suitable = rules.suitable(source.location, list(offered), strict=strict)
    paired = offered.get(source.location, {}).get("paired", "")
    best = rules.recommended(source.location, draft.vault.location, suitable, paired)
    names = regions([draft.vault])
    options = [(name, region(names, name) + (" (recommended)" if name == best else "")) for name in suitable]
    return sorted(options, key=lambda pair: (pair[0] != best, pair[1])), best


def default_target(draft: Draft, person: Person, source: SourceChoices) -> TargetChoices:
    """The article's defaults: recommended location, the source's subscription where it may be a target."""
    opened = [row.subscription_id for row in access.subscriptions(person, draft.vault, "target")]
    same = next((each for each in opened if each.lower() == source.subscription_id.lower()), "")
    policy = TargetChoices(location="", subscription_id="").policy
    return TargetChoices(
        location=target_locations(draft, source)[1],
        subscription_id=same or next(iter(opened), ""),
        policy=type(policy)(
            retention_hours=settings.DEFAULT_RETENTION_HOURS,
            app_consistent_minutes=settings.DEFAULT_APP_CONSISTENT_MINUTES,
        ),
    )
