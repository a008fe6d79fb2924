"""The file of a plan, sent back."""

from django import forms

from replication.domain.planfile import LARGEST


class PlanFileForm(forms.Form):
    """One file; what is in it domain/planfile.py judges."""

    file = forms.FileField(
        label="Plan",
        allow_empty_file=False,
        help_text=f"JSON or CSV, at most {LARGEST // 1024 // 1024} MiB.",
        error_messages={
            "required": "Choose the file of a plan.",
            "empty": "The file is empty.",
            "invalid": "Choose the file of a plan.",
        },
        widget=forms.FileInput(attrs={"accept": ".json,.csv,application/json,text/csv"}),
    )
