"""The golden samples are the wire contract: good ones decode, bad ones are refused with a reason."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from broker import wire

SAMPLES = Path(wire.__file__).parent / "samples"
DECODERS: dict[str, Callable[[bytes], object]] = {
    "obs": wire.decode_observations,
    "status": wire.decode_status,
    "ack": wire.decode_ack,
}


def _samples(verdict: str) -> dict[str, tuple[str, bytes]]:
    """Kind and payload of every sample of a verdict, by a name to print."""
    return {
        f"{kind}: {sample['name']}": (kind, sample["payload"].encode())
        for kind in DECODERS
        for sample in json.loads((SAMPLES / f"{kind}.json").read_text())[verdict]
    }


GOOD, BAD = _samples("good"), _samples("bad")


def test_every_sample_file_has_a_decoder() -> None:
    """A new kind of payload comes with its decoder."""
    assert sorted(DECODERS) == sorted(path.stem for path in SAMPLES.glob("*.json"))


@pytest.mark.parametrize(("kind", "payload"), GOOD.values(), ids=GOOD)
def test_a_good_sample_survives_the_round_trip(kind: str, payload: bytes) -> None:
    """What was decoded says the same after it is encoded and decoded again."""
    message = DECODERS[kind](payload)
    assert message == DECODERS[kind](wire.encode(message))  # type: ignore[arg-type]  # DECODERS forgets the type


@pytest.mark.parametrize(("kind", "payload"), BAD.values(), ids=BAD)
def test_a_bad_sample_is_refused_with_a_reason(kind: str, payload: bytes) -> None:
    """A bad payload raises one exception, whose text is fit for a dead letter."""
    with pytest.raises(wire.BadPayload) as refused:
        DECODERS[kind](payload)
    assert str(refused.value)
