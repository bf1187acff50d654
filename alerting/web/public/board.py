"""The residents' pages, drawn once for each change and kept as bytes until the next.

Everything is looked at once a second at most, whoever asks; a page is drawn again only when what it shows has changed,
the minute that it prints among it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import jinja2

from alerting.public_templates import Language
from alerting.web.live import LivePage
from alerting.web.public.document import Document, document
from alerting.web.public.embed import area_json
from alerting.web.public.facts import Survey
from alerting.web.public.licence import Licence
from alerting.web.public.places import Places
from alerting.web.public.sheet import area_page, chooser_page, data_page

LOOK_S: Final = 1.0
HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"
# A crowd's cache may show a page for so long without asking; when nobody answers, ten minutes, with its own time in it.
CACHE: Final = "public, max-age=15, stale-while-revalidate=60, stale-if-error=600"
OPEN: Final = (("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"))

Form = Literal["area", "json", "chooser", "data"]
Key = tuple[Form, str, Language]


@dataclass(slots=True)
class _Drawn:
    look: int
    facts: Any
    document: Document


@dataclass(slots=True, kw_only=True)
class PublicBoard:
    """``places`` gives those that are known now, without waiting."""

    live: LivePage
    templates: jinja2.Environment
    licence: Licence
    places: Callable[[], Places | None]
    _survey: Survey | None = None
    _look: int = 0
    _looked_at: float = -LOOK_S
    _drawn: dict[Key, _Drawn] = field(default_factory=dict)

    def area(self, code: str, language: Language) -> Document | None:
        """The page of a kelurahan; None when it is not known, or nothing is yet."""
        return self._of_place("area", code, language)

    def json(self, code: str) -> Document | None:
        return self._of_place("json", code, "id")

    def chooser(self, language: Language) -> Document | None:
        survey = self._current()
        return None if survey is None else self._ready(("chooser", "", language), survey.chooser)

    def data(self, language: Language) -> Document | None:
        """The page of open data: the stations as they are now."""
        survey = self._current()
        return None if survey is None else self._ready(("data", "", language), survey.listing)

    def _of_place(self, form: Form, code: str, language: Language) -> Document | None:
        survey = self._current()
        kept = self._drawn.get((form, code, language))
        if kept is not None and kept.look == self._look:
            return kept.document
        place = survey.places.find(code) if survey is not None else None
        if survey is None or place is None:
            return None
        return self._ready((form, code, language), partial(survey.area, place))

    def _current(self) -> Survey | None:
        """A look that is no older than :data:`LOOK_S`."""
        if time.monotonic() - self._looked_at < LOOK_S:
            return self._survey
        places = self.places()
        if places is None:
            return None
        live = self.live
        outage = live.link.outage()
        self._survey = Survey(
            live.replica,
            places,
            is_lost=outage is not None,
            lost_since=outage.since if outage is not None else None,
            now=live.clock.now(),
        )
        self._look += 1
        self._looked_at = time.monotonic()
        return self._survey

    def _ready(self, key: Key, facts_of: Callable[[], Any]) -> Document:
        kept = self._drawn.get(key)
        if kept is not None and kept.look == self._look:
            return kept.document
        facts = facts_of()
        if kept is None or kept.facts != facts:
            kept = self._drawn[key] = _Drawn(self._look, facts, self._draw(key, facts))
        kept.look = self._look
        return kept.document

    def _draw(self, key: Key, facts: Any) -> Document:
        form, _, language = key
        match form:
            case "json":
                return document(area_json(facts), media_type=JSON, cache=CACHE, more=OPEN)
            case "area":
                html = area_page(self.templates, facts, language)
            case "chooser":
                html = chooser_page(self.templates, facts, language)
            case "data":
                html = data_page(self.templates, facts, language, licence=self.licence)
        return document(html.encode(), media_type=HTML, cache=CACHE)
