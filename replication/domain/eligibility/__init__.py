"""Whether a machine can be replicated, and if not, why: portal-behaviour.md §4 as a table of rules over what the inventory holds.

A rule looks at one machine and says nothing, or gives its verdict. Rules are data: adding a condition is adding a row. What list
calls cannot tell (the guest agent, extensions, Azure's own answer) is judged by `told`, once it was read; until then it is unknown.
"""

from replication.domain.eligibility.judging import ASKED, BY_CODE, RULES, judge
from replication.domain.eligibility.neighbours import with_neighbours
from replication.domain.eligibility.verdicts import REGIONAL, ZONAL, Effect, Rule, Verdict

__all__ = ["ASKED", "BY_CODE", "REGIONAL", "RULES", "ZONAL", "Effect", "Rule", "Verdict", "judge", "with_neighbours"]
