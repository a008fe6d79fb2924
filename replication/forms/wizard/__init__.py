"""The wizard's forms: one plain form a page. Choices that come from rows are passed in; nothing here reads the database."""

from replication.forms.wizard.customize import ROW, EveryForm, MachineForm, ManyForm, RowForm
from replication.forms.wizard.options import Options, entries, listed, select
from replication.forms.wizard.placement import CHURN, DISK_TYPES, LABELS, availability, initial
from replication.forms.wizard.planfile import PlanFileForm
from replication.forms.wizard.source import SourceForm, tags_of
from replication.forms.wizard.target import TargetForm

__all__ = [
    "CHURN",
    "DISK_TYPES",
    "LABELS",
    "ROW",
    "EveryForm",
    "MachineForm",
    "ManyForm",
    "Options",
    "PlanFileForm",
    "RowForm",
    "SourceForm",
    "TargetForm",
    "availability",
    "entries",
    "initial",
    "listed",
    "select",
    "tags_of",
]
