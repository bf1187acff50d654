"""The health of every part, each with a word, a sentence, and what to do: from core's answer, files and the machine.

The figures below are choices of this program; those that come from elsewhere are named where they stand.
"""

import platform
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from alerting.web.admin.office import ATTENTION, BROKEN, GOOD, Part, Word
from broker import mosquitto
from broker.mosquitto import MosquittoMissing
from deploy import __version__
from deploy.backup import record as backup_record
from deploy.health.machine_clock import clock_state
from deploy.settings import Settings
from deploy.state_folder import StateFolder

MB: Final = 1_000_000
DISK_BROKEN, DISK_LOW = 200 * MB, 2000 * MB
LAG_LOW: Final = 5000  # journal ids; at a reading a minute from 50 stations some hours
TURN_SLOW_MS: Final = 250.0  # a quarter of the second in which a warning is due to leave
QUEUE_OLD_MS: Final = 10 * 60_000
CERTIFICATE_DAYS: Final = 30
CLOCK_OFF_MS: Final = 1000.0
QUEUES: Final = """
    SELECT channel, count(*), min(created_at) FROM outbox
    WHERE state IN ('queued', 'sending', 'unknown') GROUP BY channel ORDER BY channel
"""


class HealthParts:
    """As :class:`alerting.web.admin.office.Parts` says. ``now`` is core's clock, in which messages are dated."""

    def __init__(self, settings: Settings, state: StateFolder, now: Callable[[], int]) -> None:
        self._settings, self._state, self._now = settings, state, now
        self._broker_version = ""
        self._began = _machine_now()

    def look(self, core: dict[str, Any] | None) -> Sequence[Part]:
        parts = [*(_of_core(core) if core is not None else _silent_core()), *self._queues()]
        parts += [self._disk(), *self._certificates(), self._backup(), _clock(), self._versions()]
        return parts

    def _queues(self) -> Iterator[Part]:
        """A channel that settings name and nobody waits for is well as far as its queue tells."""
        try:
            with closing(sqlite3.connect(f"file:{self._state.journal}?mode=ro", uri=True, timeout=2)) as journal:
                found = {name: (count, oldest) for name, count, oldest in journal.execute(QUEUES)}
        except sqlite3.Error as error:
            told = f"Jurnal tidak terbaca: {error}."
            yield Part(key="queues", name="Antrean pesan", word=BROKEN, told=told, remedy="Periksa disk dan log inti.")
            return
        for name in dict.fromkeys((*self._settings.channels.names(), *found)):
            count, oldest = found.get(name, (0, self._now()))
            yield _queue(name, int(count), self._now() - int(oldest))

    def _disk(self) -> Part:
        free = shutil.disk_usage(self._state.root).free
        word: Word = BROKEN if free < DISK_BROKEN else ATTENTION if free < DISK_LOW else GOOD
        return Part(
            key="disk",
            name="Ruang disk",
            word=word,
            told=f"Sisa {_size(free)} di folder data.",
            remedy="" if word == GOOD else "Kosongkan disk: hapus berkas lama, atau pindahkan cadangan ke tempat lain.",
        )

    def _certificates(self) -> Iterator[Part]:
        authority, server = self._state.authority / "ca.pem", self._state.broker / "server.pem"
        yield _certificate("authority", "Sertifikat otoritas broker", authority)
        yield _certificate("server", "Sertifikat server broker", server)

    def _backup(self) -> Part:
        found, now = backup_record.read(self._state), _machine_now()
        name, since = "Cadangan data", found.good_at
        if self._settings.backup.folder is None:
            told, remedy = "Tidak diatur: belum ada folder cadangan.", "Isi backup.folder di berkas pengaturan."
            return Part(key="backup", name=name, word=ATTENTION, told=told, remedy=remedy)
        if (problem := backup_record.problem(found, now=now, since=self._began)) is not None:
            return Part(
                key="backup", name=name, word=BROKEN, told=problem, remedy="Lihat log inti, lalu kentongan backup run."
            )
        if found.good_at is None:
            told, remedy = "Belum ada; yang pertama dibuat pada jamnya.", "Atau sekarang: kentongan backup run."
            return Part(key="backup", name=name, word=ATTENTION, told=told, remedy=remedy)
        hours = max(0, now - found.good_at) // 3_600_000
        return Part(
            key="backup", name=name, word=GOOD, told=f"Terakhir {hours} jam lalu, {_size(found.size)}.", since=since
        )

    def _versions(self) -> Part:
        if not self._broker_version:
            self._broker_version = _mosquitto()
        told = (
            f"Kentongan {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
            f"mosquitto {self._broker_version}."
        )
        return Part(key="versions", name="Versi", word=GOOD, told=told, since=self._began)


def _silent_core() -> list[Part]:
    told = "Inti tidak menjawab: tidak ada peringatan baru."
    return [Part(key="core", name="Inti", word=BROKEN, told=told, remedy="Periksa log inti; jalankan kentongan up.")]


def _of_core(core: dict[str, Any]) -> Iterator[Part]:
    yield _turns(core)
    is_linked = core["broker_connected"]
    yield Part(
        key="broker",
        name="Broker",
        word=GOOD if is_linked else BROKEN,
        told=f"Tersambung; {core['nodes']} node dikenal." if is_linked else "Tidak tersambung: data node tidak masuk.",
        remedy="" if is_linked else "Periksa mosquitto dan log broker.",
    )
    failed = core["failed_write"]
    yield Part(
        key="journal",
        name="Jurnal",
        word=BROKEN if failed else GOOD,
        told=f"Tidak dapat ditulis: {failed}." if failed else f"Dapat ditulis; nomor terakhir {core['last_id']}.",
        remedy="Kosongkan ruang disk; data tertahan di node." if failed else "",
    )
    yield _history(core)
    nobody, unmanned = not core["officers_on_duty"], core["is_unrostered"] or not core["officers_on_duty"]
    yield Part(
        key="duty",
        name="Petugas jaga",
        word=BROKEN if nobody else ATTENTION if unmanned else GOOD,
        told="Belum ada petugas: tidak ada yang diberi tahu."
        if nobody
        else "Tidak ada yang terjadwal sekarang: semua petugas diberi tahu."
        if unmanned
        else f"{core['officers_on_duty']} orang jaga sekarang.",
        remedy="Tambah penerima jenis petugas." if nobody else "Lengkapi jadwal jaga." if unmanned else "",
    )
    yield _watches(core["watches"])
    yield _problems("modems", "Modem", core["modem_problems"], "Periksa kabel, antena, kartu SIM, dan pulsa.")
    yield _problem("drill", "Latihan", core["drill_problem"], core["drill"] or "Belum ada latihan.", "Adakan latihan.")
    yield _problem("cap", "Penerbitan CAP", core["cap_problem"], "Berkas CAP terbit.", "Periksa folder cap.")
    yield _problem("nowcast", "Prakiraan BMKG", core["nowcast_problem"], "Tidak ada masalah.", "Periksa internet.")
    yield _problem("tide", "Ramalan pasang", core["tide_problem"], "Tidak ada masalah.", "kentongan tide fit.")


def _turns(core: dict[str, Any]) -> Part:
    """The middle one, the slow ones, and the longest of all, which a restart forgets."""
    turns = core["turns"]
    if not turns["count"]:
        return Part(key="core", name="Inti", word=GOOD, told="Baru mulai.", since=core["started_at"])
    is_slow = turns["p99_ms"] > TURN_SLOW_MS
    told = (
        f"{turns['count']} giliran: setengahnya di bawah {_ms(turns['median_ms'])}, 99 % di bawah "
        f"{_ms(turns['p99_ms'])}, terlama {_ms(turns['longest_ms'])}. {core['counters'].get('readings', 0)} bacaan."
    )
    remedy = "Komputer terlalu sibuk: hentikan program lain." if is_slow else ""
    word: Word = ATTENTION if is_slow else GOOD
    return Part(key="core", name="Inti", word=word, told=told, remedy=remedy, since=core["started_at"])


def _history(core: dict[str, Any]) -> Part:
    lag, problem = core["history_lag"], core["history_problem"]
    word: Word = BROKEN if problem else ATTENTION if lag > LAG_LOW else GOOD
    told = f"Belum dapat ditulis: {problem}. Data aman di jurnal." if problem else f"Tertinggal {lag} nomor jurnal."
    return Part(
        key="history",
        name="Riwayat",
        word=word,
        told=told,
        remedy="" if word == GOOD else "Periksa proses kentongan history dan lognya.",
    )


def _watches(watches: Sequence[dict[str, Any]]) -> Part:
    """Nobody who watches is no fault of today, and one that the city should know of."""
    name, silent = "Pengawas", [watch["id"] for watch in watches if watch["is_silent"]]
    troubled = [f"{watch['id']}: {watch['own_problem']}" for watch in watches if watch["own_problem"]]
    if not watches:
        told = "Belum ada: bila sistem ini mati, tidak ada yang memberi tahu."
        remedy = "Buat satu, sebaiknya di komputer lain: kentongan watch new."
        return Part(key="watches", name=name, word=ATTENTION, told=told, remedy=remedy)
    if silent:
        told, remedy = f"Tidak terlihat: {', '.join(silent)}.", "Periksa proses kentongan watch dan jaringannya."
        return Part(key="watches", name=name, word=BROKEN, told=told, remedy=remedy)
    if troubled:
        told, remedy = f"Salurannya sendiri bermasalah: {'; '.join(troubled)}.", "Periksa saluran di berkas pengawas."
        return Part(key="watches", name=name, word=ATTENTION, told=told, remedy=remedy)
    last = max(watch["seen_at"] or watch["created_at"] for watch in watches)
    return Part(key="watches", name=name, word=GOOD, told=f"Terlihat: {len(watches)}.", since=last)


def _problem(key: str, name: str, problem: str | None, well: str, remedy: str) -> Part:
    return Part(
        key=key,
        name=name,
        word=ATTENTION if problem else GOOD,
        told=problem or well,
        remedy=remedy if problem else "",
    )


def _problems(key: str, name: str, problems: Sequence[str], remedy: str) -> Part:
    return _problem(key, name, " ".join(problems) or None, "Tidak ada masalah.", remedy)


def _queue(name: str, count: int, age_ms: int) -> Part:
    is_old = count > 0 and age_ms > QUEUE_OLD_MS
    minutes = max(0, age_ms) // 60_000
    return Part(
        key=f"queue-{name}",
        name=f"Antrean {name}",
        word=ATTENTION if is_old else GOOD,
        told=f"{count} pesan, tertua {minutes} menit." if count else "Kosong.",
        remedy=f"Lihat saluran {name}: macet, atau lajunya terlalu pelan." if is_old else "",
    )


def _certificate(key: str, name: str, path: Path) -> Part:
    try:
        pem = path.read_bytes()
        found = x509.load_pem_x509_certificate(pem[pem.index(b"-----BEGIN CERTIFICATE") :])
    except (OSError, ValueError):
        remedy = "Jalankan kentongan up: yang hilang dibuat, kecuali otoritas yang dipercaya node."
        return Part(key=f"certificate-{key}", name=name, word=ATTENTION, told=f"{path.name} tidak ada.", remedy=remedy)
    end = found.not_valid_after_utc
    days = (end - datetime.now(UTC)).days
    word: Word = BROKEN if days < 0 else ATTENTION if days < CERTIFICATE_DAYS else GOOD
    return Part(
        key=f"certificate-{key}",
        name=name,
        word=word,
        told=f"Berlaku sampai {end:%Y-%m-%d} ({days} hari lagi)." if days >= 0 else f"Habis sejak {end:%Y-%m-%d}.",
        remedy="" if word == GOOD else "Mulai ulang kentongan up: sertifikat server diperbarui sendiri.",
    )


def _clock() -> Part:
    found, name = clock_state(), "Jam komputer"
    if found is None:
        return Part(key="clock", name=name, word=ATTENTION, told="Kernel tidak mengatakannya.", remedy="Periksa NTP.")
    if not found.is_synchronised:
        told, remedy = "Tidak disamakan dengan NTP.", "Nyalakan NTP: timedatectl set-ntp true."
        return Part(key="clock", name=name, word=ATTENTION, told=told, remedy=remedy)
    is_off = max(abs(found.offset_ms), found.error_ms) > CLOCK_OFF_MS
    told = f"Disamakan; selisih {_ms(abs(found.offset_ms))}, paling banyak {_ms(found.error_ms)}."
    remedy = "Periksa server NTP." if is_off else ""
    return Part(key="clock", name=name, word=ATTENTION if is_off else GOOD, told=told, remedy=remedy)


def _mosquitto() -> str:
    try:
        return ".".join(map(str, mosquitto.mosquitto_version(mosquitto.find_mosquitto())))
    except MosquittoMissing:
        return "tidak terpasang"


def _ms(value: float) -> str:
    return f"{value:.1f} ms".replace(".", ",") if value < 100 else f"{value:.0f} ms"


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB".replace(".", ",") if count >= 1e9 else f"{count / MB:.0f} MB"


def _machine_now() -> int:
    return time.time_ns() // 1_000_000
