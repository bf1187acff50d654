"""The configuration of one Gammu SMSD and the script that starts it.

What differs from SMSD's defaults, and why:

- A message that failed is moved away by ``runonfailure``: by files SMSD knows no greatest number of tries.
- Without a phone SMSD would try 250 times in a row and fill the disk with its log; ``runonfailure`` has it wait.
- The start script moves away what lies in the outbox: after a crash it may have left already, or be out of date.
- ``relativevalidity``: the operator does not deliver a warning to a phone that is switched on hours later.
- ``debuglevel = 1``: only then the log says when a message was begun.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alerting.channels.gammu_modem import Modem
from broker import private_file

DUMMY: Final = "dummy"
SEND_TIMEOUT_S: Final = 20
INIT_WAIT_S: Final = 5
_CONFIG: Final = """\
# Written by Kentongan from the settings; changes here are lost.
[gammu]
device = {device}
connection = {connection}
{model}
[smsd]
service = files
phoneid = {name}
{pin}
logfile = {folder}/smsd.log
debuglevel = 1
commtimeout = 1
receivefrequency = 5
statusfrequency = 30
loopsleep = 1
sendtimeout = {send_timeout}
multiparttimeout = 60
checksecurity = {check_security}
hangupcalls = 1
resetfrequency = {reset}
deliveryreport = {reports}
relativevalidity = {validity}
inboxpath = {folder}/inbox/
inboxformat = unicode
outboxpath = {folder}/outbox/
transmitformat = auto
sentsmspath = {folder}/sent/
errorsmspath = {folder}/failed/
runonfailure = /bin/sh {quoted}/failure.sh
"""
_START: Final = """\
#!/bin/sh
# Written by Kentongan: starts the SMSD of one modem, under a supervisor that starts it again when it ends.
set -u
umask 077
cd {quoted} || exit 1
for left in outbox/OUT*; do
    [ -e "$left" ] && mv -- "$left" orphaned/
done
echo $$ >smsd.pid
exec gammu-smsd -c {config}
"""


_FAILURE: Final = """\
#!/bin/sh
# Written by Kentongan: SMSD calls it with the name of a message that failed, or with INIT when it has no phone.
if [ "$1" = INIT ]; then
    sleep {init_s}
else
    cd {quoted} && mv -- "outbox/$1" failed/
fi
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How the phone is reached. ``device`` "dummy" is no phone at all: what is sent to it is lost."""

    device: str
    connection: str = "at115200"
    pin: str | None = None
    validity_minutes: int = 30
    reset_hours: int = 24


def write(modem: Modem, line: Line) -> None:
    """Folders, configuration and start script of ``modem``; raises OSError, and ValueError for what SMSD would misread.

    SMSD reads its configuration when it starts.
    """
    for text in (line.device, line.connection, str(modem.folder)):
        if not text.isprintable() or any(character in text for character in "#;'\"\\"):
            raise ValueError(f"{text!r} has a character that smsd.conf cannot hold: choose another path")
    modem.prepare()
    private_file.replace_if_changed(modem.config, _config(modem, line).encode())
    quoted = shlex.quote(str(modem.folder))
    failure = _FAILURE.format(quoted=quoted, init_s=INIT_WAIT_S)
    private_file.replace_if_changed(modem.folder / "failure.sh", failure.encode())
    start = _START.format(quoted=quoted, config=shlex.quote(str(modem.config)))
    private_file.replace_if_changed(modem.start_script, start.encode())
    if line.device == DUMMY:
        _dummy_phone(modem).mkdir(mode=0o700, exist_ok=True)


def command(modem: Modem) -> list[str]:
    """What a supervisor starts; it ends with SMSD."""
    return ["/bin/sh", str(modem.start_script)]


def _dummy_phone(modem: Modem) -> Path:
    return modem.folder / "phone"


def _config(modem: Modem, line: Line) -> str:
    is_dummy = line.device == DUMMY
    return _CONFIG.format(
        device=_dummy_phone(modem) if is_dummy else line.device,
        connection="none" if is_dummy else line.connection,
        model="model = dummy\n" if is_dummy else "use_locking = no\n",
        name=modem.name,
        pin=f"pin = {line.pin}" if line.pin else "# no PIN",
        check_security=1 if line.pin else 0,
        folder=modem.folder,
        quoted=shlex.quote(str(modem.folder)),
        send_timeout=SEND_TIMEOUT_S,
        reset=line.reset_hours * 3600,
        reports="log" if modem.with_reports else "no",
        # 3GPP TS 23.040, 9.2.3.12.1: up to 143 in steps of five minutes, to 167 in steps of half an hour from 12 h on
        validity=max(0, min(143, line.validity_minutes // 5 - 1)),
    )
