"""Existing loggers through the real gateway, Mosquitto and core; the gateway is killed in the middle of its work."""

import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from deploy.assembly import credentials_of
from deploy.commands.node import node_document, write_node_folder
from tests.faults.ack_log import AckLog
from tests.faults.oracle import reading_faults
from tests.installation import Installation, SimpleNode, eventually, free_ports

pytestmark = pytest.mark.timeout(300)
TOKEN = "0123456789abcdef0123456789"
FIRST_ROW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)
LEVEL_CM, TOTAL_MM10 = 231, 70_000  # register 0; registers 1 and 2

MODBUS = """
[[loggers]]
node = "nodes/lg-modbus"
every_seconds = {every}
[loggers.modbus]
kind = "tcp"
address = "127.0.0.1:{port}"
unit_id = 7
timeout_seconds = 2
[[loggers.values]]
series = "level_m"
unit = "cm"
table = "input"
register = 0
type = "uint16"
max = 2000
[[loggers.values]]
series = "rain_mm"
unit = "mm"
scale = 0.1
table = "input"
register = 1
type = "uint32"
word_order = "big"
counter = true
"""
CSV = """
[[loggers]]
node = "nodes/lg-csv"
every_seconds = 0.2
[loggers.csv]
folder = "ftp"
pattern = "*.csv"
delimiter = ";"
decimal = ","
time_columns = ["Tanggal", "Jam"]
time_format = "%d/%m/%Y %H:%M"
timezone = "Asia/Jakarta"
[[loggers.values]]
column = "Tinggi (cm)"
series = "level_m"
unit = "cm"
"""
PUSH = """
[push]
port = {port}
[[loggers]]
node = "nodes/lg-push"
[loggers.push]
token_file = "token"
[[loggers.values]]
name = "tinggi"
series = "level_m"
unit = "m"
"""


@dataclass(kw_only=True)
class Device:
    """A real Modbus server on loopback; with each look its water rises by 1 cm, and rain by 0.1 mm."""

    port: int = 0
    looks: int = 0
    _ready: threading.Event = field(default_factory=threading.Event)
    _stop: asyncio.Event | None = None
    _loop: asyncio.AbstractEventLoop | None = None

    async def _answer(
        self, _function: int, _start: int, _address: int, _count: int, registers: list[int], _written: object
    ) -> None:
        total = TOTAL_MM10 + self.looks
        registers[0:3] = [LEVEL_CM + self.looks, total >> 16, total & 0xFFFF]
        self.looks += 1

    async def _serve(self) -> None:
        device = SimDevice(
            id=7, simdata=[SimData(0, values=[0, 0, 0], datatype=DataType.REGISTERS)], action=self._answer
        )
        server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        await server.serve_forever(background=True)
        self._ready.set()
        await self._stop.wait()
        await server.shutdown()  # type: ignore[no-untyped-call]

    @contextlib.contextmanager
    def running(self) -> Iterator["Device"]:
        (self.port,) = free_ports(1)
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        thread.start()
        assert self._ready.wait(30)
        try:
            yield self
        finally:
            assert self._loop is not None
            assert self._stop is not None
            self._loop.call_soon_threadsafe(self._stop.set)
            thread.join()


@dataclass(kw_only=True)
class Gateway:
    """``kentongan gateway run`` in its own process, killed at will."""

    mapping: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.mapping.with_suffix(".log")

    def start(self) -> None:
        with self.log.open("ab") as log:
            argv = [sys.executable, "-m", "deploy.cli", "gateway", "run", str(self.mapping)]
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(90)


@pytest.fixture
def installation() -> Iterator[Installation]:
    with Installation() as made:
        yield made


@contextlib.contextmanager
def gateway(installation: Installation, text: str, known: Collection[str] = ()) -> Iterator[Gateway]:
    """A gateway with mapping ``text``, not started, and the folders and credentials that it names."""
    (installation.root / "ftp").mkdir()
    token = installation.root / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)
    for node in ("lg-modbus", "lg-csv", "lg-push"):
        if f'"nodes/{node}"' in text and node not in known:
            is_up = installation.core is not None
            password = installation.new_node(node) if is_up else credentials_of(installation.state).add(node)
            document = node_document(installation.settings, node, password, [])
            write_node_folder(installation.root / "nodes" / node, document, installation.state)
    made = Gateway(mapping=installation.root / "gateway.toml")
    made.mapping.write_text(text)
    try:
        yield made
    finally:
        if made.process is not None:
            made.process.kill()
            made.process.wait()


def rows_of(installation: Installation, node: str, quantity: str = "level_m") -> list[tuple[int, float | None]]:
    query = f"SELECT time, value FROM readings WHERE node = '{node}' AND series = '{quantity}' AND revision = 0"
    return [(int(time_ms), value) for time_ms, value in installation.rows(f"{query} ORDER BY time")]


def csv_line(number: int) -> str:
    local = FIRST_ROW + timedelta(minutes=number, hours=7)
    return f"{local:%d/%m/%Y};{local:%H:%M};{200 + number / 10:.1f}\n".replace(".", ",")


def csv_rows(count: int) -> list[tuple[int, float]]:
    """What core must have of the first ``count`` lines."""
    start_ms = round(FIRST_ROW.timestamp() * 1000)
    return [(start_ms + number * 60_000, round(2 + number / 1000, 6)) for number in range(count)]


def push(port: int, body: object, token: str = TOKEN) -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/lg-push",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_readings_of_every_kind_arrive(installation: Installation) -> None:
    """Modbus with its units and its running total, CSV with its zone, and push: each under its own credential."""
    installation.start()
    (port,) = free_ports(1)
    with Device().running() as device:
        text = MODBUS.format(port=device.port, every=0.3) + CSV + PUSH.format(port=port)
        with gateway(installation, text) as running:
            header = "Tanggal;Jam;Tinggi (cm)\n"
            (installation.root / "ftp" / "a.csv").write_text(header + "".join(csv_line(n) for n in range(3)))
            running.start()
            eventually(lambda: len(rows_of(installation, "lg-modbus")) >= 3, "three Modbus readings")
            eventually(lambda: rows_of(installation, "lg-csv") == csv_rows(3), "the rows of the CSV file")
            moment = {"time": "2026-01-05T13:00:00+07:00", "values": {"tinggi": 1.25}}
            code, said = push(port, moment, "x" * 26)
            assert (401, "no such node and token") == (code, str(said["error"])[:22])
            assert (200, {"stored": 1, "repeated": 0}) == push(port, moment)
            assert (200, {"stored": 0, "repeated": 1}) == push(port, moment)
            assert 400 == push(port, {"time": "13:00", "values": {"tinggi": 1.25}})[0]
            eventually(lambda: rows_of(installation, "lg-push"), "the pushed reading")
            assert 0 == running.end(signal.SIGTERM), running.log.read_text()
        levels = [value for _, value in rows_of(installation, "lg-modbus")]
        assert [round((LEVEL_CM + n) / 100, 6) for n in range(len(levels))] == levels
        rain = [value for _, value in rows_of(installation, "lg-modbus", "rain_mm")]
        assert [None, *[0.1] * (len(rain) - 1)] == rain
        assert [(1_767_592_800_000, 1.25)] == rows_of(installation, "lg-push")


def test_killed_again_and_again_nothing_is_lost_or_doubled(installation: Installation) -> None:
    """SIGKILL in the middle, also of core and broker: each CSV row is stored once, nothing acknowledged is missing."""
    acks = AckLog(installation)
    installation.start_broker()
    acks.start()
    installation.start_core()
    total = 120
    file = installation.root / "ftp" / "a.csv"
    with Device().running() as device, gateway(installation, MODBUS.format(port=device.port, every=0.1) + CSV) as under:
        file.write_text("Tanggal;Jam;Tinggi (cm)\n")
        written = 0
        for kill in range(3):
            under.start()
            for _ in range(5):
                with file.open("a") as out:
                    for _ in range(total // 15):
                        line = csv_line(written)
                        # A line comes in two halves.
                        out.write(line[:7])
                        out.flush()
                        out.write(line[7:])
                        written += 1
                looks = device.looks
                eventually(lambda seen=looks: device.looks > seen, "the device to be read")  # type: ignore[misc]
            if kill == 0:
                installation.kill("core")
            if kill == 1:
                installation.start_core(wait=False)
                installation.kill("broker")
                installation.start_broker()
            assert -signal.SIGKILL == under.end(signal.SIGKILL)
        # What a broker forgot by its kill while core was away comes again, in half a minute: not waited for here.
        eventually(lambda: installation.status().get("broker_connected"), "core to be back")
        under.start()
        eventually(lambda: len(rows_of(installation, "lg-csv")) >= total, f"{total} rows of CSV")
        # Whatever the killed gateways had stored comes before what the last one reads now.
        eventually(lambda: device.looks - len(rows_of(installation, "lg-modbus")) <= 7, "the Modbus readings")
        assert 0 == under.end(signal.SIGTERM), under.log.read_text()
    acks.close()
    assert csv_rows(total) == rows_of(installation, "lg-csv")
    assert [] == reading_faults(installation, acks.acked)
    levels = [value for _, value in rows_of(installation, "lg-modbus") if value is not None]
    assert sorted(set(levels)) == levels  # each look had its own value


def test_a_logger_that_answers_nonsense_is_a_fault_and_no_more(installation: Installation) -> None:
    """Bytes that are no Modbus: null with its fault, whatever comes; the logger beside it is read as ever."""
    installation.start()
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_babble, args=(server,), daemon=True).start()
        text = MODBUS.format(port=server.getsockname()[1], every=0.3).replace("_seconds = 2", "_seconds = 0.3") + CSV
        with gateway(installation, text) as running:
            running.start()
            eventually(lambda: len(rows_of(installation, "lg-modbus")) >= 3, "three readings without a value")
            (installation.root / "ftp" / "a.csv").write_text("Tanggal;Jam;Tinggi (cm)\n" + csv_line(0))
            eventually(lambda: rows_of(installation, "lg-csv") == csv_rows(1), "the row of the CSV file")
            assert 0 == running.end(signal.SIGTERM), running.log.read_text()
        server.shutdown(socket.SHUT_RDWR)
    assert {None} == {value for _, value in rows_of(installation, "lg-modbus")}
    assert 1 == running.log.read_text().count("no answer") + running.log.read_text().count("no Modbus answer")


def _babble(server: socket.socket) -> None:
    """Answer each request with something else: text, half a frame, another device's frame, too many registers."""
    answers = [b"HTTP/1.1 200 OK\r\n\r\n", b"\0\1\0\0\0\x09\7\4\6\0", b"\xff" * 200, b"\0\1\0\0\0\3\7\4\0", b""]
    for number in range(10_000):
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            connection.recv(100)
            connection.sendall(answers[number % len(answers)])


def test_a_replaced_credential_is_told_with_its_remedy(installation: Installation) -> None:
    """Who is refused by the broker says so, and what to do; nothing is thrown away meanwhile."""
    installation.start()
    with gateway(installation, CSV) as running:
        (installation.root / "ftp" / "a.csv").write_text("Tanggal;Jam;Tinggi (cm)\n" + csv_line(0))
        credentials_of(installation.state).replace("lg-csv")
        installation.kill("broker")
        installation.start_broker()
        running.start()
        eventually(lambda: "kentongan node new lg-csv --replace" in running.log.read_text(), "the remedy")
        assert [] == rows_of(installation, "lg-csv")
        password = str(installation.ask("node-new", node="lg-csv", station="welang", replace=True)["password"])
        document = node_document(installation.settings, "lg-csv", password, [])
        write_node_folder(installation.root / "nodes" / "lg-csv", document, installation.state)
        assert 0 == running.end(signal.SIGTERM)
        installation.kill("broker")
        installation.start_broker()
        running.start()
        eventually(lambda: rows_of(installation, "lg-csv") == csv_rows(1), "the row that had waited")
        assert 0 == running.end(signal.SIGTERM)


def test_a_logger_that_must_seal_is_heard_and_its_thief_is_not(installation: Installation) -> None:
    """Sealed by the gateway with the node's key, acknowledged under it; what the password alone sends is refused."""
    installation.start()
    (port,) = free_ports(1)
    made = installation.ask("node-new", node="lg-push", station="welang", seal=True)
    password = str(made["password"])
    folder = installation.root / "nodes" / "lg-push"
    document = node_document(installation.settings, "lg-push", password, [], str(made["order_key"]), seal=True)
    with gateway(installation, PUSH.format(port=port), known=("lg-push",)) as running:
        write_node_folder(folder, document, installation.state)
        running.start()
        eventually(lambda: "lg-push" in running.log.read_text(), "the gateway to begin")
        eventually(lambda: is_pushed(port, 1.25), "the logger's server")
        eventually(lambda: {value for _, value in rows_of(installation, "lg-push")} == {1.25}, "the sealed reading")
        assert installation.ask("node-show", node="lg-push")["is_sealing"]
        assert 0 == running.end(signal.SIGTERM), running.log.read_text()
    thief = SimpleNode(installation, "lg-push", password)
    thief.publish(thief.observation(None, level_m=9.0))
    refused = "node lg-push must seal what it says, and this is not sealed"
    eventually(lambda: (refused,) in installation.rows("SELECT reason FROM dead_letters"), "the dead letter")
    thief.close()
    assert {1.25} == {value for _, value in rows_of(installation, "lg-push")}


def is_pushed(port: int, metres: float) -> bool:
    """Whether a logger's server is there, and has a reading now."""
    try:
        code, _ = push(port, {"time": "2026-01-05T13:00:00+07:00", "values": {"tinggi": metres}})
    except urllib.error.URLError:
        return False
    return code == 200


def test_check_online_reads_each_logger_once(installation: Installation) -> None:
    """What a technician sees before he leaves: values, and a logger that does not answer by name; without a broker."""
    with Device().running() as device, gateway(installation, MODBUS.format(port=device.port, every=60)) as made:
        argv = [sys.executable, "-m", "deploy.cli", "gateway", "check", str(made.mapping), "--online"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr
        assert "level_m" in done.stdout
        assert "2.31" in done.stdout
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert 1 == done.returncode
    assert "no answer" in done.stdout
