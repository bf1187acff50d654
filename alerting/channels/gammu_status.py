"""How a modem is: alive, at work, its signal and its credit, and what is wrong in one sentence each."""

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from alerting.channels.gammu_modem import Modem
from broker import private_file

MONITOR_S: Final = 5.0
USSD_S: Final = 20.0
LETS_GO_S: Final = 10.0
STARTS_S: Final = 15.0  # a process this young may not have been given the processor yet
WEAK_PERCENT: Final = 20
_AMOUNT: Final = re.compile(r"Rp\.?\s*(\d+(?:\.\d{3})*)", re.IGNORECASE)
_REPLY: Final = re.compile(r'Service reply\s*: "(.*)"', re.DOTALL)


class Credit(msgspec.Struct, frozen=True, kw_only=True):
    """The operator's answer, and the rupiah in it where it could be read."""

    said: str
    rupiah: int | None
    at: int  # ms UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemStatus:
    """``signal_percent`` is None until SMSD has asked the modem; the counts are since its start."""

    name: str
    is_running: bool
    has_phone: bool = True  # SMSD is connected to the modem itself
    signal_percent: int | None = None
    sent: int = 0
    received: int = 0
    waiting: int = 0  # messages whose fate is open
    unread: int = 0  # SMS that core has not taken
    credit: Credit | None = None


class Pulse:
    """Whether SMSD still turns its loop: its count of voluntary waits rises each second, unless it hangs."""

    def __init__(self) -> None:
        self._seen: tuple[int, int] | None = None  # process, count
        self._since = 0.0

    def still_s(self, pid: int | None) -> float:
        """Seconds for which the process has not moved, as far as the calls of this method can tell."""
        now, seen = time.monotonic(), None if pid is None else (pid, _waits(pid))
        if seen is None or seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since


def status_of(modem: Modem) -> ModemStatus:
    """Asks SMSD by its own monitor; takes at most some seconds."""
    pid = modem.pid()
    fields = [] if pid is None else _monitor(modem)
    return ModemStatus(
        name=modem.name,
        is_running=pid is not None,
        has_phone=modem.has_phone(),
        # client, phone's id, IMEI, IMSI, sent, received, failed, battery, signal
        signal_percent=int(fields[8]) if len(fields) > 8 and int(fields[8]) > 0 else None,
        sent=int(fields[4]) if len(fields) > 8 else 0,
        received=int(fields[5]) if len(fields) > 8 else 0,
        waiting=modem.waiting(),
        unread=len(list(modem.inbox.glob("IN*.txt"))),
        credit=credit_of(modem),
    )


def problems(status: ModemStatus, *, still_s: float = 0.0, credit_min: int | None = None) -> list[str]:
    """What is wrong with the modem, a sentence each; empty when nothing is."""
    name = status.name
    if not status.is_running:
        return [f"Modem {name} tidak jalan: periksa kabelnya; layanannya dimulai lagi dengan sendirinya."]
    if not status.has_phone:
        return [f"Modem {name} tidak menjawab: cabut dan pasang kembali, periksa kabel dan kartu SIM."]
    found = []
    if still_s >= STARTS_S:
        found.append(f"Modem {name} macet {still_s:.0f} detik.")
    if status.signal_percent is not None and status.signal_percent < WEAK_PERCENT:
        found.append(f"Sinyal modem {name} lemah ({status.signal_percent} %): pindahkan antenanya.")
    credit = status.credit
    if credit_min is not None and credit is not None and credit.rupiah is not None and credit.rupiah < credit_min:
        found.append(f"Pulsa modem {name} tinggal Rp {credit.rupiah:,}: isi ulang.".replace(",", "."))
    return found


def ask_credit(modem: Modem, code: str, *, now: int) -> Credit | None:
    """Ask the operator by USSD while SMSD lets go of the modem; None when there is no answer.

    Blocks up to half a minute; the caller keeps messages away meanwhile. The answer is kept for :func:`credit_of`.
    Raises OSError.
    """
    pid = modem.pid()
    if pid is None:
        return None
    since = modem.log.stat().st_size
    _tell(pid, signal.SIGUSR1)  # SMSD is to let go of the phone, and with SIGUSR2 to take it again
    try:
        _wait_until_let_go(modem, since)
        asked = subprocess.run(
            ["gammu", "-c", str(modem.config), "getussd", code],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=USSD_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    finally:
        _tell(pid, signal.SIGUSR2)
    reply = _REPLY.search(asked.stdout)
    if reply is None:
        return None
    credit = Credit(said=reply[1][:200], rupiah=rupiah_in(reply[1]), at=now)
    private_file.replace(modem.credit, msgspec.json.encode(credit))
    return credit


def rupiah_in(said: str) -> int | None:
    """The first amount in an operator's sentence; None when there is none."""
    amount = _AMOUNT.search(said)
    return int(amount[1].replace(".", "")) if amount else None


def credit_of(modem: Modem) -> Credit | None:
    """The last answer of the operator."""
    try:
        return msgspec.json.decode(modem.credit.read_bytes(), type=Credit)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def end(pid: int) -> None:
    """For an SMSD that hangs; its start script takes care of what it had in hand."""
    _tell(pid, signal.SIGKILL)


def _tell(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _wait_until_let_go(modem: Modem, since: int) -> None:
    deadline = time.monotonic() + LETS_GO_S
    while "Terminating communication" not in modem.read_log(since) and time.monotonic() < deadline:
        time.sleep(0.1)


def _monitor(modem: Modem) -> list[str]:
    """The fields of one line of gammu-smsd-monitor; empty when it has nothing to say."""
    try:
        told = subprocess.run(
            ["gammu-smsd-monitor", "-c", str(modem.config), "-n", "1", "-d", "0", "-C"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=MONITOR_S,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = [line for line in told.stdout.splitlines() if line.count(";") >= 8]
    return lines[-1].split(";") if lines else []


def _waits(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                return int(line.partition(":")[2])
    except OSError:
        pass
    return -1
