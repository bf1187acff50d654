"""Sessions begin, last, end, and outlive the process; the file lets nobody in."""

import stat
from pathlib import Path
from typing import Any

import pytest

from alerting.users import Role
from alerting.web.accounts.kept_form import KeptForm, local_path, of_field
from alerting.web.accounts.pending import LASTS_MS, TRIES, PendingLogins
from alerting.web.accounts.sessions import DEVICE_MS, HOUR_MS, MOST_SESSIONS, Session, Sessions

NOW = 1_780_000_000_000


def begin(sessions: Sessions, *, user: str = "sari", role: Role = "operator", now: int = NOW) -> tuple[str, Session]:
    return sessions.begin(user=user, name=user.title(), role=role, stamp=7, must="", browser="Firefox/1", now=now)


def test_a_session_ends_unused_after_a_night_and_altogether_after_a_day() -> None:
    """Twelve hours without a request, twenty-four in any case."""
    sessions = Sessions(None)
    idle, busy = begin(sessions)[0], begin(sessions)[0]
    for hour in range(1, 25):
        assert None is not sessions.find(busy, NOW + hour * HOUR_MS)
    assert None is sessions.find(idle, NOW + 12 * HOUR_MS + 1)
    assert None is sessions.find(busy, NOW + 24 * HOUR_MS + 1)


def test_a_screen_on_the_wall_lasts_a_month() -> None:
    """A viewer changes nothing, and the wall must not go dark at night."""
    sessions = Sessions(None)
    token, _ = begin(sessions, role="viewer")
    for day in range(1, 31):
        assert None is not sessions.find(token, NOW + day * 24 * HOUR_MS)
    assert None is sessions.find(token, NOW + 30 * 24 * HOUR_MS + 1)


def test_a_restart_keeps_who_was_logged_in_and_the_file_holds_no_token(tmp_path: Path) -> None:
    """Only its owner can read the file; the cookie is not in it."""
    path = tmp_path / "sessions.db"
    sessions = Sessions(path)
    token, session = begin(sessions)
    sessions.trust("her browser", "sari", NOW)
    sessions.close()
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    everything = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert token.encode() not in everything
    assert b"her browser" not in everything
    again = Sessions(path)
    found = again.find(token, NOW + 1)
    assert found is not None
    assert (session.user, session.csrf, session.role) == (found.user, found.csrf, found.role)
    assert again.is_trusted("her browser", "sari", NOW)
    assert not again.is_trusted("her browser", "budi", NOW)
    assert not again.is_trusted("her browser", "sari", NOW + DEVICE_MS + 1)


def standing(**users: int) -> dict[str, dict[str, Any]]:
    return {name: {"stamp": stamp} for name, stamp in users.items()}


def test_a_user_who_changed_has_to_log_in_again() -> None:
    """A new stamp, or no place among those who may: the session is over; while core is away it goes on."""
    sessions = Sessions(None)
    tokens = {user: begin(sessions, user=user)[0] for user in ("sari", "budi", "rini")}
    sessions.sweep(NOW, None)
    assert 3 == len(sessions)
    sessions.sweep(NOW, standing(sari=7, budi=8))
    assert ["sari"] == [user for user, token in tokens.items() if sessions.find(token, NOW)]


def test_one_user_has_not_any_number_of_sessions() -> None:
    """The one that was longest unused makes room."""
    sessions = Sessions(None)
    tokens = [begin(sessions, now=NOW + number)[0] for number in range(MOST_SESSIONS + 3)]
    assert MOST_SESSIONS == len(sessions.of_user("sari"))
    assert [None] * 3 == [sessions.find(token, NOW + 100) for token in tokens[:3]]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("/peringatan/a?x=1", "/peringatan/a?x=1"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("/" + "a" * 600, "/"),
        (None, "/"),
    ],
)
def test_the_way_back_leads_to_our_own_pages(said: object, expected: str) -> None:
    """Whatever a link says."""
    assert expected == local_path(said)


def test_a_kept_form_comes_back_as_it_was_and_nothing_else_does() -> None:
    """What was tampered with is no form."""
    kept = KeptForm(path="/a", fields=(("alasan", 'hujan "deras" <b>'), ("key", "k")))
    assert kept == of_field(kept.carried)
    assert [("alasan", 'hujan "deras" <b>')] == kept.shown
    for wrong in ("", "x", "{}", '{"path":"//evil","fields":[]}', None, "9" * 200_000):
        assert None is of_field(wrong)


def test_the_second_step_belongs_to_the_browser_of_the_first() -> None:
    """Some tries, some minutes, one browser."""
    pending = PendingLogins()
    ticket = pending.begin(name="Budi", password_kept="k", device="d", now=NOW)
    assert None is pending.find(ticket, device="other", now=NOW)
    assert None is pending.find("guess", device="d", now=NOW)
    found = pending.find(ticket, device="d", now=NOW + LASTS_MS)
    assert found is not None
    found.tries_left -= TRIES
    assert None is pending.find(ticket, device="d", now=NOW)
    late = pending.begin(name="Budi", password_kept="k", device="d", now=NOW)
    assert None is pending.find(late, device="d", now=NOW + LASTS_MS + 1)
