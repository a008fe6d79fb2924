"""What the wizard's pages show, one module a page; `steps` and `plan` serve several."""

from replication.presenters.wizard.customize import Row, Targets, unseen
from replication.presenters.wizard.machines import MachineRow, Totals, counted, pickable, picker, totals
from replication.presenters.wizard.matrix import Matrix, unknown
from replication.presenters.wizard.names import Names, Said, in_the_world
from replication.presenters.wizard.pasting import Pasted
from replication.presenters.wizard.plan import Line, counts, disks, lines, stages, summary
from replication.presenters.wizard.review import ProtectedRow, in_words, protected_rows
from replication.presenters.wizard.source import SourceOptions, found
from replication.presenters.wizard.steps import MODELS, PAGES, first_open, page_url, satisfied, stepper, sub_title
from replication.presenters.wizard.target import automation_accounts, default_target, target_locations

__all__ = [
    "MODELS",
    "PAGES",
    "Line",
    "MachineRow",
    "Matrix",
    "Names",
    "Pasted",
    "ProtectedRow",
    "Row",
    "Said",
    "SourceOptions",
    "Targets",
    "Totals",
    "automation_accounts",
    "counted",
    "counts",
    "default_target",
    "disks",
    "first_open",
    "found",
    "in_the_world",
    "in_words",
    "lines",
    "page_url",
    "pickable",
    "picker",
    "protected_rows",
    "satisfied",
    "stages",
    "stepper",
    "sub_title",
    "summary",
    "target_locations",
    "totals",
    "unknown",
    "unseen",
]
