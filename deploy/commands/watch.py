"""kentongan watch: the dead-man's switch - make one, run it where it watches from, and see how each is."""

import argparse
import signal
import threading
import time
from pathlib import Path
from typing import Any

from alerting.channels.port import Channel
from alerting.contacts import mask
from alerting.phone_numbers import normalise
from broker import private_file
from broker.clock import Clock
from deploy.channels.assembly import channels_of, modems_of
from deploy.channels.trial import is_taken, said_of, send_trial
from deploy.commands.common import Refused, add_settings, ask, open_settings
from deploy.commands.station_text import moment
from deploy.service.notify import Notifier
from deploy.settings import Settings, Site
from deploy.state_folder import StateFolder
from deploy.supervisor import Program, Supervisor
from deploy.watch import words
from deploy.watch.memory import WatchMemory
from deploy.watch.settings import SAMPLE, WatchSettings, kind_of, load
from deploy.watch.watching import Watching

FILE = "watch.toml"
FAULTY = 1


def add(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    new = verbs.add_parser("new", help="make a watch: its credential, and a folder to copy to where it runs")
    new.add_argument("id", help="3 to 32 of a-z, 0-9 and hyphen")
    new.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder, which must not be there")
    new.add_argument("--host", default="", help="the broker as the watch reaches it, instead of broker.node_host")
    new.add_argument("--keeper", default="", metavar="RECIPIENT", help="who gets one real message a day, the whole way")
    new.add_argument("--replace", action="store_true", help="a new credential for a watch that is there")
    listed = verbs.add_parser("list", help="the watches, when each was seen last, and what it says of itself")
    retire = verbs.add_parser("retire", help="take a watch out of service for good")
    retire.add_argument("id")
    retire.add_argument("--reason", required=True, metavar="TEXT", help="why; it is audited")
    for parts in (new, listed, retire):
        add_settings(parts)
    runs = verbs.add_parser("run", help="watch, and alarm by one's own channels; Ctrl-C ends it")
    check = verbs.add_parser("check", help="read the file and say what is wrong with it; sends nothing")
    check.add_argument("--online", action="store_true", help="also ask the channels whether they would take a message")
    test = verbs.add_parser("test", help="send one labelled message to each keeper, and print what became of it")
    for parts in (runs, check, test):
        parts.add_argument("file", type=Path, help="the watch's own settings: watch.toml")


def run(args: argparse.Namespace) -> int:
    verbs = {"new": _new, "list": _list, "retire": _retire, "run": _run, "check": _check, "test": _test}
    return verbs[args.verb](args)


# -- on the installation ---------------------------------------------------------------------------------------------


def _new(args: argparse.Namespace) -> int:
    settings, state, _ = open_settings(args)
    authority = state.authority / "ca.pem"
    if args.out.exists() and any(args.out.iterdir() if args.out.is_dir() else [args.out]):
        raise Refused(f"{args.out} is there already; give a new folder, or empty it")
    if not authority.is_file():
        raise Refused(f"{authority} is not there: start the broker once (kentongan up), then make the watch")
    made = ask(args, "watch-new", {"watch": args.id, "keeper": args.keeper, "replace": args.replace})
    _write(args.out, made, authority, settings, host=args.host or settings.broker.node_host)
    print(f"{args.out}: the watch {args.id}. Copy this folder to where it runs, best another host; then there:")
    print(f"  edit {FILE} (its own channels, and who is told)")
    print(f"  kentongan watch check {FILE} ; kentongan watch test {FILE} ; kentongan watch run {FILE}")
    if not made["reloaded"]:
        print("the broker does not run; it knows the credential at its next start")
    return 0


def _write(folder: Path, made: dict[str, Any], authority: Path, settings: Settings, *, host: str) -> None:
    text = SAMPLE.format(
        id=made["watch"],
        site=made["site"],
        realm=made["realm"],
        host=host,
        port=settings.broker.tls_port,
        timezone=settings.site.timezone,
    )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in (
            ("password", f"{made['password']}\n".encode()),
            ("order.key", f"{made['order_key']}\n".encode()),
            ("ca.pem", authority.read_bytes()),
            (FILE, text.encode()),
        ):
            private_file.replace(folder / name, content)
    except OSError as error:
        raise Refused(
            f"{folder} cannot be written ({error.strerror}); the credential is made: again with --replace"
        ) from None


def _list(args: argparse.Namespace) -> int:
    watches = ask(args, "watch-list", {})
    for watch in watches:
        silent = "  SILENT" if watch["is_silent"] else ""
        keeper = f"  daily message to {watch['keeper']}" if watch["keeper"] else ""
        own = f"  its own channels: {watch['own_problem']}" if watch["own_problem"] else ""
        print(f"{watch['id']:<32}  {moment(watch['seen_at']).replace('never', 'never seen')}{silent}{keeper}{own}")
    if not watches:
        print("no watch yet; make one: kentongan watch new ID --out DIR")
    return 0


def _retire(args: argparse.Namespace) -> int:
    ask(args, "watch-retire", {"watch": args.id, "reason": args.reason})
    print(f"{args.id} is retired; stop it where it runs")
    return 0


# -- where it watches from -------------------------------------------------------------------------------------------


def _open(args: argparse.Namespace) -> tuple[WatchSettings, StateFolder, Settings]:
    found = load(args.file)
    watch = found.file.watch
    site = Site(name=watch.site, realm=watch.realm, timezone=watch.timezone)
    return found, StateFolder(found.state), Settings(site=site, channels=found.file.channels)


def _channels(found: WatchSettings, state: StateFolder, settings: Settings) -> dict[str, Channel]:
    state.prepare()
    return channels_of(settings, state, Clock(), base=found.base)


def _run(args: argparse.Namespace) -> int:
    notifier = Notifier()
    found, state, settings = _open(args)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    memory = WatchMemory(found.state)
    supervisor = Supervisor(state.log if settings.channels.modems else found.state, print)
    channels = _channels(found, state, settings)
    keeping = threading.Thread(target=supervisor.watch, args=(stop,), name="modems", daemon=True)
    try:
        for modem in modems_of(settings, state):
            supervisor.add(Program(name=f"modem-{modem.name}", argv=["/bin/sh", str(modem.start_script)]))
        keeping.start()
        Watching(found, memory, channels, notifier).run(stop)
    finally:
        stop.set()
        keeping.join()
        supervisor.stop()
        for channel in channels.values():
            channel.close()
    return 0


def _check(args: argparse.Namespace) -> int:
    found, state, settings = _open(args)
    watch = found.file.watch
    print(f"{watch.id} watches {watch.site} ({watch.realm}) at {watch.host}:{watch.port}")
    print(
        f"a beat every {watch.beat_s:g} s; alarm after {watch.patience_s:g} s, then every {watch.repeat_minutes:g} min"
    )
    for keeper in found.file.keepers:
        print(f"  {keeper.name}: {keeper.channel} {mask(kind_of(keeper.channel), _address(keeper.channel, keeper.to))}")
    code = 0
    if args.online:
        for name, channel in _channels(found, state, settings).items():
            problem = channel.probe()
            code |= FAULTY if problem else 0
            print(f"  {name}: {problem or 'siap'}")
            channel.close()
    return code


def _test(args: argparse.Namespace) -> int:
    found, state, settings = _open(args)
    channels, watch, code = _channels(found, state, settings), found.file.watch, 0
    if modems_of(settings, state):
        raise Refused("a modem is reached by the running watch alone; look at the log of kentongan watch run")
    for keeper in found.file.keepers:
        now = time.time_ns() // 1_000_000
        address = _address(keeper.channel, keeper.to)
        message = words.trial_message(watch, address, now=now, zone=found.zone)
        outcome = send_trial(channels[keeper.channel], message, wait_s=0, say=lambda _text: None)
        print(f"{keeper.name} ({keeper.channel}): {said_of(outcome)}")
        code |= 0 if is_taken(outcome) else FAULTY
    return code


def _address(channel: str, to: str) -> str:
    return normalise(to) if kind_of(channel) == "phone" else to.strip()
