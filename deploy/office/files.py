"""Files that people bring to the pages, read as the command line reads them."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, get_args

from alerting.contacts import ContactKind
from alerting.recipients import Kind
from alerting.web.admin.office import PeopleFile, PeopleTaken, Say, Wrong
from deploy.core_commands.recipients import SLICE
from deploy.office.asking import AskingCore
from deploy.recipients.csv_file import BadCsv
from deploy.recipients.entry import normal_contact
from deploy.recipients.importing import Done, NotImported, Wish, import_file
from deploy.registry.area_files import read_areas
from deploy.registry.station_files import BadFile
from deploy.settings import Settings, channel_names
from deploy.state_folder import StateFolder

LINES: Final = 60  # of what is wrong with a file


class OfficeFiles:
    """As :class:`alerting.web.admin.office.Files` says."""

    def __init__(self, settings: Settings, state: StateFolder) -> None:
        self._settings, self._state = settings, state

    def people(self, file: PeopleFile, *, actor: str, is_dry: bool, say: Say) -> PeopleTaken:
        ask, asked = AskingCore(self._state, actor), 0
        what = "diperiksa" if is_dry else "diperiksa atau diimpor"

        def counting(name: str, arguments: dict[str, Any]) -> Any:
            nonlocal asked
            if name == "recipient-put":
                asked += 1
                say(f"{(asked - 1) * SLICE + len(arguments['entries'])} baris {what}.", None)
            return ask(name, arguments)

        with _on_disk(file.name, file.data) as path:
            try:
                done = import_file(counting, self._wish(file, path, is_dry=is_dry))
            except (BadCsv, NotImported) as error:
                raise Wrong(*_without_folder(str(error), path)) from None
        return _taken(done)

    def _wish(self, file: PeopleFile, path: Path, *, is_dry: bool) -> Wish:
        return Wish(
            path=path,
            kind=next(kind for kind in get_args(Kind) if kind == file.kind),
            consent_how=file.consent_how,
            groups=file.groups,
            channels=channel_names(self._settings),
            reason=file.reason,
            realm_word=file.realm_word,
            is_dry=is_dry,
        )

    def areas(self, name: str, data: bytes) -> list[dict[str, Any]]:
        with _on_disk(name, data) as path:
            try:
                return read_areas(path)
            except BadFile as error:
                raise Wrong(*_without_folder(str(error), path)) from None

    def contact(self, kind: str, text: str) -> str:
        known: ContactKind = next(each for each in get_args(ContactKind) if each == kind)
        try:
            return normal_contact(known, text)
        except ValueError as error:
            raise Wrong(str(error)) from None


@contextmanager
def _on_disk(name: str, data: bytes) -> Iterator[Path]:
    """For readers that take a path: in a folder of its own, readable by us alone, gone when it was read."""
    with tempfile.TemporaryDirectory(prefix="kentongan-") as folder:
        path = Path(folder) / (re.sub(r"[^\w. -]", "_", name).lstrip(".") or "berkas")
        path.write_bytes(data)
        yield path


def _without_folder(told: str, path: Path) -> list[str]:
    """The sentences, without where the file lay for a moment; ``name:12:`` becomes the line's number."""
    lines = [line.replace(f"{path}:", f"{path.name}:").replace(str(path), path.name) for line in told.splitlines()]
    numbered = [re.sub(rf"^{re.escape(path.name)}:(\d+):", r"Baris \1:", line) for line in lines]
    shown = [line for line in numbered if line != "nothing was imported"]
    return shown[:LINES] + ([f"dan {len(shown) - LINES} lagi"] if len(shown) > LINES else [])


def _taken(done: Done) -> PeopleTaken:
    return PeopleTaken(
        added=done.counts["added"],
        changed=done.counts["changed"],
        unchanged=done.counts["unchanged"],
        left=tuple(done.left),
        ignored=tuple(done.ignored),
        other_kinds=done.other_kinds,
        without_consent=done.without_consent,
    )
