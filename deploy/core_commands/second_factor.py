"""Core's commands on the second factor: its secret is sealed here and never leaves again.

A code counts once: the step that it belongs to is in the journal before anybody is told that it was right.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting import totp
from alerting.users import User
from alerting.vault import NotOurs, Vault
from broker.clock import REAL
from broker.control import CommandFailed, Request
from deploy import users
from deploy.core_commands.arguments import text

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

RECOVERY_CODES: Final = 10
RECOVERY_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
RECOVERY_LENGTH: Final = 10  # 49 bits
DIGEST_BYTES: Final = 32


def totp_set(commands: "Commands", request: Request) -> dict[str, Any]:
    """Take a new secret, shown to work by a code of it; answers with the recovery codes, which nobody sees again."""
    if request.key is not None:
        raise CommandFailed("user-totp-set: ask without an idempotency key; its answer is secret")
    user = users.known(commands.core, text(request, "name"))
    try:
        secret = totp.secret_of(text(request, "secret"))
    except ValueError:
        raise CommandFailed("user-totp-set: secret is no base32") from None
    step = totp.match(secret, _digits(text(request, "code")), now_ms=REAL.now(), after=0)
    if step is None or len(secret) < totp.SECRET_BYTES:
        return {"ok": False}
    vault, codes = commands.core.directory.vault, _recovery_codes()
    commands.audit(request, "user second factor set", user.name)
    users.put(
        commands.core,
        user,
        is_new_stamp=False,
        totp=vault.seal(totp.spelled(secret)),
        totp_step=step,
        recovery=b"".join(_digest(vault, user, each) for each in codes),
    )
    return {"ok": True, "recovery": codes}


def totp_check(commands: "Commands", request: Request) -> dict[str, Any]:
    """Whether a code is right, now and for the first time; a recovery code is taken as well, and is then gone."""
    user, said = users.known(commands.core, text(request, "name")), text(request, "code")
    if not user.totp:
        return {"ok": False, "left": 0}
    digits = _digits(said)
    if len(digits) == totp.DIGITS:
        step = totp.match(_secret(commands, user), digits, now_ms=REAL.now(), after=user.totp_step)
        if step is not None:
            user = users.put(commands.core, user, is_new_stamp=False, totp_step=step)
        return {"ok": step is not None, "left": len(user.recovery) // DIGEST_BYTES}
    return _recovered(commands, request, user, said)


def _recovered(commands: "Commands", request: Request, user: User, said: str) -> dict[str, Any]:
    vault = commands.core.directory.vault
    digest = _digest(vault, user, said)
    left = [user.recovery[at : at + DIGEST_BYTES] for at in range(0, len(user.recovery), DIGEST_BYTES)]
    if digest not in left:
        return {"ok": False, "left": len(left)}
    left.remove(digest)
    commands.audit(request, "user recovery code used", user.name, {"left": len(left)})
    users.put(commands.core, user, is_new_stamp=False, recovery=b"".join(left))
    return {"ok": True, "left": len(left)}


def _secret(commands: "Commands", user: User) -> bytes:
    try:
        return totp.secret_of(commands.core.directory.vault.open(user.totp))
    except NotOurs:
        raise CommandFailed(
            f"the second factor of {user.name} was sealed with another people.key; put the key back, or have it set "
            f"anew: kentongan user totp {user.name} --forget"
        ) from None


def _recovery_codes() -> list[str]:
    half = RECOVERY_LENGTH // 2
    drawn = ("".join(secrets.choice(RECOVERY_LETTERS) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES))
    return [f"{each[:half]}-{each[half:]}" for each in drawn]


def _digest(vault: Vault, user: User, code: str) -> bytes:
    plain = "".join(code.lower().split()).replace("-", "")
    return vault.digest(f"recovery:{user.id}:{plain}")


def _digits(said: str) -> str:
    """A code as it was typed, without spaces; empty when it is no code of digits."""
    plain = "".join(said.split())
    return plain if plain.isascii() and plain.isdigit() else ""


def totp_forget(commands: "Commands", request: Request) -> dict[str, Any]:
    """Forget the second factor, of whoever lost his phone; ends his sessions, and he sets a new one when he logs in."""
    user = users.known(commands.core, text(request, "name"))
    commands.audit(request, "user second factor removed", user.name)
    users.put(commands.core, user, is_new_stamp=True, totp=b"", recovery=b"")
    return {"name": user.name}


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "user-totp-set": totp_set,
    "user-totp-check": totp_check,
    "user-totp-forget": totp_forget,
}
CHANGES: Final = frozenset(HANDLERS)
