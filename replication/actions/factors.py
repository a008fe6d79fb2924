"""Second factors (TOTP, RFC 6238) and their recovery codes."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import quote

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction

from replication import access, clock
from replication.actions.actor import Actor
from replication.actions.audit import Unchanged, gesture
from replication.models import Person, SecondFactor

CODES = 10  # recovery codes
STEP = 30  # seconds a code lives; one step before and after is taken too, for clocks that differ
ISSUER = "Vault Replication"


def confirmed(person: Person) -> SecondFactor | None:
    """The factor that is asked for at sign-in, when the person has one."""
    return SecondFactor.objects.filter(person=person).exclude(confirmed_at=None).first()


def offered(person: Person) -> str:
    """The secret of the factor that the person is about to set up; made when there is none yet."""
    made, _ = SecondFactor.objects.get_or_create(
        person=person, defaults={"sealed_secret": _seal(pyotp.random_base32()), "made_at": clock.now()}
    )
    return _open(made)


def address(person: Person, secret: str) -> str:
    """What the QR code says: otpauth://totp/…"""
    return str(pyotp.TOTP(secret).provisioning_uri(name=quote(person.username), issuer_name=ISSUER))


def confirm(person: Person, code: str, *, actor: Actor) -> list[str]:
    """Switch the factor on once its first code is right; returns the recovery codes, which are shown once. []: the code was wrong."""
    found = SecondFactor.objects.filter(person=person, confirmed_at=None).first()
    step = _step_of(found, code) if found else None
    if found is None or step is None:
        return []
    codes = _fresh_codes()
    with gesture("person.second_factor_on", actor=actor, **_about(person)):
        pending = SecondFactor.objects.filter(pk=found.pk, confirmed_at=None)
        if not pending.update(confirmed_at=clock.now(), last_step=step, recovery=[_hash(each) for each in codes]):
            return []
    return codes


def renew_codes(person: Person, *, actor: Actor) -> list[str]:
    """New recovery codes; the old ones are worth nothing any more."""
    codes = _fresh_codes()
    with gesture("person.recovery_codes_made", actor=actor, **_about(person)):
        SecondFactor.objects.filter(person=person).update(recovery=[_hash(each) for each in codes])
    return codes


def accepts(person: Person, code: str) -> str:
    """How the code was right: 'code', 'recovery code', or '' when it is not. A code is taken once, also of two at the same moment."""
    found = confirmed(person)
    if found is None:
        return ""
    step = _step_of(found, code)
    if step is not None:
        fresh = SecondFactor.objects.filter(pk=found.pk, last_step__lt=step)
        return "code" if fresh.update(last_step=step) else ""
    return "recovery code" if _use_recovery(found, code) else ""


def _use_recovery(found: SecondFactor, code: str) -> bool:
    digest = _hash(code.strip().lower().replace(" ", ""))
    with transaction.atomic():
        SecondFactor.objects.filter(pk=found.pk).update(made_at=found.made_at)  # holds the row until the commit
        left = list(SecondFactor.objects.values_list("recovery", flat=True).get(pk=found.pk))
        if digest not in left:
            return False
        left.remove(digest)
        SecondFactor.objects.filter(pk=found.pk).update(recovery=left)
    return True


def switch_off(person: Person, *, actor: Actor) -> None:
    """The person's own wish."""
    _remove("person.second_factor_off", person, actor)


def reset(person: Person, *, actor: Actor) -> None:
    """An administrator takes away a factor that was lost; the person sets up a new one."""
    assert actor.person is not None
    access.require_over(actor.person, person)
    _remove("person.second_factor_reset", person, actor)


def _remove(action: str, person: Person, actor: Actor) -> None:
    with gesture(action, actor=actor, **_about(person)):
        if not SecondFactor.objects.filter(person=person).delete()[0]:
            raise Unchanged


def _about(person: Person) -> dict[str, str]:
    return {"subject_kind": "person", "subject_key": f"person:{person.pk}", "subject_name": str(person)}


# --- codes and secrets ------------------------------------------------------------------------------------------------------


def _step_of(found: SecondFactor, code: str) -> int | None:
    """The time step whose code this is, near now; None when it is none."""
    typed = code.strip().replace(" ", "")
    if not (typed.isascii() and typed.isdecimal() and len(typed) == 6):
        return None
    totp, now = pyotp.TOTP(_open(found), interval=STEP), int(clock.now().timestamp()) // STEP
    return next((step for step in (now, now - 1, now + 1) if hmac.compare_digest(totp.generate_otp(step), typed)), None)


def _fresh_codes() -> list[str]:
    """Ten codes of 80 bits: abcd-efgh-ijkl-mnop."""
    raw = (base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES))
    return ["-".join(each[n : n + 4] for n in range(0, 16, 4)) for each in raw]


def _hash(code: str) -> str:
    return hmac.new(_key("recovery"), code.encode(errors="replace"), hashlib.sha256).hexdigest()


def _seal(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def _open(found: SecondFactor) -> str:
    """The secret; a random one, which no code fits, when the console's key has changed since (then the factor must be reset)."""
    try:
        return _box().decrypt(found.sealed_secret.encode()).decode()
    except InvalidToken:
        return str(pyotp.random_base32())


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key("second factor")))


def _key(purpose: str) -> bytes:
    """32 bytes from the console's secret key, which is not in the database."""
    return hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
