"""Passwords, their hashes and the files that hold them."""

import json
import stat
import string
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.credentials import (
    RESERVED,
    ROUNDS,
    CredentialRefused,
    CredentialStore,
    check_node_id,
    is_password_of,
    new_password,
    password_hash,
)

# Made by mosquitto_passwd 2.0.11 for the password beside it.
THEIR_PASSWORD = "kentongan-contoh-kata-sandi"
THEIR_HASH = (
    "$7$101$7dSJgfpABtLaX2Me$RYSeLcXohyrfRqstRdXqqdXeGXgAqrDwz/hkVY2QHabwaCjs7L9nsLU0TLIARQIjJL0G+66VuUp9qmjSOADxOg=="
)


@pytest.fixture
def store(tmp_path: Path) -> CredentialStore:
    return CredentialStore(passwords=tmp_path / "passwords", services=tmp_path / "services.json")


def test_a_hash_made_by_mosquitto_is_understood() -> None:
    """The format is theirs, not one of our own."""
    assert is_password_of(THEIR_PASSWORD, THEIR_HASH)
    assert not is_password_of(THEIR_PASSWORD + "x", THEIR_HASH)


@settings(deadline=None)
@given(password=st.text(min_size=1, max_size=40), salt=st.binary(min_size=12, max_size=12))
def test_a_hash_is_of_its_password_alone(password: str, salt: bytes) -> None:
    """It verifies its password, refuses another, and has the four fields that Mosquitto reads."""
    hashed = password_hash(password, salt=salt)
    assert (is_password_of(password, hashed), is_password_of(password + "x", hashed)) == (True, False)
    assert hashed.split("$")[:3] == ["", "7", str(ROUNDS)]


@pytest.mark.parametrize(
    "hashed", ["", "secret", "$7$101$x", "$6$a$b", "$7$0$AAAA$AAAA", "$7$x$AAAA$AAAA", "$7$1$?$AAAA"]
)
def test_what_is_not_such_a_hash_verifies_nothing(hashed: str) -> None:
    """A damaged line lets nobody in and breaks nothing."""
    assert not is_password_of("secret", hashed)


def test_passwords_are_long_random_and_safe_to_print() -> None:
    """32 characters from an alphabet of 64, never the same twice."""
    drawn = {new_password() for _ in range(100)}
    assert {len(each) for each in drawn} == {32}
    assert len(drawn) == 100
    assert set().union(*drawn) <= set(string.ascii_letters + string.digits + "-_")


@pytest.mark.parametrize(
    "node", ["node-#", "node+a", "a/b", "#", "+", "ab", "a" * 33, "Node-A", "node a", "node:a", "a\nb", "", "nodé"]
)
def test_a_bad_id_never_reaches_the_files(store: CredentialStore, node: str) -> None:
    """Wildcards, separators, line breaks and the rest are refused before anything is written."""
    store.ensure_services()
    before = store.passwords.read_bytes()
    for change in (store.add, store.replace, store.revoke):
        with pytest.raises(CredentialRefused, match="is not 3 to 32"):
            change(node)
    assert store.passwords.read_bytes() == before


@pytest.mark.parametrize("node", sorted(RESERVED))
def test_a_node_cannot_take_a_name_of_ours(store: CredentialStore, node: str) -> None:
    """Core's and the probe's names, and the branch ``out``, are refused with the reason."""
    store.ensure_services()
    with pytest.raises(CredentialRefused, match="is reserved"):
        store.add(node)
    assert store.nodes() == ()


@settings(deadline=None)
@given(node=st.text(max_size=40))
def test_only_ids_of_the_contract_pass(node: str) -> None:
    """Whatever passes has 3 to 32 of the allowed characters."""
    try:
        check_node_id(node)
    except CredentialRefused:
        return
    assert 3 <= len(node) <= 32
    assert set(node) <= set(string.ascii_lowercase + string.digits + "-")


def hash_of(store: CredentialStore, user: str) -> str:
    lines = store.passwords.read_text().splitlines()
    return next((line.partition(":")[2] for line in lines if line.startswith(f"{user}:")), "")


def test_services_have_passwords_from_the_first_start(store: CredentialStore) -> None:
    """They are drawn once, stay the same, and the broker's file holds their hashes only."""
    first = store.ensure_services()
    assert store.ensure_services() == first
    assert {name: is_password_of(password, hash_of(store, name)) for name, password in first.items()} == {
        "core": True,
        "probe": True,
    }
    assert first["core"] != first["probe"]
    assert [password for password in first.values() if password in store.passwords.read_text()] == []
    assert store.service_password("core") == first["core"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (store.passwords, store.services)} == {0o600}


def test_a_lost_password_file_is_made_again_for_services(store: CredentialStore) -> None:
    """Restoring a backup without it, or with an older one, does not lock core out."""
    first = store.ensure_services()
    store.passwords.write_text(f"core:{password_hash('something else')}\n")
    assert store.ensure_services() == first
    assert [is_password_of(first[name], hash_of(store, name)) for name in ("core", "probe")] == [True, True]


def test_before_the_first_start_there_is_no_password(store: CredentialStore) -> None:
    """Nothing is made up for a service that asks too early."""
    with pytest.raises(CredentialRefused, match="made when the broker is first started"):
        store.service_password("core")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"core": "admin", "probe": "' + "x" * 24 + '"}', "core is missing or under 24"),
        ('{"core": "' + "x" * 24 + '"}', "probe is missing or under 24"),
        ('{"core": ', "is damaged"),
        ("[1]", "is damaged"),
    ],
)
def test_a_short_or_damaged_secret_is_refused(store: CredentialStore, content: str, reason: str) -> None:
    """The program does not start with a secret that can be guessed; the remedy is in the sentence."""
    store.services.write_text(content)
    store.services.chmod(0o600)
    with pytest.raises(CredentialRefused, match=f"{reason}.*remove"):
        store.ensure_services()


def test_a_secret_that_others_can_read_is_refused(store: CredentialStore) -> None:
    """Whoever could read it may know it."""
    store.ensure_services()
    store.services.chmod(0o644)
    with pytest.raises(CredentialRefused, match="can be read by others: chmod 600"):
        store.service_password("core")


def test_the_life_of_a_nodes_credential(store: CredentialStore) -> None:
    """Added once, replaced, revoked, and added again; each password works until the next change."""
    services = store.ensure_services()
    first = store.add("node-a")
    other = store.add("node-b")
    assert (store.nodes(), is_password_of(first, hash_of(store, "node-a"))) == (("node-a", "node-b"), True)
    with pytest.raises(CredentialRefused, match="has a credential already"):
        store.add("node-a")
    second = store.replace("node-a")
    assert [is_password_of(each, hash_of(store, "node-a")) for each in (first, second)] == [False, True]
    store.revoke("node-a")
    assert (store.nodes(), hash_of(store, "node-a")) == (("node-b",), "")
    for change in (store.replace, store.revoke):
        with pytest.raises(CredentialRefused, match="has no credential"):
            change("node-a")
    assert is_password_of(other, hash_of(store, "node-b"))
    assert store.ensure_services() == services


def test_changes_at_once_are_all_kept(store: CredentialStore) -> None:
    """Two commands at the same moment do not undo each other."""
    store.ensure_services()
    nodes = tuple(f"node-{number:02}" for number in range(20))
    with ThreadPoolExecutor(8) as pool:
        passwords = dict(zip(nodes, pool.map(store.add, nodes), strict=True))
    assert store.nodes() == nodes
    assert [node for node in nodes if not is_password_of(passwords[node], hash_of(store, node))] == []


def test_the_services_file_is_json_by_name(store: CredentialStore) -> None:
    """Another process of ours can read it without this module."""
    expected = store.ensure_services()
    assert json.loads(store.services.read_text()) == expected
