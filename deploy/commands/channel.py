"""kentongan channel: the ways out - how each is, whether it would take a message, and one labelled trial message."""

import argparse
import itertools
import time
from typing import TYPE_CHECKING, Any

from alerting.channels.port import Channel
from alerting.contacts import mask
from alerting.phone_numbers import BadNumber
from broker import control
from broker.clock import Clock
from broker.control import CommandFailed, CoreUnreachable, Request
from deploy.channels.assembly import channels_of, modems_of, write_modem_configs
from deploy.channels.trial import is_taken, said_of, send_trial, trial_message
from deploy.commands.common import Asking, Refused, add_settings, open_settings
from deploy.settings import Settings
from deploy.state_folder import StateFolder

if TYPE_CHECKING:
    from pathlib import Path


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
        there = f"there is {', '.join(channels)}" if channels else "no other is either"
        raise Refused(f"channel {name!r} is not configured, {there}: add it to [channels] in the settings")
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
    try:
        message = trial_message(settings, channel, to=args.to, by=args.by, now=time.time_ns() // 1_000_000)
    except BadNumber as error:
        raise Refused(f"--to: {error}") from None
    masked = mask(channel.takes, message.address)
    detail = {"channel": channel.name, "to": masked, "by": args.by}
    with Asking(settings, state) as core:
        core("channel-tested", {**detail, "state": "begun"})
        steps = itertools.chain([f"{channel.name} -> {masked}: "], itertools.repeat("  "))
        outcome = send_trial(
            channel, message, wait_s=args.wait, say=lambda said: print(f"{next(steps)}{said}", flush=True)
        )
        core("channel-tested", {**detail, "state": said_of(outcome)})
    channel.close()
    return 0 if is_taken(outcome) else 1
