"""Lists to choose from, as the wizard's forms take them."""

from collections.abc import Iterable, Sequence

from replication.domain import ids

Options = Sequence[tuple[str, str]]

BY_RULE = ""  # the first entry of each list of targets: whatever the rule gives


def listed(rule: str, ids_: Iterable[str], chosen: str = "") -> Options:
    """A list of targets: the rule first, then what exists, and what was typed as new when it does not exist yet."""
    existing = [(each, ids.name(each)) for each in ids_]
    known = {ids.key(each) for each, _ in existing}
    new = [(chosen, f"(new) {ids.name(chosen)}")] if chosen and ids.key(chosen) not in known else []
    return [(BY_RULE, rule), *new, *existing]
