"""The wizard's forms: one plain form a page. Choices that come from rows are passed in; nothing here reads the database."""

from replication.forms.wizard.customize import DISK_TYPES, LABELS, EveryForm, MachineForm
from replication.forms.wizard.options import Options, listed
from replication.forms.wizard.source import SourceForm, tags_of
from replication.forms.wizard.target import TARGET_IDS, TargetForm

__all__ = [
    "DISK_TYPES",
    "LABELS",
    "TARGET_IDS",
    "EveryForm",
    "MachineForm",
    "Options",
    "SourceForm",
    "TargetForm",
    "listed",
    "tags_of",
]
