"""Verbs: one verb, one transaction, one audit entry. `actor` is keyword-only and is always an `Actor`."""
