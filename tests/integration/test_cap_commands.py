"""kentongan cap, as somebody types it: what was published, one message, whether it is sound, what to read aloud."""

import asyncio
from pathlib import Path

import pytest

from alerting.cap_feed import CapFolder
from deploy import cli
from deploy.cap.files import CapFiles
from deploy.cap.key import open_signer
from tests.notice_post import NoticePost


class Typed:
    """An installation with one warning published, and core stopped."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        post = NoticePost(folder)
        post.level(4.6)
        post.ask("notice-approve", notice=post.notice()["notice"], by="Rini")
        signer = open_signer(post.state.cap_key, name="uji")
        asyncio.run(CapFiles(post.core, CapFolder(post.state.cap), signer).run())
        self.cap = post.state.cap
        self.identifiers = [each for (each,) in post.rows("SELECT identifier FROM cap_messages ORDER BY identifier")]
        post.close()

    def __call__(self, *words: str) -> tuple[int, str]:
        """Exit code and everything that was printed."""
        self._capsys.readouterr()
        where = ["--settings", str(self.folder / "k.toml"), "--state", str(self.folder / "s")]
        code = cli.main(["cap", *words, *where])
        told = self._capsys.readouterr()
        return code, told.out + told.err


@pytest.fixture
def typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(tmp_path, capsys)


def test_what_was_published_is_listed_and_shown(typed: Typed) -> None:
    """Type, status, identifier and headline; the document byte for byte; an unknown one names the nearest."""
    code, told = typed("list")
    assert 0 == code
    assert 2 == told.count("Alert   Test")
    assert "SIAGA BANJIR S. Welang untuk Karangketug" in told
    first = typed.identifiers[0]
    assert (0, (typed.cap / f"{first}.xml").read_text()) == typed("show", first)
    code, told = typed("show", first[:-1])
    assert (2, True) == (code, f"did you mean {first}" in told)
    assert 1 == typed("list", "--limit", "1")[1].count("Alert")


def test_a_message_is_checked_with_and_without_its_signature(typed: Typed) -> None:
    """Exit code 1 and each fault by name when something is wrong."""
    path, certificate = typed.cap / f"{typed.identifiers[0]}.xml", str(typed.cap / "certificate.pem")
    assert (0, f"{path}: a CAP 1.2 message without faults\n") == typed("validate", str(path))
    assert 0 == typed("validate", typed.identifiers[0], "--certificate", certificate)[0]
    changed = typed.folder / "changed.xml"
    changed.write_bytes(path.read_bytes().replace(b"Severe", b"Minor"))
    assert 0 == typed("validate", str(changed))[0]
    code, told = typed("validate", str(changed), "--certificate", certificate)
    assert (1, f"{changed}: signature: the document was changed after it was signed\n") == (code, told)
    changed.write_bytes(path.read_bytes().replace(b"<sender>", b"<sender>a b"))
    assert (1, True) == (typed("validate", str(changed))[0], "sender is" in typed("validate", str(changed))[1])


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("validate", "nowhere.xml"), "nowhere.xml: cannot be read: No such file"),
        (("show", "x"), "no CAP message 'x' was published"),
        (("fetch",), "nowcast.url is not set"),
        (("fetch", "--file", "k.toml"), "cannot be read"),
    ],
)
def test_what_cannot_be_is_one_sentence(typed: Typed, words: tuple[str, ...], says: str) -> None:
    """With what is wrong, and exit code 2."""
    code, told = typed(*words)
    assert (2, True) == (code, says in told), told
    assert 1 == told.strip().count("\n") + 1


def test_a_file_that_is_no_certificate_is_named(typed: Typed) -> None:
    """And where to get one."""
    path = str(typed.cap / f"{typed.identifiers[0]}.xml")
    code, told = typed("validate", path, "--certificate", path)
    assert (2, True) == (code, "no certificate in PEM; fetch it from /cap/certificate.pem" in told)


def test_a_bulletin_that_has_run_out_is_not_read(typed: Typed) -> None:
    """The warning stands since another day and nobody renewed it: "no warning" would be a lie."""
    code, told = typed("bulletin")
    assert (2, True) == (code, "has run out and was not renewed" in told)
