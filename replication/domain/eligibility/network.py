"""Rules about the machine's place in the network. What is not carried over informs; what stops replication blocks or warns."""

from collections.abc import Callable

from replication.domain.eligibility.verdicts import ZONAL, Effect, Finds, Rule, said
from replication.domain.inventory import Machine, Nic


def _nics(condition: Callable[[Nic], object]) -> Finds:
    """The names of the interfaces that meet the condition."""
    return lambda machine: ", ".join(nic.name for nic in machine.nics if condition(nic)) or None


def _several_addresses(nic: Nic) -> bool:
    return (nic.facts.get("ipConfigurations") or 1) > 1


def _parts(machine: Machine) -> str | None:
    """In words, what of the network is set after a failover."""
    words = {
        "publicAddressId": "a public address",
        "securityGroupId": "a security group",
        "internalBalancer": "an internal load balancer",
    }
    return ", ".join(word for name, word in words.items() if any(nic.facts.get(name) for nic in machine.nics)) or None


RULES: tuple[Rule, ...] = (
    Rule(
        code="PublicLoadBalancer", row=48, effect=Effect.INFORM, title="Public load balancer",
        message="The interface {found} is behind a public load balancer, which is not carried over.",
        finds=_nics(lambda n: n.facts.get("publicBalancer")),
        action="Prepare a load balancer in the target and a script in the recovery plan.",
        fixed_by="administrator",
    ),
    Rule(
        code="NetworkParts", row=49, effect=Effect.INFORM, title="Address, group, balancer",
        message="Its interfaces have {found}: set on the item's Network page or by a script after a failover.",
        finds=_parts,
        fixed_by="administrator",
    ),
    Rule(
        code="SecondaryAddresses", row=50, effect=Effect.INFORM, title="Secondary addresses",
        message="The interface {found} has several addresses; only the primary is kept by default.",
        finds=_nics(_several_addresses),
    ),
    Rule(
        code="SecondaryAddressesZonal", row=50, effect=Effect.BLOCK, when=ZONAL, title="Secondary addresses, between zones",
        message="The interface {found} has several addresses, which disaster recovery between zones does not support.",
        finds=_nics(_several_addresses),
        action="Choose No under availability zones on the Source page, or remove the secondary addresses.",
    ),
    Rule(
        code="NoIpv4", row=51, effect=Effect.BLOCK, title="IPv4",
        message="The interface {found} has no IPv4 address.",
        finds=_nics(lambda n: n.facts.get("noIpv4")),
        causes="Replication works over IPv4.",
        action="Add an IPv4 configuration to the interface.",
    ),
    Rule(
        code="OutboundBlocked", row=52, effect=Effect.WARN, title="Way out",
        message="Network security groups close the way to {found}: replication will fail at run time (151195 to 151197).",
        finds=said("outboundClosed"),
        causes="An outbound rule denies port 443 to these service tags, and none before it allows them.",
        action="Allow the service tags Storage, AzureActiveDirectory, AzureSiteRecovery and EventHub on port 443.",
        fixed_by="network administrator",
    ),
)  # fmt: skip
