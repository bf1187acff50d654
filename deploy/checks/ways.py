"""The ways out: which there are, and - when it is asked for - whether each would take a message."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from alerting.channels.port import Channel
from broker.clock import Clock
from deploy.channels.assembly import channels_of
from deploy.checks.finding import Examined, Finding, good, warning, wrong
from deploy.settings import BadSettings, channel_names

GROUP: Final = "channels"
MODEM_PROGRAM: Final = "gammu-smsd"
Opened = Callable[[Examined], Mapping[str, Channel]]


def opened(found: Examined) -> Mapping[str, Channel]:
    """As core opens them; raises BadSettings."""
    return channels_of(found.settings, found.state, Clock(), base=found.base)


def look(found: Examined, *, online: bool, open_channels: Opened = opened) -> Iterator[Finding]:
    names = channel_names(found.settings)
    if not names:
        yield wrong(
            GROUP, "channels", "none is configured: nobody can be told", "add one to [channels] in the settings"
        )
        return
    if set(names) == {"demo"}:
        told = "only the demonstration's, which writes to a file and reaches nobody"
        yield warning(GROUP, "channels", told, "for a real installation add one to [channels]: docs/channels.md")
    else:
        yield good(GROUP, "channels", ", ".join(names))
    if found.settings.channels.modems and shutil.which(MODEM_PROGRAM) is None:
        yield wrong(GROUP, "modem", f"the program {MODEM_PROGRAM} is missing", f"apt-get install {MODEM_PROGRAM}")
    elif online:
        yield from _probed(found, open_channels)


def _probed(found: Examined, open_channels: Opened) -> Iterator[Finding]:
    try:
        channels = open_channels(found)
    except BadSettings as error:
        yield wrong(GROUP, "channels", str(error), "correct that, then look again")
        return
    for name, channel in channels.items():
        try:
            problem = channel.probe()
        finally:
            channel.close()
        if problem is None:
            yield good(GROUP, name, "would take a message")
        else:
            yield wrong(GROUP, name, problem, f"then try it: kentongan channel test {name} --to ADDRESS --by NAME")
