"""The API over the real history file, joined as `kentongan web` joins them."""

from pathlib import Path

from deploy.commands.web import HistoryOfWeb
from deploy.settings import Settings, Site
from deploy.state_folder import StateFolder
from ingest.history_sqlite import SqliteHistory
from tests.api_client import API, fetch
from tests.browser.page_server import served
from tests.browser.scenes import SCENES
from tests.journal_file import reading, series

SPAN = "start=2000-01-01T00:00:00Z"


def joined(root: Path) -> HistoryOfWeb:
    return HistoryOfWeb(Settings(site=Site(name="Uji")), StateFolder(root), root)


def test_what_history_holds_is_what_the_api_tells(tmp_path: Path) -> None:
    """Readings with their flags and reasons, buckets over the good ones, and the quantities that there are."""
    state = StateFolder(tmp_path)
    history = SqliteHistory(state.history)
    doubtful = reading(301, flag=3, reason="spike: 1.6 over 0.5", value=None)
    history.write([*series(1, 300), doubtful])
    with served(tmp_path, SCENES["calm"], history=joined(tmp_path)) as page:
        address = f"{page.url}{API}/readings?station=welang&quantity=level_m&{SPAN}&limit=10000"
        rows = fetch(address).json()["readings"]
        hours = fetch(f"{page.url}{API}/aggregates?station=welang&quantity=level_m&tier=hour&{SPAN}").json()
        unknown = fetch(f"{page.url}{API}/readings?station=welang&quantity=rain_mm&{SPAN}").json()
    history.close()
    assert (301, "wl-01", 3, "spike: 1.6 over 0.5") == (
        len(rows),
        rows[0]["node"],
        rows[-1]["flag"],
        rows[-1]["reason"],
    )
    assert (301, 300) == tuple(sum(each[name] for each in hours["aggregates"]) for name in ("count", "good"))
    assert max(each["max"] for each in hours["aggregates"]) == 300 / 8
    assert "level_m" in unknown["known"]


def test_history_that_is_not_there_yet_is_found_when_it_comes(tmp_path: Path) -> None:
    """503 with the reason before the first reading was written, answers afterwards, without a restart."""
    with served(tmp_path, SCENES["calm"], history=joined(tmp_path)) as page:
        address = f"{page.url}{API}/readings?station=welang&quantity=level_m&{SPAN}"
        before = fetch(address)
        assert (503, True) == (before.status_code, before.json()["detail"].startswith("Riwayat belum dapat dibaca: "))
        history = SqliteHistory(StateFolder(tmp_path).history)
        history.write(series(1, 3))
        after = fetch(address)
        history.close()
    assert (200, 3) == (after.status_code, len(after.json()["readings"]))
