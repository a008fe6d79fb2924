"""Exports: who took which rows out of the console."""

from typing import Any

from replication import access
from replication.actions.actor import Actor
from replication.actions.audit import record
from replication.domain.roles import Permission
from replication.models import Draft, Run, Vault


def items(vault: Vault | None, *, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """Replicated items left as a file; without a vault, those of all vaults that the person sees. Refused without EXPORT."""
    _export("items.export", vault, filters, rows, actor, **({} if form == "csv" else {"form": form}))


def issues(vault: Vault | None, *, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """Health issues left as a file. Refused without EXPORT."""
    _export("issues.export", vault, filters, rows, actor, form=form)


def jobs(vault: Vault, *, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """Site Recovery jobs left as a file. Refused without EXPORT."""
    _export("jobs.export", vault, filters, rows, actor, **({} if form == "csv" else {"form": form}))


def ledger(vault: Vault | None, *, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """Months of the RPO ledger left. Refused without EXPORT."""
    _export("ledger.export", vault, filters, rows, actor, form=form)


def coverage(*, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """Machines with their protection left as a file. Refused without EXPORT."""
    _export("coverage.export", None, filters, rows, actor, form=form)


def eligibility(draft: Draft, *, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """The matrix of machines and rules left as a file. Refused without EXPORT."""
    _export("eligibility.export", draft.vault, filters, rows, actor, form=form)


def audit(*, filters: dict[str, Any], rows: int, actor: Actor, form: str = "csv") -> None:
    """Audit entries left as CSV or, form "lines", as JSON lines."""
    _export("audit.export", None, filters, rows, actor, form=form)


def audit_chain(*, last: int, head: str, actor: Actor) -> None:
    """The whole chain up to entry `last` left as a bundle. Refused to those who may not read all of it."""
    assert actor.person is not None
    access.require_whole_audit(actor.person)
    _export("audit.export", None, {}, last, actor, form="bundle", head=head)


def access_review(*, filters: dict[str, Any], rows: int, actor: Actor) -> None:
    """The access review left as CSV."""
    _export("access.review", None, filters, rows, actor)


def run(found: Run, *, rows: int, actor: Actor) -> None:
    """The evidence of a run left. Refused to those who may not read everybody's entries in its vault."""
    assert actor.person is not None
    access.require(actor.person, Permission.AUDIT_ALL, found.vault)
    record(
        "run.evidence",
        actor=actor,
        subject_kind="run",
        subject_key=str(found.pk),
        subject_name=f"run {found.number} in {found.vault.name}",
        vault_key=found.vault.key,
        run_id=found.pk,
        detail={"rows": rows},
    )


def _export(action: str, vault: Vault | None, filters: dict[str, Any], rows: int, actor: Actor, **more: str) -> None:
    assert actor.person is not None
    access.require(actor.person, Permission.EXPORT, vault)
    record(
        action,
        actor=actor,
        subject_kind="vault" if vault else "",
        subject_key=vault.key if vault else "",
        subject_name=vault.name if vault else "all vaults",
        vault_key=vault.key if vault else "",
        detail={"filters": filters, "rows": rows, **more},
    )
