"""How fast a subscription may be written to: shared by all workers, and whose turn it is."""

from django.db import models

from replication.models.run import Run


class Pace(models.Model):
    """A token bucket in one number: the time (seconds since 1970) at which it would be full again.

    A call may go while that time lies less than the bucket's depth ahead (GCRA); one conditional UPDATE takes tokens.
    """

    name = models.CharField(max_length=200, unique=True)
    depth = models.FloatField(default=0)  # tokens at most
    rate = models.FloatField(default=1)  # more a second
    full_at = models.FloatField(default=0)
    spent = models.BigIntegerField(default=0)  # tokens taken since the beginning
    minute = models.BigIntegerField(default=0)  # the minute since 1970 in which tokens were last taken …
    minute_spent = models.IntegerField(default=0)  # … and how many
    refused = models.BigIntegerField(default=0)  # writes that Azure answered with 429 all the same

    def __str__(self) -> str:
        return self.name

    def level(self, now: float) -> float:
        """Tokens in the bucket at a time; negative while nobody may write."""
        return self.depth - max(0.0, self.full_at - now) * self.rate

    def spent_in_minute(self, now: float) -> int:
        """Tokens taken in the minute of that time."""
        return self.minute_spent if self.minute == int(now // 60) else 0

    def left_in_minute(self, now: float) -> int:
        """Tokens that can still be had in the minute of that time."""
        return max(0, int(self.level(now) + (60 - now % 60) * self.rate))


class Turn(models.Model):
    """How many tokens of a bucket a run was given, beside the other runs that ask for some.

    A run that comes later begins where the one stands that has been given least.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="turns")
    bucket = models.CharField(max_length=200)
    given = models.BigIntegerField(default=0)
    asked_at = models.FloatField(default=0)  # seconds since 1970; 0 when it got all that it asked for

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bucket", "run"], name="one_turn_a_run")]

    def __str__(self) -> str:
        return f"{self.bucket} {self.run_id}"
