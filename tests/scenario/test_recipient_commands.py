"""Recipients in core, on an injected clock: who is told, who is not, what is refused, and what a restart keeps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alerting.audit import Entry as AuditEntry
from alerting.audit import first_broken
from alerting.recipients import Recipient
from broker.control import CommandFailed, Request
from deploy.assembly import core_of, credentials_of
from deploy.core_commands.commands import Commands
from deploy.live.shown import problems
from deploy.recipients import changes
from deploy.recipients.importing import NotImported, Wish, import_file
from deploy.settings import BadSettings, load
from deploy.state_folder import StateFolder, StateFolderUnusable
from tests.bare_core import SetClock, Wire

T0 = 1_795_410_000_000  # Monday 2026-11-23 12:00 WIB
HOUR = 3_600_000
KARANGKETUG = "35.75.01.1001"
HEADS = (
    "nama;rt;rw;kel;nomor\nBudi;3;2;Karangketug;0812-3456-7890\n"
    "Siti;4;2;Randusari;62813 1111 2222\nJoko;;5;Karangketug;+62 815 2222 3333\n"
)


class Post:
    """One core and whoever sits before it."""

    def __init__(self, folder: Path, *, realm: str = "ews") -> None:
        self.folder = folder
        officer = '[[officers]]\nname = "Petugas jaga"\nphone = "+6281200000001"\n'
        (folder / "k.toml").write_text(f'[site]\nname = "Uji"\nrealm = "{realm}"\n[channels]\ndemo = true\n{officer}')
        self.settings = load(folder / "k.toml")
        self.state = StateFolder(folder / "s")
        self.state.prepare()
        SetClock.time = T0
        self.open()

    def open(self) -> None:
        self.core = core_of(self.settings, self.state, SetClock(), channels={})
        self.core.link, self.core.sender = Wire(), Wire()
        self.commands = Commands(self.core, credentials_of(self.state), lambda: True)

    def restart(self) -> None:
        self.core.stop()
        self.open()

    def ask(self, command: str, /, **arguments: Any) -> Any:
        return self.commands.run(Request(name=command, args=arguments, actor="cli:uji"))

    def asking(self, command: str, arguments: dict[str, Any]) -> Any:
        """The same as a file's import asks it."""
        return self.ask(command, **arguments)

    def imported(self, content: str, kind: Any = "head", **more: Any) -> dict[str, int]:
        path = self.folder / "orang.csv"
        path.write_text(content)
        wish = Wish(path=path, kind=kind, consent_how="uji", channels=["demo"], **more)
        return import_file(self.asking, wish).counts

    def put(self, kind: str, number: str, **more: Any) -> str:
        entry = {"kind": kind, "name": "Nama", "contacts": {"phone": number}, "areas": [KARANGKETUG], **more}
        answer = self.ask("recipient-put", entries=[entry], consent_how="uji")
        assert [] == answer["faults"]
        return str(answer["steps"][0]["id"])

    def person(self, recipient_id: str) -> Recipient:
        found = self.core.directory.get(recipient_id)
        assert found is not None
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.core.journal.connection.execute(query).fetchall()

    def audit(self) -> list[tuple[str, str]]:
        rows = [AuditEntry(*row) for row in self.rows("SELECT * FROM audit ORDER BY id")]
        assert first_broken(rows) is None
        return [(row.action, row.subject) for row in rows if row.action.startswith(("recipient", "roster"))]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.core.journal.close()


def test_an_imported_list_is_told_at_once_and_after_a_restart(post: Post) -> None:
    """Heads of the kelurahan, and of its RT and RW only, in the order in which they came."""
    assert {"added": 3, "changed": 0, "unchanged": 0} == post.imported(HEADS)
    reached = post.core.directory.audience([KARANGKETUG])
    assert ["RT03/RW02 Karangketug", "RW05 Karangketug"] == [post.core.directory.label(each) for each in reached]
    post.restart()
    assert reached == post.core.directory.audience([KARANGKETUG])
    assert ["+6281234567890", "+6281522223333"] == [post.core.directory.address(each, "phone") for each in reached]


def test_the_same_file_again_changes_nothing_and_a_mended_one_only_what_differs(post: Post) -> None:
    """The number is recognised in any spelling, which is how a broken import goes on."""
    post.imported(HEADS)
    count = len(post.audit())
    assert {"added": 0, "changed": 0, "unchanged": 3} == post.imported(HEADS.replace("0812-3456", "+62 812 3456"))
    assert count == len(post.audit())
    moved = HEADS.replace("Siti;4;2", "Siti Aminah;6;2")
    assert {"added": 0, "changed": 1, "unchanged": 2} == post.imported(moved)
    assert "RT06/RW02 Randusari" in [each["label"] for each in post.ask("recipient-list")["recipients"]]


def test_a_dry_run_says_what_would_happen_and_does_nothing(post: Post) -> None:
    """Neither rows nor audit."""
    assert {"added": 3, "changed": 0, "unchanged": 0} == post.imported(HEADS, is_dry=True)
    assert [] == post.core.directory.audience([KARANGKETUG])
    assert [] == post.rows("SELECT id FROM recipients") == post.audit()


def test_nothing_is_imported_while_one_line_is_bad(post: Post) -> None:
    """Also when the file is right in itself and only the journal knows better, lines and slices later."""
    post.put("officer", "+6281522223333", areas=[])
    lines = "".join(f"Warga{n};{n % 99 + 1};1;Bangilan;0857{n:08d}\n" for n in range(250))
    with pytest.raises(NotImported) as caught:
        post.imported(f"{HEADS}{lines}")
    assert "orang.csv:4: nomor: belongs to p" in str(caught.value)
    assert "as officer" in str(caught.value)
    assert "nothing was imported" in str(caught.value)
    assert [(1,)] == post.rows("SELECT count(*) FROM recipients")


def test_an_import_that_was_cut_off_is_simply_done_again(post: Post) -> None:
    """Core dies between two slices: the slices before are in, and the second time adds only the rest."""
    lines = "".join(f"Warga{n};{n % 99 + 1};1;Bangilan;0857{n:08d}\n" for n in range(220))
    path = post.folder / "warga.csv"
    path.write_text(f"nama;rt;rw;kel;nomor\n{lines}")
    wish = Wish(path=path, kind="head", consent_how="uji")
    taken = 0

    def asking(command: str, arguments: dict[str, Any]) -> Any:
        nonlocal taken
        if command == "recipient-put" and not arguments["dry_run"]:
            if taken == 2:
                raise NotImported("core does not answer")
            taken += 1
        return post.ask(command, **arguments)

    with pytest.raises(NotImported):
        import_file(asking, wish)
    post.core.journal.close()
    post.open()
    assert {"added": 120, "changed": 0, "unchanged": 100} == import_file(post.asking, wish).counts
    assert [(220, 220)] == post.rows("SELECT count(*), count(DISTINCT contacts) FROM recipients")
    assert 220 == len(post.core.directory.audience(["35.75.04.1004"]))


def test_a_number_has_one_owner(post: Post) -> None:
    """Twice in a slice, an officer of the settings file, somebody else's when a number is changed."""
    first = post.put("resident", "+6281300000001")
    second = post.put("resident", "+6281300000002")
    entry = {"kind": "resident", "contacts": {"phone": "+6281300000009"}, "areas": [KARANGKETUG]}
    answer = post.ask("recipient-put", entries=[entry, entry], consent_how="uji")
    assert ["the same phone stands in entry 0 of this slice"] == [each["text"] for each in answer["faults"]]
    fixed = {**entry, "contacts": {"phone": "+6281200000001"}}
    answer = post.ask("recipient-put", entries=[fixed], consent_how="uji")
    assert "Petugas jaga" in answer["faults"][0]["text"]
    with pytest.raises(CommandFailed, match=f"belongs to {first} already"):
        post.ask("recipient-change", who=second, set={"contacts": {"phone": "+6281300000001"}})


def test_a_resident_who_becomes_head_stays_one_person(post: Post) -> None:
    """He is told once, as head, and still hears of the place he had chosen himself."""
    resident = post.put("resident", "+6281234567890", areas=["35.75.04.1004"], language="en")
    assert {"added": 2, "changed": 1, "unchanged": 0} == post.imported(HEADS)
    head = post.person(resident)
    assert ("head", (f"{KARANGKETUG}/RW02/RT03", "35.75.04.1004"), "en") == (head.kind, head.areas, head.language)
    assert 1 == post.core.directory.audience([KARANGKETUG, "35.75.04.1004"]).count(resident)


def test_who_left_is_not_brought_back_by_a_file(post: Post) -> None:
    """The import says so, and he stays untold until he says otherwise himself."""
    post.imported(HEADS)
    post.ask("recipient-consent", who="0813-1111-2222", consent="left", how="telepon ke pos")
    counts = post.imported(HEADS.replace("Siti", "Siti Aminah"))
    assert 1 == counts["changed"]
    assert [] == post.core.directory.audience(["35.75.01.1006"])
    post.ask("recipient-consent", who="081311112222", consent="given", how="datang ke pos")
    assert 1 == len(post.core.directory.audience(["35.75.01.1006"]))


def test_an_erased_person_is_nowhere_and_can_come_again(post: Post) -> None:
    """By number, in any spelling; the roster closes over him; a new row has a new id."""
    officer = post.put("officer", "+6281300000001", areas=[])
    other = post.put("officer", "+6281300000002", areas=[])
    shift = {"weekdays": [0], "starts": 0, "ends": 0, "officers": [officer, other]}
    post.ask("roster-put", roster={"shifts": [shift]}, version=0, reason="uji")
    assert {"id": officer, "kind": "officer"} == post.ask("recipient-erase", who="0813 0000 0001", reason="pindah")
    assert [other] == [each.id for each in post.core.directory.officers(T0) if each.number]
    with pytest.raises(CommandFailed, match="no recipient"):
        post.ask("recipient-show", who=officer)
    post.restart()
    assert [other] == [each.id for each in post.core.directory.officers(T0) if each.number]
    assert [(0,)] == post.rows(f"SELECT count(*) FROM recipients WHERE id = {officer[1:]}")
    again = post.put("officer", "+6281300000001", areas=[])
    assert again not in (officer, other)
    assert ("recipient erased", officer) in post.audit()


def test_clear_data_needs_a_reason_and_leaves_a_trace(post: Post) -> None:
    """Also an export, page by page; and its answer is never kept for an idempotency key."""
    post.imported(HEADS)
    who = post.core.directory.audience([KARANGKETUG])[0]
    assert "text" not in str(post.ask("recipient-show", who=who))
    for command in ("recipient-show", "recipient-export"):
        with pytest.raises(CommandFailed, match="say why with --reason"):
            post.ask(command, who=who, reveal=True, reason="  ")
        request = Request(name=command, args={"who": who, "reveal": True, "reason": "x"}, actor="a", key="k")
        with pytest.raises(CommandFailed, match="without an idempotency key"):
            post.commands.run(request)
    with pytest.raises(CommandFailed, match="'x' is no reason to see who"):
        post.ask("recipient-show", who=who, reveal=True, reason="x")
    shown = post.ask("recipient-show", who=who, reveal=True, reason="nomor tidak aktif")
    assert ("Budi", "+6281234567890") == (shown["name"], shown["contacts"][0]["text"])
    page = post.ask("recipient-export", reason="cadangan", limit=2)
    rest = post.ask("recipient-export", reason="cadangan", after=page["next"])
    assert ["Budi", "Siti", "Joko"] == [each["name"] for each in (*page["recipients"], *rest["recipients"])]
    assert rest["next"] is None
    assert [("recipient revealed", who), ("recipients exported", "2 recipients")] == post.audit()[1:3]


def test_a_list_is_masked_and_can_be_narrowed(post: Post) -> None:
    """By kind, group, area and consent; the officers of the settings file stand in it."""
    post.imported(HEADS)
    radio = post.put("institution", "+6281300000007", name="Radio Suara", groups=["radio"])
    everybody = post.ask("recipient-list")["recipients"]
    assert ["Petugas jaga", "RT03/RW02 Karangketug"] == [each["label"] for each in everybody[:2]]
    assert not any("34567" in str(each) for each in everybody)

    def ids(**chosen: Any) -> list[str]:
        return [each["id"] for each in post.ask("recipient-list", **chosen)["recipients"]]

    assert [radio] == ids(kind="institution") == ids(group="radio")
    assert 2 == len(ids(kind="head", area=KARANGKETUG))
    assert [] == ids(consent="left")
    with pytest.raises(CommandFailed, match="is no kind"):
        post.ask("recipient-list", kind="tetangga")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"contacts": {"phone": "081234567890"}}, "is due as"),
        ({"contacts": {"phone": "+62343421234"}}, "fixed line"),
        ({"contacts": {"fax": "1"}}, "contacts"),
        ({"contacts": {}}, "is missing"),
        ({"contacts": {"phone": "+6281300000001", "email": "a@b.id"}}, "mobile number only"),
        ({"areas": []}, "is missing"),
        ({"areas": ["35.75.09.1001"]}, "no area"),
        ({"areas": ["Karangketug"]}, "no area"),
        ({"areas": ["35.75.01.1001"] * 51}, "more than 50"),
        ({"areas": ["35.75.01.1001/RW3"]}, "no area"),
        ({"kind": "head"}, "rw"),
        ({"groups": ["Pak RT"]}, "no group"),
        ({"groups": [f"g{n}0" for n in range(11)]}, "more than 10"),
        ({"kind": "officer", "contacts": {"email": "rini"}}, "nama@contoh.go.id"),
        ({"kind": "officer", "contacts": {"telegram": "@rini"}}, "chat id"),
        ({"kind": "officer", "contacts": {"url": "ftp://x"}}, "https://"),
        ({"kind": "officer", "contacts": {"url": "https://[x"}}, "https://"),
        ({"kind": "officer", "contacts": {"url": f"https://x.id/{'y' * 500}"}}, "https://"),
        ({"channels": ["merpati"]}, "not configured"),
        ({"kind": "tetangga"}, "kind"),
        ({"rank": 0}, "no rank"),
        ({"nama": "x"}, "nama"),
        ({"name": "A\nB"}, "cannot be seen"),
    ],
)
def test_a_wrong_entry_is_one_sentence_and_changes_nothing(post: Post, changed: dict[str, Any], text: str) -> None:
    """From a page as from a file; nothing of it repeats a number."""
    entry = {"kind": "resident", "contacts": {"phone": "+6281300000001"}, "areas": [KARANGKETUG], **changed}
    answer = post.ask("recipient-put", entries=[entry], consent_how="uji")
    told = " ".join(f"{each['key']} {each['text']}" for each in answer["faults"])
    assert text in told
    assert "421234" not in told
    assert [] == post.rows("SELECT id FROM recipients")


def test_core_takes_no_more_than_a_slice_at_once(post: Post) -> None:
    """So that a warning never waits behind a list."""
    entry = {"kind": "resident", "contacts": {"phone": "+6281300000001"}, "areas": [KARANGKETUG]}
    with pytest.raises(CommandFailed, match="51 entries are more than 50"):
        post.ask("recipient-put", entries=[entry] * 51, consent_how="uji")


def test_a_real_list_reaches_the_drills_only_by_the_word(tmp_path: Path) -> None:
    """In the realm latihan nobody is imported by mistake."""
    drill = Post(tmp_path, realm="latihan")
    try:
        with pytest.raises(CommandFailed, match="--realm-word LATIHAN"):
            drill.imported(HEADS)
        assert [] == drill.rows("SELECT id FROM recipients")
        assert 3 == drill.imported(HEADS, realm_word="LATIHAN")["added"]
    finally:
        drill.core.journal.close()


def test_the_roster_is_kept_in_versions_and_two_editors_do_not_overwrite_each_other(post: Post) -> None:
    """Whoever was second is told; officers of the settings file and strangers cannot be rostered."""
    officer = post.put("officer", "+6281300000001", areas=[])
    shift = {"weekdays": [0], "starts": 600, "ends": 780, "officers": [officer]}
    answer = post.ask("roster-put", roster={"shifts": [shift]}, version=0, reason="jadwal November")
    assert 1 == answer["version"]
    assert T0 + HOUR == answer["gaps"][0]["start"]
    with pytest.raises(CommandFailed, match="changed meanwhile"):
        post.ask("roster-put", roster={}, version=0, reason="x")
    for stranger, text in (("p999", "is no officer"), ("Petugas jaga", "always on duty")):
        with pytest.raises(CommandFailed, match=text):
            post.ask("roster-put", roster={"shifts": [{**shift, "officers": [stranger]}]}, version=1, reason="x")
    post.restart()
    shown = post.ask("roster-show")
    assert (1, ["Petugas jaga", officer], False) == (shown["version"], shown["now"], shown["is_unrostered"])
    assert ("roster changed", "roster v1") in post.audit()


def test_a_gap_in_the_roster_is_a_problem_that_is_shown(post: Post) -> None:
    """In Indonesian, on every page, as long as it lasts."""
    officer = post.put("officer", "+6281300000001", areas=[])
    shift = {"weekdays": [0], "starts": 600, "ends": 780, "officers": [officer]}
    post.ask("roster-put", roster={"shifts": [shift]}, version=0, reason="x")
    assert not [each for each in problems(post.core) if "jadwal jaga" in each]
    SetClock.time = T0 + 2 * HOUR
    assert [each for each in problems(post.core) if "jadwal jaga" in each]
    assert ["Petugas jaga", officer] == [each.id for each in post.core.directory.officers(SetClock.time)]


def test_consent_goes_from_asked_to_given_by_staff(post: Post) -> None:
    """Somebody who asked on a page and never confirmed is known when the office enters him."""
    entered = post.put("resident", "+6281300000001")
    changes.set_consent(post.core, post.person(entered), "pending", how="web", now=T0)
    assert [] == post.core.directory.audience([KARANGKETUG])
    assert entered == post.put("resident", "+6281300000001")
    assert ("given", "uji") == (post.person(entered).consent, post.person(entered).consent_how)


@pytest.mark.parametrize(
    ("name", "text"), [("p12", "is the id of a recipient, not a name"), ("Petugas jaga", "stands there twice")]
)
def test_an_officer_of_the_settings_has_a_name_of_his_own(tmp_path: Path, name: str, text: str) -> None:
    """One sentence at the start; a message could not be told from another's."""
    officer = '[[officers]]\nname = "{}"\nphone = "081200000001"\n'
    (tmp_path / "k.toml").write_text(f'[site]\nname = "Uji"\n{officer.format("Petugas jaga")}{officer.format(name)}')
    state = StateFolder(tmp_path / "s")
    state.prepare()
    with pytest.raises(BadSettings, match=text):
        core_of(load(tmp_path / "k.toml"), state, SetClock(), channels={})


def test_core_does_not_start_with_another_key(post: Post) -> None:
    """Lost, exchanged, or open to others: one sentence each, and the numbers stay what they are."""
    post.imported(HEADS)
    post.core.stop()
    path = post.state.people_key
    key = path.read_bytes()
    assert 0o600 == path.stat().st_mode & 0o777
    for content, mode, text in (
        (None, 0o600, "put it back from the backup"),
        (b"00" * 32, 0o600, "not the key of the recipients"),
        (b"zz", 0o600, "holds no key of 32 bytes"),
        (key, 0o640, "chmod 600"),
    ):
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
            path.chmod(mode)
        with pytest.raises(StateFolderUnusable, match=text):
            core_of(post.settings, post.state, SetClock(), channels={})
    path.chmod(0o600)
    post.open()
    assert 3 == len(list(post.core.directory.after(0)))


def test_without_people_a_lost_key_is_simply_made_again(post: Post) -> None:
    """Nothing was sealed with it."""
    post.restart()
    post.core.stop()
    post.state.people_key.unlink()
    post.open()
    assert 3 == post.imported(HEADS)["added"]
    post.restart()
    assert 2 == len(post.core.directory.audience([KARANGKETUG]))
