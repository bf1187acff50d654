"""Indonesian first, English second: one catalogue, complete, and chosen by the visitor."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from alerting.web import words
from alerting.web.app import create_app
from alerting.web.board import Board
from alerting.web.catalogue import Language, english, language, speaking, tr
from alerting.web.language_choice import LanguageChoice
from alerting.web.public.phrases import HOUR_WORDS, RAIN_CLASSES
from alerting.web.readings import LastHour
from alerting.web.screens import KEPT_S, Screens
from broker.clock import Clock
from broker.levels import State
from tests.browser.scenes import PastOfScenes, past, river
from tests.unit.spoken_texts import is_sentence, placeholders, said, said_by_name
from tests.unit.test_web_board import NOW, opened, tell

OF_CORE = {*(state.value for state in State), *RAIN_CLASSES, *HOUR_WORDS}


def test_every_text_has_its_english() -> None:
    """Nobody who reads English meets an Indonesian sentence of ours."""
    named = {text: where for text, where in said_by_name().items() if is_sentence(text)}
    missing = {text: where for text, where in {**said(), **named}.items() if text not in english()}
    assert {} == missing


def test_no_english_is_left_over() -> None:
    """A text that was changed takes its old English with it."""
    used = said().keys() | said_by_name().keys() | OF_CORE
    assert [] == [text for text in english() if text not in used]


def test_both_languages_have_the_same_places() -> None:
    """A value never gets lost in translation, and none is asked for that is not given."""
    differing = {text: told for text, told in english().items() if placeholders(text) != placeholders(told)}
    assert {} == differing


def test_a_text_without_english_stays_as_it_is() -> None:
    """Better an Indonesian word than none."""
    with speaking("en"):
        assert ("Water", "air 3 m") == (tr("Air"), tr("air {m} m", m=3))


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        ("id", ["5,80", "23 Mei 08:20 WIB", "2 jam 5 menit lalu", "naik 45 cm/jam", "muka air", "07:00 lagi"]),
        ("en", ["5.80", "23 May 08:20 WIB", "2 h 5 min ago", "rising 45 cm/h", "water level", "in 07:00"]),
    ],
)
def test_numbers_and_times_are_said_in_the_language(spoken: Language, expected: list[str]) -> None:
    """A decimal point and English months in English; times stay WIB."""
    may = 1_779_499_200_000
    with speaking(spoken):
        assert expected == [
            words.number(5.8, 2),
            words.minute(may, NOW),
            words.age(2 * words.HOUR_MS + 5 * words.MINUTE_MS),
            words.rate(0.45),
            words.quantity_of("level_m").name,
            words.countdown(7 * words.MINUTE_MS),
        ]


async def _heard(path: str, query: bytes = b"", cookie: bytes = b"") -> tuple[str, list[bytes]]:
    """What is spoken behind the middleware, and the cookies that it sets."""
    spoken: list[str] = []
    cookies: list[bytes] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        spoken.append(language())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def send(message: Any) -> None:
        cookies.extend(value for name, value in message.get("headers", []) if name == b"set-cookie")

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    headers = [(b"cookie", cookie)] if cookie else []
    scope = {"type": "http", "path": path, "query_string": query, "headers": headers}
    await LanguageChoice(app)(scope, receive, send)
    return spoken[0], cookies


@pytest.mark.parametrize(
    ("path", "query", "cookie", "expected"),
    [
        ("/", b"", b"", "id"),
        ("/", b"bahasa=en", b"", "en"),
        ("/", b"", b"a=b; kentongan-bahasa=en", "en"),
        ("/", b"bahasa=id", b"kentongan-bahasa=en", "id"),
        ("/", b"bahasa=fr", b"kentongan-bahasa=en", "en"),
        ("/", b"", b"kentongan-bahasa=fr", "id"),
        ("/", b"&".join([b"bahasa=en"] * 200), b"", "id"),
        ("/events", b"", b"kentongan-bahasa=en", "en"),
        ("/api/v1/stations", b"", b"kentongan-bahasa=en", "id"),
        ("/publik", b"bahasa=en", b"kentongan-bahasa=en", "id"),
    ],
)
def test_what_was_asked_for_last_is_spoken(path: str, query: bytes, cookie: bytes, expected: str) -> None:
    """The address before the cookie before Indonesian; what is ready for everybody is apart from it."""
    assert expected == asyncio.run(_heard(path, query, cookie))[0]


def test_a_choice_is_kept_and_a_visit_sets_nothing() -> None:
    """A year in a cookie of our own pages; no cookie without a choice, and none on residents' pages."""
    kept = b"kentongan-bahasa=en; Path=/; Max-Age=31536000; SameSite=Lax"
    visits = [("/", b"bahasa=en"), ("/", b""), ("/publik", b"bahasa=en")]
    asked = [asyncio.run(_heard(path, query))[1] for path, query in visits]
    assert [[kept], [], []] == asked


def _board() -> Board:
    return Board(last_hour=LastHour(), outage=lambda: None, is_ready=lambda: True, clock=Clock(), demo=False)


def test_each_language_is_drawn_for_its_own_watchers() -> None:
    """One event goes out in both, also when it is drawn during the request of somebody who reads English."""

    async def play() -> list[bytes]:
        screens = Screens(_board)
        tell(screens.native.board, river("Welang", NOW, 1.0))
        native = screens.spoken().fanout.join(b"")
        with speaking("en"):
            foreign = screens.spoken().fanout.join(b"")
            changes = list(screens.native.board.replica.everything())
            screens.native.board.fragments.clear()
            next(screen for screen in screens if screen is not screens.native).board.fragments.clear()
            screens.draw(changes)
        assert native is not None
        assert foreign is not None
        return [await native.next_bytes(), await foreign.next_bytes()]

    id_patch, en_patch = (opened(frame) for frame in asyncio.run(play()))
    assert ("muka air" in id_patch["set"]["station-welang"], "1,00" in id_patch["set"]["station-welang"]) == (
        True,
        True,
    )
    assert ("water level" in en_patch["set"]["station-welang"], "1.00" in en_patch["set"]["station-welang"]) == (
        True,
        True,
    )


def test_a_language_that_nobody_reads_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs nothing again some minutes after its last reader; Indonesian is always there."""
    screens = Screens(_board)
    with speaking("en"):
        screens.spoken()
    screens.draw(())
    present = len(list(screens))
    monkeypatch.setattr("alerting.web.screens.KEPT_S", -1.0)
    screens.draw(())
    assert (2, 1, True) == (present, len(list(screens)), KEPT_S > 60)


def test_the_frame_says_which_language_it_speaks_and_offers_the_other(tmp_path: Path) -> None:
    """``lang`` is true, and the offer leads to the same page."""
    app = create_app(
        socket_path=tmp_path / "core.sock",
        clock=Clock(),
        read_range=past,
        past=PastOfScenes(),
        demo=False,
        cap=tmp_path,
    )

    async def ask() -> tuple[str, str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            first = (await client.get("/masuk")).text
            return first, (await client.get("/masuk?bahasa=en")).text

    native, foreign = asyncio.run(ask())
    assert ["id", "en"] == [page.partition('<html lang="')[2][:2] for page in (native, foreign)]
    assert 'href="/masuk?bahasa=en"' in native
    assert 'href="/masuk?bahasa=id"' in foreign
