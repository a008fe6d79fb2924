"""The form of *Target settings*."""

from collections.abc import Mapping
from typing import Any

from django import forms

from replication.domain import ids, naming
from replication.domain.choices import PolicyChoice, TargetChoices
from replication.forms.live import live
from replication.forms.wizard.options import Options, PlainSelect, PlainText

RETENTION_HOURS = (0, 15 * 24)  # 0 keeps the latest point only; 15 days is the most (portal-behaviour.md §1.6)
APP_CONSISTENT_HOURS = (0, 12)  # 0 is off, 1 to 12 hours
AGENT_UPDATES: Options = (
    ("", "As the vault has it; by hand in a new one"),
    ("service", "Site Recovery updates them"),
    ("manual", "By hand"),
)


class TargetForm(forms.Form):
    """Where the machines are recovered, and how replication is kept."""

    location = forms.ChoiceField(label="Target location", widget=PlainSelect)
    subscription_id = forms.ChoiceField(label="Target subscription", widget=PlainSelect)
    policy = forms.ChoiceField(label="Replication policy", required=False, widget=PlainSelect)
    policy_name = forms.CharField(label="Name of the new policy", required=False, max_length=80, widget=PlainText)
    retention_hours = forms.IntegerField(
        label="Recovery point retention, hours",
        required=False,
        min_value=RETENTION_HOURS[0],
        max_value=RETENTION_HOURS[1],
        help_text="Up to 360 hours (15 days); 72 hours for machines with unmanaged disks. 0 keeps only the latest point.",
    )
    app_consistent_minutes = forms.IntegerField(
        label="App-consistent snapshot every, minutes",
        required=False,
        min_value=0,
        max_value=APP_CONSISTENT_HOURS[1] * 60,
        help_text="60 to 720 minutes and shorter than the retention, or 0 for none.",
    )
    multi_vm = forms.BooleanField(
        label="Multi-VM consistency",
        required=False,
        help_text="Lets machines of one replication group share their recovery points.",
    )
    agent_updates = forms.ChoiceField(
        label="Agent updates",
        required=False,
        choices=AGENT_UPDATES,
        widget=PlainSelect,
        help_text="Counts for every machine of the vault that replicates between these locations with this policy.",
    )
    automation_account_id = forms.ChoiceField(
        label="Automation account",
        required=False,
        widget=PlainSelect,
        help_text="In the vault's resource group. Its identity needs the role Contributor on the vault.",
    )

    def __init__(self, *args: Any, options: Mapping[str, Options], check: str, **kwargs: Any) -> None:
        """check: the address that says of a name whether it can be had."""
        super().__init__(*args, **kwargs)
        live(self.fields["policy_name"], f"{check}?of=policy_name")
        for name, choices in options.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(choices)
            field.error_messages["invalid_choice"] = "That is no longer offered. Choose again."

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("policy") and "policy" not in self.errors:
            self._clean_new_policy(data)
        missing = data.get("agent_updates") == "service" and not data.get("automation_account_id")
        if missing and self.data.get("do") != "update":  # then only the list of accounts is wanted
            self.add_error("automation_account_id", "Choose the account through which the service updates the agents.")
        return data

    def _clean_new_policy(self, data: dict[str, Any]) -> None:
        name, retention, every = (
            data.get("policy_name"),
            data.get("retention_hours"),
            data.get("app_consistent_minutes"),
        )
        refusal = naming.RULES["policy"].refusal(name or "")
        if refusal and "policy_name" not in self.errors:
            self.add_error("policy_name", refusal)
        for field, value in (("retention_hours", retention), ("app_consistent_minutes", every)):
            if value is None and field not in self.errors:
                self.add_error(field, "Enter a whole number.")
        if every and every < 60:
            self.add_error("app_consistent_minutes", "At least 60 minutes, or 0 for none.")
        elif every and retention is not None and every > retention * 60:
            self.add_error("app_consistent_minutes", "It must be shorter than the retention, or 0 for none.")

    def choices(self, before: TargetChoices | None) -> TargetChoices:
        """What was chosen, of a valid form; what *Customize* set stays while location and subscription stay."""
        data = self.cleaned_data
        policy = (
            PolicyChoice(id=data["policy"], name=ids.name(data["policy"]))
            if data["policy"]
            else PolicyChoice(
                name=data["policy_name"],
                retention_hours=data["retention_hours"],
                app_consistent_minutes=data["app_consistent_minutes"],
                multi_vm=data["multi_vm"],
            )
        )
        service = data["agent_updates"] == "service"
        new = TargetChoices(
            location=data["location"],
            subscription_id=data["subscription_id"],
            policy=policy,
            agent_updates=data["agent_updates"],
            automation_account_id=data["automation_account_id"] if service else "",
        )
        stays = before and (before.location, before.subscription_id) == (new.location, new.subscription_id)
        return new.placed(before.placement) if before and stays else new
