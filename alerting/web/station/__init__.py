"""Pages of one station: where it stands, its past on one time axis, what people saw there, and the list of all."""

from collections.abc import Callable

from fastapi import FastAPI

from alerting.web.api.gate import Gate
from alerting.web.frame import Frame
from alerting.web.station.dossier import StationRecords
from alerting.web.station.entries import StationEntries, add_entries
from alerting.web.station.pages import StationPages, add_pages
from alerting.web.station.photos import PhotoStore


def add_stations(
    app: FastAPI, frame: Frame, *, records: StationRecords | None, photos: PhotoStore | None
) -> Callable[[], None]:
    """Put the stations' pages on ``app``; what to call when the application ends."""
    gate = Gate()  # of their own: no user of the API delays an officer
    pages = StationPages(frame=frame, records=records, photos=photos, gate=gate)
    add_pages(app, pages)
    add_entries(app, StationEntries(pages))
    return gate.close
