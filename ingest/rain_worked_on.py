"""Rain that counts nowhere: measured while somebody works on the gauge, who pours water through it to try it. Pure."""

from typing import Final

from msgspec.structs import replace

from broker.quality_flags import Flag
from ingest.readings import Reading

WORKED_ON: Final = "maintenance: "  # begins the reason of such a reading
BRIDGED_MS: Final = 15 * 60_000  # a reading counts the tips since the one before, if that is no longer ago


def not_counted(reading: Reading) -> Reading:
    """``reading`` as suspect: kept and shown as it was measured, but in no sum, no statistics and no rule.

    What has failed stays as it is.
    """
    if reading.flag == Flag.FAIL:
        return reading
    return replace(reading, flag=int(Flag.SUSPECT), reason=f"{WORKED_ON}{reading.value:g} while somebody works here")


def is_not_counted(reason: str | None) -> bool:
    """Whether a reading has its flag for that alone: its sensor is as well as it was."""
    return reason is not None and reason.startswith(WORKED_ON)
