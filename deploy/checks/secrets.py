"""Secrets: each readable by its owner alone, none of them short, none of them what manuals print."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from broker import private_file
from broker.credentials import CredentialRefused
from deploy import secret_file
from deploy.assembly import credentials_of
from deploy.checks.finding import Examined, Finding, good, warning, wrong
from deploy.secret_file import OnlyForTheService
from deploy.settings import BadSettings, Settings

GROUP: Final = "secrets"
LEAST_LETTERS: Final = 12
LEAST_PIN: Final = 4
DEFAULTS: Final = frozenset(
    {
        *("admin", "password", "secret", "changeme", "change-me", "rahasia", "sandi", "kentongan", "influxdb"),
        *("mosquitto", "grafana", "root", "guest", "test", "default", "my-super-secret-auth-token", "token"),
        *("password123", "admin123", "adminadmin", "123456789012", "1234567890", "12345678", "123456", "1234", "0000"),
    }
)


def look(found: Examined) -> Iterator[Finding]:
    for key, name in named(found.settings):
        yield _named(key, found.base / name)
    yield from _services(found)
    yield from _of_state(found)


def named(settings: Settings) -> Iterator[tuple[str, str]]:
    """Each secret that the settings name by a file: its key, and the file. The backups' key has a check of its own."""
    channels, history = settings.channels, settings.history
    files = {
        "history.token_file": history.token_file,
        "history.password_file": history.password_file,
        "web.metrics_token_file": settings.web.metrics_token_file,
        "backup.bucket.secret_file": settings.backup.bucket.secret_file if settings.backup.bucket else None,
        "channels.twilio.token_file": channels.twilio.token_file if channels.twilio else None,
        "channels.telegram.token_file": channels.telegram.token_file if channels.telegram else None,
        "channels.email.password_file": channels.email.password_file if channels.email else None,
    }
    files |= {f"channels.modems ({modem.name}).pin_file": modem.pin_file for modem in channels.modems}
    yield from ((key, name) for key, name in files.items() if name is not None)


def _named(key: str, path: Path) -> Finding:
    """The secret itself is never told."""
    try:
        secret = secret_file.read(path, key)
    except OnlyForTheService as error:
        remedy = "look at what the service's log says when it starts, and at the length of the secret"
        return warning(GROUP, key, str(error).removeprefix(f"{key}: "), remedy)
    except BadSettings as error:
        return wrong(GROUP, key, str(error).removeprefix(f"{key}: "), f"put the secret there: chmod 600 {path}")
    if secret.lower() in DEFAULTS:
        return wrong(GROUP, key, f"{path} holds a word that everybody tries first", "draw another one, at both ends")
    least = LEAST_PIN if key.endswith("pin_file") else LEAST_LETTERS
    if len(secret) < least:
        return wrong(GROUP, key, f"{path} holds fewer than {least} characters", "draw a longer one, at both ends")
    return good(GROUP, key, f"{path} can be read by its owner alone")


def _services(found: Examined) -> Iterator[Finding]:
    if not found.state.services.exists():
        yield warning(GROUP, "services.json", "not made yet", "it is made at the first start: kentongan up")
        return
    try:
        credentials_of(found.state).service_password("core")
    except (CredentialRefused, KeyError) as error:
        yield wrong(GROUP, "services.json", str(error), "then start it anew: kentongan up")
    except OSError as error:
        yield wrong(GROUP, "services.json", f"cannot be read: {error.strerror}", "run this as the user who runs core")
    else:
        yield good(GROUP, "services.json", "drawn by us, long enough, and readable by its owner alone")


def _of_state(found: Examined) -> Iterator[Finding]:
    state = found.state
    files = (state.people_key, state.cap_key, state.sessions, state.authority / "authority.pem")
    there = [path for path in (*files, state.services.with_name("order.key")) if path.exists()]
    for path in there:
        if private_file.is_private(path):
            yield good(GROUP, path.name, "readable by its owner alone")
        else:
            remedy = f"chmod 600 {path}, and think of who may have copied it"
            yield wrong(GROUP, path.name, f"{path} can be read by others", remedy)
