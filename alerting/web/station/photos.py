"""The port to photos: pictures by the hash of their content, made anew so that nothing of the camera stays in them."""

from pathlib import Path
from typing import Final, Protocol

MOST_BYTES: Final = 5 * 1024 * 1024  # of what is uploaded


class PhotoRefused(Exception):
    """A picture that cannot be kept; the text is one Indonesian sentence with the remedy."""


class PhotoStore(Protocol):
    """Blocking, called in threads."""

    def keep(self, content: bytes, /) -> tuple[str, bool]:
        """Keep a JPEG or PNG as a JPEG of bounded size without metadata: its hash, and whether it is a new one.

        Raises PhotoRefused.
        """
        ...

    def find(self, photo: str, /) -> Path | None:
        """The JPEG's file; None when there is none."""
        ...

    def forget(self, photo: str, /) -> None:
        """Delete the file; one that is not there is well."""
        ...
