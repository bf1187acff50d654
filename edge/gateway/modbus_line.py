"""A line to Modbus devices: TCP, RTU over a serial port, or RTU frames over TCP. Several devices may hang on one."""

import logging
import struct
import threading
from dataclasses import dataclass
from typing import Any, Final, Literal

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.framer import FramerType

from edge.gateway.sample import COMMS, FAILED

Table = Literal["holding", "input"]

# It logs each lost answer as an error with a page of bytes; an outage is told once, by the logger's own thread.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
_RETRIES: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlan:
    """``address`` is HOST:PORT, or the path of a serial port; two loggers with equal plans share one line."""

    kind: Literal["tcp", "rtu", "rtu_over_tcp"]
    address: str
    baud: int = 9600
    parity: Literal["N", "E", "O"] = "N"
    stop_bits: Literal[1, 2] = 1
    timeout_s: float = 3.0


class NoRegisters(Exception):
    """Nothing usable came; ``word`` is the fault, the text what happened."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text)
        self.word = word


class ModbusLine:
    """Opened when it is first read, and again after a failure. Threads take turns."""

    def __init__(self, plan: LinePlan) -> None:
        self._turn = threading.Lock()
        self._client: Any = _client(plan)  # the library types it in part
        self._address = plan.address

    def read(self, table: Table, first: int, count: int, unit_id: int) -> list[int]:
        """``count`` registers from the protocol address ``first`` (0: the first there is) on; raises NoRegisters."""
        with self._turn:
            try:
                answer = self._ask(table, first, count, unit_id)
            except (ModbusException, OSError) as error:
                self._client.close()
                raise NoRegisters(COMMS, f"{self._address} device {unit_id}: no answer: {error}") from None
            except (ValueError, IndexError, TypeError, AttributeError, struct.error) as error:
                # Bytes that are no Modbus reach into the library's parser.
                self._client.close()
                raise NoRegisters(COMMS, f"{self._address} device {unit_id}: no Modbus answer: {error!r}") from None
        registers = list(getattr(answer, "registers", []))
        if answer.isError():
            text = f"{self._address} device {unit_id}: it refuses register {first}: {answer}"
            raise NoRegisters(FAILED, text)
        if len(registers) != count:
            text = f"{self._address} device {unit_id}: {len(registers)} registers came instead of {count}"
            raise NoRegisters(FAILED, text)
        return registers

    def close(self) -> None:
        with self._turn:
            self._client.close()

    def _ask(self, table: Table, first: int, count: int, unit_id: int) -> Any:
        if not self._client.connect():
            raise OSError("it cannot be opened")
        ask = self._client.read_holding_registers if table == "holding" else self._client.read_input_registers
        return ask(first, count=count, device_id=unit_id)


def _client(plan: LinePlan) -> ModbusTcpClient | ModbusSerialClient:
    if plan.kind == "rtu":
        return ModbusSerialClient(
            plan.address,
            framer=FramerType.RTU,
            baudrate=plan.baud,
            parity=plan.parity,
            stopbits=plan.stop_bits,
            timeout=plan.timeout_s,
            retries=_RETRIES,
        )
    host, _, port = plan.address.rpartition(":")
    framer = FramerType.SOCKET if plan.kind == "tcp" else FramerType.RTU
    return ModbusTcpClient(host, port=int(port), framer=framer, timeout=plan.timeout_s, retries=_RETRIES)
