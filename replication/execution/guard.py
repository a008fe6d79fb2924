"""What stands in the step itself before something is asked for: whatever a page showed, it is judged again by what was read just now.

What destroys is also given up when it was not begun within an hour of being confirmed (house.md, *Draft, plan, run* 11): the person who
pressed the button may have been right an hour ago.
"""

from datetime import timedelta

from replication import clock
from replication.actions import restored
from replication.domain.problems import Problem, When
from replication.domain.specs import Found, Spec
from replication.models import Step

GOOD_FOR = timedelta(hours=1)


def objection(step: Step, spec: Spec, found: Found | None) -> Problem | None:
    """Why the step must not be begun, or None. found: as read by itself a moment ago."""
    if spec.destroys and clock.now() - step.run.created_at > GOOD_FOR:
        return _EXPIRED
    return spec.objection(found)


def held_back(spec: Spec) -> Problem | None:
    """Why it waits for a person, or None: in a restored database, what destroys may have been done already, or meant for another state."""
    if not spec.destroys or not restored.suspected():
        return None
    return _RESTORED


_RESTORED = Problem(
    code="DatabaseRestored",
    message="The database was put back to an older state: what destroys waits until a person has looked.",
    causes="Its audit ends before, or departs from, the mark that is kept beside it.",
    action="Compare the machines in Azure with this run, then say `manage.py confirm_restore --by NAME` or cancel the run.",
    when=When.LATER,
    retry_after=30,
)
_EXPIRED = Problem(
    code="Expired",
    message="This was not begun within an hour of being confirmed, and is not begun any more.",
    causes="The workers were busy or stopped, the run was paused, or Azure took no requests.",
    action="Look at the machine as it is now, and confirm again.",
)
