"""The port to the records of installations: a PDF for each that was ended well, kept for whoever asks later."""

from typing import Protocol


class RecordUnavailable(Exception):
    """It cannot be made or read now; the text is one Indonesian sentence."""


class InstallationRecords(Protocol):
    """Blocking, called in threads; raises RecordUnavailable."""

    def pdf(self, number: int, /) -> bytes | None:
        """The record of an installation that is done, always the same bytes; None when there is none of that number."""
        ...
