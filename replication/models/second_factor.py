"""Second factors: a secret shared with an authenticator app, and codes for the day it is lost."""

from django.db import models

from replication.models.person import Person


class SecondFactor(models.Model):
    """One person's. It asks for a code only once it is confirmed."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="second_factor")
    sealed_secret = models.TextField()  # encrypted with a key that is not in the database (actions/factors.py)
    made_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)  # of the code used last: none is taken twice
    recovery = models.JSONField(default=list)  # keyed hashes of the codes that are left

    def __str__(self) -> str:
        return f"second factor of {self.person_id}"
