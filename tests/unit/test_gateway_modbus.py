"""Registers of existing loggers: words and halves, running totals, RTU frames on a real terminal line."""

import os
import struct
import threading
import tty
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from edge.gateway.modbus import ModbusLogger, NumberType, Register, WordOrder
from edge.gateway.modbus_line import LinePlan, ModbusLine, NoRegisters, Table
from edge.gateway.value import ValueRule


def register(first: int, number: NumberType = "uint16", *, words: WordOrder = "big", **rule: object) -> Register:
    made = ValueRule(**{"series": f"level_m.{first}", "unit": "m", **rule})  # type: ignore[arg-type]
    return Register(rule=made, table="input", first=first, number=number, words=words)


@dataclass
class Line:
    """Registers in place of a wire."""

    registers: dict[int, int]
    asked: list[tuple[int, int]] = field(default_factory=list)

    def read(self, _table: Table, first: int, count: int, _unit_id: int) -> list[int]:
        self.asked.append((first, count))
        if first not in self.registers:
            raise NoRegisters("failed", f"it refuses register {first}")
        return [self.registers[number] for number in range(first, first + count)]

    def close(self) -> None: ...


@dataclass
class Kept:
    kept: dict[str, bytes] = field(default_factory=dict)

    def marks(self, prefix: str) -> Mapping[str, bytes]:
        return {name: mark for name, mark in self.kept.items() if name.startswith(prefix)}


def look(line: Line, registers: list[Register], marks: Kept | None = None) -> tuple[dict[str, object], dict[str, str]]:
    """One sample's values and faults; its marks are kept."""
    kept = marks or Kept()
    taking = ModbusLogger(line, 1, registers, kept).take(0)  # type: ignore[arg-type]
    kept.kept |= taking.marks
    return dict(taking.samples[0].values), dict(taking.samples[0].faults)


@pytest.mark.parametrize(
    ("number", "words", "registers", "expected"),
    [
        ("uint16", "big", [0xFFFE], 65534.0),
        ("int16", "big", [0xFFFE], -2.0),
        ("uint32", "big", [1, 2], 65538.0),
        ("uint32", "little", [2, 1], 65538.0),
        ("int32", "big", [0xFFFF, 0xFFFF], -1.0),
        ("float32", "big", [0x4014, 0x7AE1], 2.32),
        ("float32", "little", [0x7AE1, 0x4014], 2.32),
        ("float64", "big", [0x4002, 0x8F5C, 0x28F5, 0xC28F], 2.32),
    ],
)
def test_numbers_are_read_as_the_device_writes_them(
    number: NumberType, words: WordOrder, registers: list[int], expected: float
) -> None:
    """Each type, and both orders of its halves."""
    values, faults = look(Line(dict(enumerate(registers))), [register(0, number, words=words)])
    assert ({"level_m.0": pytest.approx(expected, abs=1e-6)}, {}) == (values, faults)


def test_neighbours_are_read_at_one_moment() -> None:
    """Registers side by side are one request; what nobody asked for is never read."""
    line = Line(dict.fromkeys(range(20), 1))
    look(line, [register(3), register(0, "uint32"), register(2), register(10)])
    assert [(0, 4), (10, 1)] == line.asked


def test_one_refused_register_costs_no_other() -> None:
    """What the device does not know is null with its fault, beside the rest."""
    values, faults = look(Line({0: 231}), [register(0, scale=0.01), register(7)])
    assert {"level_m.0": 2.31, "level_m.7": None} == values
    assert {"level_m.7": "failed"} == faults


def test_codes_and_nonsense_are_no_values() -> None:
    """The logger's own code, a value out of range, and a float that is none."""
    registers = [register(0, missing=(65535.0,)), register(1, high=10.0), register(2, "float32")]
    _, faults = look(Line({0: 65535, 1: 11, 2: 0x7FC0, 3: 0}), registers)
    assert {"level_m.0": "missing", "level_m.1": "out_of_range", "level_m.2": "failed"} == faults


def test_a_running_total_is_told_by_its_growth() -> None:
    """Through restarts; a total that began anew tells nothing of what fell meanwhile."""
    marks = Kept()
    rain = [register(0, series="rain_mm", unit="mm", scale=0.2, counter=True)]
    told = [look(Line({0: total}), rain, marks) for total in (100, 100, 103, 2, 4)]
    expected = [None, 0.0, 0.6, None, 0.4]
    assert expected == [values["rain_mm"] for values, _ in told]
    assert ["restarted", None, None, "restarted", None] == [faults.get("rain_mm") for _, faults in told]


# -- RTU on a terminal line ------------------------------------------------------------------------------------------


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS, bit by bit, as the serial line guide describes it."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return struct.pack("<H", value)


@pytest.fixture
def bus() -> Iterator[str]:
    """A terminal line with two devices: 3 answers, 4 answers with a broken checksum, nobody else answers."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)

    def serve() -> None:
        while True:
            try:
                request = os.read(ours, 8)
            except OSError:
                return
            unit, function, first, count = struct.unpack(">BBHH", request[:6])
            data = b"".join(struct.pack(">H", 1000 + first + n) for n in range(count))
            answer = struct.pack(">BBB", unit, function, len(data)) + data
            if crc(request[:6]) != request[6:] or unit not in (3, 4):
                continue
            os.write(ours, answer + (crc(answer) if unit == 3 else b"\0\0"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield os.ttyname(theirs)
    os.close(theirs)
    thread.join(10)
    os.close(ours)


def test_devices_on_a_serial_line_are_read(bus: str) -> None:
    """Real RTU frames with their checksum; a broken one and silence are faults, and the next device is read again."""
    line = ModbusLine(LinePlan(kind="rtu", address=bus, timeout_s=0.3))
    assert [1005, 1006] == line.read("holding", 5, 2, 3)
    for silent in (4, 9):
        with pytest.raises(NoRegisters, match=f"device {silent}: no") as refused:
            line.read("holding", 5, 2, silent)
        assert "comms" == refused.value.word
    assert [1000] == line.read("input", 0, 1, 3)
    line.close()


def test_a_port_that_is_not_there_is_told() -> None:
    """A line that cannot be opened is a fault of its values, not the end of the gateway."""
    line = ModbusLine(LinePlan(kind="rtu", address="/dev/ttyNobody"))
    with pytest.raises(NoRegisters, match=r"/dev/ttyNobody device 1: no answer: it cannot be opened"):
        line.read("input", 0, 1, 1)
    line.close()
