"""The form of *Source*."""

from typing import Any

from django import forms

from replication.domain.choices import SourceChoices
from replication.domain.inventory import Model
from replication.forms.wizard.options import Options


class SourceForm(forms.Form):
    """Where the machines are now."""

    location = forms.ChoiceField(label="Source location", help_text="The Azure region in which the machines run now.")
    subscription_id = forms.ChoiceField(label="Source subscription")
    model = forms.ChoiceField(
        label="Deployment model",
        choices=[(Model.RESOURCE_MANAGER.value, "Resource Manager"), (Model.CLASSIC.value, "Classic")],
        widget=forms.RadioSelect,
        initial=Model.RESOURCE_MANAGER.value,
        help_text="A classic machine can be recovered only as a classic machine.",
    )
    groups = forms.MultipleChoiceField(
        label="Resource groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked means all of them.",
    )

    def __init__(self, *args: Any, locations: Options, subscriptions: Options, groups: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (("location", locations), ("subscription_id", subscriptions), ("groups", groups)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(options)
        for name in ("location", "subscription_id"):
            self.fields[name].error_messages["required"] = "Choose one."
        self.fields["groups"].error_messages["invalid_choice"] = (
            "%(value)s has no machines here any more. Choose again."
        )

    def choices(self) -> SourceChoices:
        """What was chosen, of a valid form."""
        data = self.cleaned_data
        return SourceChoices(
            location=data["location"],
            subscription_id=data["subscription_id"],
            model=Model(data["model"]),
            groups=tuple(sorted(data["groups"])),
        )
