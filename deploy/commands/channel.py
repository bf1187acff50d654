"""kentongan channel: the ways out - how each is, whether it would take a message, and one labelled trial message."""

import argparse
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from alerting import gsm7
from alerting.channels.port import Accepted, Channel, Delivered, Message, Outcome, Rejected, RetryLater, Unknown
from alerting.contacts import mask
from alerting.phone_numbers import BadNumber, normalise
from broker import control
from broker.clock import Clock
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.channel_assembly import channels_of, modems_of, write_modem_configs
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.settings import Settings
from deploy.state_folder import StateFolder

if TYPE_CHECKING:
    from pathlib import Path

NAME_LENGTH: Final = 30
POLL_S: Final = 1.0


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listed = verbs.add_parser(
        "list", help="every way out: whether it works, its queue, its modems with signal and credit"
    )
    probe = verbs.add_parser("probe", help="ask providers, servers and modems whether they would take a message")
    probe.add_argument("name", nargs="?", metavar="CHANNEL", help="this one alone")
    test = verbs.add_parser("test", help="send one message, labelled UJI COBA, and print what became of it")
    test.add_argument("name", metavar="CHANNEL", help="twilio, modem, email, telegram, webhook or demo")
    test.add_argument("--to", required=True, metavar="ADDRESS", help="number, mail address, chat id or URL")
    test.add_argument("--by", required=True, metavar="NAME", help="who sends it; stands in the message and the audit")
    test.add_argument("--wait", type=float, default=20.0, metavar="S", help="for a delivery report (20 s)")
    config = verbs.add_parser("gammu-config", help="write smsd.conf and start.sh of every modem, and print where")
    for each in (listed, probe, test, config):
        add_settings(each)


def run(args: argparse.Namespace) -> int:
    settings, state, base = open_settings(args)
    match args.verb:
        case "list":
            return _list(settings, state)
        case "probe":
            return _probe(_opened(settings, state, base, args.name))
        case "test":
            return _test(settings, state, _opened(settings, state, base, args.name)[args.name], args)
    if not settings.channels.modems:
        raise Refused("no modem is configured: add [[channels.modems]] to the settings")
    for modem in write_modem_configs(settings, state, base=base):
        print(f"{modem.name}: {modem.config}\n  start it, under a supervisor, with: /bin/sh {modem.start_script}")
    return 0


def _opened(settings: Settings, state: StateFolder, base: "Path", name: str | None) -> dict[str, Channel]:
    channels = channels_of(settings, state, Clock(), base=base)
    if name is None:
        return channels
    if name not in channels:
        known = ", ".join(channels) or "none is: add one to the settings"
        raise Refused(f"channel {name!r} is not configured; configured: {known}")
    return {name: channels[name]}


def _list(settings: Settings, state: StateFolder) -> int:
    names = settings.channels.names()
    if not names:
        print("Tidak ada saluran: peringatan hanya tampil di halaman. Isi [channels] di berkas pengaturan.")
        return 1
    try:
        known = control.command(state.socket, Request(name="channel-states", actor="cli"), timeout_s=5)
    except (CoreUnreachable, CommandFailed):
        known = {}
        print("Core tidak jalan: antrean tidak diketahui.")
    for name in names:
        print(f"{name:<9} {_state(known.get(name))}")
    if settings.channels.modems:
        _list_modems(settings, state)
    return 0


def _state(known: dict[str, Any] | None) -> str:
    if known is None:
        return "-"
    left_s, waiting = known["left_s"], known["waiting"]
    takes = "waktunya tidak diketahui" if left_s is None else f"habis dalam {left_s / 60:.0f} menit"
    queue = f"{waiting} pesan menunggu, {takes}" if waiting else "antrean kosong"
    return f"{known['problem'] or 'jalan'}; {queue}"


def _list_modems(settings: Settings, state: StateFolder) -> None:
    from alerting.channels import gammu_status  # noqa: PLC0415  where there are modems

    for modem, chosen in zip(modems_of(settings, state), settings.channels.modems, strict=True):
        status = gammu_status.status_of(modem)
        signal = "?" if status.signal_percent is None else f"{status.signal_percent} %"
        credit = "?" if status.credit is None else status.credit.said
        print(
            f"  modem {modem.name}: {'jalan' if status.is_running else 'mati'}, sinyal {signal}, "
            f"{modem.rate_per_minute:g} SMS/menit, terkirim {status.sent}, diterima {status.received}, "
            f"belum dibaca {status.unread}, pulsa: {credit}"
        )
        for problem in gammu_status.problems(status, credit_min=chosen.credit_min):
            print(f"    ! {problem}")


def _probe(channels: dict[str, Channel]) -> int:
    problems = {name: channel.probe() for name, channel in channels.items()}
    for name, problem in problems.items():
        print(f"{name:<9} {problem or 'jalan'}")
    for channel in channels.values():
        channel.close()
    return 1 if any(problems.values()) else 0


def _test(settings: Settings, state: StateFolder, channel: Channel, args: argparse.Namespace) -> int:
    address = _address(channel, args.to)
    now = time.time_ns() // 1_000_000
    message = Message(
        key=f"test/{channel.name}/{now}", address=address, body=_text(settings, args.by, now), created_at=now
    )
    masked = mask(channel.takes, address)
    with Asking(settings, state) as core:
        core("channel-tested", {"channel": channel.name, "to": masked, "by": args.by, "state": "begun"})
        outcome = channel.send(message)
        print(f"{channel.name} -> {masked}: {_said(outcome)}", flush=True)
        outcome = _followed(channel, message, outcome, args.wait)
        core("channel-tested", {"channel": channel.name, "to": masked, "by": args.by, "state": _said(outcome)})
    channel.close()
    return 0 if isinstance(outcome, Accepted | Delivered) else 1


def _address(channel: Channel, text: str) -> str:
    if channel.takes != "phone":
        return text.strip()
    try:
        return normalise(text)
    except BadNumber as error:
        raise Refused(f"--to: {error}") from None


def _text(settings: Settings, by: str, now: int) -> str:
    """Nobody can take it for a warning."""
    at = datetime.fromtimestamp(now / 1000, UTC).astimezone(ZoneInfo(settings.site.timezone))
    drill = "LATIHAN. " if settings.site.realm == "latihan" else ""
    who = gsm7.transliterated(by)[:NAME_LENGTH].strip()
    return gsm7.transliterated(f"{drill}UJI COBA {settings.site.sender} {at:%H:%M}: bukan peringatan, abaikan. ({who})")


def _followed(channel: Channel, message: Message, outcome: Outcome, wait_s: float) -> Outcome:
    """Ask what became of it until something proves delivery, or time is up."""
    deadline = time.monotonic() + wait_s
    while isinstance(outcome, Accepted | Unknown) and time.monotonic() < deadline:
        time.sleep(POLL_S)
        found = channel.find(message, attempted_at=message.created_at)
        if found is not None and found != outcome:
            outcome = found
            print(f"  {_said(outcome)}", flush=True)
    return outcome


def _said(outcome: Outcome) -> str:
    match outcome:
        case Delivered():
            return f"sampai (ada buktinya), tanda terima {outcome.reference}"
        case Accepted():
            return f"diterima penyedia, belum tentu sampai; tanda terima {outcome.reference}"
        case RetryLater():
            return f"belum terkirim: {outcome.reason}"
        case Rejected():
            return f"ditolak: {outcome.reason}"
        case Unknown():
            return f"tidak diketahui: {outcome.reason}"
