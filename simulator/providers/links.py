"""Microsoft.Resources/links: links between resources, as Site Recovery leaves them on machines.

Azure REST API, Resource Links: `ResourceLinks_ListAtSubscription` (GET …/providers/Microsoft.Resources/links, 2016-09-01) and
`ResourceLinks_ListAtSourceScope`. Nobody here writes them: scenarios hold them.
"""

from __future__ import annotations

from simulator.kernel import ids, verbs
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType
from simulator.kernel.request import Response

LINKS = "Microsoft.Resources/links"


def _list(call: Call) -> Response:
    """The links of a scope and of everything below it."""
    scope = call.id.lower().rstrip("/") + "/"
    found = call.world.store.select(LINKS, ids.subscription_of(call.id))
    below = [link for link in found if (ids.parent_of(link.id).lower() + "/").startswith(scope)]
    return verbs.page_of(call, [call.world.body(link) for link in below])


TYPES: list[ResourceType] = [
    ResourceType(
        name=LINKS, versions=("2016-09-01",), tracked=False, has_state=False, scope="any", overrides={"LIST": _list}
    ),
]
