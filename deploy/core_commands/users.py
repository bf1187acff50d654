"""Core's commands on users: who may log in, and as what. Core looks up and decides; it never hashes a password.

A password that somebody chose comes already hashed, by whoever asked for it; one-time passwords are drawn here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from alerting import passwords
from alerting.users import ROLES, Role, User, checked_name, key_of
from broker.control import CommandFailed, Request
from deploy import users
from deploy.core_commands.arguments import optional_text, text

if TYPE_CHECKING:
    from deploy.core_commands.commands import Commands

ARGON2: Final = "$argon2id$"


def user_list(commands: "Commands", _request: Request) -> dict[str, Any]:
    """Everybody, by name; nothing secret."""
    return {"users": [_shown(user) for user in users.everyone(commands.core)]}


def user_standing(commands: "Commands", _request: Request) -> dict[str, Any]:
    """Who may be logged in now, for whoever keeps the sessions: by key, with the stamp that a session must carry."""
    return {
        "users": {
            user.key: {
                "role": user.role,
                "stamp": user.stamp,
                "must_change": user.must_change,
                "has_totp": bool(user.totp),
            }
            for user in users.everyone(commands.core)
            if not user.is_disabled
        }
    }


def user_login_record(commands: "Commands", request: Request) -> dict[str, Any] | None:
    """What a login is checked against; null: nobody of that name, or disabled."""
    user = users.find(commands.core, text(request, "name"))
    if user is None or user.is_disabled:
        return None
    return {
        "key": user.key,
        "name": user.name,
        "role": user.role,
        "password": user.password,
        "has_totp": bool(user.totp),
    }


def user_entered(commands: "Commands", request: Request) -> dict[str, Any]:
    """Somebody has shown who he is: audited, and answered with the stamp of the session that begins.

    Refused when password, role or standing changed since ``password`` was looked up.
    """
    user = users.find(commands.core, text(request, "name"))
    if user is None or user.is_disabled or user.password != text(request, "password"):
        raise CommandFailed("this user was changed meanwhile; log in again")
    commands.audit(request, "user logged in", user.name, {"role": user.role})
    return _entrance(user)


def user_add(commands: "Commands", request: Request) -> dict[str, Any]:
    """A new user; with ``password_hash``, or with a one-time password that is in the answer and nowhere else."""
    _never_kept(request)
    name, role = users.checked(text(request, "name"), checked_name), _role(request)
    kept, drawn = _password(request)
    user = User(
        id=0,
        key=key_of(name),
        name=name,
        role=role,
        password=kept,
        must_change=drawn is not None,
        totp=b"",
        totp_step=0,
        recovery=b"",
        is_disabled=False,
        stamp=0,
        created_at=0,
        changed_at=0,
    )
    users.add(commands.core, user)
    commands.audit(request, "user added", name, {"role": role})
    return {"name": name, "password": drawn}


def user_role(commands: "Commands", request: Request) -> dict[str, Any]:
    """Another role; ends the user's sessions."""
    user, role = users.known(commands.core, text(request, "name")), _role(request)
    if user.role == role:
        return _shown(user)
    users.keep_an_admin(commands.core, user)
    commands.audit(request, "user role changed", user.name, {"from": user.role, "to": role})
    return _shown(users.put(commands.core, user, is_new_stamp=True, role=role))


def user_disable(commands: "Commands", request: Request) -> dict[str, Any]:
    """Shut a user out, ending his sessions, or (``disabled`` false) let him in again."""
    user, is_disabled = users.known(commands.core, text(request, "name")), request.args.get("disabled", True)
    if not isinstance(is_disabled, bool):
        raise CommandFailed("user-disable: disabled must be true or false")
    if user.is_disabled == is_disabled:
        return _shown(user)
    if is_disabled:
        users.keep_an_admin(commands.core, user)
    commands.audit(request, "user disabled" if is_disabled else "user enabled", user.name)
    return _shown(users.put(commands.core, user, is_new_stamp=True, is_disabled=is_disabled))


def user_reset(commands: "Commands", request: Request) -> dict[str, Any]:
    """A one-time password in the place of the old one; with ``totp`` the second factor is forgotten too."""
    _never_kept(request)
    user = users.known(commands.core, text(request, "name"))
    drawn = passwords.drawn()
    changes: dict[str, Any] = {"password": passwords.keep_drawn(drawn), "must_change": True}
    if request.args.get("totp"):
        changes |= {"totp": b"", "recovery": b""}
        commands.audit(request, "user second factor removed", user.name)
    commands.audit(request, "user password reset", user.name)
    users.put(commands.core, user, is_new_stamp=True, **changes)
    return {"name": user.name, "password": drawn}


def user_password(commands: "Commands", request: Request) -> dict[str, Any]:
    """A password that was chosen, already hashed; ends the user's sessions, and answers as :func:`user_entered`."""
    user = users.known(commands.core, text(request, "name"))
    kept, drawn = _password(request)
    if drawn is not None:
        raise CommandFailed("user-password: password_hash is missing")
    commands.audit(request, "user password changed", user.name)
    user = users.put(commands.core, user, is_new_stamp=True, password=kept, must_change=False)
    return _entrance(user)


def _entrance(user: User) -> dict[str, Any]:
    return {"stamp": user.stamp, "role": user.role, "must_change": user.must_change, "has_totp": bool(user.totp)}


def _shown(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role,
        "disabled": user.is_disabled,
        "totp": bool(user.totp),
        "must_change": user.must_change,
        "created_at": user.created_at,
        "changed_at": user.changed_at,
    }


def _role(request: Request) -> Role:
    said = text(request, "role")
    for role in ROLES:
        if role == said:
            return role
    raise CommandFailed(f"{said[:40]!r} is no role; write {', '.join(ROLES)}")


def _password(request: Request) -> tuple[str, str | None]:
    """What is to be kept, and the one-time password when none was given."""
    given = optional_text(request, "password_hash")
    if not given:
        drawn = passwords.drawn()
        return passwords.keep_drawn(drawn), drawn
    if not given.startswith(ARGON2) or len(given) > 200:
        raise CommandFailed(f"{request.name}: password_hash is no Argon2id hash")
    return given, None


def _never_kept(request: Request) -> None:
    """The answer to an idempotency key is kept in the journal, where no password may be."""
    if request.key is not None:
        raise CommandFailed(f"{request.name}: ask without an idempotency key; its answer may hold a password")


HANDLERS: Final[dict[str, Callable[["Commands", Request], Any]]] = {
    "user-list": user_list,
    "user-standing": user_standing,
    "user-login-record": user_login_record,
    "user-entered": user_entered,
    "user-add": user_add,
    "user-role": user_role,
    "user-disable": user_disable,
    "user-reset": user_reset,
    "user-password": user_password,
}
CHANGES: Final = frozenset({"user-entered", "user-add", "user-role", "user-disable", "user-reset", "user-password"})
