#!/usr/bin/env python3
"""Verify an exported audit bundle, on any machine that has Python 3.9 or newer: no console, no packages, no network.

    python3 verify_audit_bundle.py BUNDLE --fingerprint HEX [--fingerprint OLDER] [--head NUMBER:HASH]

BUNDLE is a file of JSON lines as the console exports it. HEX is the SHA-256 of the console's public key, which you wrote down when
you first trusted it (`manage.py audit_fingerprint`): the bundle cannot vouch for itself. With --head you also give the last entry
that you know from elsewhere (a checkpoint off the host, an earlier bundle): a bundle that ends before it, or has another entry
there, is refused.

Ends with status 0 and one line when everything holds; with status 1 and the first bad row when not; with 2 when it was called wrongly.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, x·y = T/Z (RFC 8032 §5.1.4)

ZEROS = "0" * 64


class Bad(Exception):
    """What is wrong, and with which row."""


# --- Ed25519, as RFC 8032 §5.1 and §6 describe it: only verifying, so nothing here needs to be fast or secret ----------------

P = 2**255 - 19  # the field
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, P - 2, P) % P  # of the curve -x² + y² = 1 + d·x²·y²
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)


def add(a: Point, b: Point) -> Point:
    """The sum of two points (§5.1.4)."""
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number: int, point: Point) -> Point:
    """The point added to itself so many times."""
    total: Point = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def point_of(data: bytes) -> Point | None:
    """The point that 32 bytes stand for (§5.1.3): y, and in the highest bit the sign of x. None when they stand for none."""
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_1 % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))  # y = 4/5


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key has signed the message (§5.1.7)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, r, s = point_of(public), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= L or BASE is None:
        return False
    digest = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(digest, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- seals ------------------------------------------------------------------------------------------------------------------


def canonical(content: Any) -> str:
    """The one spelling of JSON that hashes and signatures cover: sorted names, no blanks, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def statement_of(sealed: dict[str, Any], accepted: set[str], what: str) -> dict[str, Any]:
    """What was signed, when an accepted key has signed it."""
    try:
        statement: dict[str, Any] = sealed["statement"]
        public = base64.b64decode(sealed["public_key"], validate=True)
        signature = base64.b64decode(sealed["signature"], validate=True)
        key = hashlib.sha256(public).hexdigest()
        if key not in accepted or statement["key"] != key:
            raise Bad(f"{what} is sealed with the key {key}, not with one that you named")
        if set(sealed) != {"statement", "public_key", "signature"} or not signed(public, canonical(statement).encode(), signature):
            raise Bad(f"{what} was changed: its signature does not fit")
    except (KeyError, TypeError, ValueError) as error:
        raise Bad(f"{what} is not readable") from error
    return statement


# --- a bundle ----------------------------------------------------------------------------------------------------------------


class Bundle:
    """Reads a bundle line by line, and stops at the first that is not what it must be."""

    def __init__(self, accepted: set[str], known: tuple[int, str] | None) -> None:
        self.accepted, self.known = accepted, known
        self.header: dict[str, Any] = {}
        self.manifest: dict[str, Any] = {}
        self.count = self.last = self.checkpoints = 0
        self.head = self.place = ""
        self.content = hashlib.sha256()

    def read(self, lines: Iterable[bytes]) -> None:
        """Every line, and at the end the manifest."""
        number = 0
        for number, line in enumerate(lines, 1):
            self.place = f"entry {self.last + 1} (line {number})"
            if self.manifest:
                raise Bad(f"line {number}: something stands after the manifest")
            kind, content = self.parsed(line)
            if (not self.header) != (kind == "bundle"):
                raise Bad(f"{self.place}: a bundle begins with its header, and has one only")
            if kind != "manifest":
                self.content.update(line)
            getattr(self, f"read_{kind}")(content)
        if not self.manifest:
            raise Bad(f"entry {self.last + 1} (line {number + 1}): the bundle is cut off here; it has no manifest")

    def parsed(self, line: bytes) -> tuple[str, dict[str, Any]]:
        """What kind of line it is, and what it says. Another spelling of the same is refused: every byte counts."""
        try:
            text = line.decode("ascii")
            ((kind, content),) = json.loads(text).items()
            known = kind in ("bundle", "run", "entry", "checkpoint", "manifest") and isinstance(content, dict)
            if known and text == canonical({kind: content}) + "\n":
                return kind, content
        except (ValueError, AttributeError, RecursionError):
            pass
        raise Bad(f"{self.place}: this is not as the console wrote it")

    def read_bundle(self, header: dict[str, Any]) -> None:
        """chain says whether every entry must follow the one before; first and previous, what it begins with."""
        self.header = header
        if header.get("format") != 1 or not isinstance(header.get("chain"), bool):
            raise Bad("line 1: not the header of a bundle that this program knows")
        if header["chain"]:
            if not isinstance(header.get("first"), int) or (header["first"] == 1 and header.get("previous") != ZEROS):
                raise Bad("line 1: not the beginning of a chain")
            self.last, self.head = header["first"] - 1, str(header.get("previous"))

    def read_run(self, content: dict[str, Any]) -> None:
        """What a run was, in the evidence of one; the manifest's digest covers it."""

    def read_entry(self, entry: dict[str, Any]) -> None:
        """Its hash covers all that it says, and previous_hash is the hash of the entry before."""
        sequence: Any = entry.get("sequence")
        if self.header["chain"] and sequence != self.last + 1:
            raise Bad(f"{self.place}: entry {sequence} stands in its place")
        says = {name: value for name, value in entry.items() if name != "hash"}
        if entry.get("hash") != hashlib.sha256(canonical(says).encode()).hexdigest():
            raise Bad(f"entry {sequence} ({self.place.partition('(')[2]}: it was changed, its hash does not fit")
        if self.header["chain"] and entry.get("previous_hash") != self.head:
            raise Bad(f"{self.place}: it does not follow the entry before it")
        if self.known and sequence == self.known[0] and entry["hash"] != self.known[1]:
            raise Bad(f"entry {sequence}: it is not the one that you know; it or one before it was rewritten")
        self.count, self.last, self.head = self.count + 1, sequence, entry["hash"]

    def read_checkpoint(self, sealed: dict[str, Any]) -> None:
        """The entry before it, signed when it was the last one."""
        statement = statement_of(sealed, self.accepted, f"entry {self.last}: its checkpoint")
        said = statement.get("kind"), statement.get("sequence"), statement.get("hash")
        if said != ("audit-checkpoint", self.last, self.head):
            raise Bad(f"entry {self.last}: it is not the one that was sealed; it or one before it was rewritten")
        self.checkpoints += 1

    def read_manifest(self, sealed: dict[str, Any]) -> None:
        """What was read must be what was signed."""
        self.manifest = signed = statement_of(sealed, self.accepted, "the manifest")
        if {name: signed.get(name) for name in self.header} != self.header:
            raise Bad("line 1: the header is not the one that was signed")
        if self.header["chain"]:
            self.compare_chain(signed)
        if (self.count, self.checkpoints) != (signed.get("count"), signed.get("checkpoints")):
            raise Bad(f"{self.count} entries and {self.checkpoints} checkpoints are here; other numbers were signed")
        if self.content.hexdigest() != signed.get("content"):
            raise Bad("the lines are not those that were signed: one was changed, or their order")

    def compare_chain(self, signed: dict[str, Any]) -> None:
        last: int = signed["last"]
        if self.last != last:
            raise Bad(f"entry {min(self.last, last) + 1}: {last} was signed as the last, and {self.last} is")
        if self.head != signed.get("head"):
            raise Bad(f"entry {self.last}: its hash is not the one that was signed; it or one before it was rewritten")
        if self.known and self.known[0] > self.last:
            raise Bad(f"entry {self.last + 1}: you know entry {self.known[0]}, and the bundle ends before it")


def main(arguments: list[str] | None = None) -> int:
    """0 when the bundle holds, 1 when it does not, 2 when it cannot be read."""
    parser = argparse.ArgumentParser(description="Verify an exported audit bundle.")
    parser.add_argument("bundle")
    parser.add_argument("--fingerprint", required=True, action="append", help="SHA-256 of the console's public key; may be repeated")
    parser.add_argument("--head", help="NUMBER:HASH of the last entry that you know")
    given = parser.parse_args(arguments)
    known = None
    if given.head:
        number, _, digest = given.head.partition(":")
        if not number.isdigit() or len(digest) != 64:
            parser.error("--head is NUMBER:HASH")
        known = int(number), digest.lower()
    bundle = Bundle({each.lower() for each in given.fingerprint}, known)
    try:
        with Path(given.bundle).open("rb") as lines:
            bundle.read(lines)
    except Bad as bad:
        print(f"BAD {bad}")
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    manifest = bundle.manifest
    kind = f"a whole chain, head {bundle.last}:{bundle.head}" if manifest["chain"] else "a selection and not a chain"
    print(f"OK {bundle.count} entries, {kind}, {bundle.checkpoints} checkpoints hold; made {manifest['made_at']} by {manifest['made_by']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
