"""The ways out as the pages try them: one trial message, and the modems' own state."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from alerting.channels.port import Channel, Message
from alerting.contacts import mask
from alerting.phone_numbers import BadNumber
from alerting.web.admin.office import Modem, Say, Trial, Wrong
from broker.clock import Clock
from deploy.channels.assembly import channels_of, modems_of
from deploy.channels.trial import is_taken, said_of, send_trial, trial_message
from deploy.office.asking import AskingCore
from deploy.settings import BadSettings, Settings
from deploy.state_folder import StateFolder

WAIT_S: Final = 20.0  # for a delivery report


class OfficeWays:
    """As :class:`alerting.web.admin.office.Ways` says. Each trial opens its channel for itself, beside core's."""

    def __init__(
        self, settings: Settings, state: StateFolder, base: Path, clock: Clock, *, wait_s: float = WAIT_S
    ) -> None:
        self._settings, self._state, self._base, self._clock = settings, state, base, clock
        self._wait_s = wait_s

    def test(self, *, channel: str, to: str, by: str, actor: str, say: Say) -> Trial:
        with ExitStack() as opened:
            try:
                ways = channels_of(self._settings, self._state, self._clock, base=self._base)
                for way in ways.values():
                    opened.callback(way.close)
                message = trial_message(self._settings, ways[channel], to=to, by=by, now=self._clock.now())
            except BadSettings as error:
                raise Wrong(str(error)) from None
            except BadNumber as error:
                raise Wrong(f"Tujuan: {error}") from None
            return self._sent(ways[channel], message, by, AskingCore(self._state, actor), say)

    def _sent(self, way: Channel, message: Message, by: str, ask: AskingCore, say: Say) -> Trial:
        masked, said = mask(way.takes, message.address), list[str]()
        detail = {"channel": way.name, "to": masked, "by": by}
        ask("channel-tested", {**detail, "state": "begun"})

        def tell(sentence: str) -> None:
            said.append(sentence)
            say(sentence, None)

        outcome = send_trial(way, message, wait_s=self._wait_s, say=tell)
        ask("channel-tested", {**detail, "state": said_of(outcome)})
        return Trial(channel=way.name, to=masked, is_good=is_taken(outcome), said=tuple(said))

    def modems(self) -> Sequence[Modem]:
        if not self._settings.channels.modems:
            return ()
        from alerting.channels import gammu_status  # noqa: PLC0415  where there are modems

        found = []
        modems = modems_of(self._settings, self._state)
        for modem, chosen in zip(modems, self._settings.channels.modems, strict=True):
            status = gammu_status.status_of(modem)
            found.append(
                Modem(
                    name=modem.name,
                    is_running=status.is_running,
                    signal_percent=status.signal_percent,
                    credit="" if status.credit is None else status.credit.said,
                    problems=tuple(gammu_status.problems(status, credit_min=chosen.credit_min)),
                )
            )
        return found
