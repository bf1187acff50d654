"""From facts to a whole page in one language."""

from typing import Any

import jinja2

from alerting.public_templates import TEMPLATES, Language
from alerting.web.api.units import unit_of
from alerting.web.public import first_view
from alerting.web.public.facts import AreaFacts, Around, ChooserFacts, ListingFacts
from alerting.web.public.licence import Licence
from alerting.web.public.phrases import HAZARDS, PHRASES
from alerting.web.public.places import Place
from alerting.web.public.stand import Stand
from alerting.web.public.telling import Teller
from alerting.web.words import MINUTE_MS, mark_of
from broker.levels import Level


def area_page(templates: jinja2.Environment, facts: AreaFacts, language: Language) -> str:
    teller, stand = _teller(facts.around, language), facts.stand
    return templates.get_template("public_area.html").render(
        **_around(facts.around, teller, f"/publik/{facts.place.code}"),
        place=facts.place,
        district=_district(teller, facts.district) if facts.district is not None else None,
        stand=stand,
        state=teller.state(stand),
        warned=_warned(teller, stand),
        sentence=teller.sentence(stand),
        part=_part(stand),
        impact=teller.impact(stand, facts.water),
        is_example=facts.is_example,
        water=[teller.water(station) for station in facts.water],
        rain=[(station.name, teller.rain(station.rain)) for station in facts.rain],
        upstream=teller.upstream(facts.water),
        is_rain_elsewhere=_is_elsewhere(facts.rain),
        tide=next((teller.tide(station.tide) for station in facts.water if station.tide is not None), ()),
        air=[teller.air(station) for station in facts.air],
        is_air_elsewhere=_is_elsewhere(facts.air),
        beside=_named(teller, facts.beside),
        levels=_meanings(teller),
    )


def chooser_page(templates: jinja2.Environment, facts: ChooserFacts, language: Language) -> str:
    teller = _teller(facts.around, language)
    return templates.get_template("public_chooser.html").render(
        **_around(facts.around, teller, "/publik"),
        is_example=facts.is_example,
        districts=[(_district(teller, district), _named(teller, places)) for district, places in facts.districts],
    )


def data_page(templates: jinja2.Environment, facts: ListingFacts, language: Language, *, licence: Licence) -> str:
    teller = _teller(facts.around, language)
    return templates.get_template("public_data.html").render(
        **_around(facts.around, teller, "/data"),
        is_example=any(station.example for station in facts.stations),
        stations=facts.stations,
        unit_of=unit_of,
        licence=licence,
    )


def away_page(templates: jinja2.Environment, language: Language, *, sentence: str) -> str:
    """Where nothing can be shown: what is wrong, and whom to call."""
    return templates.get_template("public_away.html").render(
        **frame_values(language, path="/publik"), is_example=False, sentence=PHRASES[language][sentence]
    )


def frame_values(language: Language, *, path: str, realm: str = "ews") -> dict[str, Any]:
    """What ``public_frame.html`` needs on a page that shows nothing live."""
    return {
        "p": PHRASES[language],
        "language": language,
        "links": first_view.links(),
        "path": path,
        "realm": realm,
        "drawn": None,
        "lost": None,
        "suffix": "" if language == "id" else "?bahasa=en",
    }


def _teller(around: Around, language: Language) -> Teller:
    return Teller(language, around.drawn_at, is_lost=around.is_lost)


def _around(around: Around, teller: Teller, path: str) -> dict[str, Any]:
    lost = None
    if around.is_lost:
        since = around.lost_since
        lost = teller.say("lost_always") if since is None else teller.say("lost_since", time=teller.moment(since))
    drawn = teller.moment(around.drawn_at)
    return {
        **frame_values(teller.language, path=path, realm=around.realm),
        "t": teller,
        "around": around,
        "lost": lost,
        "drawn": drawn,
        "drawn_at": around.drawn_at,
        "next": teller.say("next_live", time=teller.clock(around.drawn_at + MINUTE_MS)),
    }


def _warned(teller: Teller, stand: Stand) -> str | None:
    """Of what, and since when: ``banjir sejak 18:40 WIB``."""
    if stand.told is None:
        return None
    hazard = HAZARDS[teller.language][stand.told.hazard]
    return f"{hazard} {teller.say('since', time=teller.moment(stand.told.since))}"


def _part(stand: Stand) -> str | None:
    """``RW03 RT02``, when the warning is of a part of the kelurahan."""
    below = stand.told.area.partition("/")[2] if stand.told is not None else ""
    return below.replace("/", " ") or None


def _meanings(teller: Teller) -> list[tuple[str, str, str]]:
    """Mark, name and what to do, for each level of the river."""
    names = TEMPLATES[teller.language].levels
    return [(mark_of(level.name), names[level], teller.meaning(level)) for level in Level if level]


def _district(teller: Teller, district: Place) -> str:
    return teller.say("kecamatan", name=district.name.removeprefix("Kec. "))


def _is_elsewhere(stations: tuple[Any, ...]) -> bool:
    return any(not station.areas for station in stations)


def _named(teller: Teller, places: Any) -> list[tuple[Any, str, str]]:
    """Each place with its state's mark and word."""
    return [(place, stand.mark, teller.state(stand)) for place, stand in places]
