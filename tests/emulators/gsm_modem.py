"""An emulator of a GSM modem on a pseudo-terminal, for the real gammu-smsd; a process of its own.

    python tests/emulators/gsm_modem.py --link modem.tty --log sent.jsonl --behaviour behaviour.json

It speaks the AT commands that Gammu asks of a modem in PDU mode. The log is the oracle of tests that kill things: one
JSON line per SMS, written when the network has it and before the modem says so. The file of its behaviour is read at
every command: ``{"mode": "ok" | "error" | "silent" | "lost", "cms": 38, "delay_s": 0.0, "signal": 20, "reports": false,
"credit": "..."}``; ``lost`` takes the SMS and never says so. Lines of PDU in ``--inbox`` arrive as received SMS.
"""

import argparse
import json
import os
import re
import sys
import termios
import time
import tty
from pathlib import Path
from typing import Any

ANSWERS = {
    "AT": "",
    "ATZ": "",
    "ATE1": "",
    "AT+CMEE=1": "",
    "AT+CMEE=2": "",
    "AT+CGMI": "Emulator",
    "AT+CGMM": "EMU1",
    "AT+CGMR": "1.0",
    "AT+CGSN": "490154203237518",
    "AT+CIMI": "510100123456789",
    "AT+CPIN?": "+CPIN: READY",
    "AT+CMGF=?": "+CMGF: (0,1)",
    "AT+CMGF=0": "",
    "AT+CSCS=?": '+CSCS: ("GSM","UCS2")',
    "AT+CSCS?": '+CSCS: "GSM"',
    'AT+CSCS="GSM"': "",
    'AT+CSCS="UCS2"': "",
    "AT+CPMS=?": '+CPMS: ("SM"),("SM"),("SM")',
    "AT+CSCA?": '+CSCA: "+6281100000",145',
    "AT+CREG=2": "",
    "AT+CREG?": '+CREG: 2,1,"0001","0001"',
    "AT+CGREG?": "+CGREG: 0,1",
    "AT+COPS?": '+COPS: 0,2,"51010"',
    "AT+CBC": "+CBC: 0,100",
    "AT+CNMI=?": "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)",
    "AT+CFUN=1": "",
    "AT+CUSD=1": "",
    "AT+CUSD=2": "",
    "AT+CMMS=2": "",
    "AT+CNMI=2,1,0,2,0": "",
    "AT+CGREG=2": "",
}


class GsmModem:
    """The state of one modem: what it holds, and how it behaves."""

    def __init__(self, descriptor: int, options: argparse.Namespace) -> None:
        self._out = descriptor
        self._options = options
        self._stored: dict[int, str] = {}
        self._taken = 0
        self._reference = 0

    @property
    def behaviour(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(self._options.behaviour.read_text())
        except (OSError, ValueError):
            return {}
        return found

    def say(self, text: str, end: str = "OK") -> None:
        body = f"\r\n{text}\r\n" if text else ""
        os.write(self._out, f"{body}\r\n{end}\r\n".encode())

    def answer(self, line: str) -> bool:
        """Answer a command; True when its PDU is to follow."""
        self._receive()
        if line.startswith("AT+CMGS="):
            os.write(self._out, b"\r\n> ")
            return True
        if line in ANSWERS:
            self.say(ANSWERS[line])
        elif line.startswith("AT+CPMS"):
            used = len(self._stored)
            self.say(f"+CPMS: {used},50,{used},50,{used},50" if "=" in line else f'+CPMS: "SM",{used},50')
        elif line == "AT+CSQ":
            self.say(f"+CSQ: {self.behaviour.get('signal', 20)},99")
        elif line.startswith("AT+CMGL"):
            rows = [f"+CMGL: {n},1,,{(len(pdu) // 2) - 8}\r\n{pdu}" for n, pdu in sorted(self._stored.items())]
            self.say("\r\n".join(rows))
        elif found := re.match(r"AT\+CMGR=(\d+)$", line):
            pdu = self._stored.get(int(found[1]))
            self.say(f"+CMGR: 0,,{(len(pdu) // 2) - 8}\r\n{pdu}") if pdu else self.say("", "+CMS ERROR: 321")
        elif found := re.match(r"AT\+CMGD=(\d+)", line):
            self._stored.pop(int(found[1]), None)
            self.say("")
        elif line.startswith("AT+CUSD=1,"):
            self.say("")
            os.write(self._out, f'\r\n+CUSD: 0,"{self.behaviour.get("credit", "")}",15\r\n'.encode())
        else:
            self.say("", "ERROR")
        return False

    def send(self, pdu: str) -> None:
        """What the network makes of an SMS."""
        behaviour = self.behaviour
        mode = behaviour.get("mode", "ok")
        time.sleep(float(behaviour.get("delay_s", 0)))
        if mode == "error":
            self.say("", f"+CMS ERROR: {behaviour.get('cms', 38)}")
        elif mode != "silent":
            self._reference = (self._reference + 1) % 256
            self._log(pdu)
            if behaviour.get("reports"):
                self._report(pdu)
            if mode != "lost":
                self.say(f"+CMGS: {self._reference}")

    def _log(self, pdu: str) -> None:
        with self._options.log.open("a") as file:
            file.write(json.dumps({"at": time.time_ns(), "number": number_of(pdu), "pdu": pdu}) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _report(self, pdu: str) -> None:
        """Put the operator's report that the phone has it where received SMS are."""
        head = "07912618010000F0"
        address = address_of(pdu)
        stamp = time.strftime("%y%m%d%H%M%S", time.gmtime())
        swapped = "".join(stamp[n + 1] + stamp[n] for n in range(0, 12, 2)) + "00"
        self._store(f"{head}06{self._reference:02X}{address}{swapped}{swapped}00")

    def _receive(self) -> None:
        """Take what has come to the inbox's file since the last look."""
        try:
            lines = self._options.inbox.read_text().split()
        except OSError:
            return
        for pdu in lines[self._taken :]:
            self._store(pdu)
        self._taken = len(lines)

    def _store(self, pdu: str) -> None:
        self._stored[next(n for n in range(1, 256) if n not in self._stored)] = pdu


def address_of(pdu: str) -> str:
    """The recipient's field of a SUBMIT: its length, its type and its digits."""
    start = 2 + 2 * int(pdu[:2], 16) + 4
    digits = int(pdu[start : start + 2], 16)
    return pdu[start : start + 4 + digits + digits % 2]


def number_of(pdu: str) -> str:
    address = address_of(pdu)
    swapped = "".join(address[n + 1] + address[n] for n in range(4, len(address), 2)).rstrip("F")
    return ("+" if address[2:4] == "91" else "") + swapped


def serve(options: argparse.Namespace) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    attributes = termios.tcgetattr(slave)
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    options.link.unlink(missing_ok=True)
    options.link.symlink_to(os.ttyname(slave))
    print("ready", flush=True)
    modem = GsmModem(master, options)
    received, is_pdu = b"", False
    while True:
        received += os.read(master, 4096)
        while found := re.search(rb"[\r\x1a\x1b]", received):
            line, received = received[: found.start()].strip(), received[found.end() :]
            if modem.behaviour.get("trace"):
                print(line, file=sys.stderr, flush=True)
            if is_pdu:
                is_pdu = False
                modem.send(line.decode())
            elif line:
                os.write(master, line + b"\r")
                is_pdu = modem.answer(line.decode())


def main() -> None:
    parser = argparse.ArgumentParser(description="Emulator of a GSM modem on a pseudo-terminal.")
    parser.add_argument("--link", type=Path, required=True, help="a symbolic link to the terminal is made here")
    parser.add_argument("--log", type=Path, required=True, help="file of SMS sent, one JSON line each")
    parser.add_argument("--behaviour", type=Path, required=True, help="file of JSON: how it behaves")
    parser.add_argument("--inbox", type=Path, required=True, help="file of PDU that arrive, one a line")
    serve(parser.parse_args())


if __name__ == "__main__":
    main()
