"""One message at a time through one modem, from the hand-over to the network's word."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from alerting import gsm7
from alerting.channels.gammu_log import Said
from alerting.channels.gammu_modem import Modem
from alerting.channels.port import Accepted, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.channels.sent_ledger import Ledger, Settled, tag_of

POLL_S: Final = 0.05
MOVE_S: Final = 2.0  # SMSD moves a message that the network took; its log has said so before
GRACE_S: Final = 3.0  # SMSD may have read a file just before it was withdrawn; then its log says so within this
# 3GPP TS 24.011, table 8.4: what no repetition will mend.
_PERMANENT: Final = {
    1: "nomor tujuan tidak terdaftar",
    28: "nomor tujuan tidak dikenal operator",
    30: "nomor tujuan tidak dikenal operator",
}
_PASSING: Final = {
    8: "kartu SIM diblokir operator untuk mengirim",
    10: "kartu SIM diblokir operator",
    27: "tujuan sedang tidak terjangkau",
    38: "jaringan sedang terganggu",
    41: "jaringan sedang terganggu",
    42: "jaringan penuh",
    50: "kartu SIM tidak berlangganan SMS",
    310: "kartu SIM tidak terpasang",
    311: "kartu SIM meminta PIN",
    331: "tidak ada jaringan",
    500: "ditolak tanpa alasan; periksa pulsa",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long, in seconds, SMSD may take to begin a message, and until the network's word."""

    begin_s: float = 12.0
    settle_s: float = 40.0


def check(message: Message) -> str:
    """Gammu's name of the alphabet that the text needs; raises ValueError, in Indonesian, when it is not one part."""
    try:
        length, most, coding = gsm7.septets(message.body), 160, "Default_No_Compression"
    except ValueError:
        length, most, coding = len(message.body.encode("utf-16-be")) // 2, 70, "Unicode_No_Compression"
    if not 0 < length <= most:
        raise ValueError(f"panjangnya {length} dari {most} huruf satu SMS")
    return coding


def backup_of(message: Message, *, with_report: bool) -> bytes:
    """The message in Gammu's format of one SMS; raises ValueError as :func:`check` does."""
    coding = check(message)
    return (
        f"[SMSBackup000]\nPDU = {'Status_Report' if with_report else 'Submit'}\nState = UnSent\n"
        f'Number = "{message.address}"\nText00 = {message.body.encode("utf-16-be").hex().upper()}\n'
        f"Coding = {coding}\nFolder = 1\nLength = {len(message.body)}\nClass = -1\n"
    ).encode()


class Tray:
    """``modem`` and what this process knows of it; used by one thread at a time."""

    def __init__(self, modem: Modem, *, patience: Patience, now: Callable[[], int]) -> None:
        self.modem, self.ledger = modem, Ledger(modem.settled)
        self._patience, self._now = patience, now

    def send(self, message: Message) -> Outcome:
        """Hand over and wait for what comes of it. Nothing is in SMSD's reach any more when this returns."""
        tag, pid = tag_of(message), self.modem.pid()
        try:
            since = self.modem.put(tag, backup_of(message, with_report=self.modem.with_reports))
        except OSError as error:
            return RetryLater(reason=f"Folder modem {self.modem.name} tidak dapat ditulis: {error.strerror}.")
        return self._await(message, tag, since=since, pid=pid)

    def find(self, message: Message) -> Outcome | None:
        """What became of a message of an earlier attempt, also of an earlier process."""
        tag = tag_of(message)
        if self.modem.place(tag) is not None:
            outcome = self._await(message, tag, since=0, pid=self.modem.pid())
            return None if isinstance(outcome, RetryLater) else outcome
        settled = self.ledger.get(tag)
        match settled:
            case None:
                return None
            case Settled(state="doubt"):
                return Unknown(reason=settled.reason)
            case Settled(state="delivered"):
                return Delivered(reference=self._reference(tag))
        return Accepted(reference=self._reference(tag))

    def _await(self, message: Message, tag: str, *, since: int, pid: int | None) -> Outcome:
        began, taken_at = time.monotonic(), 0.0
        while True:
            place, said = self.modem.place(tag), self.modem.said(tag, since=since)
            waited = time.monotonic() - began
            if place == "sent" or (said.reference is not None and place != "outbox"):
                return self._accepted(message, tag, said)
            if said.reference is not None and (taken_at := taken_at or waited) + MOVE_S < waited:
                return self._accepted(message, tag, said)
            if place == "failed":
                return self._failed(message, tag, said)
            if place != "outbox":
                return self._orphaned(message, tag, since, is_same=self.modem.pid() == pid, left_s=0.0)
            is_alive = self.modem.pid() is not None
            if not is_alive or waited > (self._patience.settle_s if said.is_begun else self._patience.begin_s):
                self.modem.withdraw(tag)
                if self.modem.place(tag) == "orphaned":
                    left_s = self._patience.settle_s - waited
                    return self._orphaned(message, tag, since, is_same=is_alive, left_s=left_s)
            time.sleep(POLL_S)

    def _orphaned(self, message: Message, tag: str, since: int, *, is_same: bool, left_s: float) -> Outcome:
        """Out of SMSD's reach: had it begun? ``is_same``: the SMSD that it was handed to still runs."""
        began = time.monotonic()
        said = self.modem.said(tag, since=since)
        while is_same and time.monotonic() - began < (max(left_s, GRACE_S) if said.is_begun else GRACE_S):
            if said.reference is not None or said.cms is not None or said.is_timeout:
                break
            time.sleep(POLL_S)
            said = self.modem.said(tag, since=since)
        if said.reference is not None:
            return self._accepted(message, tag, said)
        if said.is_begun:
            return self._failed(message, tag, said, is_silent=is_same)
        self.modem.remove(tag)
        what = "tidak mengerjakan pesan" if is_same else "mati"
        return RetryLater(reason=f"Modem {self.modem.name} {what}; pesan ditarik kembali.")

    def _accepted(self, message: Message, tag: str, said: Said) -> Outcome:
        self._record(message, tag, is_accepted=True, reference=said.reference)
        return Accepted(reference=self._reference(tag))

    def _failed(self, message: Message, tag: str, said: Said, *, is_silent: bool = True) -> Outcome:
        if said.cms in _PERMANENT:
            self.modem.remove(tag)
            return Rejected(reason=f"Modem {self.modem.name}: {_PERMANENT[said.cms]}.", code=f"CMS {said.cms}")
        if said.cms is not None:
            self.modem.remove(tag)
            why = _PASSING.get(said.cms, "ditolak jaringan atau modem")
            return RetryLater(reason=f"Modem {self.modem.name}: {why} (CMS {said.cms}).")
        if said.is_failed:
            self.modem.remove(tag)
            return RetryLater(reason=f"Modem {self.modem.name} tidak dapat mengirim; lihat log modem itu.")
        what = "tidak menjawab" if is_silent else "mati"
        reason = f"Modem {self.modem.name} {what} sewaktu mengirim; tidak diketahui apakah SMS berangkat."
        self._record(message, tag, is_accepted=False, reason=reason)
        return Unknown(reason=reason)

    def _record(
        self, message: Message, tag: str, *, is_accepted: bool, reference: int | None = None, reason: str = ""
    ) -> None:
        self.ledger.record(
            Settled(
                tag=tag,
                state="accepted" if is_accepted else "doubt",
                at=self._now(),
                pair=self.ledger.pair_of(message.address),
                reference=reference,
                reason=reason,
            )
        )
        self.modem.remove(tag)

    def _reference(self, tag: str) -> str:
        return f"{self.modem.name}/{tag}"
