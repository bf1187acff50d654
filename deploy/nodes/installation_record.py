"""Records of installations for the web process: made once from the journal and the photo, then kept as files."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from alerting.web.technician.records import RecordUnavailable
from deploy.nodes.installation import Installation, installation_of
from deploy.nodes.installation_pdf import installation_pdf
from deploy.registry.photos import PhotoFolder
from deploy.state_folder import StateFolder

PATIENCE_S: Final = 2.0
FOLDER: Final = "records"


class FiledRecords:
    """As :class:`alerting.web.technician.records.InstallationRecords` says."""

    def __init__(self, journal: Path, folder: Path, photos: PhotoFolder) -> None:
        self._journal, self._folder, self._photos = journal, folder, photos

    def pdf(self, number: int) -> bytes | None:
        file = self._folder / f"{number}.pdf"
        try:
            if file.is_file():
                return file.read_bytes()
            found = self._found(number)
            return None if found is None else self._kept(file, found)
        except (OSError, sqlite3.Error) as error:
            raise RecordUnavailable(f"Berita acara belum dapat dibuat: {error}. Coba lagi sebentar.") from None

    def _found(self, number: int) -> Installation | None:
        query = "SELECT document FROM installations WHERE id = ? AND state = 'done'"
        with closing(sqlite3.connect(f"file:{self._journal}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
            row = connection.execute(query, (number,)).fetchone()
        return None if row is None else installation_of(row[0])

    def _kept(self, file: Path, found: Installation) -> bytes:
        photo = found.steps["photo"].facts.get("photo", "") if "photo" in found.steps else ""
        picture = self._photos.find(photo)
        made = installation_pdf(found, None if picture is None else picture.read_bytes())
        self._folder.mkdir(mode=0o700, exist_ok=True)
        part = file.with_name(f".{file.name}.part")
        part.write_bytes(made)
        part.replace(file)
        return made


def installation_records_of(state: StateFolder) -> FiledRecords:
    return FiledRecords(state.journal, state.root / FOLDER, PhotoFolder(state.root / "photos"))
