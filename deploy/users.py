"""The users of an installation, as the journal holds them and as this turn changes them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from alerting.user_tables import users
from alerting.users import BadName, User, key_of, user_of
from broker.control import CommandFailed

if TYPE_CHECKING:
    from deploy.core import Core


def everyone(core: "Core") -> Iterator[User]:
    """By name."""
    changed = {key: user_of(row) for key, row in core.group.users.items()}
    stored = {user.key: user for user in map(user_of, core.journal.rows(users))}
    yield from sorted((stored | changed).values(), key=lambda user: user.key)


def find(core: "Core", name: str) -> User | None:
    """Whoever is known by that name, however it is written."""
    key = key_of(name)
    row = core.group.users.get(key) or next(core.journal.rows(users, "WHERE key = ?", (key,)), None)
    return None if row is None else user_of(row)


def known(core: "Core", name: str) -> User:
    """The user of that name; raises CommandFailed with the names there are."""
    user = find(core, name)
    if user is None:
        names = ", ".join(each.name for each in everyone(core)) or "nobody"
        raise CommandFailed(f"no user is called {name[:40]!r}; there is {names}. Add one: kentongan user add")
    return user


def put(core: "Core", user: User, *, is_new_stamp: bool, **changes: Any) -> User:
    """The user with ``changes``, on disk with this turn's commit; a new stamp ends the sessions that there are."""
    changes["changed_at"] = core.clock.now()
    if is_new_stamp:
        changes["stamp"] = core.journal.take_ids()
    user = msgspec.structs.replace(user, **changes)
    core.group.users[user.key] = msgspec.structs.astuple(user)
    return user


def add(core: "Core", user: User) -> User:
    """Take a new user, who gets his id and stamp here; raises CommandFailed when the name is taken."""
    if (other := find(core, user.key)) is not None:
        raise CommandFailed(f"a user called {other.name} is there already; choose another name")
    user_id, now = core.journal.take_ids(), core.clock.now()
    return put(core, msgspec.structs.replace(user, id=user_id, created_at=now), is_new_stamp=True)


def checked(said: str, check: Any) -> Any:
    """What ``check`` makes of a text; its refusal as core's own."""
    try:
        return check(said)
    except BadName as error:
        raise CommandFailed(str(error)) from None


def keep_an_admin(core: "Core", leaving: User) -> None:
    """Refuses what would leave nobody who can add users; raises CommandFailed."""
    if leaving.role != "admin" or leaving.is_disabled:
        return
    others = [each for each in everyone(core) if each.role == "admin" and not each.is_disabled]
    if [each.key for each in others] == [leaving.key]:
        raise CommandFailed(f"{leaving.name} is the only admin; make another one first: kentongan user add")
