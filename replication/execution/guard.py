"""What stands in the step itself before something is asked for: whatever a page showed, it is judged again by what was read just now.

What destroys is also given up when it was not begun within an hour of being confirmed (house.md, *Draft, plan, run* 11): the person who
pressed the button may have been right an hour ago.
"""

from datetime import timedelta

from replication import clock
from replication.domain.problems import Problem
from replication.domain.specs import Found, Spec
from replication.models import Step

GOOD_FOR = timedelta(hours=1)


def objection(step: Step, spec: Spec, found: Found | None) -> Problem | None:
    """Why the step must not be begun, or None. found: as read by itself a moment ago."""
    if spec.destroys and clock.now() - step.run.created_at > GOOD_FOR:
        return _EXPIRED
    return spec.objection(found)


_EXPIRED = Problem(
    code="Expired",
    message="This was not begun within an hour of being confirmed, and is not begun any more.",
    causes="The workers were busy or stopped, the run was paused, or Azure took no requests.",
    action="Look at the machine as it is now, and confirm again.",
)
