"""Warning levels, and the states that are not levels."""

from enum import Enum, IntEnum
from typing import Final


class Level(IntEnum):
    """Warning level of a hazard; a greater number is worse. Never printed as a "Siaga" number."""

    NORMAL = 0
    WASPADA = 1
    SIAGA = 2
    AWAS = 3


class State(Enum):
    """What a station can say at any moment. The value is the product's own word."""

    NORMAL = "NORMAL"
    WASPADA = "WASPADA"
    SIAGA = "SIAGA"
    AWAS = "AWAS"
    NO_DATA = "TIDAK ADA DATA"
    NOT_SET = "BELUM DITETAPKAN"
    MAINTENANCE = "PEMELIHARAAN"


STATE_OF_LEVEL: Final = {
    Level.NORMAL: State.NORMAL,
    Level.WASPADA: State.WASPADA,
    Level.SIAGA: State.SIAGA,
    Level.AWAS: State.AWAS,
}
