"""The directory: who is on duty, who hears of an area, whose number this is, and what screens call people."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.contacts import contact, mask, mask_number
from alerting.recipient_tables import Loader, row_of
from alerting.recipients import Directory, Recipient, fixed_officer, number_of
from alerting.roster import Duty, Roster, Shift
from alerting.vault import Vault

VAULT = Vault(bytes(32))
ZONE = ZoneInfo("Asia/Jakarta")
KELURAHAN = "35.75.01.1001"
MONDAY_NOON = 1_795_410_000_000  # 2026-11-23 12:00 WIB


def person(number: int, **changes: Any) -> Recipient:
    fields: dict[str, Any] = {
        "id": f"p{number}",
        "kind": "resident",
        "name_sealed": VAULT.seal(f"Nama {number}"),
        "contacts": (contact(VAULT, "phone", f"+62812000{number:05d}"),),
        "areas": (KELURAHAN,),
    }
    return Recipient(**(fields | changes))


@pytest.fixture
def directory() -> Directory:
    names = {KELURAHAN: "Karangketug"}
    return Directory(VAULT, zone=ZONE, area_name=lambda code: names.get(code, code))


def test_only_who_agreed_is_in_the_audience(directory: Directory) -> None:
    """Neither who never confirmed nor who left, nor an officer; and consent counts from the moment it changes."""
    directory.put(person(1))
    directory.put(person(2, consent="pending"))
    directory.put(person(3, consent="left"))
    directory.put(person(4, kind="officer"))
    assert ["p1"] == directory.audience([KELURAHAN])
    directory.put(person(2, consent="given"))
    directory.put(person(1, consent="left"))
    assert ["p2"] == directory.audience([KELURAHAN])


def test_a_person_is_found_by_number_and_only_by_the_present_one(directory: Directory) -> None:
    """A changed number leads to nobody, and what an erased person had is free again."""
    directory.put(person(1))
    found = directory.find("phone", "+6281200000001")
    assert found is not None
    assert "p1" == found.id
    directory.put(person(1, contacts=(contact(VAULT, "phone", "+6281355556666"),)))
    assert directory.find("phone", "+6281200000001") is None
    assert "+6281355556666" == directory.address("p1", "phone")
    directory.remove("p1")
    assert directory.find("phone", "+6281355556666") is None
    assert (None, None, []) == (directory.get("p1"), directory.address("p1", "phone"), directory.audience([KELURAHAN]))


def test_an_address_of_another_kind_is_not_given(directory: Directory) -> None:
    """E-mail does not go to a phone."""
    directory.put(person(1, kind="officer", contacts=(contact(VAULT, "email", "ani@contoh.go.id"),)))
    assert directory.address("p1", "phone") is None
    assert "ani@contoh.go.id" == directory.address("p1", "email")


def test_officers_come_by_rank_and_all_of_them_without_a_roster(directory: Directory) -> None:
    """Those of the settings file are first of their rank."""
    directory.put(person(2, kind="officer", rank=2))
    directory.put(person(1, kind="officer", rank=3))
    directory.put(person(3, kind="officer"))
    directory.put(fixed_officer(VAULT, name="Petugas", phone="+6281200000009", channels=("demo",)))
    assert ["Petugas", "p3", "p2", "p1"] == [each.id for each in directory.officers(MONDAY_NOON)]
    assert not directory.is_unrostered(MONDAY_NOON)


def test_the_roster_says_who_is_on_duty_and_a_gap_means_everybody(directory: Directory) -> None:
    """In a gap all are told, and it is known that nobody is rostered; who is in the settings is always told."""
    for number in (1, 2):
        directory.put(person(number, kind="officer"))
    directory.put(fixed_officer(VAULT, name="Petugas", phone="+6281200000009", channels=()))
    directory.roster = Roster(shifts=(Shift(weekdays=(0,), starts=600, ends=780, officers=("p2",)),))
    assert ["Petugas", "p2"] == [each.id for each in directory.officers(MONDAY_NOON)]
    later = MONDAY_NOON + 3 * 3_600_000
    assert directory.is_unrostered(later)
    assert ["Petugas", "p1", "p2"] == [each.id for each in directory.officers(later)]
    assert ["Petugas", "p1", "p2"] == [each.id for each in directory.all_officers()]


def test_duty_changes_with_the_clock_and_with_the_roster(directory: Directory) -> None:
    """Also when the clock goes back, and at once when another roster is put in force."""
    for number in (1, 2, 3):
        directory.put(person(number, kind="officer"))
    early = Shift(weekdays=tuple(range(7)), starts=0, ends=720, officers=("p1",))
    late = Shift(weekdays=tuple(range(7)), starts=720, ends=0, officers=("p2",))
    directory.roster = Roster(shifts=(early, late))
    moments = (MONDAY_NOON - 1, MONDAY_NOON, MONDAY_NOON - 1, MONDAY_NOON + 12 * 3_600_000, MONDAY_NOON - 60_000)
    assert ["p1", "p2", "p1", "p1", "p1"] == [directory.officers(each)[0].id for each in moments]
    directory.roster = Roster(shifts=(msgspec.structs.replace(early, officers=("p3",)),))
    assert ["p3"] == [each.id for each in directory.officers(MONDAY_NOON - 60_000)]


def test_a_roster_of_people_who_are_gone_is_a_gap(directory: Directory) -> None:
    """Nobody may be missed because the roster names somebody who was erased."""
    directory.put(person(1, kind="officer"))
    directory.roster = Roster(duties=(Duty(day=date(2026, 11, 23), starts=0, ends=0, officers=("p9",)),))
    assert directory.is_unrostered(MONDAY_NOON)
    assert ["p1"] == [each.id for each in directory.officers(MONDAY_NOON)]


def test_a_group_has_its_members_with_consent(directory: Directory) -> None:
    """In the order in which they came."""
    directory.put(person(3, groups=("latihan",)))
    directory.put(person(1, groups=("latihan", "radio")))
    directory.put(person(2, groups=("latihan",), consent="left"))
    assert ["p1", "p3"] == directory.group("latihan")
    directory.put(person(1, groups=("radio",)))
    assert ["p3"] == directory.group("latihan")
    assert [] == directory.group("tidak-ada")


def test_labels_say_who_is_meant_without_a_name_of_a_resident(directory: Directory) -> None:
    """Officers and institutions by name; residents by id and area, heads by RT and RW; who is gone, too."""
    directory.put(person(1))
    directory.put(person(2, kind="head", areas=(f"{KELURAHAN}/RW02/RT03",)))
    directory.put(person(3, kind="head", areas=(f"{KELURAHAN}/RW02",)))
    directory.put(person(4, kind="institution", name_sealed=VAULT.seal("Radio Suara"), areas=("35.75.01",)))
    directory.put(fixed_officer(VAULT, name="Petugas", phone="+6281200000009", channels=()))
    labels = [directory.label(each) for each in ("p1", "p2", "p3", "p4", "Petugas", "p5")]
    assert [
        "Warga p1, Karangketug",
        "RT03/RW02 Karangketug",
        "RW02 Karangketug",
        "Radio Suara",
        "Petugas",
        "p5 (sudah dihapus)",
    ] == labels


def test_a_damaged_row_stops_nobody_else(directory: Directory) -> None:
    """Whoever cannot be opened has no address and is called by id; the rest are told."""
    broken = person(1, kind="officer", name_sealed=b"x" * 40)
    spoilt = msgspec.structs.replace(broken.contacts[0], sealed=b"x" * 40)
    directory.put(msgspec.structs.replace(broken, contacts=(spoilt,)))
    directory.put(person(2, kind="officer"))
    assert (None, "+6281200000002") == (directory.address("p1", "phone"), directory.address("p2", "phone"))
    assert ("p1", "Nama 2") == (directory.label("p1"), directory.label("p2"))
    assert ["p2"] == [each.id for each in directory.named("nama 2")]


def test_pages_go_on_where_they_stopped(directory: Directory) -> None:
    """By journal id, also after somebody was changed or erased."""
    for number in (5, 1, 3):
        directory.put(person(number))
    directory.put(person(3, language="en"))
    assert ["p1", "p3", "p5"] == [each.id for each in directory.after(0)]
    directory.remove("p3")
    assert ["p5"] == [each.id for each in directory.after(1)]


def test_a_row_of_the_journal_is_the_same_recipient() -> None:
    """Every field, over a write and a read."""
    made = person(
        7,
        kind="institution",
        channels=("twilio", "demo"),
        areas=(KELURAHAN, f"{KELURAHAN}/RW02/RT03"),
        groups=("radio",),
        language="en",
        consent="left",
        consent_at=1,
        consent_how="telepon ke pos",
        rank=3,
        created_at=2,
        changed_at=4,
    )
    assert made == Loader()(row_of(made))
    assert msgspec.structs.replace(made, channels=(), groups=()) == Loader()(
        row_of(msgspec.structs.replace(made, channels=(), groups=()))
    )


@pytest.mark.parametrize(
    ("text", "number"), [("p12", 12), ("p", None), ("p1a", None), ("Petugas", None), ("p\u0661", None)]
)
def test_only_a_journal_id_is_an_id(text: str, number: int | None) -> None:
    """An officer's name is not mistaken for one."""
    assert number == number_of(text)


def test_masks_tell_contacts_apart_and_give_none_away() -> None:
    """Of a number country and last three digits; of the shortest number five digits stay hidden."""
    assert "+62********890" == mask("phone", "+6281234567890")
    assert "+62******678" == mask("phone", "+62812345678")
    assert "+62********890" == mask_number(mask("phone", "+6281234567890"))
    assert "***" == mask_number("0812345")
    assert "r***@bpbd.example" == mask("email", "rini@bpbd.example")
    assert "***42" == mask("telegram", "-1001234542")
    assert "hooks.example/***" == mask("url", "https://user:secret@hooks.example/T00/B00/token?key=1")


people = st.builds(
    lambda number, kind, areas, groups, consent: person(
        number, kind=kind, areas=tuple(areas), groups=tuple(groups), consent=consent
    ),
    st.integers(1, 8),
    st.sampled_from(["officer", "head", "institution", "resident"]),
    st.lists(st.sampled_from([KELURAHAN, "35.75.01", f"{KELURAHAN}/RW01"]), max_size=2, unique=True),
    st.lists(st.sampled_from(["rt", "radio"]), max_size=2, unique=True),
    st.sampled_from(["given", "pending", "left"]),
)


@given(st.lists(st.one_of(people, st.integers(1, 8)), max_size=40))
def test_after_any_changes_the_directory_is_as_if_made_anew(steps: list[Recipient | int]) -> None:
    """People put, changed and removed in any order: every index says what one built from the outcome says."""
    changed, left = Directory(VAULT, zone=ZONE), dict[str, Recipient]()
    for step in steps:
        if isinstance(step, int):
            changed.remove(f"p{step}")
            left.pop(f"p{step}", None)
        else:
            changed.put(step)
            left[step.id] = step
    anew = Directory(VAULT, zone=ZONE)
    for each in sorted(left.values(), key=lambda one: one.number):
        anew.put(each)
    for directory in (changed, anew):
        assert len(left) == len(directory)
    assert list(anew.after()) == list(changed.after())
    assert anew.all_officers() == changed.all_officers()
    for area in (KELURAHAN, "35.75.01", f"{KELURAHAN}/RW01"):
        assert anew.audience([area]) == changed.audience([area])
    for group in ("rt", "radio"):
        assert anew.group(group) == changed.group(group)
    for number in range(1, 9):
        phone = f"+62812000{number:05d}"
        assert (f"p{number}" in left) == (changed.find("phone", phone) is not None)
