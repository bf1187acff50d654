"""The board says in time that a certificate ends."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker import certificates
from deploy.health.certificate_watch import CertificateWatch, Dates, dates, sentence
from deploy.state_folder import StateFolder

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def after(server_days: float, authority_days: float = 9000) -> str | None:
    found = Dates(server=NOW + timedelta(days=server_days), authority=NOW + timedelta(days=authority_days))
    return sentence(found, NOW)


def test_a_month_before_the_broker_and_a_year_before_the_authority() -> None:
    """Not earlier; the authority, for which each node must be visited, goes before."""
    assert (None, None) == (after(30), after(9000, 366))
    assert "Sertifikat broker berakhir 2026-12-21" in (after(29) or "")
    assert "Otoritas sertifikat berakhir 2027-11-21" in (after(29, 364) or "")


def test_a_renewed_certificate_lasts_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    """Renewing replaces one that is still good; what cannot be read is a problem with its remedy."""
    state = StateFolder(tmp_path)
    for folder in (state.broker, state.authority):
        folder.mkdir(mode=0o700)
    authority = certificates.ensure_authority(state.authority, now=NOW)
    path = state.broker / "server.pem"
    certificates.ensure_server_certificate(path, authority, names=["localhost"], now=NOW)
    later = NOW + timedelta(days=10)
    certificates.renew_server_certificate(path, authority, names=["localhost"], now=later)
    assert later + certificates.SERVER_LIFE == dates(state).server
    told: list[str | None] = []
    watch = CertificateWatch(state, told.append)
    asyncio.run(watch.run())
    path.write_text("damaged")
    asyncio.run(watch.run())
    assert told[0] is None
    assert "Sertifikat tidak dapat dibaca" in str(told[1])
