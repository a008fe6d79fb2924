"""The form of *Source*."""

from typing import Any

from django import forms

from replication.domain.choices import SourceChoices
from replication.domain.inventory import Model
from replication.forms.wizard.options import Options


class SourceForm(forms.Form):
    """Where the machines are now."""

    location = forms.ChoiceField(label="Source location", help_text="The Azure region in which the machines run now.")
    subscription_ids = forms.MultipleChoiceField(
        label="Source subscriptions",
        widget=forms.CheckboxSelectMultiple,
        help_text="One or several; their machines go through the wizard together.",
    )
    model = forms.ChoiceField(
        label="Deployment model",
        choices=[(Model.RESOURCE_MANAGER.value, "Resource Manager"), (Model.CLASSIC.value, "Classic")],
        widget=forms.RadioSelect,
        initial=Model.RESOURCE_MANAGER.value,
        help_text="A classic machine can be recovered only as a classic machine.",
    )
    zonal = forms.TypedChoiceField(
        label="Disaster recovery between availability zones",
        choices=[("no", "No"), ("yes", "Yes")],
        widget=forms.RadioSelect,
        initial="no",
        required=False,
        coerce=lambda text: text == "yes",
        help_text="Yes keeps the machines in their region, in another zone; it takes machines that are in a zone now.",
    )
    tags = forms.CharField(
        label="Tags",
        required=False,
        max_length=500,
        help_text="Only machines with these tags: name or name:value, several with commas between them.",
    )
    groups = forms.MultipleChoiceField(
        label="Resource groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked means all of them.",
    )

    def __init__(self, *args: Any, locations: Options, subscriptions: Options, groups: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (("location", locations), ("subscription_ids", subscriptions), ("groups", groups)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(options)
        self.fields["location"].error_messages["required"] = "Choose one."
        self.fields["subscription_ids"].error_messages["required"] = "Choose at least one."
        self.fields["groups"].error_messages["invalid_choice"] = (
            "%(value)s has no machines here any more. Choose again."
        )

    def clean_tags(self) -> tuple[str, ...]:
        """As SourceChoices has them."""
        return tags_of(self.cleaned_data["tags"])

    def choices(self) -> SourceChoices:
        """What was chosen, of a valid form."""
        data = self.cleaned_data
        return SourceChoices(
            location=data["location"],
            subscription_ids=tuple(data["subscription_ids"]),
            model=Model(data["model"]),
            groups=tuple(sorted(data["groups"])),
            tags=data["tags"],
            zonal=data["zonal"] is True,
        )


def tags_of(text: str) -> tuple[str, ...]:
    """The tags of a typed line: `Env:Prod, owner` is env:prod and owner."""
    parts = (part.strip().lower() for part in text.replace("\x00", "").split(","))
    return tuple(dict.fromkeys(filter(None, parts)))
