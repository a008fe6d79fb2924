"""Addresses of the console. Session pages have names without a namespace, as Django's own settings expect."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from replication.views import (
    account,
    approvals,
    audit,
    changes,
    coverage,
    entra,
    groups,
    home,
    infrastructure,
    issues,
    item,
    items,
    jobs,
    ledger,
    live,
    machine,
    notices,
    overview,
    people,
    roles,
    runs,
    saved,
    search,
    session,
    settings,
    vaults,
    webhooks,
    windows,
)

Address = URLPattern | URLResolver

session_urls: list[Address] = [
    path("", home.home, name="home"),
    path("sign-in/", session.SignIn.as_view(), name="login"),
    path("sign-in/code/", session.code, name="login_code"),
    path("sign-in/microsoft/", entra.Start.as_view(), name="entra_start"),
    path("sign-in/microsoft/callback/", entra.Callback.as_view(), name="entra_callback"),
    path("password/", session.PasswordChange.as_view(), name="password_change"),
    path("sign-out/", session.SignOut.as_view(), name="logout"),
]

_vaults: list[Address] = [
    path("vaults/", vaults.vaults, name="vaults"),
    path("overview/", overview.overview, name="all_overview"),
    path("coverage/", coverage.machines, name="coverage"),
    path("coverage/export/", coverage.export, name="coverage_export"),
    path("leftovers/", coverage.leftovers, name="leftovers"),
    path("vaults/refresh/", vaults.refresh, name="vaults_refresh"),
    path("vaults/<int:pk>/", overview.overview, name="overview"),
    path("vaults/<int:pk>/refresh/", items.refresh, {"to": "overview"}, name="overview_refresh"),
    path("readings/<int:pk>/", live.reading, name="reading"),
]

_items: list[Address] = [
    path("items/", items.items, name="all_items"),
    path("machines/<int:pk>/", machine.machine, name="machine"),
    path("items/live/", items.items_live, name="all_items_live"),
    path("items/refresh/", items.refresh, name="all_items_refresh"),
    path("items/export/", items.export, name="all_items_export"),
    path("items/views/", saved.save, name="view_save"),
    path("items/views/<int:pk>/delete/", saved.delete, name="view_delete"),
    path("items/<int:pk>/", item.item, name="item"),
    *(path(f"items/<int:pk>/{tab}/", item.item, {"tab": tab}, name=f"item_{tab}") for tab in item.TABS if tab),
    path("items/<int:pk>/live/", item.item_live, name="item_live"),
    path("items/<int:pk>/refresh/", item.item_refresh, name="item_refresh"),
    path("items/<int:pk>/points/", item.points, name="item_points"),
    path("items/<int:pk>/change/", changes.settings, name="item_change"),
    path("items/<int:pk>/act/<slug:verb>/", changes.act, name="item_act"),
    path("vaults/<int:pk>/items/act/<slug:verb>/", changes.act_on_many, name="items_act"),
    path("vaults/<int:pk>/items/", items.items, name="items"),
    path("vaults/<int:pk>/items/live/", items.items_live, name="items_live"),
    path("vaults/<int:pk>/items/refresh/", items.refresh, name="items_refresh"),
    path("vaults/<int:pk>/items/export/", items.export, name="items_export"),
]

_issues: list[Address] = [
    path("issues/", issues.issues, name="all_issues"),
    path("issues/export/", issues.export, name="all_issues_export"),
    path("issues/<int:pk>/", issues.issue, name="issue"),
    path("issues/<int:pk>/acknowledge/", issues.acknowledge, name="issue_acknowledge"),
    path("issues/<int:pk>/withdraw/", issues.withdraw, name="issue_withdraw"),
    path("codes/", issues.codes, name="codes"),
    path("vaults/<int:pk>/issues/", issues.issues, name="issues"),
    path("vaults/<int:pk>/issues/refresh/", items.refresh, {"to": "issues"}, name="issues_refresh"),
    path("vaults/<int:pk>/issues/export/", issues.export, name="issues_export"),
]

_runs: list[Address] = [
    path("runs/", runs.runs, name="all_runs"),
    path("runs/<uuid:pk>/", runs.run, name="run"),
    path("runs/<uuid:pk>/live/", runs.live, name="run_live"),
    path("runs/<uuid:pk>/cancel/", runs.cancel, name="run_cancel"),
    path("runs/<uuid:pk>/pause/", runs.pause, name="run_pause"),
    path("runs/<uuid:pk>/resume/", runs.resume, name="run_resume"),
    path("runs/<uuid:pk>/take-over/", runs.take_over, name="run_take_over"),
    path("runs/<uuid:pk>/retry/", runs.retry, name="run_retry"),
    path("runs/<uuid:pk>/evidence/", audit.evidence, name="run_evidence"),
    path("runs/<uuid:run_pk>/steps/<int:pk>/", runs.step, name="step"),
    path("vaults/<int:pk>/runs/", runs.runs, name="runs"),
    path("vaults/<int:pk>/jobs/", jobs.jobs, name="jobs"),
    path("vaults/<int:pk>/jobs/refresh/", items.refresh, {"to": "jobs"}, name="jobs_refresh"),
    path("vaults/<int:pk>/jobs/export/", jobs.export, name="jobs_export"),
    path("vaults/<int:pk>/jobs/<int:job_pk>/", jobs.job, name="job"),
    path("vaults/<int:pk>/jobs/<int:job_pk>/<slug:verb>/", jobs.control, name="job_control"),
]

_infrastructure: list[Address] = [
    path("vaults/<int:pk>/policies/", infrastructure.policies, name="policies"),
    path("vaults/<int:pk>/policies/new/", infrastructure.policy_create, name="policy_create"),
    path("vaults/<int:pk>/policies/of/<str:name>/", infrastructure.policy_edit, name="policy_edit"),
    path("vaults/<int:pk>/policies/of/<str:name>/delete/", infrastructure.policy_delete, name="policy_delete"),
    path("vaults/<int:pk>/network-mappings/", infrastructure.network_mappings, name="network_mappings"),
    path("vaults/<int:pk>/network-mappings/new/", infrastructure.mapping_create, name="mapping_create"),
    path("vaults/<int:pk>/network-mappings/of/<str:name>/", infrastructure.mapping_change, name="mapping_change"),
    path("vaults/<int:pk>/network-mappings/of/<str:name>/delete/", infrastructure.mapping_delete, name="mapping_delete"),
    path("vaults/<int:pk>/cache-storage/", infrastructure.cache_storage, name="cache_storage"),
]

_audit: list[Address] = [
    path("audit/", audit.audit, name="audit"),
    path("audit/export/", audit.export, name="audit_export"),
    path("audit/report/", audit.report, name="audit_report"),
    path("audit/lines/", audit.lines, name="audit_lines"),
    path("audit/bundle/", audit.bundle, name="audit_bundle"),
    path("audit/verify/", audit.verify, name="audit_verify"),
    path("audit/chain/", audit.chain, name="audit_chain"),
    path("audit/<int:sequence>/", audit.entry, name="audit_entry"),
]

_people: list[Address] = [
    path("people/", people.people, name="people"),
    path("people/new/", people.create, name="person_create"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/groups/", groups.groups, name="groups"),
    path("people/groups/<int:vault_pk>/new/", groups.create, name="group_create"),
    path("people/groups/<int:pk>/remove/", groups.remove, name="group_remove"),
    path("people/roles/", roles.roles, name="roles"),
    path("people/review/", roles.review, name="access_review"),
    path("people/review/export/", roles.review_csv, name="access_review_export"),
    path("people/<int:pk>/unlock/", people.unlock, name="person_unlock"),
    path("people/<int:pk>/password/", people.password, name="person_password"),
    path("people/<int:pk>/second-factor/", people.reset_factor, name="person_factor_reset"),
    path("people/<int:pk>/sessions/", people.end_sessions, name="person_sessions_end"),
    path("people/<int:pk>/active/", people.active, name="person_active"),
    path("people/<int:pk>/grant/", people.choose, name="grant_choose"),
    path("people/<int:pk>/grant/<int:vault_pk>/", people.grant, name="grant"),
    path("grants/<int:pk>/end/", people.end, name="grant_end"),
]

_account: list[Address] = [
    path("account/", account.account, name="account"),
    path("account/second-factor/", account.second_factor, name="second_factor"),
    path("account/second-factor/off/", account.second_factor_off, name="second_factor_off"),
    path("account/recovery-codes/", account.recovery_codes, name="recovery_codes"),
    path("account/sessions/", account.sessions_end, name="sessions_end"),
    path("account/sessions/<slug:handle>/", account.session_end, name="session_end"),
]

_approvals: list[Address] = [
    path("approvals/", approvals.approvals, name="approvals"),
    path("approvals/<int:pk>/", approvals.approval, name="approval"),
    path("approvals/<int:pk>/approve/", approvals.approve, name="approval_approve"),
    path("approvals/<int:pk>/refuse/", approvals.refuse, name="approval_refuse"),
    path("approvals/<int:pk>/withdraw/", approvals.withdraw, name="approval_withdraw"),
]

_settings: list[Address] = [
    path("settings/", settings.settings, name="settings"),
    path("settings/preview/", settings.preview, name="settings_preview"),
    path("settings/<slug:section>/", settings.section, name="setting_section"),
    path("vaults/<int:pk>/settings/", settings.of_vault, name="vault_settings"),
    path("vaults/<int:pk>/settings/<slug:section>/", settings.vault_section, name="vault_setting_section"),
]

_ledger: list[Address] = [
    path("ledger/", ledger.ledger, name="all_ledger"),
    path("ledger/export/", ledger.export, name="all_ledger_export"),
    path("ledger/report/", ledger.report, name="all_report"),
    path("items/<int:pk>/ledger/", ledger.item, name="ledger_item"),
    path("vaults/<int:pk>/ledger/", ledger.ledger, name="ledger"),
    path("vaults/<int:pk>/ledger/export/", ledger.export, name="ledger_export"),
    path("vaults/<int:pk>/ledger/report/", ledger.report, name="report"),
    path("vaults/<int:pk>/windows/", windows.windows, name="windows"),
    path("vaults/<int:pk>/windows/new/", windows.create, name="window_create"),
    path("windows/<int:pk>/", windows.window, name="window"),
    path("windows/<int:pk>/end/", windows.end, name="window_end"),
]

_notices: list[Address] = [
    path("notifications/", notices.notifications, name="notifications"),
    path("notifications/read/", notices.read, name="notifications_read"),
    path("notifications/rules/", notices.rules, name="notice_rules"),
    path("notifications/<int:pk>/", notices.notification, name="notification"),
    path("vaults/<int:pk>/notifications/rules/", notices.rules, name="vault_notice_rules"),
    path("vaults/<int:pk>/webhooks/", webhooks.webhooks, name="webhooks"),
    path("vaults/<int:pk>/webhooks/new/", webhooks.create, name="webhook_create"),
    path("webhooks/<uuid:pk>/", webhooks.webhook, name="webhook"),
    path("webhooks/<uuid:pk>/test/", webhooks.test, name="webhook_test"),
    path("webhooks/<uuid:pk>/secret/", webhooks.renew, name="webhook_renew"),
    path("webhooks/<uuid:pk>/delete/", webhooks.delete, name="webhook_delete"),
]

_shell: list[Address] = [
    path("search/", search.search, name="search"),
    path("theme/", session.theme, name="theme"),
]

# The wizard brings its own addresses.
_wizard: list[Address] = (
    [path("", include("replication.views.wizard"))] if find_spec("replication.views.wizard") else []
)

app_name = "replication"
urlpatterns: list[Address] = [  # what is asked most comes first: addresses are tried in turn
    *_shell,
    *_vaults,
    *_items,
    *_issues,
    *_runs,
    *_infrastructure,
    *_audit,
    *_people,
    *_account,
    *_approvals,
    *_settings,
    *_ledger,
    *_notices,
    *_wizard,
]
