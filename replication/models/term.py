"""What machines and replicated items are found by (domain/terms.py), where an index finds the beginning of a word at any size."""

from django.db import models

from replication.domain.terms import WIDTH
from replication.models.inventory import Machine
from replication.models.item import ProtectedItem


class Term(models.Model):
    """A word of a row's `search`, or the end of one. finding.py keeps and asks it."""

    term = models.BinaryField(max_length=WIDTH)  # bytes, so that the beginning of a word is one range in every database's order
    whole = models.BooleanField()  # a whole word

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return bytes(self.term).decode(errors="replace")


class MachineTerm(Term):
    """Of a machine."""

    row = models.ForeignKey(Machine, on_delete=models.CASCADE, related_name="terms")

    class Meta:
        indexes = [models.Index(fields=["term", "row", "whole"], name="machine_term")]


class ItemTerm(Term):
    """Of a replicated item."""

    row = models.ForeignKey(ProtectedItem, on_delete=models.CASCADE, related_name="terms")

    class Meta:
        indexes = [models.Index(fields=["term", "row", "whole"], name="item_term")]
