"""Writes the feed: documents and index as files, from core, beside its turns. No warning waits for it."""

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from alerting.cap import BadCap
from alerting.cap_feed import BULLETIN, CERTIFICATE, FEED, CapFolder, FeedEntry, atom_feed
from alerting.cap_signature import Signer
from alerting.cap_tables import cap_messages
from deploy.cap.draft import Draft, Finished, finished
from deploy.cap.key import certificate_pem

if TYPE_CHECKING:
    from deploy.core import Core

log: Final = logging.getLogger(__name__)

SLICE: Final = 20  # messages a run; their words are made between two turns


class CapFiles:
    """A job of core's scheduler. What cannot be written is tried again at the next run."""

    def __init__(self, core: "Core", folder: CapFolder, signer: Signer) -> None:
        self._core, self._folder, self._signer = core, folder, signer
        self._is_indexed = False  # since the start, and since anything changed

    async def run(self) -> None:
        """Write what is due: first the messages, then the index that names them."""
        core, now = self._core, self._core.clock.now()
        try:
            if not self._is_indexed:
                await self._fill_in()
            core.cap.keep_up(core.group, now)
            drafts = core.cap.drafts(SLICE)
            if drafts:
                self._is_indexed = False
                for done in await asyncio.to_thread(self._write, drafts):
                    if done is None:
                        core.cap.left_out()
                    else:
                        core.cap.written(core.group, done)
                core.turn()
            if not self._is_indexed:
                await asyncio.to_thread(self._write_index, *self._index(now))
                self._is_indexed = True
        except OSError as error:
            self._note(f"Umpan CAP tidak dapat ditulis ke {self._folder.root}: {error.strerror}.")
        else:
            self._note(None)

    def _write(self, drafts: list[Draft]) -> list[Finished | None]:
        """None stands for a message that cannot be made: loudly left out, it does not hold up the others."""
        cap, found = self._core.cap, list[Finished | None]()
        for draft in drafts:
            try:
                done = finished(draft, issuer=cap.issuer, places=cap.places, sign=self._signer.signed)
            except (BadCap, ValueError, KeyError):
                log.exception("CAP message %s cannot be made", draft.row.identifier)
                found.append(None)
                continue
            self._folder.put_message(draft.row.identifier, done.document)
            found.append(done)
        return found

    def _index(self, now: int) -> tuple[list[FeedEntry], bytes, int]:
        return self._core.cap.entries, msgspec.json.encode(self._core.cap.bulletin_facts(now)), now

    def _write_index(self, entries: list[FeedEntry], bulletin: bytes, now: int) -> None:
        settings, issuer = self._core.settings, self._core.cap.issuer
        feed = atom_feed(
            entries,
            title=f"Peringatan {settings.site.name}",
            sender=issuer.said,
            author=settings.site.sender,
            web=issuer.web,
            updated=now,
            zone=issuer.zone,
        )
        self._folder.put(CERTIFICATE, certificate_pem(self._signer))
        self._folder.put(FEED, feed)
        self._folder.put(BULLETIN, bulletin)

    async def _fill_in(self) -> None:
        """Messages whose files are gone, as after a restore, are written again as they were."""
        journal = self._core.journal
        known = [row[0] for row in journal.connection.execute("SELECT identifier FROM cap_messages")]
        for identifier in await asyncio.to_thread(self._folder.missing, known):
            row = next(journal.rows(cap_messages, "WHERE identifier = ?", (identifier,)))
            if row[-1] is not None:
                await asyncio.to_thread(self._folder.put_message, identifier, row[-1].encode())

    def _note(self, problem: str | None) -> None:
        if problem is not None and problem != self._core.cap_problem:
            log.error("the CAP feed cannot be written: %s", problem)
        self._core.cap_problem = problem
