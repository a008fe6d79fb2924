"""Two vaults with something of every kind in each, and everybody who may come to the door."""

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

from django.test import Client, override_settings
from django.test.client import ClientHandler

from replication import clock
from replication.actions import plans
from replication.actions.actor import Actor
from replication.actions.audit import record
from replication.domain import documents
from replication.domain import inventory as inv
from replication.models import (
    Approval,
    AuditEntry,
    BellEntry,
    Connection,
    Draft,
    Grant,
    GrantScope,
    GroupRole,
    HealthIssue,
    Machine,
    MaintenanceWindow,
    Notice,
    Person,
    Reading,
    Run,
    SavedView,
    Subscription,
    Vault,
    Webhook,
)
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.domain import estate
from tests.views import rows
from tests.wizard.conftest import store_machine, store_resource
from tests.wizard.walk import free

ROLES = ("administrator", "operator", "helpdesk", "team_lead")
ABSENT, ABSENT_UUID = 987_654, UUID(int=7)
PASSWORD = "correct-horse-battery"
SOURCE = {"location": "eastasia", "subscription_ids": SUBSCRIPTION, "model": "ResourceManager"}
TARGET = {
    "location": "southeastasia", "subscription_id": SUBSCRIPTION, "policy": "", "policy_name": "24-hour-retention-policy",
    "retention_hours": "24", "app_consistent_minutes": "60",
}  # fmt: skip


@dataclass
class Side:
    """A vault with what it holds. Everything that has a name of its own is marked with the side's."""

    name: str
    vault: Vault
    administrator: Person
    colleague: Person  # somebody with a role here and nowhere else
    grant: Grant
    item: Any
    job: Any
    run: Run
    step: Any
    reading: Reading
    entry: int
    draft: Draft
    view: SavedView
    approval: Approval
    issue: HealthIssue
    group: GroupRole
    webhook: Webhook
    window: MaintenanceWindow
    notice: Notice

    @cached_property
    def digest(self) -> str:
        """Of the draft's plan; a request that changes the draft is undone before the next one."""
        return plans.compiled(self.draft).digest


@dataclass
class World:
    ours: Side
    theirs: Side
    newest: int = 0  # the audit's last entry when everything was built
    sessions: dict[str, str] = field(default_factory=dict)  # person -> session key; '' for nobody
    # One for all browsers: setting the middleware up again for each would cost more than many a request.
    handler: ClientHandler = field(default_factory=lambda: ClientHandler(enforce_csrf_checks=False))

    def browser(self, who: str) -> Client:
        """A browser of that person, new each time."""
        client = Client(raise_request_exception=False)
        client.handler = self.handler
        if self.sessions[who]:
            client.cookies["sessionid"] = self.sessions[who]
        return client


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
def build() -> World:
    connection = _connection()
    ours, theirs = _vault(connection, "ours"), _vault(connection, "theirs")
    people = {role: _person(role, role, ours) for role in ROLES}
    people["stranger"], people["inactive"] = _person("stranger"), _person("inactive", "administrator", ours)
    people["other"] = _person("other", "administrator", theirs)
    world = World(_side("ours", ours, people["administrator"]), _side("theirs", theirs, people["other"]))
    world.sessions = {name: _session(person) for name, person in people.items()} | {"anonymous": ""}
    Person.objects.filter(pk=people["inactive"].pk).update(is_active=False)
    world.newest = AuditEntry.objects.latest("sequence").sequence
    return world


def _connection() -> Connection:
    places = [{"name": "eastasia", "display_name": "East Asia"}, {"name": "southeastasia", "display_name": "Southeast Asia"}]
    made = Connection.objects.create(
        name="Contoso", endpoint="https://localhost:1", tenant_id="t", client_id="c", locations=places, inventory_as_of=clock.now()
    )
    for subscription_id, name in ((SUBSCRIPTION, "Production"), (OTHER_SUBSCRIPTION, "Out of scope")):
        Subscription.objects.create(
            connection=made, subscription_id=subscription_id, name=name, state="Enabled", as_of=clock.now()
        )
    store_resource(made, "resource_group", inv.ResourceGroup(id=estate.GROUP, name="rg-erp", location="eastasia"))
    store_resource(made, "virtual_network", estate.network())
    for name in ("erp-ours", "erp-theirs"):
        store_machine(made, estate.machine(name))
    outside = store_machine(made, estate.machine("erp-outside"))
    Machine.objects.filter(pk=outside.pk).update(subscription_id=OTHER_SUBSCRIPTION)
    return made


def _vault(connection: Connection, side: str) -> Vault:
    name = f"rsv-{side}"
    arm_id = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-dr/providers/Microsoft.RecoveryServices/vaults/{name}"
    return Vault.objects.create(
        connection=connection, key=arm_id.lower(), arm_id=arm_id, name=name, subscription_id=SUBSCRIPTION,
        resource_group="rg-dr", location="southeastasia", site=_site(arm_id),
    )  # fmt: skip


def _site(vault_id: str) -> dict[str, Any]:
    """A policy and a mapping that nothing uses."""
    policy = inv.Policy(id=f"{vault_id}/replicationPolicies/spare", name="spare", retention=60, app_consistent=0)
    network = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-x/providers/Microsoft.Network/virtualNetworks"
    mapping = inv.NetworkMapping(
        id=f"{vault_id}/replicationFabrics/f/replicationNetworks/azureNetwork/replicationNetworkMappings/m", name="m",
        primary_network_id=f"{network}/vnet-x", recovery_network_id=f"{network}/vnet-y", recovery_location="southeastasia",
    )  # fmt: skip
    return documents.to_json(inv.Site(policies=(policy,), network_mappings=(mapping,)))  # type: ignore[no-any-return]


def _person(name: str, role: str = "", vault: Vault | None = None) -> Person:
    person = Person.objects.create_user(name, password=PASSWORD, display_name=name.capitalize())
    if vault:
        grant = Grant.objects.create(person=person, vault=vault, role=role, granted_at=clock.now())
        for side in GrantScope.Side:
            GrantScope.objects.create(grant=grant, side=side, subscription_id=SUBSCRIPTION)
    return person


def _session(person: Person) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def _side(name: str, vault: Vault, administrator: Person) -> Side:
    run = rows.run(vault, administrator, machines=1)
    item = rows.item(vault, f"vm-{name}")
    colleague = _person(f"colleague-of-{name}", "helpdesk", vault)
    by = Actor(person=administrator, name=str(administrator), role="administrator", request_id=str(uuid4()))
    record("items.refresh", actor=by, vault_key=vault.key, subject_name=f"entry-{name}")
    return Side(
        name=name,
        vault=vault,
        administrator=administrator,
        colleague=colleague,
        grant=colleague.grants.get(),
        item=item,
        job=rows.job(vault, f"job-{name}"),
        run=run,
        step=run.steps.first(),
        reading=Reading.objects.create(
            connection=vault.connection, vault=vault, kind="items", subject=vault.key, asked_by=administrator, asked_at=clock.now()
        ),
        entry=AuditEntry.objects.latest("sequence").sequence,
        draft=_draft(vault, administrator, f"erp-{name}"),
        issue=rows.issue(vault, f"entry-{name}"),
        view=SavedView.objects.create(owner=administrator, name=f"view-{name}", created_at=clock.now()),
        webhook=Webhook.objects.create(
            vault=vault, name=f"webhook-{name}", url="https://hooks.contoso.example/x", shape="json", kinds=["item_critical"],
            created_by=administrator, created_at=clock.now(),
        ),
        window=MaintenanceWindow.objects.create(
            vault=vault, scope="vault", begins_at=rows.NOON, ends_at=clock.now() + timedelta(days=1), reason=f"window-{name}",
            created_by=administrator, created_at=clock.now(),
        ),
        notice=_notice(vault, administrator, item),
        approval=_approval(vault, colleague, f"erp-{name}"),
        group=GroupRole.objects.create(group=f"group-{name}", vault=vault, role="operator", made_at=clock.now()),
    )


def _notice(vault: Vault, to: Person, item: Any) -> Notice:
    """In the bell of one person only: others must not see it, whatever their role."""
    subjects = [[item.name, item.pk]]
    notice = Notice.objects.create(at=clock.now(), kind="item_critical", vault=vault, count=1, subjects=subjects)
    BellEntry.objects.create(person=to, notice=notice)
    return notice


def _approval(vault: Vault, by: Person, machine: str) -> Approval:
    """What somebody asked who has no role for it any more, so that each may decide by their role alone."""
    now = clock.now()
    return Approval.objects.create(
        vault=vault, action="run.enable", digest="d", subject_kind="draft", subject_key="d", subject_name=f"entry-{machine}",
        shown={"machines": 1}, machines=[machine], address="/", state="pending", requested_by=by, requested_at=now,
        expires_at=now + timedelta(days=1),
    )  # fmt: skip


def _draft(vault: Vault, owner: Person, machine: str) -> Draft:
    """A draft that is filled in up to the review, through the pages."""
    web = Client()
    web.force_login(owner)
    web.post(f"/vaults/{vault.pk}/replicate/")
    draft = Draft.objects.latest("created_at")
    for page, data in (
        ("source", SOURCE),
        ("machines/selection", {"add": Machine.objects.get(name=machine).pk}),
        ("machines", {}),
        ("target", TARGET),
    ):
        draft.refresh_from_db()
        assert web.post(f"/replicate/{draft.pk}/{page}/", {"version": draft.version, **data}).status_code == 302, page
    free()
    draft.refresh_from_db()
    return draft


# --- what an address needs ---------------------------------------------------------------------------------------------


def arguments(world: World, name: str, target: str) -> list[Any]:
    """The ids in the address, in its own order; [] for an address without."""
    side = world.theirs if target == "theirs" else world.ours
    absent = target == "absent"
    uuid = ABSENT_UUID if absent else None
    if name in {"overview", "overview_refresh", "items", "items_live", "items_refresh", "items_export", "runs", "jobs", "jobs_refresh",
                "draft_start", "draft_upload", "vault_settings", "issues", "issues_refresh", "issues_export", "jobs_export", "ledger",
                "ledger_export", "report", "windows", "window_create", "webhooks", "webhook_create", "vault_notice_rules",
                "policies", "network_mappings", "cache_storage", "policy_create", "mapping_create"}:  # fmt: skip
        return [ABSENT if absent else side.vault.pk]
    if name in {"webhook", "webhook_test", "webhook_renew", "webhook_delete"}:
        return [uuid or side.webhook.pk]
    if name in {"window", "window_end"}:
        return [ABSENT if absent else side.window.pk]
    if name in {"item", "ledger_item"} or (name.startswith("item_") and name != "item_act"):
        return [ABSENT if absent else side.item.pk]
    if name in {"run", "run_live", "run_cancel", "run_pause", "run_resume", "run_take_over", "run_retry", "run_evidence"}:
        return [uuid or side.run.pk]
    if name in {"person", "person_active", "grant_choose", "person_unlock", "person_factor_reset", "person_sessions_end",
                "person_password"}:  # fmt: skip
        return [ABSENT if absent else side.colleague.pk]
    if name in {"approval", "approval_approve", "approval_refuse", "approval_withdraw"}:
        return [ABSENT if absent else side.approval.pk]
    if name == "draft_machine":
        return [uuid or side.draft.pk, side.draft.machines.values_list("pk", flat=True)[0]]
    if name == "draft_why":
        return [uuid or side.draft.pk, side.draft.machines.values_list("machine_id", flat=True)[0]]
    if name.startswith("draft") and name != "drafts":
        return [uuid or side.draft.pk]
    child = world.theirs if target == "mixed" else side
    of_vault = ABSENT if absent else side.vault.pk
    special = {
        # Machines belong to subscriptions, not to vaults: theirs is one in a subscription that no grant opens.
        "machine": [ABSENT if absent else Machine.objects.get(key__endswith="/erp-outside" if target == "theirs" else "/erp-ours").pk],
        "group_create": [ABSENT if absent else side.vault.pk],
        "group_remove": [ABSENT if absent else side.group.pk],
        "session_end": ["0123456789abcdef0123"],
        "setting_section": ["absent" if absent else "audit"],
        "vault_setting_section": [ABSENT if absent else side.vault.pk, "approvals"],
        "notification": [ABSENT if absent else side.notice.pk],
        "step": [uuid or side.run.pk, child.step.pk],
        "policy_edit": [of_vault, "spare"],
        "policy_delete": [of_vault, "spare"],
        "mapping_change": [of_vault, "m"],
        "mapping_delete": [of_vault, "m"],
        "job_control": [side.vault.pk, ABSENT if absent else child.job.pk, "cancel"],
        "item_act": [ABSENT if absent else side.item.pk, "resync"],
        "items_act": [ABSENT if absent else side.vault.pk, "resync"],
        "job": [side.vault.pk, ABSENT if absent else child.job.pk],
        "reading": [ABSENT if absent else side.reading.pk],
        "audit_entry": [ABSENT if absent else side.entry],
        "issue": [ABSENT if absent else side.issue.pk],
        "issue_acknowledge": [ABSENT if absent else side.issue.pk],
        "issue_withdraw": [ABSENT if absent else side.issue.pk],
        "view_delete": [ABSENT if absent else side.view.pk],
        "grant_end": [ABSENT if absent else side.grant.pk],
        "grant": [ABSENT if target == "ghost" else side.colleague.pk, ABSENT if absent else side.vault.pk],
    }
    return special.get(name, [])


def payload(world: World, name: str, target: str) -> dict[str, Any]:
    """A form that is filled in rightly, so that only the person decides about the answer."""
    side = world.theirs if target == "theirs" else world.ours
    forms: dict[str, dict[str, Any]] = {
        "login": {"username": "administrator", "password": "wrong"},
        "password_change": {"old_password": PASSWORD, "new_password1": f"{PASSWORD}-2", "new_password2": f"{PASSWORD}-2"},
        "view_save": {"name": "Critical ones", "query": "health=Critical"},
        "issue_acknowledge": {"note": "Ticket 42"},
        "theme": {"theme": "dark"},
        "person_create": {"username": "newcomer", "display_name": "Newcomer", "password": PASSWORD},
        "person_active": {"active": "0"},
        "grant": {"role": "operator", "source": [f"{SUBSCRIPTION}/"], "target": [f"{SUBSCRIPTION}/"]},
        "draft_source": SOURCE,
        "draft_target": TARGET,
        "audit_bundle": {},
        "notice_rules": {"bell": ["item_critical"], "address": "somebody@contoso.example"},
        "vault_notice_rules": {"bell": ["item_critical"]},
        "webhook_create": {"name": "ops", "url": "https://hooks.contoso.example/x", "shape": "json", "kinds": ["item_critical"]},
        "webhook": {"name": "ops", "url": "", "shape": "teams", "kinds": ["item_critical"], "active": "on"},
        "window_create": {"scope": "vault", "begins": "2026-11-01T10:00", "ends": "2026-11-01T12:00", "reason": "CHG-1"},
        "window": {"begins": "2026-11-01T10:00", "ends": "2026-11-01T12:00", "reason": "CHG-1", "version": "1"},
        "approval_refuse": {"note": "no"},
        "person_password": {"password": PASSWORD},
        "group_create": {"group": "new-group", "role": "operator"},
        "vault_setting_section": {"approvals.verbs": ["run.enable"], "approvals.expiry": "24"},
    }
    data = {"digest": side.digest} if name in {"draft_create_targets", "draft_enable"} else forms.get(name, {})
    return data | {"version": side.draft.version} if name.startswith("draft") else data
