"""The form that acknowledges a health issue."""

from django import forms


class AcknowledgeForm(forms.Form):
    """Why the symptom may stay for now."""

    note = forms.CharField(
        label="Note",
        max_length=500,
        help_text="What is being done, or a ticket number. It stands beside the issue and in the audit history.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
