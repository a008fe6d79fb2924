"""How fast a subscription may be written to: shared by all workers."""

from django.db import models


class Pace(models.Model):
    """A token bucket in one number: the time (seconds since 1970) at which it would be full again.

    A call may go while that time lies less than the bucket's depth ahead (GCRA); one conditional UPDATE takes a token.
    """

    name = models.CharField(max_length=200, unique=True)
    full_at = models.FloatField(default=0)
    spent = models.BigIntegerField(default=0)  # tokens taken since the beginning, for the page that shows the budget

    def __str__(self) -> str:
        return self.name
