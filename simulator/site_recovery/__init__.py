"""Azure Site Recovery between Azure regions: vault-scoped replication, from the first fabric to failing back.

=============  =======================================================================================================
module         what it knows
=============  =======================================================================================================
states.py      the protected item's life as one table: what each state shows and accepts, and where it leads
timeline.py    what time alone does: copies, RPO, recovery points; pure functions
jobs.py        the scenarios of jobs with their tasks, and how long each takes
shapes.py      the bodies that readers see; health.py: health errors, computed from facts
problems.py    the service's refusals and failures; obstacles.py: why a machine cannot be protected
records.py     what is remembered (plain JSON); machines.py: a source machine read into one plain shape
service.py     one accepted change = one job + one operation; acting.py: asking something of an item
foundations    fabrics, containers, policies, mappings, networks, network mappings, providers
enable.py      the enabling PUT and the automatic moves after it
items.py       the item's other routes; recovery.py: tests, failover, commit, re-protection
materialize    machines, disks and interfaces that appear in Compute and Network, and go again
plans.py       recovery plans; intents.py: protection intents; reports.py: what is only read, and settings
=============  =======================================================================================================

Facts come from site-recovery-protocol.md and portal-behaviour.md, named where they are used; whatever is assumed carries
the word and has a row in docs/simulator-assumptions.md.
"""

from __future__ import annotations

from simulator.kernel.registry import Action, ResourceType
from simulator.site_recovery import foundations, intents, items, plans, recovery, reports
from simulator.site_recovery.foundations import CONTAINER_PARTS, kind, listed
from simulator.site_recovery.items import ITEM_PARTS
from simulator.site_recovery.service import CONTAINER, ITEM, VAULT

_ITEM_ACTIONS = {
    "remove": items.disable,
    "testFailover": recovery.test_failover,
    "testFailoverCleanup": recovery.test_cleanup,
    "unplannedFailover": recovery.failover,
    "plannedFailover": recovery.refused,
    "applyRecoveryPoint": recovery.change_point,
    "failoverCommit": recovery.commit,
    "failoverCancel": recovery.refused,
    "reProtect": recovery.reprotect_refused,
    "repairReplication": items.resync,
    "addDisks": items.add_disks,
    "removeDisks": items.remove_disks,
    "resolveHealthErrors": items.resolve_health,
    "updateMobilityService": items.update_agent,
    "reinstallMobilityService": items.update_agent,
    "updateAppliance": recovery.refused,
    "switchProvider": recovery.refused,
}

_CONTAINER = {
    **CONTAINER_PARTS,
    "actions": {
        **CONTAINER_PARTS["actions"],
        "switchprotection": Action(recovery.switch),
        "switchClusterProtection": Action(recovery.switch),
    },
}

TYPES: list[ResourceType] = [
    *foundations.TYPES,
    kind(CONTAINER, **_CONTAINER),
    kind(ITEM, **ITEM_PARTS, actions={name: Action(handler) for name, handler in _ITEM_ACTIONS.items()}),
    listed(f"{VAULT}/replicationProtectedItems", items.list_items),
    listed(f"{ITEM}/recoveryPoints", recovery.list_points, recovery.get_point),
    *plans.TYPES,
    *intents.TYPES,
    *reports.TYPES,
]
