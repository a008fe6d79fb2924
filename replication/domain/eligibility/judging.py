"""All rules together, and their judgement of a machine."""

from replication.domain.eligibility import build, network, state, storage, told
from replication.domain.eligibility.verdicts import REGIONAL, ZONAL, Effect, Rule, Verdict
from replication.domain.inventory import Machine

RULES: tuple[Rule, ...] = (*state.RULES, *build.RULES, *storage.RULES, *network.RULES, *told.RULES)
ALREADY = Rule(
    code="AlreadyProtected",
    row=1,
    effect=Effect.BLOCK,
    title="Not replicated yet",
    message="Already replicated in {found}.",
    finds=lambda _: None,  # no fact of the machine: the vaults' items tell
    action="Look at the machine under Replicated items.",
)
ASKED = frozenset(rule.code for rule in told.RULES)  # unknown until Azure was asked about the machine
BY_CODE = {rule.code: rule for rule in (ALREADY, *RULES)}
_WAYS = {
    zonal: tuple(rule for rule in RULES if rule.when in ways)
    for zonal, ways in {True: ("", ZONAL), False: ("", REGIONAL), None: ("", ZONAL, REGIONAL)}.items()
}


def judge(machine: Machine, *, protected_in: str = "", zonal: bool | None = False) -> tuple[Verdict, ...]:
    """All verdicts on a machine, blocking ones first.

    protected_in: where it is replicated already, '' when nowhere. zonal: whether it goes to another zone of its region; None for the
    verdicts of both ways, each with its `when`.
    """
    found = [rule.verdict(words) for rule in _WAYS[zonal] if (words := rule.finds(machine)) is not None]
    if protected_in:
        found.append(_already_protected(protected_in))
    found += told.azures(machine, found)
    order = list(Effect)
    return tuple(sorted(found, key=lambda verdict: (order.index(verdict.effect), verdict.when == ZONAL)))


def _already_protected(where: str) -> Verdict:
    said = ALREADY.message.format(found=where)
    return Verdict(code=ALREADY.code, effect=ALREADY.effect, message=said, action=ALREADY.action)
