"""A bundle is verified by a program that has nothing of the console's, and every change to it is found."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication import seals
from replication.actions import bundles, checkpoints
from replication.actions.actor import CONSOLE, Actor
from replication.actions.audit import head, record
from replication.models import AuditEntry
from scripts import verify_audit_bundle as verifier

ENTRIES = 24
MUTATIONS = int(os.environ.get("AUDIT_MUTATIONS", "150"))  # of each kind
NAMES = ["erp-01", "späßig", "<script>", "a\nb", "\u202e", "'; DROP TABLE", "=1+1", "💥"]


@pytest.fixture(scope="module")
def clean(django_db_setup: None, django_db_blocker: Any) -> list[bytes]:
    """The lines of a bundle of 24 entries, with two checkpoints."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        by = Actor(person=None, name="Ada", request_id="r-1", address="192.0.2.7", reason="CHG-7")
        for n in range(ENTRIES):
            machines = [(f"/vm/{name}", name) for name in NAMES[: n % 5]]
            record("vaults.refresh", actor=by, subject_name=NAMES[n % 8], subjects=machines, after={"n": n, "x": [1.5, None, True]})
            if n in {7, 15}:
                checkpoints.take()
        made = [line.encode() for line in bundles.chain(ENTRIES, by="Ada")]
        transaction.set_rollback(True)
    return made


pytestmark = pytest.mark.django_db


def verdict(lines: list[bytes]) -> str:
    """'' when the bundle holds, else what the verifier says is bad."""
    bundle = verifier.Bundle({seals.fingerprint()}, None)
    try:
        bundle.read(lines)
    except verifier.Bad as bad:
        return str(bad)
    return ""


def entries_of(lines: list[bytes]) -> list[int]:
    """Where the entries' lines are."""
    return [n for n, line in enumerate(lines) if line.startswith(b'{"entry"')]


def first_difference(lines: list[bytes], mutated: list[bytes]) -> int:
    """The number of the first entry that is not as it was."""
    was, now = ([line for line in each if line.startswith(b'{"entry')] for each in (lines, mutated))
    same = next((n for n, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), min(len(was), len(now)))
    return same + 1


# --- the clean bundle -------------------------------------------------------------------------------------------------


def run_alone(folder: Path, lines: list[bytes], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier as an auditor has it: one file, no packages, nothing of the project in reach."""
    script = shutil.copy(verifier.__file__, folder / "verify.py")
    (folder / "bundle.jsonl").write_bytes(b"".join(lines))
    argv = [sys.executable, "-I", "-S", str(script), "bundle.jsonl", *arguments]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, env={})


def test_the_clean_bundle_holds_without_the_console(clean: list[bytes], tmp_path: Path) -> None:
    last = json.loads(clean[-1])["manifest"]["statement"]
    known = f"{last['last']}:{last['head']}"
    ran = run_alone(tmp_path, clean, "--fingerprint", seals.fingerprint(), "--head", known)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"OK 24 entries, a whole chain, head {known}, 2 checkpoints hold")


def test_an_earlier_bundle_in_place_of_the_present_one_is_found(clean: list[bytes], tmp_path: Path) -> None:
    ran = run_alone(tmp_path, clean, "--fingerprint", seals.fingerprint(), "--head", f"25:{'ab' * 32}")
    assert ran.returncode == 1
    assert "entry 25: you know entry 25" in ran.stdout
    ran = run_alone(tmp_path, clean, "--fingerprint", seals.fingerprint(), "--head", f"20:{'ab' * 32}")
    assert "BAD entry 20: it is not the one that you know" in ran.stdout


def test_it_must_be_told_whose_seal_to_trust(clean: list[bytes], tmp_path: Path) -> None:
    assert run_alone(tmp_path, clean).returncode == 2
    ran = run_alone(tmp_path, clean, "--fingerprint", "00" * 32)
    assert ran.returncode == 1
    assert "not with one that you named" in ran.stdout


# --- mutations --------------------------------------------------------------------------------------------------------------

many = settings(
    max_examples=MUTATIONS, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.differing_executors],
)  # fmt: skip


@many
@given(data=st.data())
def test_a_flipped_bit_is_found(clean: list[bytes], data: st.DataObject) -> None:
    line = data.draw(st.integers(0, len(clean) - 1))
    at, bit = data.draw(st.integers(0, len(clean[line]) - 1)), data.draw(st.integers(0, 7))
    changed = bytearray(clean[line])
    changed[at] ^= 1 << bit
    mutated = b"".join([*clean[:line], bytes(changed), *clean[line + 1 :]]).splitlines(keepends=True)
    said = verdict(mutated)
    assert said
    if line in entries_of(clean):
        assert f"entry {entries_of(clean).index(line) + 1} " in f"{said} ".replace(":", " ")


@many
@given(data=st.data())
def test_a_dropped_row_is_found(clean: list[bytes], data: st.DataObject) -> None:
    rows = data.draw(st.sets(st.sampled_from(entries_of(clean)), min_size=1, max_size=5))
    mutated = [line for n, line in enumerate(clean) if n not in rows]
    assert names_the_first(clean, mutated)


@many
@given(data=st.data())
def test_an_inserted_row_is_found(clean: list[bytes], data: st.DataObject) -> None:
    at, source = (data.draw(st.sampled_from(entries_of(clean))) for _ in range(2))
    forged = json.loads(clean[source])["entry"]
    if data.draw(st.booleans()):  # as well as somebody can who knows the format, without the key
        before = json.loads(clean[at])["entry"]
        forged |= {"sequence": before["sequence"], "previous_hash": before["previous_hash"], "actor_name": "Mallory"}
        forged["hash"] = hash_of(forged)
    mutated = [*clean[:at], line_of(forged), *clean[at:]]
    said = verdict(mutated)
    # A forgery that fits before entry n shows at n, which no longer follows.
    assert any(f"entry {n} " in f"{said} ".replace(":", " ") for n in {first_difference(clean, mutated), forged["sequence"] + 1})


@many
@given(data=st.data())
def test_another_order_is_found(clean: list[bytes], data: st.DataObject) -> None:
    one, other = sorted(data.draw(st.lists(st.sampled_from(entries_of(clean)), min_size=2, max_size=2, unique=True)))
    mutated = list(clean)
    mutated[one], mutated[other] = clean[other], clean[one]
    assert names_the_first(clean, mutated)


@many
@given(data=st.data())
def test_a_cut_is_found(clean: list[bytes], data: st.DataObject) -> None:
    """With or without the manifest put back at the end, and in the middle of a line."""
    whole = b"".join(clean)
    cut = data.draw(st.integers(0, len(whole) - 1))
    mutated = whole[:cut].splitlines(keepends=True)
    assert verdict(mutated)
    rows = data.draw(st.integers(1, len(clean) - 2))
    kept = [*clean[:rows], clean[-1]]
    assert verdict(kept)
    if set(entries_of(clean)) - set(range(rows)):
        assert names_the_first(clean, kept)


@many
@given(data=st.data())
def test_a_rewritten_chain_is_found(clean: list[bytes], data: st.DataObject) -> None:
    """Every hash after a changed entry made anew: only the seals tell, and they do it at the next checkpoint."""
    at = data.draw(st.integers(0, ENTRIES - 1))
    said = verdict(rewritten(clean, at, data.draw(st.text(max_size=20)) + "!"))
    sealed = next(n for n in (8, 16, ENTRIES) if at < n)
    assert f"entry {sealed}: " in said


@many
@given(data=st.data())
def test_another_key_is_found(clean: list[bytes], data: st.DataObject) -> None:
    """All signed anew, flawlessly, with a key of the forger's own."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(data.draw(st.binary(min_size=32, max_size=32)))
    forged = resigned(rewritten(clean, data.draw(st.integers(0, ENTRIES - 1)), "!"), key, keep_name=data.draw(st.booleans()))
    assert "entry 8: its checkpoint is sealed with the key" in verdict(forged)


def names_the_first(clean: list[bytes], mutated: list[bytes]) -> bool:
    """Whether the first entry that is not as it was is the one that the verifier names. Put together again, nothing is wrong."""
    if mutated == clean:
        return verdict(mutated) == ""
    said = f"{verdict(mutated)} ".replace(":", " ")
    wanted = first_difference(clean, mutated)
    # A checkpoint that lost its entry stands one line before the gap's other side, and names the entry it stands behind.
    return said.startswith((f"entry {wanted} ", f"entry {wanted - 1} "))


def line_of(entry: dict[str, Any], kind: str = "entry") -> bytes:
    return (seals.canonical({kind: entry}) + "\n").encode()


def hash_of(entry: dict[str, Any]) -> str:
    import hashlib

    return hashlib.sha256(seals.canonical({k: v for k, v in entry.items() if k != "hash"}).encode()).hexdigest()


def rewritten(clean: list[bytes], at: int, reason: str) -> list[bytes]:
    made, previous, seen = [], None, 0
    for line in clean:
        kind, content = next(iter(json.loads(line).items()))
        if kind == "entry":
            if seen == at:
                content["reason"] += reason
            if previous:
                content["previous_hash"] = previous
            previous, seen = hash_of(content), seen + 1
            content["hash"] = previous
        made.append(line_of(content, kind))
    return made


def resigned(lines: list[bytes], key: Any, keep_name: bool) -> list[bytes]:
    import base64
    import hashlib

    public, made, head_, content = key.public_key().public_bytes_raw(), [], "", hashlib.sha256()
    for line in lines:
        kind, value = next(iter(json.loads(line).items()))
        head_ = value["hash"] if kind == "entry" else head_
        if kind in {"checkpoint", "manifest"}:
            statement = value["statement"] | {"hash" if kind == "checkpoint" else "head": head_}
            statement |= {"content": content.hexdigest()} if kind == "manifest" else {}
            if not keep_name:
                statement["key"] = hashlib.sha256(public).hexdigest()
            signature = key.sign(seals.canonical(statement).encode())
            value = {
                "statement": statement,
                "public_key": base64.b64encode(public).decode(),
                "signature": base64.b64encode(signature).decode(),
            }
        made.append(line_of(value, kind))
        content.update(made[-1])
    return made


# --- selections --------------------------------------------------------------------------------------------------------------


def test_a_selection_holds_and_says_that_it_is_no_chain(tmp_path: Path) -> None:
    for n in range(6):
        record("vaults.refresh" if n % 2 else "audit.export", actor=CONSOLE, subject_name=str(n))
    rows = AuditEntry.objects.filter(action="vaults.refresh").order_by("-sequence")
    lines = [line.encode() for line in bundles.filtered(rows, {"action": "vaults.refresh"}, by="Ada")]
    ran = run_alone(tmp_path, lines, "--fingerprint", seals.fingerprint())
    assert ran.stdout.startswith("OK 3 entries, a selection and not a chain")
    assert "entry 4 (line 3): it was changed" in verdict([lines[0], lines[1], lines[2].replace(b'"3"', b'"4"'), *lines[3:]])
    for mutated in ([lines[0], *lines[2:]], [lines[0], lines[2], lines[1], *lines[3:]], lines[:-1]):
        assert verdict(mutated)
    claimed = [lines[0].replace(b'"chain":false', b'"chain":true'), *lines[1:]]
    assert verdict(claimed)


def test_an_empty_chain_holds() -> None:
    assert head() == (0, "0" * 64)
    assert verdict([line.encode() for line in bundles.chain(0, by="Ada")]) == ""


# --- the arithmetic ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [  # RFC 8032 §7.1, tests 1 to 3
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ],
)  # fmt: skip
def test_the_vectors_of_the_standard(public: str, message: str, signature: str) -> None:
    key, text, seal = (bytes.fromhex(each) for each in (public, message, signature))
    assert verifier.signed(key, text, seal)
    assert not verifier.signed(key, text + b"x", seal)
    assert not verifier.signed(key, text, seal[:32] + (int.from_bytes(seal[32:], "little") + verifier.L).to_bytes(32, "little"))
    assert not verifier.signed(b"\xff" * 32, text, seal)
