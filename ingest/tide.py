"""Harmonic constants of a tide gauge: what they are, and the small TOML file that keeps them.

Heights are metres over the datum that the model names. A prediction is astronomy alone: wind, rain and the river come
on top of it.
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec

Metres = Annotated[float, msgspec.Meta(ge=0, le=20)]
Degrees = Annotated[float, msgspec.Meta(ge=-360, le=360)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Hours = Annotated[float, msgspec.Meta(ge=-12, le=14)]
Mean = Annotated[float, msgspec.Meta(ge=-100, le=100)]

_HEAD: Final = """\
# Harmonic constants of a tide gauge. Phases are Greenwich phase lags in degrees. A file may also be written by hand
# from published constants: where their phases refer to local time, say so in clock_offset_h (7 for WIB).
"""


class BadTideModel(Exception):
    """A file of constants cannot be used; the text names the file and the key."""


class Constituent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``inferred``: from a neighbour in frequency, because the record was too short to tell them apart."""

    amplitude_m: Metres
    phase_deg: Degrees
    inferred: bool = False


class TideModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Constituents by name (M2, K1 ...), the mean height, and where they come from."""

    constituents: dict[str, Constituent]
    latitude: Latitude
    mean_m: Mean
    datum: str  # what heights are counted from
    source: str  # where the constants come from
    clock_offset_h: Hours = 0.0  # hours by which the clock of the phases is ahead of UTC
    fitted_from: datetime | None = None  # the record they were fitted to
    fitted_to: datetime | None = None
    rms_m: float | None = None  # what the fit left over, root of the mean square


def read_model(path: Path) -> TideModel:
    """The model in a file; raises :class:`BadTideModel`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        model = msgspec.convert(document, TideModel)
    except FileNotFoundError:
        raise BadTideModel(f"{path}: no such file; make one: kentongan tide fit ... -o {path}") from None
    except OSError as error:
        raise BadTideModel(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise BadTideModel(f"{path}: not UTF-8 at byte {error.start}: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise BadTideModel(f"{path}: not valid TOML: {error}") from None
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise BadTideModel(f"{path}: {where.rstrip('`').lstrip('.') or 'top level'}: {what}") from None
    if not model.constituents:
        raise BadTideModel(f"{path}: constituents: there is none; a tide needs at least M2 or K1")
    return model


def write_model(path: Path, model: TideModel) -> None:
    """Write the file, whole or not at all; raises OSError."""
    lines = [_HEAD, f"datum = {_quoted(model.datum)}", f"source = {_quoted(model.source)}"]
    lines += [
        f"latitude = {model.latitude!r}",
        f"mean_m = {model.mean_m!r}",
        f"clock_offset_h = {model.clock_offset_h}",
    ]
    for name, moment in (("fitted_from", model.fitted_from), ("fitted_to", model.fitted_to)):
        lines += [] if moment is None else [f"{name} = {moment.isoformat()}"]
    lines += [] if model.rms_m is None else [f"rms_m = {model.rms_m!r}"]
    lines += ["", "[constituents]"]
    for name, part in model.constituents.items():
        inferred = ", inferred = true" if part.inferred else ""
        lines.append(f"{name} = {{ amplitude_m = {part.amplitude_m!r}, phase_deg = {part.phase_deg!r}{inferred} }}")
    beside = path.with_name(path.name + ".new")
    beside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    beside.replace(path)


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's escapes are among TOML's."""
    return msgspec.json.encode(text).decode()
