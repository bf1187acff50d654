"""A Modbus logger as a source: its registers, read together at one moment."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from edge.gateway.modbus_line import ModbusLine, NoRegisters, Table
from edge.gateway.sample import RESTARTED, Marks, Sample, Taking
from edge.gateway.value import ValueRule

NumberType = Literal["uint16", "int16", "uint32", "int32", "float32", "float64"]
WordOrder = Literal["big", "little"]

_FORMATS: Final[Mapping[str, str]] = {
    "uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "float32": "f", "float64": "d",
}  # fmt: skip
MOST_AT_ONCE: Final = 125  # registers that one request may ask for (Modbus Application Protocol V1.1b3, 6.3)
_MARK: Final = "modbus:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One number of a device: where it stands, how it is written, and what becomes of it."""

    rule: ValueRule
    table: Table
    first: int
    number: NumberType
    words: WordOrder = "big"

    @property
    def count(self) -> int:
        """How many registers it takes."""
        return struct.calcsize(_FORMATS[self.number]) // 2

    def decode(self, registers: Sequence[int]) -> float:
        """The number in its registers; the bytes of one are big-endian, as the protocol has them."""
        ordered = registers if self.words == "big" else registers[::-1]
        return float(struct.unpack(f">{_FORMATS[self.number]}", struct.pack(f">{len(ordered)}H", *ordered))[0])


class ModbusLogger:
    """Reads every register at each turn; a value that cannot be had is null with its fault, as a node's is."""

    keeps_what_is_not_taken = False

    def __init__(self, line: ModbusLine, unit_id: int, registers: Sequence[Register], marks: Marks) -> None:
        self._line, self._unit_id = line, unit_id
        self._groups = _groups(registers)
        self._totals = {name: float(mark) for name, mark in marks.marks(_MARK).items()}
        self.said = ""  # why something is missing from the last sample; "": nothing is

    def take(self, now_ms: int) -> Taking:
        """One sample, always: that nothing answers is worth telling too."""
        values: dict[str, float | None] = {}
        faults: dict[str, str] = {}
        totals: dict[str, float] = {}
        self.said = ""
        for group in self._groups:
            self._take_group(group, values, faults, totals)
        self._totals |= totals
        marks = {name: repr(total).encode() for name, total in totals.items()}
        return Taking(samples=[Sample(time_ms=now_ms, values=values, faults=faults)], marks=marks)

    def close(self) -> None:
        self._line.close()

    def _take_group(
        self,
        group: Sequence[Register],
        values: dict[str, float | None],
        faults: dict[str, str],
        totals: dict[str, float],
    ) -> None:
        begins = group[0].first
        try:
            words = self._line.read(group[0].table, begins, _end(group[-1]) - begins, self._unit_id)
        except NoRegisters as error:
            self.said = str(error)
            for each in group:
                values[each.rule.series], faults[each.rule.series] = None, error.word
            return
        for each in group:
            raw = each.decode(words[each.first - begins : _end(each) - begins])
            value, fault = self._grown(each.rule, raw, totals) if each.rule.counter else each.rule.read(raw)
            values[each.rule.series] = value
            if fault:
                faults[each.rule.series] = fault
            if fault not in ("", RESTARTED):
                self.said = self.said or f"{each.rule.series}: {fault}: the register holds {raw:g}"

    def _grown(self, rule: ValueRule, raw: float, totals: dict[str, float]) -> tuple[float | None, str]:
        """By how much a running total has grown since the last sample; the first one ever only marks the beginning."""
        total, fault = rule.read(raw)
        if total is None:
            return None, fault
        name = _MARK + rule.series
        before = self._totals.get(name)
        totals[name] = total
        if before is None or total < before:
            return None, RESTARTED
        return round(total - before, 6), ""


def _groups(registers: Sequence[Register]) -> list[list[Register]]:
    """Neighbours are read in one request: at one moment, and never a register that nobody asked for."""
    found: list[list[Register]] = []
    for each in sorted(registers, key=lambda each: (each.table, each.first)):
        last = found[-1] if found else None
        if (
            last is not None
            and last[-1].table == each.table
            and _end(last[-1]) == each.first
            and _end(each) - last[0].first <= MOST_AT_ONCE
        ):
            last.append(each)
        else:
            found.append([each])
    return found


def _end(register: Register) -> int:
    return register.first + register.count
