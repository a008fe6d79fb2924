"""The Replicate wizard: one address a page, POST-redirect-GET, everything in the draft's row.

A page that cannot be reached yet leads to the first one that is not filled in. Somebody else's draft is shown and cannot be changed.
"""

from django.urls import URLPattern, path

from replication.views.wizard import checks, customize, drafts, machines, names, pasting, review, source, target
from replication.views.wizard.shared import guarded

urlpatterns: list[URLPattern] = [
    path("vaults/<int:pk>/replicate/", drafts.start, name="draft_start"),
    path("drafts/", drafts.listed, name="drafts"),
    path("vaults/<int:pk>/replicate/upload/", drafts.upload, name="draft_upload"),
    path("replicate/<uuid:pk>/", drafts.resume, name="draft"),
    path("replicate/<uuid:pk>/source/", guarded(source.source), name="draft_source"),
    path("replicate/<uuid:pk>/machines/", guarded(machines.machines), name="draft_machines"),
    path("replicate/<uuid:pk>/machines/selection/", machines.selection, name="draft_selection"),
    path("replicate/<uuid:pk>/paste/", guarded(pasting.paste), name="draft_paste"),
    path("replicate/<uuid:pk>/machines/ask/", machines.ask, name="draft_ask"),
    path("replicate/<uuid:pk>/machines/matrix/", machines.matrix, name="draft_matrix"),
    path("replicate/<uuid:pk>/machines/matrix/export/", machines.matrix_export, name="draft_matrix_export"),
    path("replicate/<uuid:pk>/machines/<int:machine_pk>/", machines.why, name="draft_why"),
    path("replicate/<uuid:pk>/target/", guarded(target.target), name="draft_target"),
    path("replicate/<uuid:pk>/customize/", guarded(customize.customize), name="draft_customize"),
    path("replicate/<uuid:pk>/customize/name/", names.name, name="draft_name"),
    path("replicate/<uuid:pk>/target/names/", names.names, name="draft_names"),
    path("replicate/<uuid:pk>/customize/<int:row>/", guarded(customize.machine), name="draft_machine"),
    path("replicate/<uuid:pk>/checks/", checks.page, name="draft_checks"),
    path("replicate/<uuid:pk>/checks/again/", checks.again, name="draft_checks_again"),
    path("replicate/<uuid:pk>/checks/acknowledge/", checks.acknowledge, name="draft_checks_acknowledge"),
    path("replicate/<uuid:pk>/review/", review.review, name="draft_review"),
    path("replicate/<uuid:pk>/plan.json", review.download, name="draft_download"),
    path("replicate/<uuid:pk>/plan.csv", review.download_csv, name="draft_download_csv"),
    path("replicate/<uuid:pk>/create-targets/", guarded(review.create_targets), name="draft_create_targets"),
    path("replicate/<uuid:pk>/enable/", guarded(review.enable), name="draft_enable"),
    path("replicate/<uuid:pk>/discard/", drafts.discard, name="draft_discard"),
    path("replicate/<uuid:pk>/share/", drafts.share, name="draft_share"),
    path("replicate/<uuid:pk>/reopen/", drafts.reopen, name="draft_reopen"),
    path("replicate/<uuid:pk>/take-over/", drafts.take_over, name="draft_take_over"),
]
