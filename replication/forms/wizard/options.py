"""Lists to choose from, as the wizard's forms take them."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from django import forms
from django.utils.safestring import SafeString

from replication.domain import ids

Options = Sequence[tuple[str, str]]

BY_RULE = ""  # the first entry of each list of targets: whatever the rule gives


def listed(rule: str, ids_: Iterable[str], chosen: str = "") -> Options:
    """A list of targets: the rule first, then what exists, and what was typed as new when it does not exist yet."""
    existing = [(each, ids.name(each)) for each in ids_]
    known = {ids.key(each) for each, _ in existing}
    new = [(chosen, f"(new) {ids.name(chosen)}")] if chosen and ids.key(chosen) not in known else []
    return [(BY_RULE, rule), *new, *existing]


class PlainSelect(forms.Select):
    """Django's select, built here: the table of *Customize* has some two hundred, and Django fills in a template an entry."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """The control. value: that of the chosen entry."""
        (chosen,) = self.format_value(value)
        said = "".join(map(_attribute, ({"name": name} | self.build_attrs(self.attrs, attrs)).items()))
        mark = {False: "", True: " selected"}
        entries = (f'<option value="{escape(each)}"{mark[each == chosen]}>{escape(str(words))}</option>' for each, words in self.choices)
        return SafeString(f"<select{said}>{''.join(entries)}</select>")


def _attribute(said: tuple[str, Any]) -> str:
    """True: the name alone; False and None: nothing."""
    name, value = said
    if value is True:
        return f" {name}"
    return "" if value in (False, None) else f' {name}="{escape(str(value))}"'
