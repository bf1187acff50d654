"""Every check of ``kentongan check`` on an installation that is broken in the way that it looks for."""

import json
import os
import socket
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from broker import private_file
from broker.mosquitto import MosquittoMissing
from deploy.assembly import prepare_broker
from deploy.backup import backup_key, record
from deploy.backup.backup_folder import name_of
from deploy.backup.record import BackupRecord
from deploy.checks import data, encryption, machine, secrets, ways
from deploy.checks.finding import Examined, Finding
from deploy.checks.installation import examine
from deploy.cli import main
from deploy.health.machine_clock import ClockState
from deploy.journal import Group, Journal
from deploy.recipients import people_key
from deploy.settings import load
from deploy.state_folder import StateFolder
from tests.installation import free_ports

NOW = 1_795_000_000_000
DAY_MS = 86_400_000
RIGHT = ClockState(is_synchronised=True, offset_ms=1, error_ms=5)


def examined(folder: Path, more: str = "") -> Examined:
    """An installation that was never started, with ``more`` in its settings."""
    tls, loopback, web = free_ports(3)
    file = folder / "k.toml"
    ports = f"[broker]\ntls_port = {tls}\nloopback_port = {loopback}\n"
    web_table = "" if "[web]" in more else f"[web]\nport = {web}\n"
    file.write_text(f'[site]\nname = "Uji"\nstate_dir = "s"\n{ports}{web_table}{more}')
    state = StateFolder(folder / "s")
    state.prepare()
    return Examined(settings=load(file), state=state, base=folder, now=NOW)


def of(findings: Iterable[Finding], check: str) -> tuple[str, str]:
    """The word and the text of the worst finding of a check; each that is not good says what to do."""
    found = [each for each in findings if each.check == check]
    assert all(bool(each.remedy) == (each.word != "good") for each in found), found
    worst = max(found, key=lambda each: ("good", "warning", "wrong").index(each.word))
    return worst.word, worst.told


def seen(
    found: Examined, *, free: int = 9_000_000_000, clock: ClockState | None = RIGHT, broker: Path | None = Path("/b")
) -> list[Finding]:
    def find() -> Path:
        if broker is None:
            raise MosquittoMissing("Mosquitto is not installed")
        return broker

    return list(machine.look(found, free_bytes=lambda _: free, clock=lambda: clock, find_broker=find))


@pytest.mark.parametrize(("free", "word"), [(9_000_000_000, "good"), (1_500_000_000, "warning"), (9_000_000, "wrong")])
def test_a_disk_that_is_nearly_full(tmp_path: Path, free: int, word: str) -> None:
    """Under 2 GB is a warning, under 200 MB is wrong."""
    assert word == of(seen(examined(tmp_path), free=free), "disk")[0]


@pytest.mark.parametrize(
    ("clock", "word"),
    [
        (RIGHT, "good"),
        (None, "warning"),
        (ClockState(is_synchronised=False, offset_ms=0, error_ms=1), "warning"),
        (ClockState(is_synchronised=True, offset_ms=-1500, error_ms=1), "warning"),
    ],
)
def test_a_clock_that_nobody_keeps_right(tmp_path: Path, clock: ClockState | None, word: str) -> None:
    """Not synchronised, off by more than a second, or not told by the kernel."""
    assert word == of(seen(examined(tmp_path), clock=clock), "clock")[0]


def test_a_missing_broker_program(tmp_path: Path) -> None:
    """Without Mosquitto nothing can start."""
    assert "wrong" == of(seen(examined(tmp_path), broker=None), "mosquitto")[0]
    assert "good" == of(seen(examined(tmp_path)), "mosquitto")[0]


@pytest.mark.parametrize("key", ["broker.tls_port", "broker.loopback_port", "web.port"])
def test_a_port_that_another_program_has_taken(tmp_path: Path, key: str) -> None:
    """A free one is good; one at which somebody listens who is not ours is wrong."""
    found = examined(tmp_path)
    table, name = key.split(".")
    port = getattr(getattr(found.settings, table), name)
    assert "good" == of(seen(found), key)[0]
    with socket.create_server(("127.0.0.1", port)):
        assert ("wrong", True) == _says(of(seen(found), key), "taken by a program that is not ours")


def test_a_listening_address_that_is_not_of_this_machine(tmp_path: Path) -> None:
    """The broker could not be started there."""
    found = examined(tmp_path)
    broker = msgspec.structs.replace(found.settings.broker, listen="not.an.address.invalid")
    found = msgspec.structs.replace(found, settings=msgspec.structs.replace(found.settings, broker=broker))
    assert ("wrong", True) == _says(of(seen(found), "broker.tls_port"), "cannot be reached")


def _says(found: tuple[str, str], words: str) -> tuple[str, bool]:
    return found[0], words in found[1]


HISTORY = '[history]\nkind = "influxdb"\ntoken_file = "t"\n'
MODEM = '[[channels.modems]]\nname = "m1"\ndevice = "/dev/none"\npin_file = "t"\n'


@pytest.mark.parametrize(
    ("more", "secret", "words"),
    [
        (HISTORY, None, "No such file"),
        (HISTORY, "changeme", "everybody tries first"),
        (HISTORY, "My-Super-Secret-Auth-Token", "everybody tries first"),
        (HISTORY, "eleven-char", "fewer than 12"),
        (MODEM, "1234", "everybody tries first"),
        (MODEM, "917", "fewer than 4"),
        ('[web]\nmetrics_token_file = "t"\n', "short", "fewer than 12"),
    ],
)
def test_secrets_that_anybody_guesses(tmp_path: Path, more: str, secret: str | None, words: str) -> None:
    """Missing, short and printed-in-manuals secrets are wrong, and the secret is not told."""
    if secret is not None:
        private_file.replace(tmp_path / "t", secret.encode())
    (finding,) = [each for each in secrets.look(examined(tmp_path, more)) if each.check.endswith("_file")]
    assert ("wrong", True) == (finding.word, words in finding.told)
    assert secret is None or secret not in finding.told.replace(str(tmp_path), "")


def test_a_secret_that_others_can_read(tmp_path: Path) -> None:
    """Mode 644 is wrong, 600 is good, whatever is in it."""
    found, path = examined(tmp_path, HISTORY), tmp_path / "t"
    private_file.replace(path, b"kA93jd8sJd92-long-enough")
    assert "good" == of(secrets.look(found), "history.token_file")[0]
    path.chmod(0o644)
    assert ("wrong", True) == _says(of(secrets.look(found), "history.token_file"), "can be read by others")


def test_our_own_keys_that_others_can_read(tmp_path: Path) -> None:
    """The key of people's numbers and the services' passwords, opened to all, are wrong."""
    found = examined(tmp_path)
    assert "warning" == of(secrets.look(found), "services.json")[0]
    prepare_broker(found.settings, found.state)
    private_file.replace(found.state.people_key, b"k" * 32)
    assert {"good"} == {each.word for each in secrets.look(found)}
    found.state.people_key.chmod(0o640)
    found.state.services.chmod(0o604)
    words = {each.check: each.word for each in secrets.look(found)}
    assert ("wrong", "wrong") == (words["people.key"], words["services.json"])


def test_our_services_with_a_short_password(tmp_path: Path) -> None:
    """Somebody wrote one by hand."""
    found = examined(tmp_path)
    prepare_broker(found.settings, found.state)
    private_file.replace(found.state.services, json.dumps({"core": "kentongan", "probe": "p" * 32}).encode())
    assert ("wrong", True) == _says(of(secrets.look(found), "services.json"), "under 24 characters")


def test_the_brokers_limits_access_list_and_certificates(tmp_path: Path) -> None:
    """What was made is good; each line that a hand changed is a line of its own."""
    found = examined(tmp_path)
    assert "warning" == of(encryption.look(found), "broker files")[0]
    broker = prepare_broker(found.settings, found.state)
    assert {"good"} == {each.word for each in encryption.look(found)}
    broker.config.write_text(broker.config.read_text().replace("max_queued_messages 500000", "max_queued_messages 9"))
    broker.access_list.write_text(broker.access_list.read_text() + "topic readwrite #\n")
    told = [each.told for each in encryption.look(found) if each.word == "wrong"]
    assert 2 <= len(told)
    assert any("max_queued_messages is 9" in each for each in told)
    assert any("gives more than is due" in each or "is not a line of ours" in each for each in told)


def test_certificates_that_end_and_that_do_not_belong_together(tmp_path: Path) -> None:
    """Dates count from the moment of looking; another authority's certificate, or another name, is told."""
    found = examined(tmp_path)
    prepare_broker(found.settings, found.state)

    def at(days: float, check: str) -> str:
        moved = msgspec.structs.replace(found, now=found.now + int(days * DAY_MS))
        return of(encryption.look(moved), check)[0]

    years = 365.25
    assert ("good", "wrong") == (at(0, "broker certificate"), at(11 * years, "broker certificate"))
    assert ("good", "wrong") == (at(0, "authority certificate"), at(31 * years, "authority certificate"))
    assert "warning" == at(29.5 * years, "authority certificate")
    renamed = msgspec.structs.replace(found.settings.broker, names=["kota.example"])
    moved = msgspec.structs.replace(found, settings=msgspec.structs.replace(found.settings, broker=renamed))
    assert ("warning", True) == _says(of(encryption.look(moved), "certificate chain"), "kota.example")
    other = tmp_path / "other"
    other.mkdir()
    stranger = examined(other)
    prepare_broker(stranger.settings, stranger.state)
    (found.state.authority / "ca.pem").write_bytes((stranger.state.authority / "ca.pem").read_bytes())
    assert "wrong" == of(encryption.look(found), "certificate chain")[0]
    (found.state.broker / "server.pem").write_text("damaged")
    assert "wrong" == of(encryption.look(found), "broker certificate")[0]


def test_the_pages_certificate_is_looked_at_where_the_installer_put_it(tmp_path: Path) -> None:
    """Without one nothing is said: the server in front may be another machine's."""
    found = examined(tmp_path)
    prepare_broker(found.settings, found.state)
    assert "pages certificate" not in {each.check for each in encryption.look(found)}
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls/pages.pem").write_bytes((found.state.broker / "server.pem").read_bytes())
    assert "good" == of(encryption.look(found), "pages certificate")[0]
    late = msgspec.structs.replace(found, now=found.now + 11 * 366 * DAY_MS)
    assert ("wrong", True) == _says(of(encryption.look(late), "pages certificate"), "no browser opens the pages")


class Way:
    """A way out that says what it was told to say."""

    name, takes = "twilio", "phone"

    def __init__(self, problem: str | None) -> None:
        self.problem, self.was_closed = problem, False

    def probe(self) -> str | None:
        return self.problem

    def close(self) -> None:
        self.was_closed = True


def test_ways_out_that_are_missing_or_do_not_answer(tmp_path: Path) -> None:
    """None is wrong, the demonstration's alone is a warning; a probe is only made when asked for."""
    assert "wrong" == of(ways.look(examined(tmp_path), online=False), "channels")[0]
    demo = examined(tmp_path, "[channels]\ndemo = true\n")
    assert "warning" == of(ways.look(demo, online=False), "channels")[0]
    real = examined(tmp_path, "[channels]\nwebhook = true\n")
    assert ["channels"] == [each.check for each in ways.look(real, online=False)]
    for problem, word in ((None, "good"), ("401", "wrong")):
        way = Way(problem)
        found = list(ways.look(real, online=True, open_channels=lambda _, way=way: {"twilio": way}))  # type: ignore[misc]
        assert (word, True) == (of(found, "twilio")[0], way.was_closed)
    telegram = examined(tmp_path, '[channels.telegram]\ntoken_file = "none"\n')
    assert "wrong" == of(ways.look(telegram, online=True), "channels")[0]


def test_modems_without_their_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """gammu-smsd is told by the name of its package."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "wrong" == of(ways.look(examined(tmp_path, MODEM), online=False), "modem")[0]


@pytest.fixture
def kept(tmp_path: Path) -> Examined:
    """An installation with a journal of three audited rows."""
    found = examined(tmp_path)
    journal, group = Journal(found.state.journal), Group()
    for number in range(3):
        journal.add_audit(group, at=NOW - DAY_MS, actor="cli:sari", action="area added", subject=f"rw-{number}")
    journal.write(group)
    journal.close()
    return found


def change(found: Examined, *statements: str) -> None:
    with closing(sqlite3.connect(found.state.journal)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_a_whole_journal_and_one_that_was_never_made(tmp_path: Path, kept: Examined) -> None:
    """Both are told as what they are, and no file is left behind."""
    before = sorted(kept.state.root.rglob("*"))
    words = {each.check: each.word for each in data.look(kept)}
    assert ("good", "good", "good", "good") == tuple(
        words[each] for each in ("journal", "schema", "audit chain", "history")
    )
    assert before == sorted(kept.state.root.rglob("*"))
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    begun = examined(fresh)
    assert "warning" == of(data.look(begun), "journal")[0]
    begun.state.journal.touch()
    assert ("warning", True) == _says(of(data.look(begun), "journal"), "just being made")


def test_an_installation_that_nobody_watches(kept: Examined) -> None:
    """Without a watch in service its death is nobody's news; one that was retired does not count."""
    assert ("warning", True) == _says(of(data.look(kept), "watch"), "nobody is told")
    for retired, word in (("9", "warning"), ("null", "good")):
        watch = f'[{{"id": "w1", "created_at": 1, "created_by": "x", "retired_at": {retired}}}]'
        change(kept, f"REPLACE INTO journal_values VALUES ('watches', '{watch}')")
        assert word == of(data.look(kept), "watch")[0]


def test_a_damaged_journal(kept: Examined) -> None:
    """A page that was overwritten is found by SQLite's own check."""
    change(kept, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(kept.state.journal.read_bytes())
    content[4096 : 4096 * 12] = os.urandom(4096 * 11)
    kept.state.journal.write_bytes(bytes(content))
    assert "wrong" == of(data.look(kept), "journal")[0]


def test_a_journal_of_another_version(kept: Examined) -> None:
    """An older schema is brought forward at a start; a newer one needs the newer version."""
    change(kept, "UPDATE alembic_version SET version_num = '1'")
    assert "warning" == of(data.look(kept), "schema")[0]
    change(kept, "UPDATE alembic_version SET version_num = '99'")
    assert "wrong" == of(data.look(kept), "schema")[0]


def test_what_is_missing_of_an_installation_that_has_run(tmp_path: Path, kept: Examined) -> None:
    """A journal that nodes were registered in, the key of people's data, that of the authority: never a first start."""
    state = kept.state
    prepare_broker(kept.settings, state)
    with closing(sqlite3.connect(state.journal)) as journal:
        journal.execute("INSERT OR REPLACE INTO journal_values VALUES (?, 'another')", (people_key.CHECK,))
        journal.commit()
    state.people_key.unlink(missing_ok=True)
    assert "people's data" not in [each.check for each in data.look(kept)]  # of nobody
    private_file.replace(state.people_key, b"no key\n")
    assert "holds no key of 32 bytes" in of(data.look(kept), "people's data")[1]
    with (state.broker / "passwords").open("a") as file:
        file.write("node-1:$7$x\n")
    for path in state.root.glob("journal.db*"):
        path.unlink()
    assert "the broker knows 1 nodes" in of(data.look(kept), "journal")[1]
    authority = state.authority / "authority.pem"
    authority.write_bytes(b"x")
    assert "holds no key" in of(encryption.look(kept), "authority key")[1]
    authority.unlink()
    assert "missing: the broker's certificate cannot be renewed" in of(encryption.look(kept), "authority key")[1]


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    """Bytes in the broker's configuration, no certificate, files in the place of folders: a sentence each."""
    found = examined(tmp_path, '[backup]\nfolder = "kept"\nkey_file = "key"\n')
    prepare_broker(found.settings, found.state)
    for name in ("mosquitto.conf", "acl", "passwords", "server.pem"):
        (found.state.broker / name).write_bytes(b"\xff\xfe\0")
    findings = list(encryption.look(found))
    assert "wrong" == of(findings, "broker files")[0]
    certificate = next(each for each in findings if each.check == "broker certificate")
    assert ("holds no certificate", "kentongan certificates renew") == (certificate.told[-20:], certificate.remedy)
    assert "certificate chain" not in [each.check for each in findings]  # one fault is told once
    (tmp_path / "kept").write_text("")
    assert "is no folder" in of(data.look(found), "backup")[1]
    (tmp_path / "file").write_text("")
    assert "is no folder" in of(examine(tmp_path / "k.toml", state=tmp_path / "file"), "site.state_dir")[1]


def test_an_audit_row_that_somebody_changed(kept: Examined) -> None:
    """The chain names the row."""
    change(kept, "UPDATE audit SET subject = 'rw-9' WHERE subject = 'rw-1'")
    assert ("wrong", True) == _says(of(data.look(kept), "audit chain"), "BROKEN at row")


def test_a_journal_from_the_future(kept: Examined) -> None:
    """The machine's clock went back, or it was ahead when the journal was written."""
    moved = msgspec.structs.replace(kept, now=kept.now - 2 * DAY_MS)
    assert ("wrong", True) == _says(of(data.look(moved), "journal clock"), "86400 s ahead")


def test_nobody_can_log_in_or_everybody(tmp_path: Path, kept: Examined) -> None:
    """No admin, and pages that are open to everybody, are warnings."""
    assert ("warning", "no admin can log in") == of(data.look(kept), "users")
    row = "1, 'sari', 'Sari', 'admin', 'x', 0, x'', 0, x'', {}, 1, 1, 1"
    change(kept, f"INSERT INTO users VALUES ({row.format(1)})")
    assert "warning" == of(data.look(kept), "users")[0]
    change(kept, "UPDATE users SET is_disabled = 0")
    assert "good" == of(data.look(kept), "users")[0]
    opened = examined(tmp_path, "[web]\nopen_to_everybody = true\n[channels]\ndemo = true\n")
    assert ("warning", "everybody looks without a login") == of(data.look(opened), "users")


def test_history_that_is_behind_or_damaged(kept: Examined) -> None:
    """So many journal ids behind, and a file that is no database."""
    change(kept, "UPDATE audit SET id = id + 90000 WHERE subject = 'rw-2'")
    assert ("warning", True) == _says(of(data.look(kept), "history"), "journal ids behind")
    kept.state.history.write_bytes(b"no database at all" * 400)
    assert "wrong" == of(data.look(kept), "history")[0]


def test_backups_that_are_missing_old_or_cannot_be_read(tmp_path: Path, kept: Examined) -> None:
    """None asked for, no key, an open key, none taken, a failed one, an old one, one on the same disk."""
    assert ("warning", "none is taken") == of(data.look(kept), "backup")
    found = examined(tmp_path, '[backup]\nfolder = "c"\nkey_file = "b.key"\n')
    assert "wrong" == of(data.look(found), "backup key")[0]
    backup_key.make(tmp_path / "b.key")
    assert "good" == of(data.look(found), "backup key")[0]
    (tmp_path / "b.key").chmod(0o644)
    assert ("wrong", True) == _says(of(data.look(found), "backup key"), "can be read by others")
    assert ("warning", True) == _says(of(data.look(found), "backup"), "there is none yet")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / name_of("ews", NOW - 2 * DAY_MS)).write_bytes(b"x")
    assert ("wrong", True) == _says(of(data.look(found), "backup"), "48 hours old")
    (tmp_path / "c" / name_of("ews", NOW - 3_600_000)).write_bytes(b"x")
    assert ("warning", True) == _says(of(data.look(found), "backup"), "same disk")
    record.write(found.state, BackupRecord(tried_at=NOW, problem="no room"))
    assert ("wrong", True) == _says(of(data.look(found), "backup"), "no room")


def test_the_command_says_a_line_a_check_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit codes, one line a check, JSON with the same; not a file more than before."""
    found = examined(tmp_path, "[channels]\ndemo = true\n[tide]\nmodel = 'none.json'\n")
    file, root = str(tmp_path / "k.toml"), found.state.root
    before = sorted(tmp_path.rglob("*"))
    assert 2 == main(["check", "--settings", file])
    said = capsys.readouterr().out.splitlines()
    assert 2 == main(["check", "--settings", file, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert before == sorted(tmp_path.rglob("*"))
    assert root.exists()
    groups = {each["group"] for each in told["findings"]}
    assert len(said) == len(told["findings"]) + len(groups) + 1
    assert 2 == told["exit_code"]
    assert ["tide.model"] == [each["check"] for each in told["findings"] if "none.json" in each["told"]]


def test_settings_that_cannot_be_read_end_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, with the file and the key; and no state folder is made for it."""
    (tmp_path / "k.toml").write_text('[site]\nname = "Uji"\nstate_dir = "s"\n[broker]\ntls_prot = 1\n')
    assert 2 == main(["check", "--settings", str(tmp_path / "k.toml")])
    assert "tls_prot" in capsys.readouterr().out
    assert not (tmp_path / "s").exists()
