"""What is answered when something is wrong: one problem document (RFC 9457) that names the thing and the remedy.

The texts are for people and Indonesian; ``type`` and ``parameter`` are for programs and stay as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
GIVEN_LENGTH: Final = 100
RETRY_S: Final = 5


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    type: str
    title: str
    status: int
    detail: str
    remedy: str | None = None
    parameter: str | None = None
    given: str | None = None
    known: tuple[str, ...] = ()  # what could have been asked for: nearest names, quantities, parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    name: str
    status: int
    title: str

    @property
    def type(self) -> str:
        return f"urn:kentongan:problem:{self.name}"


BAD_PARAMETER: Final = Kind(name="bad-parameter", status=400, title="Parameter salah")
UNKNOWN_STATION: Final = Kind(name="unknown-station", status=404, title="Stasiun tidak dikenal")
UNKNOWN_QUANTITY: Final = Kind(name="unknown-quantity", status=404, title="Besaran tidak ada di stasiun ini")
UNKNOWN_PATH: Final = Kind(name="unknown-path", status=404, title="Alamat tidak ada")
BAD_METHOD: Final = Kind(name="bad-method", status=405, title="Metode tidak dilayani")
LOGIN_NEEDED: Final = Kind(name="login-needed", status=401, title="Belum masuk")
FORBIDDEN: Final = Kind(name="forbidden", status=403, title="Tidak berwenang")
NOT_ACCEPTABLE: Final = Kind(name="not-acceptable", status=406, title="Bentuk jawaban tidak ada")
NOT_READY: Final = Kind(name="not-ready", status=503, title="Belum siap")
HISTORY_UNAVAILABLE: Final = Kind(name="history-unavailable", status=503, title="Riwayat tidak dapat dibaca")
TOO_BUSY: Final = Kind(name="too-busy", status=503, title="Terlalu banyak permintaan")
REFUSED: Final = Kind(name="refused", status=400, title="Permintaan ditolak")
FAILED: Final = Kind(name="failed", status=500, title="Gagal")
KINDS: Final = (
    BAD_PARAMETER,
    LOGIN_NEEDED,
    FORBIDDEN,
    UNKNOWN_STATION,
    UNKNOWN_QUANTITY,
    UNKNOWN_PATH,
    BAD_METHOD,
    NOT_ACCEPTABLE,
    NOT_READY,
    HISTORY_UNAVAILABLE,
    TOO_BUSY,
    REFUSED,
    FAILED,
)


class Refused(Exception):
    """Ends a request with its problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


def refused(
    kind: Kind,
    detail: str,
    *,
    remedy: str | None = None,
    parameter: str | None = None,
    given: str | None = None,
    known: Iterable[str] = (),
) -> Refused:
    return Refused(
        Problem(
            type=kind.type,
            title=kind.title,
            status=kind.status,
            detail=detail,
            remedy=remedy,
            parameter=parameter,
            given=None if given is None else given[:GIVEN_LENGTH],
            known=tuple(known),
        )
    )


def of_status(status: int, detail: str) -> Problem:
    """For what the framework refuses by itself."""
    by_status = {401: LOGIN_NEEDED, 403: FORBIDDEN, 404: UNKNOWN_PATH, 405: BAD_METHOD, 500: FAILED, 503: NOT_READY}
    kind = by_status.get(status, REFUSED)
    remedy = "Daftar alamat ada di /api/v1/openapi.json." if kind is UNKNOWN_PATH else None
    return Problem(type=kind.type, title=kind.title, status=status, detail=detail, remedy=remedy)


def response(problem: Problem) -> Response:
    headers = {"Cache-Control": "no-store", "Vary": "Accept"}
    if problem.status == 503:
        headers["Retry-After"] = str(RETRY_S)
    return Response(msgspec.json.encode(problem), problem.status, headers, MEDIA_TYPE)
