"""What core does for its GSM modems beside sending: takes received SMS, reads delivery reports, watches their health.

All files and programs are asked on a thread; only commands are carried out on the loop.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, Final

import msgspec

from alerting.channels import gammu_inbox, gammu_status
from alerting.channels.gammu import GammuChannel
from alerting.channels.gammu_inbox import Received
from alerting.channels.gammu_log import Report, reports_of
from alerting.channels.gammu_modem import Modem
from alerting.channels.gammu_status import Pulse
from alerting.channels.sent_ledger import Settled
from broker.control import CommandFailed, Request
from deploy.channels.settings import Modem as ModemSettings

log: Final = logging.getLogger(__name__)

ACTOR: Final = "channel:modem"
MAX_LOG_BYTES: Final = 128 << 10  # SMSD's log holds numbers and texts: it is emptied when it has been read
LOG_MS: Final = 86_400_000
CLEAR_MS: Final = 3_600_000
HUNG_S: Final = 60.0
CREDIT_MS: Final = 86_400_000
_UNDELIVERED: Final = {"Failed": "Operator melaporkan tidak sampai."}

Run = Callable[[Request], Any]
OnProblems = Callable[[list[str]], None]


class ModemJobs:
    """``run`` carries out a command on the loop; ``found`` takes what is wrong with the modems, as sentences."""

    def __init__(
        self,
        channel: GammuChannel,
        settings: list[ModemSettings],
        *,
        run: Run,
        found: OnProblems,
        now: Callable[[], int],
    ) -> None:
        self._channel, self._run, self._found, self._now = channel, run, found, now
        self._settings = {modem.name: modem for modem in settings}
        self._read_to: dict[str, int] = {}
        self._pulses = {modem.name: Pulse() for modem in channel.modems}
        self._cleared_at = dict.fromkeys(self._settings, 0)
        self._emptied_at = dict.fromkeys(self._settings, now())
        self._asked: dict[str, int] = {}  # when the credit was asked for last, ms

    async def run(self) -> None:
        """One round; the scheduler never begins a second one meanwhile."""
        for modem in self._channel.modems:
            for sms in await asyncio.to_thread(_received, modem):
                if self._take(sms):
                    await asyncio.to_thread(sms.remove)
            for report, settled in await asyncio.to_thread(self._reports, modem):
                self._report(modem, report, settled)
                await asyncio.to_thread(self._reported, modem, report, settled)

    async def watch(self) -> None:
        """Ask every modem how it is; takes some seconds, and some more when the credit is asked for."""
        self._found(await asyncio.to_thread(self._watch))

    def _take(self, sms: Received) -> bool:
        """Whether core has the SMS; its key makes a second telling harmless."""
        arguments = {"modem": sms.modem, "number": sms.number, "text": sms.text, "received_at": sms.received_at}
        return self._is_done(Request(name="sms-received", args=arguments, actor=ACTOR, key=sms.key))

    def _report(self, modem: Modem, report: Report, settled: Settled) -> None:
        arguments = {
            "channel": self._channel.name,
            "reference": f"{modem.name}/{settled.tag}",
            "is_delivered": report.word == "Delivered",
            "reason": _UNDELIVERED.get(report.word, ""),
        }
        self._is_done(Request(name="delivery-report", args=arguments, actor=ACTOR))

    def _is_done(self, request: Request) -> bool:
        try:
            self._run(request)
        except CommandFailed as error:
            log.warning("%s stays where it is: %s", request.name, error)
            return False
        return True

    def _reports(self, modem: Modem) -> list[tuple[Report, Settled]]:
        """What came since the last round; after a start, everything in the log once more."""
        told, read_to = modem.log_lines(self._read_to.get(modem.name, 0))
        self._read_to[modem.name] = read_to
        if read_to > MAX_LOG_BYTES or (read_to and self._now() - self._emptied_at[modem.name] > LOG_MS):
            self._empty_log(modem, read_to)
        found = [report for report in reports_of(told) if report.word in ("Delivered", *_UNDELIVERED)]
        ledger = self._channel.tray(modem.name).ledger
        pairs = ((report, ledger.paired(report.number, report.reference)) for report in found)
        return [(report, settled) for report, settled in pairs if settled is not None]

    def _reported(self, modem: Modem, report: Report, settled: Settled) -> None:
        state = "delivered" if report.word == "Delivered" else "undelivered"
        self._channel.tray(modem.name).ledger.record(msgspec.structs.replace(settled, state=state))

    def _empty_log(self, modem: Modem, size: int) -> None:
        """Only while no message is under way, and only when nothing was written since."""
        with self._channel.borrowed(modem.name) as is_mine:
            if is_mine and not modem.waiting() and modem.log.stat().st_size == size:
                os.truncate(modem.log, 0)
                self._read_to[modem.name] = 0
                self._emptied_at[modem.name] = self._now()

    def _watch(self) -> list[str]:
        problems: list[str] = []
        for modem in self._channel.modems:
            settings = self._settings[modem.name]
            self._ask_credit(modem, settings.credit_code)
            if self._now() - self._cleared_at[modem.name] > CLEAR_MS:
                self._cleared_at[modem.name] = self._now()
                self._channel.tray(modem.name).ledger.forget_old(self._now())
            pid = modem.pid()
            still_s = self._pulses[modem.name].still_s(pid)
            status = gammu_status.status_of(modem)
            problems += gammu_status.problems(status, still_s=still_s, credit_min=settings.credit_min)
            if pid is not None and still_s >= HUNG_S:
                log.error("modem %s: its SMSD hangs for %.0f s and is ended; it is started again", modem.name, still_s)
                gammu_status.end(pid)
        return problems

    def _ask_credit(self, modem: Modem, code: str | None) -> None:
        """Once a day, also when there is no answer: the modem carries no message meanwhile."""
        known, now = gammu_status.credit_of(modem), self._now()
        asked = max(self._asked.get(modem.name, 0), known.at if known else 0)
        if code is None or modem.pid() is None or now - asked < CREDIT_MS:
            return
        with self._channel.borrowed(modem.name) as is_mine:
            if not is_mine or modem.waiting():
                return
            self._asked[modem.name] = now
            if gammu_status.ask_credit(modem, code, now=now) is None:
                log.warning("modem %s: the operator did not answer %s", modem.name, code)


def _received(modem: Modem) -> list[Received]:
    return list(gammu_inbox.received(modem))
