"""kentongan user as a person types it, core stopped: users, roles, passwords, and what is refused with a sentence."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from alerting import passwords
from deploy import cli
from deploy.settings import BadSettings, load

PASSWORD = "kuda hijau lari pagi"
Types = Callable[..., str]


@pytest.fixture
def types(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Types:
    """Type a command, with ``typed`` on standard input; what it said. ``code`` is the exit code that is due."""
    toml = tmp_path / "k.toml"
    toml.write_text('[site]\nname = "Uji"\nstate_dir = "s"\n')

    def types(*words: str, typed: str = PASSWORD, code: int = 0) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed}\n"))
        done = cli.main(["user", *words, "--settings", str(toml)])
        said = "".join(capsys.readouterr())
        assert code == done, said
        return said

    return types


def kept(folder: Path, name: str) -> str:
    with closing(sqlite3.connect(folder / "s" / "journal.db")) as journal:
        row = journal.execute("SELECT password FROM users WHERE key = ?", (name,)).fetchone()
    return str(row[0])


def test_users_are_made_listed_and_changed(types: Types, tmp_path: Path) -> None:
    """A password is read, never shown; one that is drawn is shown once."""
    assert "make the first admin: kentongan user add NAME --role admin" in types("list")
    assert "Kepala may log in as admin" in types("add", "Kepala", "--role", "admin")
    assert passwords.is_it(PASSWORD, kept(tmp_path, "kepala"))
    said = types("add", "Sari W.", "--role", "operator", "--one-time")
    drawn = said.partition("shown only now: ")[2].split()[0]
    assert passwords.is_it(drawn, kept(tmp_path, "sari w."))
    assert "Sari W. is approver now" in types("role", "sari w.", "--role", "approver")
    assert "Sari W. is shut out" in types("disable", "Sari W.")
    assert "Sari W.  approver    shut out, has a one-time password" in types("list")
    assert "may log in again" in types("disable", "Sari W.", "--undo")
    assert "another password" in types("password", "Sari W.", typed="kambing biru tidur siang")
    assert passwords.is_it("kambing biru tidur siang", kept(tmp_path, "sari w."))
    assert "is forgotten" in types("totp", "Sari W.", "--forget")
    assert PASSWORD not in types("list")


def test_what_cannot_be_is_refused_in_a_sentence(types: Types) -> None:
    """Nothing is half done."""
    types("add", "Kepala", "--role", "admin")
    for words, typed, said in (
        (("add", "KEPALA", "--role", "viewer"), PASSWORD, "a user called Kepala is there already"),
        (("add", "Baru", "--role", "viewer"), "pendek", "terlalu pendek"),
        (("add", "<b>", "--role", "viewer"), PASSWORD, "a user's name is of letters"),
        (("role", "Tidak ada", "--role", "viewer"), PASSWORD, "there is Kepala"),
        (("disable", "Kepala"), PASSWORD, "Kepala is the only admin"),
    ):
        assert said in types(*words, typed=typed, code=2)
    assert 1 == len(types("list").splitlines())


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            "[web]\nopen_to_everybody = true\n[channels]\nwebhook = true\ndemo = true\n",
            "channel 'webhook' reaches people",
        ),
        ('[web]\ntrusted_proxies = ["proxy"]\n', "'proxy' is no address"),
    ],
)
def test_settings_that_would_open_the_pages_are_refused(tmp_path: Path, lines: str, said: str) -> None:
    """Looking without a login is for demonstrations; who is believed is an address."""
    path = tmp_path / "k.toml"
    path.write_text(f'[site]\nname = "Uji"\n{lines}')
    with pytest.raises(BadSettings, match=said):
        load(path)
    path.write_text('[site]\nname = "Uji"\n[web]\nopen_to_everybody = true\n[channels]\ndemo = true\n')
    assert load(path).web.open_to_everybody
