"""Watches until when our certificates are good, and says so on the board in time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from broker import certificates
from deploy.state_folder import StateFolder

WARN_BEFORE: Final = timedelta(days=30)
AUTHORITY_WARN_BEFORE: Final = timedelta(days=365)  # each node must be visited for a new one


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Until when each is good."""

    server: datetime
    authority: datetime


def dates(state: StateFolder) -> Dates:
    """Raises OSError and ValueError where a certificate is missing or damaged."""
    return Dates(
        server=certificates.good_until(state.broker / "server.pem"),
        authority=certificates.good_until(state.authority / "ca.pem"),
    )


def sentence(found: Dates, now: datetime) -> str | None:
    """What stands on the board, in Indonesian; None while there is time."""
    if found.authority - now < AUTHORITY_WARN_BEFORE:
        return (
            f"Otoritas sertifikat berakhir {found.authority.date()}: setiap simpul perlu dipasang ulang "
            "(kentongan node flash) sebelum hari itu."
        )
    if found.server - now < WARN_BEFORE:
        return (
            f"Sertifikat broker berakhir {found.server.date()}: simpul lalu tidak dapat mengirim. "
            "Jalankan: kentongan certificates renew"
        )
    return None


class CertificateWatch:
    """A job: ``found`` hears the problem, or None."""

    def __init__(self, state: StateFolder, found: Callable[[str | None], None]) -> None:
        self._state, self._found = state, found

    async def run(self) -> None:
        try:
            self._found(sentence(dates(self._state), datetime.now(UTC)))
        except (OSError, ValueError) as error:
            self._found(f"Sertifikat tidak dapat dibaca ({error}). Jalankan: kentongan certificates renew")
