"""Forms that two people, or one with two windows, send at the same moment.

In a file of its own: the module's world of the other tests lives in a transaction, and these need real ones.
"""

from functools import partial

import pytest

from replication import models
from replication.actions import audit
from tests.permissions.test_audit_of_verbs import PREPARE, ROWS, newest, sent, written
from tests.permissions.test_matrix import address_of, quick_passwords
from tests.permissions.world import build
from tests.views.test_approvals import at_once

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["quick_passwords"]  # a fixture
ONCE = ("draft_enable", "run_cancel", "grant_end", "group_remove", "approval_approve", "webhook_create", "webhook_delete")


def test_two_presses_at_once_are_one_entry() -> None:
    """Each in a transaction of its own: nothing is doubled, no number is missing, the chain holds."""
    world = build()
    start = newest()
    for name in ONCE:
        PREPARE.get(name, lambda _: None)(world)
        before, row = newest(), next(each for each in ROWS if each.name == name)
        address, data = address_of(world, name, "ours"), sent(world, name)
        press = partial(world.browser(row.who).post, address, data)
        at_once(press, press)
        assert written(before) == row.first, name
    numbers = list(models.AuditEntry.objects.filter(sequence__gt=start).order_by("sequence").values_list("sequence", flat=True))
    assert numbers == list(range(start + 1, start + 1 + len(numbers)))
    assert audit.broken_link() is None
