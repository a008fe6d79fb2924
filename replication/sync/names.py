"""Asking Azure whether a storage account's name can be had anywhere in the world, and for a near one when it cannot."""

from datetime import timedelta

from replication.domain import naming
from replication.domain.checks import asks
from replication.gateway.port import Gateway
from replication.models import Reading
from replication.sync.outcome import Outcome

KEPT = timedelta(minutes=30)


def read(reading: Reading, gateway: Gateway) -> Outcome:
    """The reading's answer: {"refusal", "free"}; '' and '' where nobody has the name. Any subscription may be asked for any name."""
    subscription = str((reading.result or {}).get("subscription", ""))

    def refusal(name: str) -> str:
        return str(gateway.inspect(asks.account_name(subscription, name)))

    refused = refusal(reading.subject)
    free = next((each for each in naming.alternatives(reading.subject) if not refusal(each)), "") if refused else ""
    return Outcome(seen=1, told={"refusal": refused, "free": free}, kept=KEPT)
