"""By which of the configured channels a recipient can be reached."""

from collections.abc import Mapping
from typing import Final

from alerting.channels.port import Channel
from alerting.contacts import Contact, ContactKind
from alerting.policy import Officer
from alerting.recipients import Recipient
from deploy.settings import Settings, channel_names

KINDS: Final[dict[str, ContactKind]] = {"email": "email", "telegram": "telegram", "webhook": "url"}


class Ways:
    """``takes`` are the configured channels in order of preference, each with the kind of contact that it carries."""

    def __init__(self, takes: Mapping[str, ContactKind]) -> None:
        self.takes = dict(takes)
        # By what somebody has chosen and has: thousands are alike.
        self._alike: dict[tuple[object, ...], tuple[tuple[str, int], ...]] = {}

    def of(self, recipient: Recipient) -> tuple[tuple[str, Contact], ...]:
        """Every channel that the recipient has chosen, or that can carry one of the contacts, with that contact."""
        contacts = recipient.contacts
        return tuple((channel, contacts[place]) for channel, place in self._places(recipient))

    def first(self, recipient: Recipient) -> tuple[str, Contact] | None:
        """The one channel by which somebody is told once; None when there is none."""
        places = self._places(recipient)
        return (places[0][0], recipient.contacts[places[0][1]]) if places else None

    def officer(self, recipient: Recipient) -> Officer:
        """An officer as the policy addresses messages; the contact is masked."""
        ways = self.of(recipient)
        masked = ways[0][1].masked if ways else next((each.masked for each in recipient.contacts), "")
        return Officer(name=recipient.id, address=masked, channels=tuple(channel for channel, _ in ways))

    def _places(self, recipient: Recipient) -> tuple[tuple[str, int], ...]:
        kinds = [contact.kind for contact in recipient.contacts]
        key = (recipient.channels, *kinds)
        known = self._alike.get(key)
        if known is None:
            wanted = recipient.channels or tuple(self.takes)
            known = self._alike[key] = tuple(
                (channel, kinds.index(self.takes[channel])) for channel in wanted if self.takes.get(channel) in kinds
            )
        return known


def ways_of(settings: Settings, channels: Mapping[str, Channel]) -> Ways:
    """By the settings, also where a command stands in for core and no channel is open."""
    names = dict.fromkeys((*channel_names(settings), *channels))
    return Ways({name: channels[name].takes if name in channels else KINDS.get(name, "phone") for name in names})
