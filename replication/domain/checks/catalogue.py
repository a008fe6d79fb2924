"""All checks, in the order in which they are made and shown."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from replication.domain.checks import limits, policies, rights, room, storage, subnets, subscriptions, ways
from replication.domain.checks.asks import Ask, Known, Unread
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import OWNER, Finding
from replication.domain.eligibility import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One subject. asks: the questions, again and again until no new one comes; judge: what the answers mean."""

    key: str
    title: str
    asks: Callable[[Batch, Known], Iterable[Ask[object]]]
    judge: Callable[[Batch, Known], Iterable[Finding]]

    def open(self, batch: Batch, known: Known) -> list[Ask[object]]:
        """The questions that have no answer yet."""
        return [ask for ask in dict.fromkeys(self.asks(batch, known)) if ask not in known]

    def findings(self, batch: Batch, known: Known) -> list[Finding]:
        """What the check has to say. An answer that Azure refused is said as well: what was not looked at is not taken for good."""
        try:
            return list(self.judge(batch, known))
        except Unread as unread:
            return [self._unread(unread)]

    def _unread(self, unread: Unread) -> Finding:
        problem = unread.problem
        return Finding(
            code="NotChecked",
            effect=Effect.WARN,
            message=f"{self.title} could not be checked: {problem.message}",
            about=f"{self.key} {unread.ask.kind}",
            causes=problem.causes or "Azure refused to tell, or did not answer.",
            action=problem.action
            or "Check again; if it stays so, have the console's application given the role Reader there.",
            fixed_by=OWNER,
        )


_nothing = subscriptions.no_questions

CHECKS: tuple[Check, ...] = (
    Check(key="vault", title="Vault outside the source region", asks=_nothing, judge=subscriptions.judge_vault),
    Check(key="limits", title="Limits of Site Recovery", asks=_nothing, judge=limits.judge),
    Check(key="rights", title="Permissions", asks=rights.questions, judge=rights.judge),
    Check(
        key="providers",
        title="Resource providers",
        asks=subscriptions.provider_questions,
        judge=subscriptions.judge_providers,
    ),
    Check(key="locks", title="Locks", asks=subscriptions.lock_questions, judge=subscriptions.judge_locks),
    Check(key="policies", title="Azure Policy", asks=policies.questions, judge=policies.judge),
    Check(key="names", title="Names of storage accounts", asks=storage.name_questions, judge=storage.judge_names),
    Check(key="caches", title="Cache storage accounts", asks=storage.cache_questions, judge=storage.judge_caches),
    Check(key="sizes", title="Sizes in the target region", asks=room.size_questions, judge=room.judge_sizes),
    Check(key="quota", title="Quota in the target region", asks=room.quota_questions, judge=room.judge_quota),
    Check(key="subnets", title="Target subnets and addresses", asks=subnets.questions, judge=subnets.judge),
    Check(key="guards", title="Outbound rules of security groups", asks=ways.guard_questions, judge=ways.judge_guards),
    Check(key="routes", title="Routes", asks=ways.route_questions, judge=ways.judge_routes),
    Check(key="gateways", title="Connections to the premises", asks=ways.gateway_questions, judge=ways.judge_gateways),
)
KEYS = tuple(check.key for check in CHECKS)


def only(keys: Iterable[str]) -> Iterator[Check]:
    """The checks named, in order."""
    wanted = set(keys)
    return (check for check in CHECKS if check.key in wanted)
