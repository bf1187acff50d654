"""The sealed stream: what goes in comes out, and nothing that was changed does."""

import io
import secrets

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.backup.sealed_stream import CHUNK, HEADER_BYTES, TAG_BYTES, NotReadable, SealReader, SealWriter

KEY = secrets.token_bytes(32)


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    sink = io.BytesIO()
    with SealWriter(sink, key) as writer:
        writer.write(content)
    return sink.getvalue()


def opened(stream: bytes, key: bytes = KEY) -> bytes:
    return io.BufferedReader(SealReader(io.BytesIO(stream), key)).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17])
def test_what_goes_in_comes_out(size: int) -> None:
    """Of any length, at the edges of a chunk too."""
    content = secrets.token_bytes(size)
    stream = sealed(content)
    assert content == opened(stream)
    assert size < 64 or content[:64] not in stream


@given(st.lists(st.binary(max_size=CHUNK // 2), max_size=8))
@settings(max_examples=25, deadline=None)
def test_it_may_be_written_in_pieces(pieces: list[bytes]) -> None:
    """How it was handed over does not matter."""
    sink = io.BytesIO()
    with SealWriter(sink, KEY) as writer:
        for piece in pieces:
            writer.write(piece)
    assert b"".join(pieces) == opened(sink.getvalue())


@pytest.mark.parametrize("at", [0, HEADER_BYTES - 1, HEADER_BYTES, HEADER_BYTES + CHUNK + TAG_BYTES + 5, -1])
def test_a_flipped_bit_anywhere_is_noticed(at: int) -> None:
    """In the header, in a chunk, in a tag."""
    stream = bytearray(sealed(secrets.token_bytes(2 * CHUNK + 9)))
    stream[at] ^= 1
    with pytest.raises(NotReadable):
        opened(bytes(stream))


def test_chunks_cannot_be_cut_off_moved_or_left_out() -> None:
    """A chunk knows its place, and the last one that it is the last."""
    stream = sealed(secrets.token_bytes(3 * CHUNK))
    head, size = HEADER_BYTES, CHUNK + TAG_BYTES
    first, second, third = (stream[head + n * size : head + (n + 1) * size] for n in range(3))
    for wrong in (first + second, first + third, second + first + third, first + second + third[:-1], b""):
        with pytest.raises(NotReadable):
            opened(stream[:head] + wrong)


def test_another_key_and_another_file_are_named() -> None:
    """The sentence says which of the two it is."""
    with pytest.raises(NotReadable, match="another key"):
        opened(sealed(b"x"), secrets.token_bytes(32))
    with pytest.raises(NotReadable, match="no backup of kentongan"):
        opened(b"PK\x03\x04" + bytes(100))
