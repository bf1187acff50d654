"""Of which places the residents' pages speak; asked of core now and then, and kept when core is away."""

import asyncio
from pathlib import Path
from typing import Final

import msgspec

from broker import control
from broker.control import CommandFailed, CoreUnreachable

FRESH_S: Final = 60.0
RETRY_S: Final = 2.0
PATIENCE_S: Final = 3.0


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """``code`` is Kemendagri's; ``name`` as messages print it."""

    code: str
    name: str


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """What core says in answer to ``public-state``. Districts are kecamatan."""

    sender: str
    site: str
    realm: str
    subscribing: bool
    areas: tuple[Place, ...]
    districts: tuple[Place, ...]

    def find(self, code: str) -> Place | None:
        return next((area for area in self.areas if area.code == code), None)

    def of_district(self, code: str) -> tuple[Place, ...]:
        """The kelurahan of a kecamatan."""
        return tuple(area for area in self.areas if area.code.startswith(f"{code}."))

    def beside(self, place: Place) -> tuple[Place, ...]:
        """The other kelurahan of the same kecamatan."""
        district = place.code.rpartition(".")[0]
        return tuple(area for area in self.of_district(district) if area != place)


class PlacesOfCore:
    """``known`` is what core said last, None while it never said anything."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path
        self._asked = asyncio.Event()
        self._asking: asyncio.Task[None] | None = None
        self.known: Places | None = None

    def start(self) -> None:
        """Ask for ever, from before anybody comes: whoever comes first may find core gone."""
        self._asking = asyncio.get_running_loop().create_task(self._ask_for_ever())

    async def stop(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def ready(self) -> Places | None:
        """The places; waits only while core was not asked yet."""
        await self._asked.wait()
        return self.known

    async def _ask_for_ever(self) -> None:
        request = control.Request(name="public-state", args={}, actor="web")
        while True:
            try:
                answer = await control.command_async(self._socket_path, request, timeout_s=PATIENCE_S)
                self.known = msgspec.convert(answer, Places)
            except (CoreUnreachable, CommandFailed, TimeoutError):
                wait_s = RETRY_S
            else:
                wait_s = FRESH_S
            self._asked.set()
            await asyncio.sleep(wait_s)
