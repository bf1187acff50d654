"""Photos in the state folder: decoded, turned upright, made smaller and written anew, so that only the picture stays.

Where it was taken, by which camera and for whom is metadata, and goes. What claims to be larger than a camera makes
is refused before a pixel of it is decoded.
"""

import hashlib
import re
import threading
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from alerting.web.station.photos import MOST_BYTES, PhotoRefused

FORMATS: Final = ("JPEG", "PNG")
MOST_PIXELS: Final = 50_000_000  # what phones make; 150 MB decoded
LARGEST: Final = 1600  # pixels of the longer side as kept
QUALITY: Final = 82
TOO_LARGE: Final = f"Foto terlalu besar: paling banyak {MOST_PIXELS // 1_000_000} juta titik; perkecil dulu."
_is_hash: Final = re.compile(r"[0-9a-f]{64}").fullmatch
# One at a time: a decoded picture takes memory, and the pages go on meanwhile.
_one_at_a_time: Final = threading.Lock()


class PhotoFolder:
    """``folder`` is made with the first photo; files are named by the SHA-256 of what is in them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, content: bytes) -> tuple[str, bool]:
        with _one_at_a_time:
            made = remade(content)
        photo = hashlib.sha256(made).hexdigest()
        is_new = not self._file(photo).exists()
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            part = self._folder / f".{photo}.part"
            part.write_bytes(made)
            part.replace(self._file(photo))
        except OSError as error:
            raise PhotoRefused(f"Foto tidak dapat disimpan ({error.strerror}); beri tahu pengelola sistem.") from None
        return photo, is_new

    def find(self, photo: str) -> Path | None:
        if not _is_hash(photo):
            return None
        file = self._file(photo)
        return file if file.is_file() else None

    def forget(self, photo: str) -> None:
        if _is_hash(photo):
            self._file(photo).unlink(missing_ok=True)

    def _file(self, photo: str) -> Path:
        return self._folder / f"{photo}.jpg"


def remade(content: bytes) -> bytes:
    """A JPEG of the same picture, upright, at most :data:`LARGEST` wide and high, without metadata."""
    if len(content) > MOST_BYTES:
        raise PhotoRefused(f"Foto lebih besar dari {MOST_BYTES // 1024**2} MB; kirim yang lebih kecil.")
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise PhotoRefused(TOO_LARGE)
            return _written(picture)
    except UnidentifiedImageError:
        raise PhotoRefused("Berkas ini bukan foto JPEG atau PNG; pilih foto lain.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoRefused(TOO_LARGE) from None
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoRefused(f"Foto ini rusak dan tidak terbaca ({error}); pilih foto lain.") from None


def _written(picture: Image.Image) -> bytes:
    picture.draft("RGB", (2 * LARGEST, 2 * LARGEST))  # a large JPEG is decoded smaller at once
    upright = ImageOps.exif_transpose(picture)
    upright.thumbnail((LARGEST, LARGEST))
    plain = Image.new("RGB", upright.size, "white")  # nothing but pixels is taken over
    has_clear = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    layer = upright.convert("RGBA") if has_clear else upright.convert("RGB")
    plain.paste(layer, mask=layer if has_clear else None)
    file = BytesIO()
    plain.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()
