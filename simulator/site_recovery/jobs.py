"""Site Recovery jobs: the scenarios with their tasks as one table, and how a job looks at a given time.

Source of names, order and shares: site-recovery-protocol.md §3.4 (recorded, unless marked *assumed*). A job is stored as
(scenario, start, expected end, how it ended); state, tasks and their times are computed whenever it is read. A list entry
has no tasks, no activity id and no details; a job read in the instant after the 202 does not know its own name yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from simulator.kernel import ids
from simulator.kernel.clock import iso
from simulator.site_recovery.records import Job, Json

JOB_TYPE = "Microsoft.RecoveryServices/vaults/replicationJobs"
UNSET = "0001-01-01T00:00:00"
"""How a task says that a time is not there yet: without a Z, a naive time for most clients."""


@dataclass(frozen=True)
class Task:
    """One task: its id (empty: a GUID per job), name, friendly name and its share of the job's time.

    ``plan_group`` is the `rpGroupType` of a recovery plan's group; its friendly name may count its machines (`{count}`).
    """

    id: str
    name: str
    friendly: str
    share: float
    group: bool = False
    plan_group: str = ""


@dataclass(frozen=True)
class Scenario:
    """What a kind of job is called, what it acts on, how long it takes (a row of durations) and what it consists of."""

    name: str
    friendly: str
    target_type: str
    duration: str
    tasks: tuple[Task, ...] = ()
    details: str = "AsrJobDetails"


def _entity(name: str, friendly: str, duration: str, *tasks: Task, details: str = "AsrJobDetails") -> Scenario:
    return Scenario(name, friendly, "ProtectionEntity", duration, tasks, details)


def _plan_group(name: str, friendly: str, kind: str, share: float) -> Task:
    return Task(name, name, friendly, share, group=True, plan_group=kind)


# recorded: azure-powershell, A2ARecoveryPlanReplication
_PLAN_CHECK = Task("", "RpSrsPrerequisitesCheck", "Prerequisites check for the recovery plan", 4)
_PLAN_END = Task("", "EndRecoveryPlanTask", "Finalizing the recovery plan", 1)


SCENARIOS: dict[str, Scenario] = {
    "fabric.create": Scenario(  # recorded: azure-powershell, A2ANewAsrFabric
        "CreateSite",
        "Create a site",
        "Server",
        "asr.fabric.create",
        (Task("RegisterVMMTask", "RegisterVmmTask", "Registering the server", 1),),
    ),
    "fabric.remove": Scenario("DeleteSite", "Delete a site", "Server", "asr.fabric.remove"),  # assumed
    "fabric.check": Scenario("CheckConsistency", "Check consistency", "Server", "asr.fabric.check"),  # assumed
    "container.create": Scenario("CreateCloud", "Create protection container", "ProtectionContainer", "asr.container"),
    "container.remove": Scenario(  # assumed
        "DeleteCloud", "Delete protection container", "ProtectionContainer", "asr.container"
    ),
    "policy.create": Scenario("AddProtectionProfile", "Create replication policy", "ProtectionProfile", "asr.policy"),
    "policy.update": Scenario(  # assumed
        "UpdateProtectionProfile", "Update replication policy", "ProtectionProfile", "asr.policy"
    ),
    "policy.remove": Scenario(  # assumed
        "DeleteProtectionProfile", "Delete replication policy", "ProtectionProfile", "asr.policy"
    ),
    "mapping.create": Scenario(
        "AssociateProtectionProfile",
        "Associate replication policy",
        "ProtectionProfile",
        "asr.mapping",
        (
            Task("CloudPairingPrerequisitesCheck", "CloudPairingPrerequisitesCheck", "Prerequisites check", 1),
            Task("CloudPairingPrepareSite", "CloudPairingPrepareSite", "Configure the protection containers", 4),
        ),
    ),
    "mapping.update": Scenario(  # assumed
        "UpdateProtectionContainerMapping",
        "Update the protection container mapping",
        "ProtectionProfile",
        "asr.mapping",
    ),
    "mapping.remove": Scenario(  # assumed
        "DissociateProtectionProfile", "Dissociate replication policy", "ProtectionProfile", "asr.mapping.remove"
    ),
    "network.create": Scenario("NetworkPairing", "Map Networks", "Network", "asr.network"),
    "network.remove": Scenario("NetworkUnpairing", "Unmap networks", "Network", "asr.network"),  # assumed
    "enable": _entity(
        "EnableDr",
        "Enable replication",
        "asr.enable",
        Task(
            "EnableProtectionPreflightChecksTask",
            "EnableProtectionPrerequisitesCheck",
            "Prerequisites check for enabling protection",
            10,
        ),
        Task(
            "CreateProtectionTargetTask",
            "CreateProtectionTarget",
            "Installing Mobility Service and preparing target",
            480,
        ),
        Task("EnableProtectionTask", "EnableProtection", "Enable replication", 1),
        Task("StartInitialReplicationTask", "VmStartInitialReplication", "Starting initial replication", 270),
        Task("UpdateDraStateTask", "UpdateDraState", "Updating the provider states", 1),
    ),
    "primary.done": _entity(
        "PrimaryIrCompletion", "Finalize protection on the primary virtual machine", "asr.primary.done"
    ),
    "secondary.done": _entity(
        "SecondaryIrCompletion",
        "Finalize protection on the recovery virtual machine",
        "asr.secondary.done",
        Task("CompleteInitialReplicationTask", "CompleteInitialReplicationTask", "Complete initial replication", 1),
        Task(
            "ReplicaConfigurationPreflightChecksTask",
            "FailWorkflowOnIRFailureTask",
            "Finalizing initial replication",
            1,
        ),
        Task(
            "ReplicaConfigurationTask",
            "ReplicaConfigurationTask",
            "Complete network and post-replication configuration",
            3,
        ),
        Task("UpdateDraStateTask", "UpdateDraState", "Updating the provider states", 1),
    ),
    "update": _entity(
        "UpdateVmProperties",
        "Update the virtual machine",
        "asr.update",
        Task("", "UpdateVmPropertiesTask", "Update the virtual machine properties", 1),
    ),
    # friendly names documented, the task ids are assumed
    "test": _entity(
        "TestFailover",
        "Test failover",
        "asr.test",
        Task(
            "TestFailoverPreflightChecksTask",
            "VmTestFailoverPrerequisitesCheck",
            "Prerequisites check for test failover",
            1,
        ),
        Task("CreateTestVirtualMachineTask", "VmCreateTestVirtualMachine", "Create test virtual machine", 5),
        Task("PrepareTestVirtualMachineTask", "VmPrepareTestVirtualMachine", "Preparing the virtual machine", 2),
        Task("StartTestVirtualMachineTask", "VmStartTestVirtualMachine", "Start the virtual machine", 1),
        details="TestFailoverJobDetails",
    ),
    "cleanup": _entity(  # task ids assumed
        "TestFailoverCleanup",
        "Test failover cleanup",
        "asr.cleanup",
        Task(
            "TestFailoverCleanupPreflightChecksTask",
            "VmTestFailoverCleanupPrerequisitesCheck",
            "Prerequisites check for test failover cleanup",
            1,
        ),
        Task("TestFailoverCleanupTask", "VmTestFailoverCleanup", "Clean up the test environment", 5),
    ),
    "failover": _entity(
        "UnplannedFailover",
        "Failover",
        "asr.failover",
        Task(
            "UnplannedFailoverPreflightChecksTask",
            "VmUfoPrerequisitesCheck",
            "Prerequisites check for failover",
            10,
        ),
        Task("ShutdownVmOnPrimaryForUFO", "VmShutdownVmOnPrimary", "Shut down the virtual machine", 63),
        Task(
            "PrepareForUnPlannedFailoverTask",
            "VmPrepareForUnPlannedFailover",
            "Synchronizing the latest changes",
            1,
        ),
        Task("FailoverTask", "VmFailover", "Start failover", 60),
        Task("StartVmOnSecondary", "VmFoStartVmOnSecondary", "Start the replica virtual machine", 70),
        details="FailoverJobDetails",
    ),
    "changepoint": _entity(  # tasks assumed
        "ChangeRecoveryPoint",
        "Change recovery point",
        "asr.changepoint",
        Task("ChangePitPreflightChecksTask", "VmChangePitPrerequisitesCheck", "Prerequisites check", 1),
        Task("ChangePitTask", "VmChangePit", "Change the recovery point", 4),
        Task("StartVmOnSecondary", "VmFoStartVmOnSecondary", "Start the replica virtual machine", 4),
    ),
    "commit": _entity(
        "CommitFailover",
        "Commit",
        "asr.commit",
        Task("", "VmCommitPrerequisitesCheck", "Prerequisite check", 1),
        Task("", "VmCommit", "Commit", 8),
    ),
    "switch": _entity(
        "SwitchReplicationGroupProtection",
        "Reprotect",
        "asr.switch",
        Task(
            "SwitchReplicationGroupProtectionPreflightTask",
            "SwitchReplicationGroupProtectionPreflightTask",
            "Prerequisite check",
            5,
        ),
        Task("CommitFailoverTask", "VmCommitFailover", "Committing failover", 1),
        Task("DiscoverReplicaTask", "DiscoverReplicaTask", "Discovering replica virtual machine", 20),
        Task(
            "GetSwitchProtectionRequirementsTask",
            "GetSwitchProtectionRequirementsTask",
            "Getting reprotection requirements",
            5,
        ),
        Task("ProtectReplicaTask", "ProtectReplicaTask", "Reprotecting virtual machine (1)", 450, group=True),
        details="SwitchProtectionJobDetails",
    ),
    "disable": _entity(  # names assumed
        "DisableDr",
        "Disable replication",
        "asr.disable",
        Task("DisableProtectionPreflightChecksTask", "DisableProtectionPrerequisitesCheck", "Prerequisites check", 1),
        Task("DisableProtectionTask", "DisableProtection", "Disabling protection", 8),
        Task("UpdateDraStateTask", "UpdateDraState", "Updating the provider states", 1),
    ),
    "purge": _entity("PurgeDr", "Remove", "asr.purge"),  # assumed
    "adddisks": _entity(
        "AddDisks",
        "Add disks",
        "asr.adddisks",
        Task("AddDisksPreflightTask", "AddDisksPreflightTask", "Prerequisites check to add disk(s) for protection", 1),
        Task("AddDisksTask", "AddDisksTask", "Adding disk(s) for protection", 40),
        Task("StartDisksReplicationTask", "StartDisksReplicationTask", "Starting disk(s) initial replication", 240),
    ),
    "removedisks": _entity("RemoveDisks", "Remove disks", "asr.removedisks"),  # assumed
    "resync": _entity("RepairReplication", "Resynchronize", "asr.resync"),  # assumed
    "health": _entity("ResolveHealthErrors", "Resolve health errors", "asr.health"),  # assumed
    "agent": _entity("UpdateMobilityService", "Update the mobility service", "asr.agent"),  # assumed
    "plan.create": Scenario("CreateRecoveryPlan", "Create recovery plan", "RecoveryPlan", "asr.plan"),  # assumed
    "plan.update": Scenario("UpdateRecoveryPlan", "Update recovery plan", "RecoveryPlan", "asr.plan"),  # assumed
    "plan.remove": Scenario("DeleteRecoveryPlan", "Delete recovery plan", "RecoveryPlan", "asr.plan"),  # assumed
    "plan.failover": Scenario(
        "UnplannedFailover",
        "Failover",
        "RecoveryPlan",
        "asr.plan.failover",
        (
            _PLAN_CHECK,
            _plan_group("ShutdownAllActionGroup", "All groups shutdown ({count})", "Shutdown", 60),
            _plan_group("FailoverAllActionGroup", "Recovery plan failover", "RpFailoverTask", 95),
            _plan_group("Group1", "Group 1: Start ({count})", "BootGroup", 40),
            _PLAN_END,
        ),
        "FailoverJobDetails",
    ),
    "plan.test": Scenario(
        "TestFailover",
        "Test failover",
        "RecoveryPlan",
        "asr.plan.test",
        (
            _PLAN_CHECK,
            _plan_group("TestFailoverAllActionGroup", "Recovery plan test failover", "RpTestFailoverTask", 100),
            _plan_group("Group1", "Group 1: Start ({count})", "BootGroup", 100),
            _PLAN_END,
        ),
        "TestFailoverJobDetails",
    ),
    "plan.cleanup": Scenario("TestFailoverCleanup", "Test failover cleanup", "RecoveryPlan", "asr.plan.cleanup"),
    "plan.commit": Scenario("CommitFailover", "Commit", "RecoveryPlan", "asr.plan.commit"),
    "plan.reprotect": Scenario("SwitchReplicationGroupProtection", "Reprotect", "RecoveryPlan", "asr.plan.reprotect"),
    "export": Scenario("ExportJobs", "Export jobs", "Vault", "asr.export", details="ExportJobDetails"),  # assumed
}

DURATIONS: dict[str, float] = {
    "asr.fabric.create": 70.0,
    "asr.fabric.remove": 2.0,
    "asr.fabric.check": 30.0,  # assumed
    "asr.container": 1.0,
    "asr.policy": 1.0,
    "asr.mapping": 1.0,
    "asr.mapping.automation": 68.0,
    "asr.mapping.remove": 2.0,
    "asr.network": 3.0,
    "asr.enable": 450.0,
    "asr.first.point": 240.0,
    "asr.primary.done": 1.0,
    "asr.secondary.done": 6.0,
    "asr.update": 5.0,
    "asr.test": 203.0,
    "asr.cleanup": 120.0,  # assumed
    "asr.failover": 140.0,
    "asr.failover.shutdown": 204.0,
    "asr.changepoint": 140.0,  # assumed: as a failover without shutdown
    "asr.commit": 9.0,
    "asr.switch": 510.0,
    "asr.disable": 409.0,
    "asr.purge": 1.5,
    "asr.adddisks": 285.0,
    "asr.removedisks": 60.0,  # assumed
    "asr.resync": 30.0,  # assumed
    "asr.resync.copy": 600.0,  # assumed
    "asr.health": 2.0,  # assumed
    "asr.agent": 240.0,  # assumed
    "asr.plan": 1.0,
    "asr.plan.failover": 190.0,  # assumed: the slowest machine and the plan's own tasks
    "asr.plan.test": 240.0,  # assumed
    "asr.plan.cleanup": 130.0,  # assumed
    "asr.plan.commit": 15.0,  # assumed
    "asr.plan.reprotect": 520.0,  # assumed
    "asr.export": 5.0,  # assumed
    "asr.refresh": 3.0,  # assumed
    "asr.intent": 450.0,  # as enabling
}
"""Seconds as recorded (site-recovery-protocol.md §3.1, timings seen)."""

_BIRTH = 1.0
"""Seconds at recorded pace during which a new job does not know its name (recorded as "immediately after the 202")."""


def net(at: float) -> str:
    """A time as the service's JSON writer has it: up to seven decimals, none of them a trailing zero."""
    return iso(at)[:-1].rstrip("0").rstrip(".") + "Z"


def whole(at: float) -> str:
    """A time cut to the second: `2023-01-16T09:31:37Z`, as jobs write their end."""
    return iso(at)[:19] + "Z"


def job_properties(job: Job, name: str, now: float, factor: float, *, listed: bool) -> Json:
    """The `properties` of a job at a time. ``factor`` is `--durations`; ``listed`` gives the shape of list entries."""
    if job["ended"] is None and now < job["start"] + min(_BIRTH * factor, (job["end"] - job["start"]) / 10):
        return _newborn(job, listed)
    scenario = SCENARIOS[job["scenario"]]
    state = job["state"] or "InProgress"
    properties: Json = {
        "activityId": None if listed else f"{job['client']} ActivityId: {job['activity']}",
        "scenarioName": scenario.name,
        "friendlyName": scenario.friendly,
        "state": state,
        "stateDescription": _description(job, state),
        "tasks": [] if listed else tasks(job, name, now),
        "errors": [] if listed or job["error"] is None else [job["error"]],
        "startTime": net(job["start"]),
    }
    if job["ended"] is not None:
        properties["endTime"] = whole(job["ended"])
    return properties | {
        "allowedActions": _actions(scenario, state),
        "targetObjectId": job["target_id"],
        "targetObjectName": job["target_name"],
        "targetInstanceType": scenario.target_type,
        "customDetails": None if listed else {"instanceType": scenario.details, **_details(job, scenario)},
    }


def _newborn(job: Job, listed: bool) -> Json:
    """Who asked and what kind of thing it acts on is known at once, its name is not (recorded: A2AVMNicConfig)."""
    return {
        "activityId": None if listed else f"{job['client']} ActivityId: {job['activity']}",
        "scenarioName": None,
        "friendlyName": None,
        "state": "NotStarted",
        "stateDescription": "NotStarted",
        "tasks": [],
        "errors": [],
        "allowedActions": [],
        "targetObjectId": None,
        "targetObjectName": None,
        "targetInstanceType": SCENARIOS[job["scenario"]].target_type,
        "customDetails": None if listed else {"instanceType": "AsrJobDetails", "affectedObjectDetails": {}},
    }


_DESCRIPTIONS = {"Succeeded": "Completed"}
_ACTIONS = {"InProgress": ["Cancel"], "Failed": ["Restart"], "Suspended": ["Resume"]}
_NEVER_CANCELLED = ("CreateSite", "UpdateVmProperties")
"""Scenarios whose running jobs allow nothing (recorded: azure-powershell, A2ANewAsrFabric and A2AVMNicConfig)."""


def _description(job: Job, state: str) -> str:
    return str(job["extra"].get("stateDescription") or _DESCRIPTIONS.get(state, state))


def _actions(scenario: Scenario, state: str) -> list[str]:
    if state == "InProgress" and scenario.name in _NEVER_CANCELLED:
        return []
    return list(_ACTIONS.get(state, []))


def _details(job: Job, scenario: Scenario) -> Json:
    if scenario.details == "ExportJobDetails":
        return {
            "affectedObjectDetails": {},
            "blobUri": job["extra"].get("blobUri"),
            "sasToken": job["extra"].get("sasToken"),
        }
    extra = {key: value for key, value in job["extra"].items() if key != "stateDescription"}
    return {"affectedObjectDetails": job["affected"], **_blank_details(scenario), **extra}


def _blank_details(scenario: Scenario) -> Json:
    match scenario.details:
        case "FailoverJobDetails":
            return {"protectedItemDetails": []}
        case "TestFailoverJobDetails":
            blank: Json = {"testFailoverStatus": None, "comments": None, "networkName": None}
            return blank | {"networkFriendlyName": None, "networkType": None, "protectedItemDetails": []}
        case "SwitchProtectionJobDetails":
            return {"newReplicationProtectedItemId": None}
    return {}


# --- tasks ------------------------------------------------------------------------------------------------------------


def tasks(job: Job, name: str, now: float) -> list[Json]:
    """The task list at a time: each task runs for its share of the job's length, one after the other."""
    plan = [task for task in SCENARIOS[job["scenario"]].tasks if task.name not in job["left_out"]]
    failed = job["state"] == "Failed"
    stop = min(job["failing_task"], len(plan) - 1) if failed else len(plan) - 1
    whole_share = sum(_share(job, task) for task in plan[: stop + 1]) or 1.0
    length = (job["ended"] if job["ended"] is not None else job["end"]) - job["start"]
    at, shown = job["start"], []
    for number, task in enumerate(plan):
        begins, at = at, at + length * _share(job, task) / whole_share
        reached = number <= stop
        ends = job["ended"] if number == stop and job["ended"] is not None else at
        shown.append(_task(job, name, number, task, begins, ends, now, reached, failed and number == stop))
    return shown


def _share(job: Job, task: Task) -> float:
    """What is skipped takes no time."""
    return 0.0 if task.name in job["skipped"] else task.share


def _task(
    job: Job, name: str, number: int, task: Task, begins: float, ends: float, now: float, reached: bool, failed: bool
) -> Json:
    over = reached and ends <= now and (job["state"] != "" or number < len(SCENARIOS[job["scenario"]].tasks) - 1)
    started = reached and begins <= now
    state, description = _task_state(job, task, started, over, failed)
    timed = started and description != "Skipped"  # a skipped task has no times (recorded: A2AReprotectTest)
    kind = _kind_of(task)
    return {
        "taskId": task.id or ids.guid("task", name, number),
        "name": "Unknown" if task.plan_group else task.name,
        "startTime": net(begins) if timed else UNSET,
        "endTime": net(ends) if timed and over else UNSET,
        "allowedActions": [],
        "friendlyName": task.friendly.format(count=len(job["children"])),
        "state": state,
        "stateDescription": description,
        "taskType": kind,
        "customDetails": None if task.group else {"instanceType": kind},
        "groupTaskCustomDetails": _group(job, task, kind, started) if task.group else None,
        "errors": [job["error"]] if failed and job["error"] is not None else [],
    }


def _kind_of(task: Task) -> str:
    if task.plan_group == "Shutdown":
        return "RecoveryPlanShutdownGroupTaskDetails"
    if task.plan_group:
        return "RecoveryPlanGroupTaskDetails"
    return "GroupTaskDetails" if task.group else "TaskDetails"


def _task_state(job: Job, task: Task, started: bool, over: bool, failed: bool) -> tuple[str, str]:
    if not started:
        return "NotStarted", "NotStarted"
    if not over:
        return ("Cancelled", "Cancelled") if job["state"] == "Cancelled" else ("InProgress", "InProgress")
    if failed:
        return "Failed", "Failed"
    return ("Other", "Skipped") if task.name in job["skipped"] else ("Succeeded", "Completed")


def _group(job: Job, task: Task, kind: str, started: bool) -> Json:
    """A group's own details: a plan's groups all show the machines of the plan, another group what it has started."""
    shown = [one["task"] for one in job["children"] if started and (task.plan_group or one["of"] == task.name)]
    names = {"name": task.name, "groupId": task.id, "rpGroupType": task.plan_group} if task.plan_group else {}
    return {**names, "instanceType": kind, "childTasks": shown}


def child_task(task_name: str, job_id: str, job: Job, kind: str = "JobTaskDetails") -> Json:
    """What a group task says of a job that it has started; `of` is the name of the group task.

    Recorded: azure-powershell, A2AReprotectTest and A2ARecoveryPlanReplication (there named `Unknown`).
    """
    scenario, target = SCENARIOS[job["scenario"]], job["target_name"]
    state = job["state"] or "InProgress"
    in_plan = kind == "VirtualMachineTaskDetails"
    task: Json = {
        "taskId": ids.guid("task", job_id) if in_plan else scenario.name,
        "name": "Unknown" if in_plan else target,
        "startTime": net(job["start"]),
        "endTime": net(job["ended"]) if job["ended"] is not None else UNSET,
        "allowedActions": [],
        "friendlyName": target,
        "state": state,
        "stateDescription": _description(job, state),
        "taskType": kind,
        "customDetails": _child_details(job_id, job, scenario, kind, in_plan),
        "groupTaskCustomDetails": None,
        "errors": [],
    }
    return {"of": task_name, "task": task}


def _child_details(job_id: str, job: Job, scenario: Scenario, kind: str, in_plan: bool) -> Json:
    """`jobId` is the job's ARM id, `/Subscriptions/...`."""
    job_task = {
        "jobId": job_id,
        "jobFriendlyName": scenario.friendly,
        "targetObjectId": job["target_id"],
        "targetObjectName": job["target_name"],
        "targetInstanceType": "Vm",
        "jobScenarioName": scenario.name,
    }
    skipped = {"skippedReason": "None", "skippedReasonString": None} if in_plan else {}
    return {**skipped, "jobTask": job_task, "instanceType": kind}


def new_job(
    scenario: str,
    start: float,
    seconds: float,
    target_id: str,
    target_name: str,
    client: str,
    activity: str,
    affected: Json | None = None,
    extra: dict[str, Any] | None = None,
) -> Job:
    """A job that begins now and is expected to take so long."""
    return Job(
        scenario=scenario,
        start=start,
        end=start + seconds,
        ended=None,
        state="",
        error=None,
        failing_task=0,
        skipped=[],
        left_out=[],
        target_id=target_id,
        target_name=target_name,
        affected=affected or {},
        client=client,
        activity=activity,
        extra=extra or {},
        children=[],
        serial=0,
    )
