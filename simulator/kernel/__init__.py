"""The kernel: everything that is true of every Azure resource, and nothing that is true of only one.

One request runs through `dispatch.answer(world, request) -> Response`, a plain synchronous function: authentication ->
address and type -> fault plan -> throttle -> api-version -> subscription -> permission -> group -> locks -> the verb -> log.
There are no threads and no timers. **Before each request `world.settle()` lets everything happen whose time has come**,
in the order of its due times, so time passes only when somebody looks and the outcome never depends on who looked when.

==============  ======================================================================================================
module          what it knows
==============  ======================================================================================================
world.py        `World`: clock, settings, registry, store, agenda, operations, oplog ... one simulated cloud
registry.py     `ResourceType`, `Action`, `Write`, `Namespace`: the data tables a provider consists of
request.py      `Request`, `Response`; ids.py: `Address` (a parsed ARM path), `guid(seed, *parts)`
store.py        `Resource` (an ARM document + private facts), `Store` (by lower-cased id, case preserved)
verbs.py        the generic GET, LIST, PUT, PATCH, DELETE, HEAD that every type has unless it overrides them
operations.py   `Operation`, `Operations`, `Style`: long-running operations and how they are polled
agenda.py       `Agenda`: things that will happen at a known time; `@effect(name)`: what happens then
lro.py          how long-running operations look on the wire: the first answer, the polls, the pace
durations.py    how long things take, in seconds, with the source of each figure
dispatch.py     the way of one request; routing.py: from a path to a type, a verb and the permission it needs
auth.py         tokens; identity.py: the endpoints that hand them out; rbac.py, roles.py, locks.py: who may do what
throttle.py     token buckets; faults.py: what goes wrong on purpose; oplog.py, invariants.py: what was done, and how well
control.py      `/__sim/`; snapshot.py: the world as JSON; scenario.py: the world from a document; app.py: ASGI
errors.py       `ArmError` and one function per error of simulator.md §2.7 with its exact message
==============  ======================================================================================================

How to add a resource type
--------------------------
A provider module has a list `TYPES` of `ResourceType` (and, if the namespace is new, a `Namespace`), and is named in
`simulator/providers/__init__.py`::

    AVAILABILITY_SETS = ResourceType(
        name="Microsoft.Compute/availabilitySets",
        versions=versions.COMPUTE,                      # newest first
        put=Write(created=200, replaced=200),           # style defaults to Style.SYNC
        patch=Write(replaced=200),
        delete=Write(deleted=200),                      # 204 on a missing resource is the kernel's
        validate=_validate, prepare=_prepare, render=_render,
    )

Hooks (all optional, all synchronous; raise `ArmError` to refuse):

* `validate(call: Call) -> None`   before anything changed; `call.body` is the whole new document (PATCH: merged).
* `prepare(call: Call, document: dict) -> None`   fills read-only and defaulted fields of the document to be stored.
* `stored(world, resource) -> None`   after it was stored by PUT, PATCH **or a scenario**: derive child resources.
* `deleting(call: Call) -> None`   raise to refuse a DELETE.    `gone(world, resource) -> None`   after it went.
* `render(world, resource, body: dict) -> None`   changes the (copied) body that readers see. Give `live=True` to the
  type when the view depends on the clock or on other resources, else the rendered bytes are cached until the next write.
* `overrides={"LIST": handler, "GET": handler, "PUT": handler ...}`, `handler(call) -> Response`, replaces a generic verb.
  A type without any storage (a computed list, a report) is a `ResourceType` with only overrides.
* `listed_under`: which collections exist: any of "parent" (group, parent resource), "subscription", "location".

How to add an action
--------------------
`POST .../{name}/restart` (or GET, see `Action.method`; on a collection: `collection_actions`)::

    actions={"restart": Action(_restart)}               # needs permission {type}/restart/action, throttle of the type

    def _restart(call: Call) -> Response:
        return call.start(duration="vm.restart", style=Style.ARM, effect="compute.restarted", args={"by": "user"})

How to add a long-running operation
-----------------------------------
`call.start(...)` mints the id, remembers (start, duration), writes the 202 with both URLs in the style's own form, and
answers polls. What happens at the end is an *effect*, named so that a snapshot can hold it as JSON::

    @effect("compute.restarted")
    def _restarted(world: World, operation: Operation) -> None:
        resource = world.store.get(operation.target)    # may be gone by now: None
        if resource is None:
            operation.fail("ResourceNotFound", "...")   # the poll then says Failed with this error
            return
        resource.sim["power"] = "running"
        world.store.touch(resource)                     # version, etag, cached bytes

An effect may find `operation.outcome` already set ("Failed", "Canceled": a planned fault, or the control API): then it leaves
behind what such an end leaves behind.

For things that happen without an operation (a recovery point appears, a copy ends)::

    world.agenda.add(at=world.now() + 300, effect="site_recovery.point", target=item.id, args={...})

An effect for an agenda entry gets the `Entry` (attributes target, args, at). **Inside an effect `world.now()` is the time
at which it was due**, not the time of the request that happened to come by. For a value that simply moves with the clock
(RPO, percent) compute it in `render` from stored times; nothing needs to be scheduled.

Site Recovery's style (`Style.SITE_RECOVERY`): 202, empty body, Retry-After 30, both URLs with the long signed tail.
`call.start(style=Style.SITE_RECOVERY, target=resource_or_id, result_at=<id whose /operationresults/{guid} is polled>,
headers={"x-ms-request-id": job_id}, guid=job_guid)`; the status document has its eight keys. `result="resource"` makes the
final Location answer 200 with the target's body, `"none"` 204; `operation.error` may be set on success (151207 warning).
The kernel serves `…/replicationOperationStatus/{guid}` and `…/operationresults/{guid}` for every operation it knows.

A generic PUT whose `Write.style` is not SYNC starts the operation by itself (effect "resource.ready"; DELETE:
"resource.gone"); a type that needs more names its own `Write(effect=...)`, and calls `world.ready(operation)` or
`world.remove(resource)` inside it. A resource created by a 202 has `resource.born = False` until then:
`--halfborn hidden` (default) answers 404 and leaves it out of lists, `shown` shows it.

Scenario documents
------------------
A scenario is one JSON object (or a Python function that returns one, see simulator/scenarios)::

    {"name": "contoso",
     "tenant": "<guid>",
     "subscriptions": [{"subscriptionId": "<guid>", "displayName": "Production", "state": "Enabled",   # Warned, Disabled
                        "registered": ["Microsoft.Compute", ...]}],        # absent: every namespace we know
     "principals": [{"name": "portal", "clientId": "<guid>", "objectId": "<guid>", "secret": "...",
                     "enforce": false}],                                   # true: role assignments are enforced
     "resources": [ARM JSON documents: "id", "location", "tags", "properties", "sku", "zones", "kind", "identity" ...;
                   "name" and "type" are derived from the id and may be left out; "etag" too.
                   "_sim": {...} private facts that no reader ever sees (below)],
     "names_taken": ["contosologs", ...],            # storage account names that someone elsewhere in the world has
     "locations": ["eastasia", ...],                 # what the subscriptions may use; absent: all of providers/regions.py
     "quotas": {"<subscription>": {"<location>": {"cores": [used-extra, limit], "standardDSv3Family": [0, 100]}}},
     "unavailable_sizes": {"<location>": ["Standard_M128s", ...]},   # NotAvailableForSubscription in SKUs, SkuNotAvailable
     "invisible": []}

Everything is a resource with an ARM id: groups (`/subscriptions/s/resourceGroups/g`), subnets (or inline in the network's
`properties.subnets`), extensions (`.../virtualMachines/v/extensions/e`), locks, role assignments, classic machines.
What the generator leaves out (provisioningState, vmId, timeCreated, uniqueId, etag) is filled by the type's `prepare`.

`_sim` of a virtual machine: ``power`` ("running" | "deallocated" | "stopped" | "starting"...; default running),
``agent`` ("ready" | "not ready" | "absent"), ``agentVersion``, ``os`` / ``osVersion`` / ``kernel`` (instance view's osName,
osVersion), ``computerName``, ``hyperVGeneration`` ("V1" | "V2"), ``churn`` (MB/s), ``usedBytes`` {disk id: bytes},
``planted`` (name of the planted condition), and whatever Site Recovery needs to decide. Of a disk: ``churn``, ``usedBytes``.
`_sim` of a vault, fabric or container: ``healthErrors`` (site_recovery/health.py).
"""
